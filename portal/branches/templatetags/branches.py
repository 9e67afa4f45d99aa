"""Words for what the story of a branch records as kinds and field names."""

from __future__ import annotations

from django import template

register = template.Library()

EVENT_WORDS = {
    "added": "Added the branch",
    "changed": "Changed the profile",
    "suspended": "Suspended the e-mail function",
    "resumed": "Switched the e-mail function on",
    "from_domain_added": "Added a From-domain",
    "from_domain_removed": "Removed a From-domain",
    "dkim_entry_added": "Added a DKIM entry",
    "dkim_entry_changed": "Changed the key of a DKIM entry",
    "dkim_entry_removed": "Removed a DKIM entry",
    "member_added": "Added a member",
    "watch_worse": "Found something that needs somebody",
    "watch_better": "Found that something is in order again",
    "member_removed": "Removed a member",
}


@register.filter
def event_word(kind: str) -> str:
    """What was done, for people."""
    return EVENT_WORDS.get(kind, kind)


@register.filter
def field_word(name: str) -> str:
    """The name of a field, for people."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]
