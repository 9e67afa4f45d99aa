"""A DKIM key from being asked for to being revoked. Its private half is never stored."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.branches.models import SendingDomain


class State(models.TextChoices):
    """Where a key stands. What it is signed with is the signer's; here is what the domain's DNS has to show."""

    ASKED = "asked", "Asked for"
    ISSUED = "issued", "Issued, not published yet"
    PUBLISHED = "published", "Published"
    RETIRED = "retired", "Replaced by a newer one"
    REVOKED = "revoked", "Revoked"


#: A key in one of these is looked after.
LIVE = (State.ISSUED, State.PUBLISHED)


class Algorithm(models.TextChoices):
    RSA = "rsa", "RSA, 2048 bits (every receiver knows it)"
    ED25519 = "ed25519", "Ed25519 (short; not every receiver knows it yet)"


class SigningKey(models.Model):
    """One key of one From-domain. ``public_key`` is the ``p=`` value.

    ``handed`` says how the private half left: shown to a person once, or given to the signer. ``seen`` is what each
    name server had when it was last looked at. ``replaces`` is the key that is retired when this one is verified.
    """

    domain = models.ForeignKey(SendingDomain, on_delete=models.CASCADE, related_name="keys")
    selector = models.CharField(max_length=120, blank=True)
    algorithm = models.CharField(max_length=10, choices=Algorithm, default=Algorithm.RSA)
    public_key = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.ASKED)
    note = models.CharField(max_length=400, blank=True)
    handed = models.CharField(max_length=10, blank=True, choices=[("shown", "Shown once"), ("signer", "To the signer")])
    replaces = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="successors")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    asked_at = models.DateTimeField(default=timezone.now)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    issued_at = models.DateTimeField(null=True, blank=True)
    seen = models.JSONField(default=list)
    next_look = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    ended_because = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "selector"], condition=~Q(selector=""), name="signing_key_selector_once"
            ),
            models.UniqueConstraint(fields=["domain"], condition=Q(state="asked"), name="signing_key_asked_once"),
        ]
        indexes = [
            # What is to be looked at, the longest overdue first.
            models.Index(fields=["next_look"], condition=Q(next_look__isnull=False), name="signing_key_due"),
            # What was asked for and not issued (support).
            models.Index(fields=["asked_at"], condition=Q(state="asked"), name="signing_key_asked"),
        ]

    def __str__(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}" if self.selector else f"a key for {self.domain}"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def name(self) -> str:
        """Where the record stands."""
        return f"{self.selector}._domainkey.{self.domain.domain}"

    @property
    def record(self) -> str:
        """What the record says. A revoked key says that it is none (RFC 6376 §3.6.1)."""
        key = "" if self.state == State.REVOKED else self.public_key
        return f"v=DKIM1; k={self.algorithm}; p={key}"

    @property
    def strings(self) -> list[str]:
        """The record in the pieces a TXT record is made of (RFC 1035 §3.3.14): at most 255 characters each."""
        text = self.record
        return [text[at : at + 255] for at in range(0, len(text), 255)]
