"""Reports and tickets. A report is what a staff member answered in the wizard; a ticket is the support team's work."""

from __future__ import annotations

import uuid
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from diagnostics.models import Run
from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery, Module, State


class ReportState(models.TextChoices):
    DRAFT = "draft", "In progress"
    SOLVED = "solved", "Ended without a ticket"
    SUBMITTED = "submitted", "Ticket"


class Exit(models.TextChoices):
    """How a report ended: solved at which step, or with a ticket. Every exit is counted."""

    NOT_SENT = "not_sent", "It was not sent"
    ERASED = "erased", "Nobody can say any more whether it was sent"
    SUSPENDED = "sending_suspended", "The e-mail function is suspended"
    STILL_TRYING = "still_trying", "Still being tried"
    ANSWERED = "answered", "The reply says why"
    EXPLAINED = "explained", "What is known explains it"
    ADDRESS_CORRECTED = "address_corrected", "The address was corrected"
    FOUND_IN_JUNK = "found_in_junk", "Found in junk"
    ARRIVED = "arrived", "It arrived meanwhile"
    ABANDONED = "abandoned", "Withdrawn"
    TICKET = "ticket", "A ticket was opened"


class Symptom(models.TextChoices):
    NOT_RECEIVED = "not_received", "Not received"
    BANNER_MISSING = "banner_missing", "Banner or pictures missing"
    BADLY_FORMATTED = "badly_formatted", "Not formatted correctly"
    LATE = "late", "Arrived late"
    OTHER = "other", "Something else"


class OtherDomain(models.TextChoices):
    """Did the recipient try another address on another domain?"""

    ARRIVED = "arrived", "Yes, it arrived there"
    DID_NOT = "did_not", "Yes, it did not arrive there either"
    NO = "no", "No, or not known"


def _domain(address: str) -> str:
    return address.rpartition("@")[2].strip().lower()


def _own_domains(branch: BranchProfile, run: Run | None) -> set[str]:
    """The domain that the branch sends as, by its profile and by what was examined."""
    sender = str(run.subject.get("sender_domain") or "") if run else ""
    return {_domain(branch.notification_address), sender.lower() or _domain(branch.notification_address)}


#: States of a record that no later try changes.
AT_AN_END = frozenset({State.ACCEPTED, State.REFUSED, State.EXPIRED})
#: In the evidence of a report: the day on which the records about its recipient were erased.
TAKEN_OUT = "taken_out"


