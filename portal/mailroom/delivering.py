"""Bringing one mail to the rooms that take it: to all of them or none, and stored before anybody is told so."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from diagnostics.engine.messages.headers.fields import read_message
from portal.inbound import Mail, Refused, door_for

#: RFC 5321 §6.3: more Received fields than these are a loop.
MOST_HOPS = 50
NOT_KNOWN = "550 5.1.1 There is no such address here."


def knows(address: str) -> bool:
    """Whether any room takes mail to ``address``."""
    return door_for(address) is not None


def deliver(
    octets: bytes,
    *,
    recipients: Iterable[str],
    sender: str,
    source: str,
    peer: str = "",
    helo: str = "",
    tls: str = "",
) -> None:
    """Have every room whose address is among ``recipients`` take the mail, in one transaction.

    Returns when that is committed. Raises Refused where the mail is not to be taken, for good; whatever else is raised,
    nothing was stored and the sender is to try again.
    """
    if len(read_message(octets).all("received")) > MOST_HOPS:
        raise Refused("This mail has passed through too many servers; it goes round in a loop.", code="554 5.4.6")
    now = timezone.now()
    with transaction.atomic():
        for recipient in dict.fromkeys(recipients):
            door = door_for(recipient)
            if door is None:
                raise Refused("There is no such address here.", code="550 5.1.1")
            door.take(
                Mail(
                    octets=octets,
                    recipient=recipient,
                    sender=sender,
                    source=source,
                    at=now,
                    peer=peer,
                    helo=helo,
                    tls=tls,
                )
            )
