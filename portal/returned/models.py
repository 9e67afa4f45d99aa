"""Mail that came back, what it says of whom, and which delivery each of them was.

A mail is stored before it is read, so that nothing is lost however odd it is. The message log is partitioned and
nothing can refer to it, so a matched recipient keeps the delivery's number and the fingerprint of the event that was
made of it.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.branches.models import BranchProfile


class Kind(models.TextChoices):
    """What a mail is, as :func:`diagnostics.engine.messages.bounce.classify` tells."""

    UNREAD = "unread", "Not read yet"
    BOUNCE = "bounce", "Bounce"
    COMPLAINT = "complaint", "Complaint"
    AUTO_REPLY = "auto_reply", "Automatic answer"
    DELIVERED = "delivered", "Delivery notice"
    NOT_A_BOUNCE = "not_a_bounce", "Something else"


class How(models.TextChoices):
    """How a recipient of a returned mail was matched to a delivery, the surest first."""

    VERP = "verp", "By the address it came back to"
    MESSAGE_ID = "message_id", "By Message-ID"
    QUEUE_ID = "queue_id", "By queue id"
    RECIPIENT_AND_TIME = "recipient_and_time", "By recipient and time"
    BY_HAND = "by_hand", "By hand"


#: Kinds whose recipients are about a delivery that should be in the log.
ABOUT_A_DELIVERY = frozenset({Kind.BOUNCE, Kind.COMPLAINT, Kind.DELIVERED})


class ReturnedMail(models.Model):
    """One mail that came back. ``fingerprint`` is of what it says, so that it is one however often and wherever it
    comes.

    ``received`` is when it came to us, ``at`` the time it tells of itself where that can be believed. ``raw`` is kept
    up to a cap and for a time. By the addresses it came to, the ids and the subject of what came back it is matched.
    ``branch`` is set where it was brought in for one.
    """

    received = models.DateTimeField(default=timezone.now)
    at = models.DateTimeField()
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.UNREAD)
    source = models.CharField(max_length=20)
    name = models.CharField(max_length=255, blank=True, help_text="The file or mailbox it was read from.")
    fingerprint = models.CharField(max_length=64, unique=True)
    sender = models.CharField(max_length=320, blank=True)
    subject = models.CharField(max_length=255, blank=True)
    size = models.PositiveIntegerField()
    raw = models.BinaryField(null=True)
    sent_to = models.JSONField(default=list)
    message_ids = models.JSONField(default=list, help_text="Message-IDs of what came back, or of what is answered.")
    queue_ids = models.JSONField(default=list, help_text="Queue ids and envelope ids of what came back.")
    returned_subject = models.CharField(max_length=255, blank=True)
    reported_by = models.CharField(max_length=253, blank=True, help_text="The server that wrote the report.")
    feedback = models.CharField("kind of complaint", max_length=20, blank=True)
    branch = models.ForeignKey(
        BranchProfile, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    unmatched = models.PositiveIntegerField(default=0, help_text="Recipients whose delivery is not known.")
    tries = models.PositiveSmallIntegerField(default=0)
    next_try = models.DateTimeField(null=True, blank=True, help_text="When it is read or matched again; none: not.")
    marked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    marked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # All of it, newest first, a keyset page.
            models.Index(fields=["-received", "-id"], name="returned_newest"),
            # The same, of one kind.
            models.Index(fields=["kind", "-received", "-id"], name="returned_of_kind"),
            # The same, where somebody has to look.
            models.Index(fields=["-received", "-id"], name="returned_unmatched", condition=Q(unmatched__gt=0)),
            # What is to be read or matched again, the longest overdue first.
            models.Index(fields=["next_try"], name="returned_due", condition=Q(next_try__isnull=False)),
            # Whose raw text is to be forgotten.
            models.Index(fields=["received"], name="returned_with_text", condition=Q(raw__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject or self.sender}"


class ReturnedRecipient(models.Model):
    """What a returned mail says of one recipient, and the delivery it is about, with how that was found.

    ``address`` may be empty: a complaint's is often blacked out. ``delivery`` is the number of a row of the message
    log.
    """

    mail = models.ForeignKey(ReturnedMail, on_delete=models.CASCADE, related_name="recipients", db_index=False)
    position = models.PositiveSmallIntegerField()
    address = models.CharField(max_length=320, blank=True)
    address_normal = models.CharField(max_length=320, blank=True)
    original_normal = models.CharField(max_length=320, blank=True, help_text="How the sender addressed them.")
    action = models.CharField(max_length=20, blank=True)
    cause = models.CharField(max_length=40, blank=True)
    permanence = models.CharField(max_length=4, blank=True)
    status = models.CharField(max_length=12, blank=True)
    reply_code = models.CharField(max_length=3, blank=True)
    diagnostic = models.TextField(blank=True)
    remote_host = models.CharField(max_length=255, blank=True)
    rule = models.CharField(max_length=80, blank=True)
    how = models.CharField(max_length=20, choices=How, blank=True)
    is_sure = models.BooleanField(default=False, help_text="What comes later cannot lead to another delivery.")
    branch = models.ForeignKey(
        BranchProfile, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    delivery = models.BigIntegerField(null=True, blank=True)
    event = models.CharField(max_length=64, blank=True, help_text="The fingerprint of the event in the message log.")
    event_at = models.DateTimeField(null=True, blank=True)
    matched_at = models.DateTimeField(null=True, blank=True)
    matched_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["mail", "position"], name="returned_recipient_once")]
        indexes = [
            # What came back of a delivery.
            models.Index(fields=["delivery"], name="returned_of_delivery", condition=Q(delivery__isnull=False)),
            # The same, by the event: the log may have put the delivery's message together with another since.
            models.Index(fields=["event"], name="returned_of_event", condition=~Q(event="")),
            # What came back from an address.
            models.Index(fields=["address_normal", "-id"], name="returned_from_address"),
            # The same, by how the sender addressed them.
            models.Index(
                fields=["original_normal", "-id"], name="returned_to_address", condition=~Q(original_normal="")
            ),
        ]

    def __str__(self) -> str:
        return self.address or "a recipient who is not named"
