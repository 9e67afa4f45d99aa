"""Runs of the engine. The row is the truth: a task queue only rings the bell, and a lost bell is rung again."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class RunState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Looking"
    DONE = "done", "Done"
    FAILED = "failed", "Could not be finished"


class Run(models.Model):
    """One examination of one subject.

    A worker claims a run by raising ``attempt`` and setting ``lease_until``; what it writes carries its attempt, so a
    worker that was given up on cannot overwrite its successor. ``lease_until`` of a waiting run is when the bell is
    rung again. ``transcript`` holds every question and answer.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subject = models.JSONField()
    state = models.CharField(max_length=10, choices=RunState, default=RunState.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField()
    target_domain = models.CharField(max_length=253, blank=True, help_text="The domain that is looked at.")
    held_until = models.DateTimeField(null=True, blank=True, help_text="Not before: too much was asked for at once.")
    is_message = models.BooleanField(default=False, help_text="A message was handed in; nothing else is looked at.")
    is_fresh = models.BooleanField(default=False, help_text="Asked for again: remembered answers are not used.")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    checks_total = models.PositiveSmallIntegerField(default=0)
    checks_done = models.PositiveSmallIntegerField(default=0)
    headline_code = models.CharField(max_length=60, blank=True)
    headline = models.CharField(max_length=255, blank=True)
    worst_verdict = models.CharField(max_length=20, blank=True)
    queries = models.PositiveIntegerField(default=0)
    wall_ms = models.FloatField(null=True, blank=True)
    critical_path_ms = models.FloatField(null=True, blank=True)
    transcript = models.JSONField(default=list)

    class Meta:
        indexes = [
            # What the sweep must ring again: waiting or running, oldest lease first.
            models.Index(
                fields=["lease_until", "queued_at"],
                condition=models.Q(state__in=["queued", "running"]),
                name="run_not_over",
            ),
            # The latest runs (bench), and one person's own.
            models.Index(fields=["-queued_at", "-id"], name="run_newest"),
            models.Index(fields=["requested_by", "-queued_at", "-id"], name="run_of_person"),
            # When this domain was last asked anew.
            models.Index(fields=["target_domain", "-queued_at"], condition=models.Q(is_fresh=True), name="run_fresh"),
        ]

    def __str__(self) -> str:
        return f"{self.code} ({self.get_state_display()})"

    @property
    def target(self) -> str:
        """What was looked at, in one word: the recipient, or the domain that sends."""
        subject: dict[str, str] = self.subject
        if self.is_message:
            return f"a message from {self.target_domain}" if self.target_domain else "a message"
        if subject.get("recipient_is_assumed"):
            return subject["sender_domain"]
        server = self.subject.get("sending_server") or {}
        return subject.get("recipient") or subject.get("sender_domain") or server.get("host") or "a sending server"

    @property
    def is_waiting(self) -> bool:
        return self.state == RunState.QUEUED

    @property
    def is_over(self) -> bool:
        return self.state in (RunState.DONE, RunState.FAILED)


class ReceivedMessage(models.Model):
    """A message that somebody handed in to be inspected, as it came, and what was read out of it.

    ``raw`` is forgotten after a while; ``facts`` and the findings stay.
    """

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="message")
    raw = models.BinaryField()
    is_text = models.BooleanField(help_text="It came through somebody's clipboard, which changes blanks and line ends.")
    authserv_id = models.CharField(max_length=253, blank=True, help_text="Whose results are to be believed.")
    facts = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            # Whose raw text is to be forgotten.
            models.Index(fields=["at"], condition=~models.Q(raw=b""), name="message_kept"),
        ]

    def __str__(self) -> str:
        return f"The message of {self.run}"


class MailServerCall(models.Model):
    """A call on the mail servers of a domain, kept so that none is called on too often."""

    domain = models.CharField(max_length=253)
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            # When this domain was last called on, and how often anybody was today.
            models.Index(fields=["domain", "-at"], name="call_of_domain"),
            models.Index(fields=["-at"], name="call_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.domain} at {self.at:%Y-%m-%d %H:%M}"


class StoredFinding(models.Model):
    """One finding of a run: the code, the arguments of its sentences, and the proof."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="findings")
    attempt = models.PositiveSmallIntegerField()
    position = models.PositiveSmallIntegerField(help_text="Where it stands when people read the run.")
    check_slug = models.CharField(max_length=60)
    code = models.CharField(max_length=60)
    verdict = models.CharField(max_length=20)
    actor = models.CharField(max_length=20)
    arguments = models.JSONField(default=dict)
    evidence = models.JSONField(default=list)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["run", "attempt", "position"], name="finding_once_an_attempt")]

    def __str__(self) -> str:
        return self.code