class Report(models.Model):
    """The answers of a staff member in the wizard: a draft until it is solved or submitted.

    ``answers`` holds what was answered at each step, by the step's slug, as cleaned by its form; the columns hold what
    is searched by and what the steps are about. ``evidence`` keeps what our own records showed when it was judged, and
    ``past_exits`` how it ended before it was opened again. ``cause`` is an id of ``docs/causes.md``.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    branch = models.ForeignKey(BranchProfile, on_delete=models.PROTECT, related_name="reports")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reports")
    state = models.CharField(max_length=10, choices=ReportState, default=ReportState.DRAFT)
    exit = models.CharField(max_length=20, choices=Exit, blank=True)
    exit_step = models.CharField(max_length=20, blank=True)
    cause = models.CharField(max_length=40, blank=True, help_text="Why it ended as it did, where that is known.")
    recipient = models.CharField(max_length=320, blank=True)
    around = models.DateTimeField(null=True, blank=True, help_text="When it was sent. Empty: not known.")
    is_day_only = models.BooleanField(default=False, help_text="Of ``around`` only the day is known.")
    span_days = models.PositiveSmallIntegerField(default=1, help_text="How many days off ``around`` may be.")
    module = models.CharField(max_length=20, choices=Module, blank=True)
    function = models.CharField(max_length=120, blank=True)
    client = models.CharField(max_length=160, blank=True, help_text="The recipient's name on the client profile.")
    corrected_recipient = models.CharField(max_length=320, blank=True)
    # The log is partitioned, so nothing in the database can refer to it; what is pruned is taken from here first.
    delivery = models.ForeignKey(
        Delivery, on_delete=models.SET_NULL, null=True, blank=True, related_name="reports", db_constraint=False
    )
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, blank=True, related_name="reports")
    answers = models.JSONField(default=dict)
    evidence = models.JSONField(default=dict)
    past_exits = models.JSONField(default=list)
    submission = models.UUIDField(null=True, blank=True, help_text="The form it came from, once a person.")
    created = models.DateTimeField(default=timezone.now)
    updated = models.DateTimeField(default=timezone.now)
    ended = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [
            # Reports of a branch, newest first, a keyset page.
            models.Index(fields=["branch", "-created", "-id"], name="report_of_branch"),
            # The same, in one state.
            models.Index(fields=["branch", "state", "-created", "-id"], name="report_of_branch_in_state"),
            # All reports in one state, and all of them (support).
            models.Index(fields=["state", "-created", "-id"], name="report_in_state"),
            models.Index(fields=["-created", "-id"], name="report_newest"),
            # My reports (home of staff).
            models.Index(fields=["by", "-created", "-id"], name="report_of_person"),
            # How reports ended in a span of time (home of admins), and which, the latest first, a keyset page.
            models.Index(fields=["-ended", "-id"], name="report_ended"),
        ]
        constraints = [models.UniqueConstraint(fields=["by", "submission"], name="report_once_a_form")]

    def __str__(self) -> str:
        return f"{self.recipient or 'A report'} ({self.get_state_display()})"

    @property
    def is_within(self) -> bool:
        """The branch wrote to a domain that it sends as, so its own IT is the recipient's as well."""
        return _domain(self.recipient) in _own_domains(self.branch, self.run)

    @property
    def taken_out(self) -> date | None:
        """The day on which the records about the recipient were erased at their wish; since then none is left."""
        day = self.evidence.get(TAKEN_OUT)
        return date.fromisoformat(day) if day else None

    @property
    def is_draft(self) -> bool:
        return self.state == ReportState.DRAFT


class TicketState(models.TextChoices):
    NEW = "new", "New"
    OPEN = "open", "In progress"
    WAITING = "waiting", "Waiting"
    SOLVED = "solved", "Solved"
    CLOSED = "closed", "Closed"


OPEN_STATES = (TicketState.NEW, TicketState.OPEN, TicketState.WAITING)


class Incident(models.Model):
    """One cause that many tickets share, of any branches. Support alone sees it: it names who else is affected."""

    title = models.CharField(max_length=160)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        # The latest ones, to choose from.
        indexes = [models.Index(fields=["-created", "-id"], name="incident_newest")]

    def __str__(self) -> str:
        return self.title


