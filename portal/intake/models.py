"""Logs that people bring in: the file, what its columns mean, how far it was read, and what could not be read.

The row is the truth: a worker claims an upload by raising ``attempt`` and setting ``lease_until``, and writes its
progress in the transaction that stores what it read. A worker that died is followed by another, which reads the file
from its beginning: reading it twice changes nothing.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from portal.branches.models import BranchProfile
from portal.maillog.models import IngestBatch


class UploadState(models.TextChoices):
    NEW = "new", "To be looked at"
    QUEUED = "queued", "Waiting"
    READING = "reading", "Being read"
    DONE = "done", "Read"
    STOPPED = "stopped", "Stopped"
    FAILED = "failed", "Could not be read"


#: Where reading can be started, or started again.
STARTABLE = (UploadState.NEW, UploadState.STOPPED, UploadState.FAILED, UploadState.DONE)
UNDER_WAY = (UploadState.QUEUED, UploadState.READING)


class Upload(models.Model):
    """One log that somebody brought in.

    ``branch`` is that of lines that name none; staff may bring in nothing else than their branch's. ``columns`` say
    what the columns of a table mean (nothing: they have our own names). ``new`` counts over all attempts, the other
    counts are those of the last one. ``time_zone`` is that of a server's log, ``server`` the first host it names.
    ``rejected`` is every line that could not be used, packed, one JSON list a line. ``digest`` is the file's SHA-256:
    by it the same file is known again, also after it was removed.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    source = models.CharField(max_length=20)
    name = models.CharField(max_length=160)
    file = models.FileField(upload_to="logs/%Y/%m/", max_length=200, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    mends = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    columns = models.JSONField(default=dict)
    server = models.CharField(max_length=253, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    is_complete = models.BooleanField(
        default=False, help_text="Nothing of the branch is missing between the first and the last line."
    )
    state = models.CharField(max_length=10, choices=UploadState, default=UploadState.NEW)
    attempt = models.PositiveIntegerField(default=0)
    attempt_before = models.PositiveIntegerField(default=0, help_text="The last attempt before it was started.")
    lease_until = models.DateTimeField(null=True, blank=True)
    is_stopping = models.BooleanField(default=False)
    why = models.TextField(blank=True, help_text="Why it could not be read.")
    queued_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    octets = models.PositiveBigIntegerField(default=0, help_text="How much of the file was read.")
    lines = models.PositiveBigIntegerField(default=0)
    new = models.PositiveBigIntegerField(default=0)
    events = models.PositiveBigIntegerField(default=0)
    rejected_count = models.PositiveBigIntegerField(default=0)
    rejected = models.FileField(upload_to="rejected/%Y/%m/", max_length=200, blank=True)
    batch = models.OneToOneField(
        IngestBatch, on_delete=models.SET_NULL, null=True, blank=True, related_name="upload", editable=False
    )

    #: The same file brought in at another time, where somebody looked for it.
    twin: Upload | None = None

    class Meta:
        indexes = [
            # The same file, brought in before.
            models.Index(fields=["digest", "-at", "-id"], name="upload_same"),
            # What was brought in, newest first: of one branch, and of all.
            models.Index(fields=["branch", "-at", "-id"], name="upload_of_branch"),
            models.Index(fields=["-at", "-id"], name="upload_newest"),
            # What the sweep rings for again.
            models.Index(
                fields=["queued_at"], condition=models.Q(state__in=["queued", "reading"]), name="upload_under_way"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def known(self) -> int:
        """How many of the events were in the log before this file was read for the first time."""
        return max(0, self.events - self.new)

    @property
    def percent(self) -> int:
        """How much of the file was read."""
        return min(100, 100 * self.octets // self.size) if self.size else 0

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def is_startable(self) -> bool:
        return self.state in STARTABLE and bool(self.file)


class SavedColumns(models.Model):
    """What the columns under one header mean for one branch: the next such file is read without asking."""

    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    source = models.CharField(max_length=20)
    header = models.CharField(max_length=64, help_text="A digest of the columns' names.")
    columns = models.JSONField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["branch", "source", "header"], name="columns_once_a_branch"),
            models.UniqueConstraint(
                fields=["source", "header"], condition=models.Q(branch=None), name="columns_once_of_all"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} of {self.branch or 'all branches'}"
