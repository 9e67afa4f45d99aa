"""Settings of the mailroom that would make it fail or stand idle, found at start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from portal.inbound import form_of
from portal.mailroom.encryption import Certificate
from portal.mailroom.listening import address_of


def mailroom_can_work(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """MAILROOM is an address or off, TICKET_ADDRESS the form of one, and there is an address to take mail at."""
    found: list[CheckMessage] = []
    if settings.MAILROOM:
        try:
            address_of(settings.MAILROOM)
        except ValueError as error:
            found.append(Error(f"MAILROOM: {error}", hint="MAILROOM=off switches it off.", id="mailroom.E001"))
    if settings.TICKET_ADDRESS:
        hint = "Give a form such as ticket+<token>@desk.example."
        try:
            has_token = "token" in form_of(settings.TICKET_ADDRESS).pattern.groupindex
        except ValueError as error:
            found.append(Error(f"TICKET_ADDRESS: {error}", hint=hint, id="mailroom.E002"))
        else:
            if not has_token:
                found.append(Error("TICKET_ADDRESS has no <token> in it.", hint=hint, id="mailroom.E002"))
    found += _encryption()
    is_open = bool(settings.MAILROOM or settings.IMAP_HOST)
    if settings.MAILROOM and not (settings.BOUNCE_ADDRESSES or settings.TICKET_ADDRESS or settings.TRIAL_ADDRESS):
        hint = "Set BOUNCE_ADDRESSES, or MAILROOM=off."
        found.append(Warning("The mailroom knows no address, so it refuses every mail.", hint=hint, id="mailroom.W001"))
    if settings.TICKET_ADDRESS and not is_open:
        hint = "Set MAILROOM or IMAP_HOST, or leave TICKET_ADDRESS empty."
        found.append(
            Warning("Tickets tell an address for answers, and nobody takes mail in.", hint=hint, id="mailroom.W002")
        )
    return found


def _encryption() -> list[CheckMessage]:
    """The certificate can be used, where this process is to listen; who does not listen need not read the key."""
    if not settings.MAILROOM or not (settings.MAILROOM_TLS_CERT or settings.MAILROOM_TLS_KEY):
        return []
    try:
        certificate = Certificate(settings.MAILROOM_TLS_CERT, settings.MAILROOM_TLS_KEY)
        if certificate.runs_out_soon():
            hint = "Renew it; the mailroom reads it anew by itself."
            told = f"MAILROOM_TLS_CERT: the certificate runs out, or has run out, on {certificate.ends():%d %b %Y}."
            return [Warning(told, hint=hint, id="mailroom.W003")]
    except ValueError as error:
        return [Error(str(error), hint="Leave both empty to listen without encryption.", id="mailroom.E003")]
    return []
