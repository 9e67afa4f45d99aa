"""Words of the log that its tables hold: where a message came from, and how far it got."""

from __future__ import annotations

from django.db import models


class Module(models.TextChoices):
    """The part of the sending application a message came from (the vendor's names)."""

    XENDIRECT_ADMIN = "xendirect_admin", "XenDirect Admin"
    QUICKTOOLS = "quicktools", "QuickTools"
    WEBREG = "webreg", "WebReg"
    OTHER = "other", "Other"


class State(models.TextChoices):
    """How far a message verifiably got on its way to one recipient."""

    ERROR = "error", "Error before it went out"
    SUBMITTED = "submitted", "Submitted"
    HANDED = "handed", "Handed to the sending server"
    DEFERRED = "deferred", "Deferred"
    ACCEPTED = "accepted", "Accepted by the recipient's server"
    REFUSED = "refused", "Refused"
    EXPIRED = "expired", "Given up"
    #: Only an event has this one: it says nothing of how far the message got beyond what is known.
    COMPLAINED = "complained", "Complained about"
