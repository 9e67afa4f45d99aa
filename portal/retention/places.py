"""Where a person's address stands, and how it is taken out of there.

Each place does its work in pieces and can be done again: what is done already is not found any more. What is kept on
purpose (``KEPT``: an opt-out, without which they would be written to again) is counted on the certificate, with why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sized
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.feedback.models import ServiceEvent
from portal.maillog.erased import digest_of, keep_erased
from portal.maillog.models import CaseNote, ClientProfile, Delivery, DeliveryEvent, ErasedRecipient, MessageLog
from portal.ownserver.models import OwnServer
from portal.retention import messages, stored
from portal.retention.mentions import count_mentions, take_out_of_mentions
from portal.retention.models import Way
from portal.retention.person import Person, is_named_in_octets
from portal.returned.models import ReturnedMail, ReturnedRecipient
from portal.suppression.models import Reason, Suppression
from tickets.models import TAKEN_OUT, Event, Report, Ticket

PIECE = 200
#: What of a message may hold an address (a return path does, and so may what the application calls it), how long it is.
OF_MESSAGE = {"key": 200, "message_id": 255, "from_address": 320, "envelope_from": 320, "subject": 255}


@dataclass(frozen=True, slots=True)
class Place:
    """One place: its name on the certificate, and what takes the person out of it (how many rows it touched)."""

    slug: str
    name: str
    count: Callable[[str], int]
    take_out: Callable[[Person], int]


def _deliveries(person: Person) -> int:
    done = 0
    while numbers := list(Delivery.objects.filter(recipient_normal=person.normal).values_list("pk", flat=True)[:PIECE]):
        with transaction.atomic():
            done += _some_deliveries(person, numbers)
    return done


def _some_deliveries(person: Person, numbers: list[int]) -> int:
    rows = Delivery.objects.select_for_update().filter(pk__in=numbers)
    about = {row.message_id for row in rows}
    keep_erased(person.normal, {row.branch_id for row in rows})
    if person.way == Way.ERASE:
        DeliveryEvent.objects.filter(delivery__in=numbers).delete()
        Report.objects.filter(delivery__in=numbers).update(delivery=None)
        rows.delete()
        MessageLog.objects.filter(pk__in=about, deliveries=None).delete()
    else:
        rows.update(recipient=person.stand_in, recipient_normal=person.stand_in)
    _rewrite_messages(person, about)
    return len(numbers)


def _rewrite_messages(person: Person, about: set[int]) -> None:
    """What is kept of the messages, also what logs say of them to others: a list of all, a passing on."""
    for message in MessageLog.objects.filter(pk__in=about):
        for name in OF_MESSAGE:
            setattr(message, name, person.rewritten(getattr(message, name))[: OF_MESSAGE[name]])
        message.save(update_fields=[*OF_MESSAGE])
    rows = Delivery.objects.filter(message__in=about)
    for event in DeliveryEvent.objects.filter(delivery__in=rows.values("pk")).iterator(PIECE):
        event.reply, event.raw = person.rewritten(event.reply), person.rewritten(event.raw)
        event.save(update_fields=["reply", "raw"])
    for row in rows.iterator(PIECE):
        row.reply = person.rewritten(row.reply)
        row.save(update_fields=["reply"])


def _case_notes(person: Person) -> int:
    rows = CaseNote.objects.filter(email_normal=person.normal)
    with transaction.atomic():
        keep_erased(person.normal, rows.order_by().values_list("branch", flat=True).distinct())
        return _rewrite_case_notes(person, rows)


def _rewrite_case_notes(person: Person, rows: models.QuerySet[CaseNote]) -> int:
    if person.way == Way.ERASE:
        return rows.delete()[0]
    done = 0
    for note in rows.iterator(PIECE):
        note.email = note.email_normal = person.stand_in
        note.text = person.rewritten(note.text)
        note.client = None
        note.save(update_fields=["email", "email_normal", "text", "client"])
        done += 1
    return done


def _clients(person: Person) -> int:
    return ClientProfile.objects.filter(email_normal=person.normal).delete()[0]


def _reports(person: Person) -> int:
    """Reports and their tickets keep their story, without the address, the name, the files and the checks' proof."""
    done = 0
    for report in _reports_about(person.normal).iterator(PIECE):
        with transaction.atomic():
            _one_report(person, report)
        done += 1
    return done


