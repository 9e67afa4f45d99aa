"""Trials: a one-time address, the messages that came to it, and the links by which a report is shared.

What a message says is kept where the desk keeps messages (:class:`diagnostics.models.ReceivedMessage`), and is
forgotten with them; here stands how it came, and which two runs looked at it.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from diagnostics.models import Run
from portal.branches.models import BranchProfile
from portal.maillog.models import Module

#: How long an address takes messages, and how many. A person tries a function a few times, and no mailing needs more.
OPEN_FOR = timedelta(hours=24)
MOST_MESSAGES = 5
#: After so long without a message something is wrong: greylisting and slow queues need less.
LATE_AFTER = timedelta(minutes=10)


class Trial(models.Model):
    """A test somebody makes. ``token`` stands in the address; ``report`` is the code of the report it was made for."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    token = models.CharField(max_length=40, unique=True)
    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, related_name="trials", db_index=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    module = models.CharField("sent from", max_length=20, choices=Module)
    report = models.UUIDField(null=True, blank=True)
    asks_for_pictures = models.BooleanField(
        "asks for pictures", default=False, help_text="The pictures its messages show are asked for at their servers."
    )
    opened = models.DateTimeField(default=timezone.now)
    expires = models.DateTimeField()

    class Meta:
        indexes = [
            # The trials of a branch, newest first, a keyset page.
            models.Index(fields=["branch", "-opened", "-id"], name="trial_of_branch"),
            # What was tried for a report, on the report and on its ticket.
            models.Index(
                fields=["report", "-opened"], condition=models.Q(report__isnull=False), name="trial_of_report"
            ),
        ]

    def __str__(self) -> str:
        return f"A test from {self.get_module_display()}"

    @property
    def is_open(self) -> bool:
        """It still takes messages, as far as time goes."""
        return timezone.now() < self.expires

    @property
    def late_at(self) -> datetime:
        """When a message should have come at the latest."""
        return self.opened + LATE_AFTER


class How(models.TextChoices):
    """How a message came to the desk."""

    CAME = "came", "It came by mail"
    GIVEN = "given", "Handed in for comparison"


class TrialMessage(models.Model):
    """A message of a trial and the runs that look at it.

    ``peer`` is the address that connected to the desk; ``address``, ``helo`` are the connection by which the message
    came in from outside (of a message handed in: as its header tells); ``sender`` is the envelope's. ``size`` counts
    the octets of all of it, also of what is not kept. ``connection`` looks at the server that brought it.
    """

    trial = models.ForeignKey(Trial, on_delete=models.CASCADE, related_name="messages", db_index=False)
    how = models.CharField(max_length=5, choices=How, default=How.CAME)
    at = models.DateTimeField(default=timezone.now)
    peer = models.CharField(max_length=45, blank=True)
    address = models.CharField(max_length=45, blank=True)
    helo = models.CharField(max_length=255, blank=True)
    sender = models.CharField(max_length=320, blank=True)
    tls = models.CharField(max_length=20, blank=True, help_text="How the connection to the desk was encrypted.")
    size = models.PositiveIntegerField()
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of what came, so that it is stored once.")
    inspection = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="+")
    connection = models.OneToOneField(Run, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["trial", "fingerprint"], name="trial_message_once")]
        indexes = [models.Index(fields=["trial", "at", "id"], name="message_of_trial")]

    def __str__(self) -> str:
        return f"{self.get_how_display()} at {self.at:%Y-%m-%d %H:%M}"

    @property
    def has_come(self) -> bool:
        return self.how == How.CAME


class Share(models.Model):
    """A link by which a report is read without signing in, until it expires or is withdrawn."""

    message = models.ForeignKey(TrialMessage, on_delete=models.CASCADE, related_name="shares")
    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    expires = models.DateTimeField()
    withdrawn = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Shared until {self.expires:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        return self.withdrawn is None and timezone.now() < self.expires
