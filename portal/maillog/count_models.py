"""What is counted of the log: written in the transaction that moves a delivery, so that no page counts it itself.

Each table's unique columns begin with the branch, so that it needs no index of its own.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from portal.branches.models import BranchProfile
from portal.maillog.words import Module, State


class HourCount(models.Model):
    """How many recipients of a branch stand in which state, by the hour (UTC) their message was handed over."""

    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State)
    recipients = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["branch", "hour", "state"], name="hour_count_once")]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}: {self.recipients} {self.state}"


class DayCount(models.Model):
    """How many recipients of a branch, by the day (in the branch's time zone) their message was handed over.

    One row for each combination of what a history is broken down by. Never pruned, and neither is :class:`DayPart`, so
    that a history outlives the log.
    """

    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    module = models.CharField(max_length=20, choices=Module)
    server = models.CharField(max_length=253, blank=True)
    provider = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=State)
    cause = models.CharField(max_length=40, blank=True)
    recipients = models.BigIntegerField(default=0)
    complaints = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "day", "state", "cause", "provider", "module", "server"], name="day_count_once"
            )
        ]
        indexes = [
            # What all branches did in the last days: at one provider, or complained about.
            models.Index(fields=["day", "branch"], name="day_count_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.recipients} {self.state}"


class DayPart(models.Model):
    """One day of a branch by one thing a history is broken down by: a row for each of its values, a column a state.

    ``part`` is "cause", "provider", "module" or "server", and "" for the day as a whole. It says what :class:`DayCount`
    says, and is moved with it; but a day has few values and many combinations of them, and more of these the more is
    sent. So pages read this one.
    """

    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, related_name="+", db_index=False)
    part = models.CharField(max_length=10, blank=True)
    day = models.DateField()
    value = models.CharField(max_length=253, blank=True)
    error = models.BigIntegerField(default=0)
    submitted = models.BigIntegerField(default=0)
    handed = models.BigIntegerField(default=0)
    deferred = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    expired = models.BigIntegerField(default=0)
    complaints = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["branch", "part", "day", "value"], name="day_part_once")]
        indexes = [
            # All branches beside each other over some days.
            models.Index(fields=["day", "branch"], name="day_part_whole", condition=Q(part="")),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.part} {self.value}"


class DomainCount(models.Model):
    """How many recipients of a branch at one recipient domain, by the month of the branch's time zone.

    ``month`` is its first day. By the day there would be nearly as many rows as deliveries.
    """

    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, related_name="+", db_index=False)
    month = models.DateField()
    domain = models.CharField(max_length=255)
    recipients = models.BigIntegerField(default=0, help_text="Handed over, however it went on.")
    accepted = models.BigIntegerField(default=0)
    deferred = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0, help_text="Refused or given up.")
    complaints = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["branch", "month", "domain"], name="domain_count_once")]
        indexes = [
            # The domains most was sent to.
            models.Index(fields=["branch", "month", "-recipients"], name="domain_count_largest"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.domain}: {self.recipients}"


class AttemptCount(models.Model):
    """How many recipients were tried in an hour (UTC) by one server at one provider, by what became of the try.

    A provider's limit is about what reaches it in an hour, and a second try is load to it like the first. So this
    counts attempts by their own time, of all branches together, and only ever grows.
    """

    hour = models.DateTimeField()
    server = models.CharField(max_length=253, blank=True)
    provider = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=State)
    recipients = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hour", "server", "provider", "state"], name="attempt_count_once")
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H} {self.server} to {self.provider}: {self.recipients} {self.state}"


class MissingCount(models.Model):
    """How many e-mails of a branch were reported missing, by the day (in its time zone) the report was submitted."""

    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    reports = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["branch", "day"], name="missing_count_once")]

    def __str__(self) -> str:
        return f"{self.day}: {self.reports} reported missing"