def _reports_about(address: str) -> models.QuerySet[Report]:
    return Report.objects.filter(models.Q(recipient__iexact=address) | models.Q(corrected_recipient__iexact=address))


def _one_report(person: Person, report: Report) -> None:
    for attachment in report.attachments.all():
        attachment.file.delete(save=False)
        attachment.delete()
    for name in ("recipient", "corrected_recipient"):
        setattr(report, name, person.rewritten(getattr(report, name)))
    report.client = ""
    for name in ("answers", "evidence", "past_exits"):
        setattr(report, name, person.rewritten_json(getattr(report, name)))
    if person.way == Way.ERASE:
        # What is not there any more must not be taken for what was never sent.
        report.evidence[TAKEN_OUT] = timezone.now().date().isoformat()
    report.save(update_fields=["recipient", "corrected_recipient", "client", "answers", "evidence", "past_exits"])
    ticket = Ticket.objects.filter(report=report).first()
    if ticket is not None:
        ticket.recipient = person.rewritten(ticket.recipient)
        ticket.description = person.rewritten(ticket.description)
        ticket.save(update_fields=["recipient", "description"])
        if ticket.incident is not None:
            ticket.incident.title = person.rewritten(ticket.incident.title)
            ticket.incident.save(update_fields=["title"])
        # What was written about a ticket that was merged stands on the one that it went into.
        for event in Event.objects.filter(ticket__in={ticket.pk, ticket.merged_into_id or ticket.pk}):
            event.body, event.changes = person.rewritten(event.body), person.rewritten_json(event.changes)
            event.save(update_fields=["body", "changes"])
    for run in _runs_of(report, ticket):
        messages.rewrite_run(person, run)


def _runs_of(report: Report, ticket: Ticket | None) -> Iterable[Any]:
    runs = {report.run, ticket.run if ticket else None} - {None}
    return [run for run in runs if run is not None]


def _returned(person: Person) -> int:
    """Returned mail loses its raw text, and what it says of the person; how it was matched stays."""
    done = 0
    about = ReturnedRecipient.objects.filter(_named(person.normal))
    while rows := list(about.select_related("mail")[:PIECE]):
        with transaction.atomic():
            # A mail that came back tells that one was sent.
            keep_erased(person.normal, {row.branch_id for row in rows if row.branch_id is not None})
            for row in rows:
                row.address = row.address_normal = row.original_normal = person.stand_in
                row.diagnostic = person.rewritten(row.diagnostic)
                row.save(update_fields=["address", "address_normal", "original_normal", "diagnostic"])
                mail = row.mail
                mail.raw = None
                for name in ("sender", "subject", "returned_subject"):
                    setattr(mail, name, person.rewritten(getattr(mail, name)))
                mail.sent_to = person.rewritten_json(mail.sent_to)
                mail.save(update_fields=["raw", "sender", "subject", "returned_subject", "sent_to"])
        done += len(rows)
    return done


def _returned_whole(address: str) -> list[int]:
    """Returned mails that hold the address somewhere in their raw text."""
    rows = ReturnedMail.objects.filter(raw__isnull=False).order_by("pk").values_list("pk", "raw")
    return [pk for pk, raw in rows.iterator(50) if is_named_in_octets(address, bytes(raw or b""))]


def _raw_mails(person: Person) -> int:
    """Of other people's returned mails that mention the person the raw text goes, and all that was read stays."""
    found = _returned_whole(person.normal)
    for begin in range(0, len(found), PIECE):
        ReturnedMail.objects.filter(pk__in=found[begin : begin + PIECE]).update(raw=None)
    return len(found)


def _suppressions(person: Person) -> int:
    return _not_wanted(person.normal).delete()[0]


def _not_wanted(address: str) -> models.QuerySet[Suppression]:
    """Entries that are over, or that are no wish of the person: mail failed for good."""
    rows = Suppression.objects.filter(address_normal=address)
    return rows.filter(~models.Q(ended=None) | models.Q(reason=Reason.HARD_BOUNCE))


def _wanted(address: str) -> models.QuerySet[Suppression]:
    return Suppression.objects.filter(address_normal=address, ended=None).exclude(reason=Reason.HARD_BOUNCE)


