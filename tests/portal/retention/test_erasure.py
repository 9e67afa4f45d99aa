"""Taking a person out of everywhere: what goes, what stays, and what the certificate says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from diagnostics.models import Run
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.feedback.models import ServiceEvent
from portal.maillog.importers.event import Kind, LogEvent
from portal.maillog.models import CaseNote, ClientProfile, DayCount, Delivery, DeliveryEvent, MessageLog
from portal.maillog.services import ingest
from portal.retention import runner, services
from portal.retention.models import Erasure, Progress, Way
from portal.returned.models import ReturnedMail, ReturnedRecipient
from portal.returned.runner import perform as read_returned
from portal.returned.services import take
from tests.portal.returned.conftest import dsn
from tests.tickets.queue.conftest import make_ticket
from tickets.models import Attachment, Event, Ticket

WHO = "Lee.Wong@corp.example"
EVERYWHERE = (
    Delivery, DeliveryEvent, MessageLog, CaseNote, ClientProfile, Ticket, Event, Run, Erasure, ReturnedMail,
    ReturnedRecipient, ServiceEvent,
)  # fmt: skip


@pytest.fixture
def world(north: BranchProfile, nora: User) -> Ticket:
    """Lee stands in a log, a case note, a client profile, a report with a file, and a ticket with its checks."""
    at = timezone.now() - timedelta(days=2)
    shared: dict[str, Any] = {"branch": "north", "key": "m1", "at": at, "line": 1}
    said = f"550 5.1.1 <{WHO}> unknown"
    ingest(
        [
            LogEvent(kind=Kind.REFUSED, recipient=WHO, reply=said, raw=f"to=<{WHO}> {said}", **shared),
            LogEvent(kind=Kind.ACCEPTED, recipient="other@corp.example", raw="to=<other@corp.example>", **shared),
        ],
        source="test",
    )
    CaseNote.objects.create(
        branch=north, at=at, email=WHO, email_normal=WHO.lower(), text=f"Sent to {WHO}", fingerprint="1"
    )
    ClientProfile.objects.create(branch=north, reference="c1", name="Lee", email=WHO, email_normal=WHO.lower())
    ticket = make_ticket(1, north, nora, recipient=WHO)
    run = Run.objects.create(subject={"recipient": WHO}, transcript=[{"q": WHO}], lease_until=timezone.now())
    Ticket.objects.filter(pk=ticket.pk).update(description=f"{WHO} got nothing", run=run)
    Event.objects.create(ticket=ticket, kind="note", body=f"Called {WHO.upper()}")
    Attachment.objects.create(
        report=ticket.report, name="a.eml", content_type="message/rfc822", size=1, sha256="0" * 64, by=nora,
        file=ContentFile(WHO.encode(), name="a.eml"),
    )  # fmt: skip
    mail, _ = take(dsn(WHO, at=at), source="file")
    read_returned(mail.pk)
    ServiceEvent.objects.create(service="Postmark", key="k", kind="bounced", at=at, recipient=WHO)
    return ticket


def take_out(way: str, by: User) -> Erasure:
    erasure = services.ask_for_erasure(address=WHO, way=way, reason="Asked by letter of 2 March", by=by)
    claimed = runner.claim(erasure.pk)
    assert claimed is not None
    runner.erase(claimed)
    erasure.refresh_from_db()
    return erasure


def everything() -> str:
    """All text of the rooms a person stands in."""
    found: list[object] = []
    for model in EVERYWHERE:
        found += list(model._default_manager.values())
    found += list(Ticket.objects.get().report.__dict__.values())
    return repr(found).lower()


@pytest.mark.parametrize("way", Way.values)
def test_the_address_stands_nowhere_any_more(world: Ticket, ada: User, way: str) -> None:
    assert WHO.lower() in everything()
    erasure = take_out(way, ada)
    assert WHO.lower() not in everything(), [row for row in everything().split("}") if WHO.lower() in row]
    assert Attachment.objects.count() == 0
    assert ClientProfile.objects.count() == 0
    assert erasure.state == Progress.DONE
    assert erasure.results == {
        "deliveries": 1,
        "case-notes": 1,
        "clients": 1,
        "returned": 1,
        "service-events": 1,
        "reports": 1,
    }


def test_erasing_takes_the_rows_and_leaves_the_others(world: Ticket, ada: User) -> None:
    counted = list(DayCount.objects.values_list("state", "recipients").order_by("state"))
    take_out(Way.ERASE, ada)
    assert list(Delivery.objects.values_list("recipient", flat=True)) == ["other@corp.example"]
    assert CaseNote.objects.count() == 0
    assert list(DayCount.objects.values_list("state", "recipients").order_by("state")) == counted


def test_a_stand_in_keeps_the_story(world: Ticket, ada: User) -> None:
    erasure = take_out(Way.PSEUDONYMISE, ada)
    delivery = Delivery.objects.get(state="refused")
    assert delivery.recipient_normal == erasure.stand_in
    assert delivery.recipient_domain == "corp.example"
    assert delivery.events.filter(raw__contains=erasure.stand_in).exists()
    assert CaseNote.objects.get().email == erasure.stand_in


def test_it_can_be_begun_again(world: Ticket, ada: User) -> None:
    erasure = services.ask_for_erasure(address=WHO, way=Way.ERASE, reason="x", by=ada)
    claimed = runner.claim(erasure.pk)
    assert claimed is not None
    assert runner.claim(erasure.pk) is None
    Erasure.objects.update(lease_until=timezone.now() - timedelta(minutes=5))
    assert runner.left_undone() == [erasure.pk]
    again = runner.claim(erasure.pk)
    assert again is not None
    runner.erase(again)
    assert runner.left_undone() == []
    assert runner.claim(erasure.pk) is None


def test_the_form_asks_twice(world: Ticket, as_ada: Client, as_ida: Client) -> None:
    answers = {"address": WHO, "way": "erase", "reason": "Asked by letter"}
    assert as_ida.get("/retention/erasures/add/").status_code == 403
    assert as_ada.get("/retention/erasures/add/").status_code == 200
    shown = as_ada.post("/retention/erasures/add/", answers)
    assert shown.status_code == 200
    assert dict(shown.context["places"])["Case notes"] == 1
    assert Erasure.objects.count() == 0
    done = as_ada.post("/retention/erasures/add/", {**answers, "again": shown.context["address"]})
    assert done.status_code == 302
    assert as_ada.get(done.headers["Location"]).status_code == 200
    assert as_ada.get("/retention/erasures/", {"address": WHO.upper()}).context["page"].rows


@pytest.mark.parametrize(
    "answers",
    [
        {"address": "nonsense", "way": "erase", "reason": "x"},
        {"address": WHO, "way": "smoke", "reason": "x"},
        {"address": WHO, "way": "erase", "reason": ""},
        {"address": WHO, "way": "erase", "reason": f"{WHO} wrote"},
    ],
)
def test_what_cannot_be_used_is_asked_again(as_ada: Client, db: None, answers: dict[str, str]) -> None:
    assert as_ada.post("/retention/erasures/add/", answers).status_code == 400
    assert Erasure.objects.count() == 0
