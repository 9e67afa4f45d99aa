"""What was dropped because its time was over, and who was erased. Both are kept as the proof that it was done."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class Progress(models.TextChoices):
    WAITING = "waiting", "Waiting"
    WORKING = "working", "Under way"
    DONE = "done", "Done"


class Pruning(models.Model):
    """One round over all that is kept for a time. A dry one counts what would go, and nothing goes.

    ``results`` holds for each kind (``kept.KINDS``): rows, months dropped whole, the moment before which they lay.
    """

    at = models.DateTimeField(default=timezone.now)
    is_dry = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=Progress, default=Progress.WAITING)
    results = models.JSONField(default=list)
    finished = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            # The latest rounds.
            models.Index(fields=["-at", "-id"], name="pruning_newest")
        ]

    def __str__(self) -> str:
        return f"{'Dry run' if self.is_dry else 'Round'} of {self.at:%Y-%m-%d %H:%M}"


class Way(models.TextChoices):
    ERASE = "erase", "Erase"
    PSEUDONYMISE = "pseudonymise", "Replace by a stand-in"


class Erasure(models.Model):
    """One address that was erased, or replaced by a stand-in, everywhere. The row is the certificate.

    The address itself is forgotten when it is done: ``digest`` (keyed with the desk's secret) lets somebody who knows
    the address find the certificate, and nobody else. ``results`` holds for each place how much was touched.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    way = models.CharField(max_length=12, choices=Way)
    reason = models.CharField(max_length=400)
    address = models.CharField(max_length=320, blank=True)
    digest = models.CharField(max_length=64, db_index=True)
    stand_in = models.CharField(max_length=320)
    state = models.CharField(max_length=10, choices=Progress, default=Progress.WAITING)
    lease_until = models.DateTimeField(default=timezone.now)
    results = models.JSONField(default=dict)
    finished = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            # The certificates, newest first.
            models.Index(fields=["-at", "-id"], name="erasure_newest"),
            # What a lost worker has left undone.
            models.Index(fields=["lease_until"], condition=~models.Q(state="done"), name="erasure_not_over"),
        ]

    def __str__(self) -> str:
        return f"{self.get_way_display()}: {self.stand_in}"
