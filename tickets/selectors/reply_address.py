"""The address under which a ticket is answered by mail: it holds the ticket's number and a proof that it is ours."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.utils.crypto import salted_hmac

from portal.inbound import form_of
from tickets.models import Ticket

SALT = "tickets.reply_address"
#: 80 bits, in lower case: addresses lose their case on the way.
PROOF_LENGTH = 20


def reply_address(ticket: Ticket) -> str:
    """The address for answers to ``ticket``; empty where the desk takes none by mail (``TICKET_ADDRESS``)."""
    if not settings.TICKET_ADDRESS:
        return ""
    return form_of(settings.TICKET_ADDRESS).write(token=f"{ticket.number}-{_proof(ticket.number)}")


def ticket_at(address: str) -> Ticket | None:
    """The ticket that ``address`` was given out for, or the one that it went into; None where we gave out none such."""
    places = form_of(settings.TICKET_ADDRESS).read(address) if settings.TICKET_ADDRESS else None
    number, _, proof = (places or {}).get("token", "").partition("-")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        return None
    if not hmac.compare_digest(_proof(int(number)).encode(), proof.lower().encode("utf-8", "replace")):
        return None
    rows = Ticket.objects.select_related("report__by", "assignee", "merged_into__report__by", "merged_into__assignee")
    found = rows.filter(number=int(number)).first()
    return found.merged_into or found if found else None


def _proof(number: int) -> str:
    return salted_hmac(SALT, str(number), algorithm="sha256").hexdigest()[:PROOF_LENGTH]