class Ticket(models.Model):
    """The support team's work item. ``version`` guards every change: who comes second is told what the first did.

    ``recipient_domain``, ``is_open`` and ``last_activity`` repeat what follows from other columns, for the queue's
    indexes; ``tickets.services`` alone keeps them.
    """

    number = models.PositiveIntegerField(unique=True)
    report = models.OneToOneField(Report, on_delete=models.PROTECT, related_name="ticket")
    branch = models.ForeignKey(BranchProfile, on_delete=models.PROTECT, related_name="tickets")
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, blank=True, related_name="tickets")
    recipient = models.CharField(max_length=320)
    recipient_domain = models.CharField(max_length=255)
    symptom = models.CharField(max_length=20, choices=Symptom, default=Symptom.NOT_RECEIVED)
    other_domain = models.CharField(max_length=10, choices=OtherDomain, default=OtherDomain.NO)
    description = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=TicketState, default=TicketState.NEW)
    waiting_on = models.CharField(max_length=20, blank=True, help_text="An actor: whose turn it is.")
    suggested_cause = models.CharField(
        max_length=40, blank=True, help_text="What the desk believed when it was opened."
    )
    suggested_confidence = models.CharField(max_length=10, blank=True)
    cause = models.CharField(max_length=40, blank=True, help_text="The cause support confirmed.")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="assigned_tickets"
    )
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="merged",
        help_text="The ticket of the same branch that it went on in. That one never went into another itself.",
    )
    incident = models.ForeignKey(Incident, on_delete=models.SET_NULL, null=True, blank=True, related_name="tickets")
    created = models.DateTimeField(default=timezone.now)
    last_activity = models.DateTimeField(default=timezone.now)
    is_open = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [
            # The queue: open ones, newest first, a keyset page.
            models.Index(fields=["is_open", "-created", "-id"], name="ticket_newest"),
            # The same, latest activity first.
            models.Index(fields=["is_open", "-last_activity", "-id"], name="ticket_queue"),
            # The queue in one state.
            models.Index(fields=["state", "-last_activity", "-id"], name="ticket_queue_in_state"),
            # Mine.
            models.Index(fields=["assignee", "is_open", "-last_activity", "-id"], name="ticket_mine"),
            # A branch's tickets.
            models.Index(fields=["branch", "is_open", "-last_activity", "-id"], name="ticket_of_branch"),
            # Other tickets about the same recipient domain.
            models.Index(fields=["recipient_domain", "is_open", "-last_activity", "-id"], name="ticket_about_domain"),
            # Earlier tickets whose cause is confirmed: about a recipient, a domain, and of a branch.
            models.Index(fields=["recipient", "-created", "-id"], name="ticket_confirmed", condition=~Q(cause="")),
            models.Index(
                fields=["recipient_domain", "-created", "-id"],
                name="ticket_confirmed_at_domain",
                condition=~Q(cause=""),
            ),
            models.Index(
                fields=["branch", "-created", "-id"], name="ticket_confirmed_of_branch", condition=~Q(cause="")
            ),
            # How right a suggested cause was: its tickets whose cause is confirmed.
            models.Index(fields=["suggested_cause", "-created", "-id"], name="ticket_judged", condition=~Q(cause="")),
            # The tickets of an incident.
            models.Index(fields=["incident", "is_open", "-last_activity", "-id"], name="ticket_of_incident"),
            # The search of the queue: addresses and domains that begin so (LIKE needs its own order on PostgreSQL).
            models.Index(fields=["recipient"], name="ticket_recipient_begins", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["recipient_domain"], name="ticket_domain_begins", opclasses=["varchar_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.recipient}"

    @property
    def is_within(self) -> bool:
        """The same as of its report, which need not be read for it."""
        return self.recipient_domain in _own_domains(self.branch, self.run)


class EventKind(models.TextChoices):
    OPENED = "opened", "Opened"
    REPLY = "reply", "Reply"
    NOTE = "note", "Note"
    ASSIGNED = "assigned", "Assigned"
    STATE = "state", "State changed"
    CAUSE = "cause", "Cause confirmed"
    EXAMINED = "examined", "Checks run again"
    FILES = "files", "Files added"
    ALLOWANCE = "allowance", "The recipient's IT answered"
    MERGED = "merged", "Merged"
    UNMERGED = "unmerged", "Taken out again"
    INCIDENT = "incident", "Incident"


class Event(models.Model):
    """One entry of a ticket's story. Append-only. A note is seen by support alone, a reply by the branch too."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=10, choices=EventKind)
    is_public = models.BooleanField(default=True)
    body = models.TextField(blank=True)
    changes = models.JSONField(default=dict, help_text="What changed: field to [old, new].")
    submission = models.UUIDField(null=True, blank=True, unique=True, help_text="The form it came from, once.")
    is_told = models.BooleanField(default=True, help_text="Whoever is to know of it by mail has been told.")

    class Meta:
        ordering = ["at", "id"]
        indexes = [
            models.Index(fields=["ticket", "at", "id"], name="event_of_ticket"),
            # What is still to be told by mail (the sweep).
            models.Index(fields=["at"], condition=models.Q(is_told=False), name="event_to_tell"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.ticket}"


class Attachment(models.Model):
    """A file a person added to a report: a screenshot, a saved message, a message trace. Never shown in place."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="attachments")
    event = models.ForeignKey(Event, on_delete=models.SET_NULL, null=True, blank=True, related_name="attachments")
    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=160)
    content_type = models.CharField(max_length=80)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    file = models.FileField(upload_to="attachments/%Y/%m/", max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    trace = models.JSONField(
        null=True, blank=True, help_text="What a message trace or a bounce says of this report (tickets.traces)."
    )

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["report", "sha256"], name="attachment_once_a_report")]

    def __str__(self) -> str:
        return self.name
