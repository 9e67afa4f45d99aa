"""Words for what a ticket's story records as field names and ids."""

from __future__ import annotations

from django import template

from diagnostics.engine.causes import CAUSES
from portal.web.words import ACTORS
from tickets.models import TicketState

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
