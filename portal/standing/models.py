"""How each branch stands as a sender, and the story of how it came to that. The story is append-only."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from portal.branches.models import BranchProfile


class State(models.TextChoices):
    """How a branch stands. The desk moves it between the first two by itself; to the others only people do."""

    GOOD = "good", "Good"
    WATCHED = "watched", "Watched"
    WARNED = "warned", "Warned"
    SUSPENDED = "suspended", "Suspended"


class Standing(models.Model):
    """One branch's standing since ``since``, why, and the numbers of the last look.

    What is sent before the day ``counted_from`` does not count any more: a branch that was warned or let back is judged
    by what it did since. Whether the e-mail function is on stands on the profile alone; :attr:`shown` follows it.
    """

    branch = models.OneToOneField(BranchProfile, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.GOOD)
    since = models.DateTimeField(default=timezone.now)
    reason = models.TextField(max_length=1000, blank=True)
    counted_from = models.DateField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)
    numbers = models.JSONField(default=dict)

    class Meta:
        indexes = [
            # Those in one state, the latest first, a keyset page.
            models.Index(fields=["state", "-since", "-id"], name="standing_in_state"),
            # Who is to be looked at, the longest overdue first.
            models.Index(fields=["looked_at", "id"], name="standing_due"),
        ]

    def __str__(self) -> str:
        return f"{self.branch}: {self.shown.label}"

    @property
    def shown(self) -> State:
        """The state as it is now, also where the e-mail function was switched on the branch's page a moment ago."""
        if self.branch.is_suspended:
            return State.SUSPENDED
        return State.WATCHED if self.state == State.SUSPENDED else State(self.state)


class StandingEvent(models.Model):
    """A step: by whom (nobody: the desk by itself), when, from what to what, why, and the numbers at that time."""

    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    before = models.CharField(max_length=10, choices=State)
    after = models.CharField(max_length=10, choices=State)
    reason = models.TextField(max_length=1000)
    numbers = models.JSONField(default=dict)
    is_told = models.BooleanField(default=True, help_text="The branch's members were written to, or need not be.")

    class Meta:
        indexes = [
            # The story of a branch, newest first.
            models.Index(fields=["branch", "-at", "-id"], name="standing_event_of_branch"),
            # What the members were not told yet.
            models.Index(fields=["at"], condition=models.Q(is_told=False), name="standing_event_untold"),
        ]

    def __str__(self) -> str:
        return f"{self.branch}: {self.before} to {self.after}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A step is written once."""
        if not self._state.adding:
            raise TypeError("A step of a standing is never changed.")
        super().save(*args, **kwargs)
