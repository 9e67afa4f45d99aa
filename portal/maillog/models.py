"""The message log: one row a message handed to a sending server, one a recipient and leg, one an event.

Limits and losses are about recipients, so everything that is counted here counts recipients. A state never says more
than is proved: ``accepted`` is the recipient's *server* taking the message, not the message being in an inbox.

On PostgreSQL the three large tables (messages, deliveries, events) are partitioned by the month of ``at``
(``portal.maillog.partitions``). A partitioned table can keep nothing unique that does not hold ``at``, and nothing can
refer to it: what is unique here is kept so by the one writer (``bulk.wait_for_turn``), and on SQLite by the table too.

What is counted of them stands in ``count_models``.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.branches.models import BranchProfile, SendingServer
from portal.maillog.count_models import AttemptCount as AttemptCount
from portal.maillog.count_models import DayCount as DayCount
from portal.maillog.count_models import DayPart as DayPart
from portal.maillog.count_models import DomainCount as DomainCount
from portal.maillog.count_models import HourCount as HourCount
from portal.maillog.count_models import MissingCount as MissingCount
from portal.maillog.words import Module as Module
from portal.maillog.words import State as State


class ClientProfile(models.Model):
    """A client of a branch, as the sending application knows them."""

    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, related_name="clients")
    reference = models.CharField(max_length=80, help_text="The client's id in the sending application.")
    name = models.CharField(max_length=160, blank=True)
    email = models.CharField(max_length=320, blank=True)
    email_normal = models.CharField(max_length=320, blank=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["branch", "reference"], name="client_once_a_branch")]
        indexes = [
            # Whose profile holds this address (wizard, step 2).
            models.Index(fields=["branch", "email_normal"], name="client_by_email"),
            # Clients by name (wizard, step 1).
            models.Index(fields=["branch", "name"], name="client_by_name"),
        ]

    def __str__(self) -> str:
        return self.name or self.reference


class IngestBatch(models.Model):
    """One reading of one source: what came in, what was known already, what could not be read.

    ``by`` is who handed a report or returned mail in by the browser; a log has an upload that says so. ``branch`` is
    the one that all of a file of reports is about, where there is one.
    """

    source = models.CharField(max_length=20)
    name = models.CharField(max_length=255)
    at = models.DateTimeField(default=timezone.now)
    lines = models.PositiveBigIntegerField(default=0)
    new = models.PositiveBigIntegerField(default=0)
    duplicate = models.PositiveBigIntegerField(default=0)
    rejected = models.JSONField(default=list, help_text="The first of them, each with its line and the reason.")
    rejected_count = models.PositiveBigIntegerField(default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    branch = models.ForeignKey(BranchProfile, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        # The readings of logs, the newest first, a keyset page.
        indexes = [models.Index(fields=["-at", "-id"], name="batch_by_time")]

    def __str__(self) -> str:
        return f"{self.source} {self.name}"


class LogCoverage(models.Model):
    """A span of time for which the log of a branch (or, without one, of all) is known to be complete.

    Outside it, the absence of a record proves nothing.
    """

    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    begins = models.DateTimeField()
    ends = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["branch", "ends"], name="coverage_by_end")]

    def __str__(self) -> str:
        return f"{self.begins:%Y-%m-%d %H:%M} to {self.ends:%Y-%m-%d %H:%M}"


class ErasedRecipient(models.Model):
    """A recipient of whom a branch once knew something, which was erased, or put under another name, at ``at``.

    The log does not know of mail to them until then, however complete it is. The address is not kept: ``digest`` is
    keyed with the desk's secret (``portal.maillog.erased``).
    """

    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, related_name="+", db_index=False)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            # Whether something was known of this recipient, and until when (wizard, search, explain).
            models.UniqueConstraint(fields=["digest", "branch"], name="erased_recipient_once_a_branch"),
        ]
        indexes = [
            # Those from which nothing follows any more.
            models.Index(fields=["at"], name="erased_recipient_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.digest[:10]}, erased {self.at:%Y-%m-%d %H:%M}"


class MessageLog(models.Model):
    """One message, as it was handed to a sending server (or should have been)."""

    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, related_name="messages", db_index=False)
    sending_server = models.ForeignKey(
        SendingServer, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    at = models.DateTimeField()
    key = models.CharField(max_length=200, help_text="What makes the message one and the same in its source.")
    module = models.CharField(max_length=20, choices=Module, default=Module.OTHER)
    function = models.CharField(max_length=120, blank=True)
    message_id = models.CharField("Message-ID", max_length=255, blank=True)
    queue_id = models.CharField("queue id", max_length=40, blank=True)
    from_address = models.CharField(max_length=320, blank=True)
    envelope_from = models.CharField(max_length=320, blank=True)
    subject = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["branch", "key"], name="message_once_a_branch")]
        indexes = [
            models.Index(fields=["message_id"], name="message_by_message_id"),
            models.Index(fields=["queue_id"], name="message_by_queue_id"),
        ]

    def __str__(self) -> str:
        return self.message_id or self.key


class Delivery(models.Model):
    """One message on its way to one recipient, on one leg, with how far it verifiably got.

    ``branch``, ``at`` and ``module`` repeat the message's, for the indexes below and so that what was counted of a
    delivery is known from its own row. ``server`` is who made the last attempt, and the message's where no attempt
    tells: two recipients of one message may go out from two addresses. ``cause`` is an id of ``docs/causes.md``,
    ``provider`` one of the receivers' table (empty: none that is known).
    """

    #: Where the sending server passed it on: filled in for a list (:func:`portal.maillog.onward.give_onward`).
    onward: Delivery | None = None

    # The indexes below begin with these columns, so they need none of their own.
    message = models.ForeignKey(
        MessageLog, on_delete=models.CASCADE, related_name="deliveries", db_constraint=False, db_index=False
    )
    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    recipient = models.CharField(max_length=320)
    recipient_normal = models.CharField(max_length=320)
    recipient_domain = models.CharField(max_length=255)
    leg = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State, default=State.SUBMITTED)
    state_at = models.DateTimeField()
    reply = models.TextField(blank=True, help_text="The last reply of the other server, raw.")
    reply_code = models.CharField(max_length=3, blank=True)
    status = models.CharField("enhanced status code", max_length=12, blank=True)
    remote_host = models.CharField(max_length=255, blank=True)
    cause = models.CharField(max_length=40, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    provider = models.CharField(max_length=40, blank=True)
    module = models.CharField(max_length=20, choices=Module, default=Module.OTHER)
    server = models.CharField("sending server", max_length=253, blank=True)
    complained_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "recipient_normal", "leg"], name="delivery_once_a_leg")
        ]
        indexes = [
            # The recent deliveries of a branch, newest first, a keyset page.
            models.Index(fields=["branch", "-at", "-id"], name="delivery_of_branch"),
            # The same, in one state.
            models.Index(fields=["branch", "state", "-at", "-id"], name="delivery_of_branch_in_state"),
            # What was sent to this recipient (wizard, step 1; the search of one branch and of all).
            models.Index(fields=["recipient_normal", "-at", "-id"], name="delivery_to_recipient"),
            # What a branch sent to this recipient domain.
            models.Index(fields=["branch", "recipient_domain", "-at", "-id"], name="delivery_of_branch_to_domain"),
            # What happened at this recipient domain, whoever sent it.
            models.Index(fields=["recipient_domain", "-at", "-id"], name="delivery_to_domain"),
            # Where a branch's mail stopped, by cause.
            models.Index(
                fields=["branch", "cause", "-at", "-id"], name="delivery_of_branch_by_cause", condition=~Q(cause="")
            ),
            # The same over all branches: what nobody has classified yet, above all.
            models.Index(fields=["cause", "-at", "-id"], name="delivery_by_cause", condition=~Q(cause="")),
            # What happened of late, whoever sent it. Rows come in this order, so that it costs next to nothing to keep.
            models.Index(fields=["at", "id"], name="delivery_by_time"),
            # What waits at one provider, whoever sent it: how much, and what it was told.
            models.Index(fields=["provider", "-at", "-id"], name="delivery_that_waits", condition=Q(state="deferred")),
            # What was complained about.
            models.Index(
                fields=["branch", "-complained_at", "-id"],
                name="delivery_complained_about",
                condition=Q(complained_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recipient}: {self.get_state_display()}"


class DeliveryEvent(models.Model):
    """One thing that happened to a delivery, as its source told it. Append-only; the raw line is kept."""

    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="events", db_constraint=False, db_index=False
    )
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State)
    reply = models.TextField(blank=True)
    reply_code = models.CharField(max_length=3, blank=True)
    status = models.CharField(max_length=12, blank=True)
    remote_host = models.CharField(max_length=255, blank=True)
    cause = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=20)
    #: Who made this attempt, where the source tells it of the attempt itself and we know that server.
    sending_server = models.ForeignKey(
        SendingServer, on_delete=models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )
    raw = models.TextField(blank=True)
    fingerprint = models.CharField(max_length=64, unique=True, help_text="What makes reading a source twice harmless.")

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["delivery", "at", "id"], name="event_of_delivery")]

    def __str__(self) -> str:
        return f"{self.get_state_display()} at {self.at:%Y-%m-%d %H:%M}"


class CaseNote(models.Model):
    """The record on a client's profile that a message was sent. It proves sending, not arrival."""

    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, related_name="case_notes")
    at = models.DateTimeField()
    client = models.ForeignKey(
        ClientProfile, on_delete=models.SET_NULL, null=True, blank=True, related_name="case_notes"
    )
    email = models.CharField(max_length=320)
    email_normal = models.CharField(max_length=320)
    text = models.TextField(max_length=2000)
    fingerprint = models.CharField(max_length=64, unique=True)

    class Meta:
        indexes = [
            # Case notes for this address, newest first (wizard, step 1).
            models.Index(fields=["branch", "email_normal", "-at"], name="case_note_by_email"),
        ]

    def __str__(self) -> str:
        return self.text[:80]


class SavedFilter(models.Model):
    """A filter of the log that a person gave a name: the query string of the page."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_filters")
    branch = models.ForeignKey(BranchProfile, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=1000)
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_filter_name_once")]

    def __str__(self) -> str:
        return self.name


class ReplyRule(models.Model):
    """What support named: a reply with this text has this cause. It goes before the general rules of the program."""

    text = models.CharField(max_length=200, help_text="A part of the reply, in lower case.")
    reply_code = models.CharField(max_length=3, blank=True)
    status = models.CharField("enhanced status code", max_length=12, blank=True)
    provider = models.CharField(max_length=40, blank=True, help_text="Only from this provider; empty: from any.")
    cause = models.CharField(max_length=40)
    note = models.CharField(max_length=400, blank=True, help_text="Why; where it is written.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created = models.DateTimeField(default=timezone.now, editable=False)
    is_on = models.BooleanField("in use", default=True)

    class Meta:
        ordering = ["-created", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["text", "reply_code", "status", "provider"], name="reply_rule_once")
        ]

    def __str__(self) -> str:
        return f"{self.text}: {self.cause}"
