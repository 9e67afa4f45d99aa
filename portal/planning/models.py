"""A planned mailing: its list while it is read, what was found in it, and the plan."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from portal.branches.models import BranchProfile


class State(models.TextChoices):
    WAITING = "waiting", "Waiting"
    READING = "reading", "Reading the list"
    DONE = "done", "Done"
    FAILED = "failed", "Could not be read"


class Mailing(models.Model):
    """One planned mailing of a branch.

    ``list`` is the uploaded list until it has been read; ``verdicts`` holds a line for each address for some days, and
    then only the counts in ``results`` are left. ``done`` counts the lines that were read.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, related_name="+", db_index=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=160)
    list = models.FileField(upload_to="mailings/%Y/%m/", max_length=200, blank=True)
    verdicts = models.FileField(upload_to="mailings/%Y/%m/", max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    lease_until = models.DateTimeField(default=timezone.now)
    done = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    results = models.JSONField(default=dict)
    created = models.DateTimeField(default=timezone.now)
    finished = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # The mailings of a branch, newest first.
            models.Index(fields=["branch", "-created", "-id"], name="mailing_of_branch"),
            # What a lost worker has left undone.
            models.Index(
                fields=["lease_until"], condition=models.Q(state__in=["waiting", "reading"]), name="mailing_not_over"
            ),
            # Whose addresses are to be forgotten.
            models.Index(fields=["created"], condition=~models.Q(verdicts=""), name="mailing_with_addresses"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_over(self) -> bool:
        return self.state in (State.DONE, State.FAILED)
