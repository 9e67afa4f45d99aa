"""Words for what the story of a branch records as kinds and field names."""

from __future__ import annotations

from dataclasses import dataclass

from django import template

from portal.branches.models import BranchEvent, EmailFunction, SendingMode

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


#: Names of fields where the words of the name alone would not do.
FIELD_WORDS = {"email_function": "E-mail function", "sending": "Sends", "domain": "Domain", "reason": "Reason",
               "suspended_because": "It was suspended because"}  # fmt: skip


@register.filter
def field_word(name: str) -> str:
    """The name of a field, for people."""
    words = name.replace("_", " ")
    return FIELD_WORDS.get(name, words[:1].upper() + words[1:])


@dataclass(frozen=True, slots=True)
class Change:
    """One change in words. Without ``before`` something came, without ``after`` something went; the kind says which."""

    word: str
    before: str
    after: str


@register.filter
def changes_of(event: BranchEvent) -> list[Change]:
    """What an entry of the story changed, field by field, in words."""
    changes = dict(event.changes)
    if event.kind == "resumed" and changes.get("reason", ["", ""])[0]:
        # So it was recorded once: what is told there is why it had been off.
        changes = {"suspended_because": changes["reason"]}
    return [Change(field_word(name), _value(before), _value(after)) for name, (before, after) in changes.items()]


def _value(value: object) -> str:
    """A recorded value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    text = "" if value is None else str(value)
    return dict([*SendingMode.choices, *EmailFunction.choices]).get(text, text)
