"""One time an organisation was asked to allow the sending servers of a branch, and what its IT answered."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from portal.branches.models import AllowListEntry, BranchProfile


def _token() -> str:
    return secrets.token_urlsafe(24)


class Product(models.TextChoices):
    """What the letter gives steps for; the ids of the receivers' table that are somebody's to set."""

    MICROSOFT_365 = "microsoft_365", "Microsoft 365"
    GOOGLE_WORKSPACE = "google_workspace", "Google Workspace"
    MIMECAST = "mimecast", "Mimecast"
    PROOFPOINT = "proofpoint", "Proofpoint"
    PROOFPOINT_ESSENTIALS = "proofpoint_essentials", "Proofpoint Essentials"
    BARRACUDA = "barracuda", "Barracuda"
    CISCO = "cisco", "Cisco Secure Email"
    SYMANTEC = "symantec", "Symantec Email Security.cloud"
    TRENDMICRO = "trendmicro", "Trend Micro"
    SOPHOS = "sophos", "Sophos"
    FORCEPOINT = "forcepoint", "Forcepoint"
    HORNET = "hornet", "Hornetsecurity"
    OTHER = "", "Not known, or something else"


class AllowRequest(models.Model):
    """A request. Whoever holds the link with its token may read it and answer until it runs out or is revoked.

    ``addresses`` is what was asked for: later changes of the server do not change the letter. ``entry`` is the
    allow-list entry that the answer made.
    """

    token = models.CharField(max_length=40, unique=True, default=_token, editable=False)
    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, related_name="+", db_index=False)
    domain = models.CharField(max_length=253, help_text="The recipient's domain.")
    product = models.CharField(max_length=40, choices=Product, blank=True)
    host = models.CharField(max_length=253)
    addresses = models.JSONField(default=list)
    sender_domains = models.JSONField(default=list)
    contact = models.CharField(max_length=320, blank=True, help_text="Whom it was sent to.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created = models.DateTimeField(default=timezone.now)
    expires = models.DateTimeField()
    revoked = models.DateTimeField(null=True, blank=True)
    answered = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=10, blank=True)
    answered_by = models.CharField(max_length=160, blank=True)
    is_told = models.BooleanField(default=True, help_text="Whoever is to hear of the answer by mail has been told.")
    entry = models.ForeignKey(AllowListEntry, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        indexes = [
            # The requests of a branch, newest first.
            models.Index(fields=["branch", "-created", "-id"], name="allow_request_of_branch"),
            # Whom this organisation was asked for.
            models.Index(fields=["domain", "-created", "-id"], name="allow_request_by_domain"),
            # All of them.
            models.Index(fields=["-created", "-id"], name="allow_request_newest"),
            # Whose answer is still to be told by mail (the sweep).
            models.Index(fields=["answered"], condition=models.Q(is_told=False), name="allow_request_to_tell"),
        ]

    def __str__(self) -> str:
        return f"{self.branch} at {self.domain}"

    @property
    def is_open(self) -> bool:
        """Its link can still be answered."""
        return self.revoked is None and self.expires > timezone.now()

    @property
    def not_allowed(self) -> list[str]:
        """The addresses that were asked for and that the answer leaves out; none of what was refused as a whole."""
        if self.answer != "allowed" or self.entry is None:
            return []
        return [address for address in self.addresses if address not in self.entry.addresses]

    @staticmethod
    def usual_end() -> datetime:
        return timezone.now() + timedelta(days=60)
