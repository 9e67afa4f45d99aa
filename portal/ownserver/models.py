"""How a branch's own mail server is reached, and what came of trying it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from portal.branches.models import BranchProfile


class Encryption(models.TextChoices):
    STARTTLS = "starttls", "STARTTLS (usual on port 587)"
    TLS = "tls", "From the first octet (usual on port 465)"
    NONE = "none", "None (nobody should)"


class Progress(models.TextChoices):
    WAITING = "waiting", "Waiting"
    TRYING = "trying", "Being tried"
    DONE = "done", "Done"


class OwnServer(models.Model):
    """The settings of one branch. ``sealed`` is the password as :mod:`portal.ownserver.sealing` keeps it."""

    branch = models.OneToOneField(BranchProfile, on_delete=models.CASCADE, related_name="own_server")
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(default=587)
    encryption = models.CharField(max_length=10, choices=Encryption, default=Encryption.STARTTLS)
    username = models.CharField(max_length=255, blank=True)
    sealed = models.TextField(blank=True)
    sender = models.EmailField(max_length=254, help_text="The address its mail comes from.")
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class ServerRequest(models.Model):
    """A branch asks to send through a server of its own: what it knows of it, and never a password.

    It is gone when an admin has entered the settings.
    """

    branch = models.OneToOneField(BranchProfile, on_delete=models.CASCADE, related_name="+")
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(default=587)
    encryption = models.CharField(max_length=10, choices=Encryption, default=Encryption.STARTTLS)
    contact = models.CharField(max_length=320, blank=True, help_text="Who has the user name and the password.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.branch}: {self.host}:{self.port}"


class ServerTrial(models.Model):
    """One try of the settings: each step with what the server said. Nothing in it holds the password."""

    server = models.ForeignKey(OwnServer, on_delete=models.CASCADE, related_name="trials", db_index=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    to = models.EmailField(max_length=254, blank=True, help_text="Where a test message is sent; none: none is sent.")
    state = models.CharField(max_length=10, choices=Progress, default=Progress.WAITING)
    steps = models.JSONField(default=list)

    class Meta:
        indexes = [
            # The latest tries of a server.
            models.Index(fields=["server", "-at", "-id"], name="server_trial_newest")
        ]

    def __str__(self) -> str:
        return f"{self.server} on {self.at:%Y-%m-%d %H:%M}"
