"""Tokens by which programs speak for a person, and what each push was answered, so that a repeated one is done once."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class Scope(models.TextChoices):
    """What a program may do with a token. What it sees is what its person sees."""

    READ = "read", "Read deliveries, runs, tickets, suppressions"
    LOG = "log", "Push the message log and case notes"
    CHECK = "check", "Have domains and addresses examined"
    TICKETS = "tickets", "Open tickets and reply to them"
    SUPPRESS = "suppress", "Keep the suppression list"


class Token(models.Model):
    """A program's key. Only its digest is kept; the token itself is shown once, when it is made."""

    name = models.CharField(max_length=80, help_text="Which program uses it.")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12, help_text="What it begins with.")
    scopes = models.JSONField(default=list)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    expires = models.DateTimeField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)
    last_used = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created", "-pk"]
        indexes = [
            # The tokens, newest first.
            models.Index(fields=["-created", "-id"], name="token_newest")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_valid(self) -> bool:
        return self.revoked is None and (self.expires is None or self.expires > timezone.now())


class Answered(models.Model):
    """What a push with an ``Idempotency-Key`` was answered. Kept for two days."""

    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64, help_text="Of method, path and body.")
    status = models.PositiveSmallIntegerField(default=0)
    body = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="answered_once_a_key")]
        indexes = [
            # What is over its time.
            models.Index(fields=["at"], name="answered_by_time")
        ]

    def __str__(self) -> str:
        return self.key
