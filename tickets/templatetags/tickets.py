"""Words for what a ticket's story records as field names and ids."""

from __future__ import annotations

from django import template

from diagnostics.engine.causes import CAUSES
from portal.web.words import ACTORS
from tickets.models import Report, TicketState
from tickets.selectors.message import MessageFacts, facts_about

register = template.Library()

FIELD_WORDS = {"state": "State", "waiting_on": "Waiting for", "assignee": "Assigned to", "cause": "Cause"}


@register.filter
def field_word(field: str) -> str:
    """The word a person reads for a field of the story."""
    return FIELD_WORDS.get(field, field)


@register.filter
def value_word(value: str) -> str:
    """The word a person reads for a state, a party or a cause id; any other text stays as it is."""
    if value in CAUSES:
        return CAUSES[value].title
    if value in ACTORS:
        return ACTORS[value].word
    return dict(TicketState.choices).get(value, value)


@register.filter
def message_facts(report: Report) -> MessageFacts:
    """What is known of the report's e-mail, by its record in the log where one was chosen."""
    return facts_about(report)
