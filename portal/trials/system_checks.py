"""A setting of this room that would leave it without an address, found at start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from portal.inbound import form_of

HINT = "Give a form such as test+<token>@desk.example, or leave it empty."


def address_can_be_read(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """TRIAL_ADDRESS is the form of an address with a token in it."""
    if not settings.TRIAL_ADDRESS:
        return []
    try:
        places = form_of(settings.TRIAL_ADDRESS).pattern.groupindex
    except ValueError as error:
        return [Error(f"TRIAL_ADDRESS: {error}", hint=HINT, id="trials.E001")]
    if set(places) != {"token"}:
        return [Error("TRIAL_ADDRESS has no <token> in it, or more than that.", hint=HINT, id="trials.E001")]
    return []
