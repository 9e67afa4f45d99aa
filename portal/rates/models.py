"""What admins of this desk know of providers' limits, and how much of a branch's mail was stuck hour by hour."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from portal.branches.models import BranchProfile


class Unit(models.TextChoices):
    """What a limit counts."""

    RECIPIENTS_PER_MESSAGE = "recipients_per_message", "recipients a message"
    RECIPIENTS_PER_HOUR = "recipients_per_hour", "recipients an hour"
    RECIPIENTS_PER_DAY = "recipients_per_day", "recipients a day"
    RECIPIENTS_PER_CONNECTION = "recipients_per_connection", "recipients a connection"
    MESSAGES_PER_HOUR = "messages_per_hour", "messages an hour"
    MESSAGES_PER_CONNECTION = "messages_per_connection", "messages a connection"
    CONNECTIONS = "connections", "connections at once"


class Scope(models.TextChoices):
    """Whom a limit is counted for."""

    ADDRESS = "address", "One sending address"
    NETBLOCK = "netblock", "One netblock of sending addresses"
    MAILBOX = "mailbox", "One mailbox that is written to"
    DOMAIN = "domain", "One recipient domain"
    SENDER = "sender", "One sending account or tenant"


class Confidence(models.TextChoices):
    """How far a limit can be believed. None of them is a promise."""

    PUBLISHED = "published", "Published by the provider"
    TOLD = "told", "Told by another sender"
    DEFAULT = "default", "A sending program's careful setting"
    SEEN = "seen", "Seen in replies"


class ProviderLimit(models.Model):
    """A limit as an admin of this desk has it: in place of a shipped one, or one of their own.

    Shipped limits are not stored: ``shipped`` names the row of ``data/limits.toml`` that this one stands in for. So
    resetting is deleting, and a newer release brings newer values for all that nobody has changed.
    """

    shipped = models.CharField(max_length=60, null=True, unique=True)
    provider = models.CharField(max_length=40)
    unit = models.CharField(max_length=30, choices=Unit)
    scope = models.CharField(max_length=10, choices=Scope, default=Scope.ADDRESS)
    number = models.PositiveIntegerField(null=True)
    signal = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=300)
    looked_at = models.DateField()
    confidence = models.CharField(max_length=10, choices=Confidence)
    note = models.CharField(max_length=500, blank=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["provider", "unit", "pk"]

    def __str__(self) -> str:
        return f"{self.provider}: {'?' if self.number is None else self.number} {self.get_unit_display()}"


class LimitChange(models.Model):
    """Something an admin did to a limit: who, when, from what to what. Append-only; ``key`` is the limit's."""

    key = models.CharField(max_length=60)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=10)
    changes = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["key", "-at", "-id"], name="limit_change_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class StuckCount(models.Model):
    """How many of the recipients a branch wrote to in an hour (UTC) were still put off at least an hour after it.

    Whatever is put off is accepted later or given up, so the log itself cannot tell next week how much was stuck now.
    It is written down when the hour is old enough, and that is what a later hour is compared with.
    """

    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, related_name="+")
    hour = models.DateTimeField()
    recipients = models.PositiveBigIntegerField()
    stuck = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hour", "branch"], name="stuck_count_once")]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}: {self.stuck} of {self.recipients}"
