"""The addresses a branch does not write to any more. An entry is never deleted: it ends, with who ended it and why."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.branches.models import BranchProfile


class Reason(models.TextChoices):
    """Why an address is not written to. The first two are the recipient's own will."""

    OPT_OUT = "opt_out", "Opted out"
    COMPLAINT = "complaint", "Complained"
    HARD_BOUNCE = "hard_bounce", "Mail failed for good"
    MANUAL = "manual", "Entered by hand"


#: What the recipient wanted. Only support may set it aside, and only when they say so.
OWN_WILL = frozenset({Reason.OPT_OUT, Reason.COMPLAINT})


class Ending(models.TextChoices):
    """How an entry came to its end before its time."""

    REMOVED = "removed", "Removed"
    REPLACED = "replaced", "Replaced by a stronger reason"
    LAPSED = "lapsed", "Its time ran out"
    TAKEN_BACK = "taken_back", "What it came from was taken back"


class Suppression(models.Model):
    """One address that a branch does not write to, from ``since`` to ``until`` (none: for good).

    ``address`` is as it was told, ``address_normal`` as it is searched by. At most one entry of a branch and address
    has not ended. ``source`` says in a few words what it came from.
    """

    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, related_name="suppressions", db_index=False)
    address = models.CharField(max_length=320)
    address_normal = models.CharField(max_length=320)
    domain = models.CharField(max_length=255)
    reason = models.CharField(max_length=12, choices=Reason)
    since = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    ended = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    ending = models.CharField(max_length=10, choices=Ending, blank=True)
    ended_because = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "address_normal"], condition=Q(ended=None), name="suppression_once_a_branch"
            ),
            models.CheckConstraint(condition=Q(ended=None) | ~Q(ending=""), name="suppression_ended_somehow"),
        ]
        indexes = [
            # The entries of a branch, newest first, a keyset page.
            models.Index(fields=["branch", "-since", "-id"], name="suppression_of_branch"),
            # The same, for one recipient domain.
            models.Index(fields=["branch", "domain", "-since", "-id"], name="suppression_of_domain"),
            # One address in all branches, and what was there before.
            models.Index(fields=["address_normal", "-since", "-id"], name="suppression_of_address"),
            # Addresses that begin so (LIKE needs its own order on PostgreSQL).
            models.Index(fields=["address_normal"], name="suppression_begins", opclasses=["varchar_pattern_ops"]),
            # All branches, newest first.
            models.Index(fields=["-since", "-id"], name="suppression_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.get_reason_display()}"

    def holds_at(self, at: datetime) -> bool:
        """Whether the address was not to be written to at that moment."""
        begun = self.since <= at
        return begun and (self.until is None or self.until > at) and (self.ended is None or self.ended > at)

    @property
    def is_in_force(self) -> bool:
        return self.holds_at(timezone.now())

    @property
    def is_own_will(self) -> bool:
        return self.reason in OWN_WILL