def _named(address: str) -> models.Q:
    return models.Q(address_normal=address) | models.Q(original_normal=address)


def _service_events(person: Person) -> int:
    return ServiceEvent.objects.filter(recipient__iexact=person.normal).delete()[0]


def _size(found: Iterable[object]) -> int:
    return len(found) if isinstance(found, Sized) else sum(1 for _ in found)


# Files go first: what is being read from one while this works still goes where the later places look.
PLACES: tuple[Place, ...] = (
    Place(
        "uploads", "Logs that were brought in, with their rejected lines",
        lambda address: _size(stored.uploads_naming(address)), stored.take_out_of_uploads,
    ),
    Place(
        "batches", "Rejected lines kept with readings of logs",
        lambda address: _size(stored.batches_naming(address)), stored.take_out_of_batches,
    ),
    Place(
        "mailings", "Lists of planned mailings",
        lambda address: _size(stored.mailings_naming(address)), stored.take_out_of_mailings,
    ),
    Place(
        "deliveries", "Deliveries and lines of logs",
        lambda address: Delivery.objects.filter(recipient_normal=address).count(), _deliveries,
    ),
    Place(
        "case-notes", "Case notes", lambda address: CaseNote.objects.filter(email_normal=address).count(), _case_notes,
    ),
    Place(
        "clients", "Client profiles",
        lambda address: ClientProfile.objects.filter(email_normal=address).count(), _clients,
    ),
    Place(
        "returned", "Returned mail",
        lambda address: ReturnedRecipient.objects.filter(_named(address)).count(), _returned,
    ),
    Place(
        "returned-raw", "Returned mail that names them in its text",
        lambda address: len(_returned_whole(address)), _raw_mails,
    ),
    Place(
        "service-events", "Events of mail services",
        lambda address: ServiceEvent.objects.filter(recipient__iexact=address).count(), _service_events,
    ),
    Place("reports", "Reports and tickets", lambda address: _reports_about(address).count(), _reports),
    Place(
        "messages", "Test messages, and messages that were handed in",
        lambda address: _size(messages.messages_naming(address)), messages.take_out_of_messages,
    ),
    Place(
        "runs", "Checks of the address",
        lambda address: len(messages.runs_naming(address)), messages.take_out_of_runs,
    ),
    Place(
        "suppressions", "Suppressions that are over, or that nobody wished for",
        lambda address: _not_wanted(address).count(), _suppressions,
    ),
    Place("mentions", "Wherever else it is written: notes, reasons, filters", count_mentions, take_out_of_mentions),
)  # fmt: skip


def _branches_knowing(address: str) -> set[int]:
    """The branches that know of mail to the address, or once did."""
    told: tuple[models.QuerySet[Any], ...] = (
        Delivery.objects.filter(recipient_normal=address),
        CaseNote.objects.filter(email_normal=address),
        ReturnedRecipient.objects.filter(_named(address), branch__isnull=False),
        ErasedRecipient.objects.filter(digest=digest_of(address)),
    )
    return {branch for rows in told for branch in rows.order_by().values_list("branch", flat=True).distinct()}


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept on purpose: its name, why, and how many rows of it hold the address."""

    slug: str
    name: str
    why: str
    count: Callable[[str], int]


KEPT: tuple[Kept, ...] = (
    Kept(
        "kept-suppressions", "Suppressions in force",
        "They opted out, complained, or somebody entered them: without it they would be written to again.",
        lambda address: _wanted(address).count(),
    ),
    Kept(
        "kept-accounts", "Accounts of this desk, and addresses that branches send from",
        "Who works here signs in by it, and mail is sent from it. An admin changes it where it is kept.",
        lambda address: (
            User.objects.filter(email__iexact=address).count()
            + BranchProfile.objects.filter(notification_address__iexact=address).count()
            + OwnServer.objects.filter(models.Q(sender__iexact=address) | models.Q(username__iexact=address)).count()
        ),
    ),
    Kept(
        "kept-erased", "That something was known, for each branch that knew it",
        "Without the address: a digest of it. Else the next report about the address would be told that nothing was "
        "sent, while the records of it were erased.",
        lambda address: len(_branches_knowing(address)),
    ),
)  # fmt: skip
