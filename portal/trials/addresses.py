"""The one-time address of a trial: how it is made, whose it is, and whether mail from outside can come to it."""

from __future__ import annotations

import ipaddress
import secrets
from enum import StrEnum

from django.conf import settings

from portal.inbound import form_of
from portal.trials.models import Trial

#: Names that lead nowhere (RFC 2606, RFC 6761).
_NOWHERE = ("example", "test", "invalid", "localhost")


class Reach(StrEnum):
    """What is known of the way to a test address."""

    #: No form of an address is set.
    NONE = "none"
    #: The address lies in a domain that does not exist, or the mailroom listens on this machine alone.
    NOWHERE = "nowhere"
    HERE = "here"
    #: This process knows of nothing that takes mail in; another may.
    UNKNOWN = "unknown"
    #: As far as our own settings tell; only a message that comes proves it.
    OUTSIDE = "outside"


def reach() -> Reach:
    """Whether a message from another machine can come to a test address, by the settings of this desk."""
    if not settings.TRIAL_ADDRESS:
        return Reach.NONE
    if settings.TRIAL_ADDRESS.rpartition(".")[2].lower() in _NOWHERE:
        return Reach.NOWHERE
    if settings.IMAP_HOST:
        return Reach.OUTSIDE
    if not settings.MAILROOM:
        return Reach.UNKNOWN
    host = settings.MAILROOM.rpartition(":")[0].strip("[]") or settings.MAILROOM
    try:
        is_inside = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_inside = host == "localhost"
    return Reach.HERE if is_inside else Reach.OUTSIDE


def new_token() -> str:
    """100 bits that nobody guesses, in letters that survive every mail system (case tells nothing apart)."""
    return secrets.token_hex(13)


def address_of(trial: Trial) -> str:
    """Where messages of ``trial`` are sent; empty where the desk has no such address any more."""
    return form_of(settings.TRIAL_ADDRESS).write(token=trial.token) if settings.TRIAL_ADDRESS else ""


def trial_at(address: str) -> Trial | None:
    """The trial whose address that is, open or not."""
    found = form_of(settings.TRIAL_ADDRESS).read(address) if settings.TRIAL_ADDRESS else None
    return Trial.objects.filter(token=found["token"].lower()).first() if found else None


def knows(address: str) -> bool:
    """Whether mail to ``address`` is a test message."""
    return trial_at(address) is not None
