"""Where a person's address stands, and how it is taken out of there.

Each place does its work in pieces and can be done again: what is done already is not found any more. What a person
wanted (an opt-out) is kept, since without it they would be written to again; the certificate says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction

from portal.feedback.models import ServiceEvent
from portal.maillog.models import CaseNote, ClientProfile, Delivery, DeliveryEvent, MessageLog
from portal.retention.models import Way
from portal.returned.models import ReturnedRecipient
from tickets.models import Event, Report, Ticket

PIECE = 200


@dataclass(frozen=True, slots=True)
class Person:
    """Who is taken out: the address in the form the desk searches by, what stands in its place, and which way."""

    normal: str
    stand_in: str
    way: str

    def rewritten(self, text: str) -> str:
        """``text`` with the address replaced, however its letters are written."""
        return re.sub(re.escape(self.normal), self.stand_in, text, flags=re.IGNORECASE)

    def rewritten_json(self, value: Any) -> Any:
        """The same for whatever JSON holds."""
        return json.loads(self.rewritten(json.dumps(value, ensure_ascii=False)))


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
    messages = set(rows.values_list("message", flat=True))
    if person.way == Way.ERASE:
        DeliveryEvent.objects.filter(delivery__in=numbers).delete()
        Report.objects.filter(delivery__in=numbers).update(delivery=None)
        rows.delete()
        MessageLog.objects.filter(pk__in=messages, deliveries=None).delete()
        return len(numbers)
    for event in DeliveryEvent.objects.filter(delivery__in=numbers).iterator(PIECE):
        event.reply, event.raw = person.rewritten(event.reply), person.rewritten(event.raw)
        event.save(update_fields=["reply", "raw"])
    for row in rows:
        row.recipient = row.recipient_normal = person.stand_in
        row.reply = person.rewritten(row.reply)
        row.save(update_fields=["recipient", "recipient_normal", "reply"])
    return len(numbers)


def _case_notes(person: Person) -> int:
    rows = CaseNote.objects.filter(email_normal=person.normal)
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
    report.save(update_fields=["recipient", "corrected_recipient", "client", "answers", "evidence", "past_exits"])
    ticket = Ticket.objects.filter(report=report).first()
    if ticket is not None:
        ticket.recipient = person.rewritten(ticket.recipient)
        ticket.description = person.rewritten(ticket.description)
        ticket.save(update_fields=["recipient", "description"])
        for event in Event.objects.filter(ticket=ticket):
            event.body, event.changes = person.rewritten(event.body), person.rewritten_json(event.changes)
            event.save(update_fields=["body", "changes"])
    for run in _runs_of(report, ticket):
        run.subject, run.transcript = person.rewritten_json(run.subject), person.rewritten_json(run.transcript)
        run.headline = person.rewritten(run.headline)
        run.save(update_fields=["subject", "transcript", "headline"])
        for finding in run.findings.all():
            finding.arguments = person.rewritten_json(finding.arguments)
            finding.evidence = person.rewritten_json(finding.evidence)
            finding.save(update_fields=["arguments", "evidence"])


def _runs_of(report: Report, ticket: Ticket | None) -> Iterable[Any]:
    runs = {report.run, ticket.run if ticket else None} - {None}
    return [run for run in runs if run is not None]


def _returned(person: Person) -> int:
    """Returned mail loses its raw text, and what it says of the person; how it was matched stays."""
    done = 0
    about = ReturnedRecipient.objects.filter(_named(person.normal))
    while rows := list(about.select_related("mail")[:PIECE]):
        with transaction.atomic():
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


def _named(address: str) -> models.Q:
    return models.Q(address_normal=address) | models.Q(original_normal=address)


def _service_events(person: Person) -> int:
    return ServiceEvent.objects.filter(recipient__iexact=person.normal).delete()[0]


PLACES: tuple[Place, ...] = (
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
        "service-events", "Events of mail services",
        lambda address: ServiceEvent.objects.filter(recipient__iexact=address).count(), _service_events,
    ),
    Place("reports", "Reports and tickets", lambda address: _reports_about(address).count(), _reports),
)  # fmt: skip
