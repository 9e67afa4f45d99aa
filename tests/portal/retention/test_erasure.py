"""Taking a person out of everywhere: what goes, what stays, and what the certificate says."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from diagnostics.engine.subject import Subject
from diagnostics.models import Run
from diagnostics.services import inspect_message, start_run
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.cases.desk import answer_of
from portal.feedback.models import ServiceEvent
from portal.intake.models import Upload
from portal.intake.rejected import rejected_in
from portal.maillog.erased import erased_since
from portal.maillog.importers.event import Kind, LogEvent
from portal.maillog.models import (
    CaseNote,
    ClientProfile,
    DayCount,
    Delivery,
    DeliveryEvent,
    IngestBatch,
    LogCoverage,
    SavedFilter,
    State,
)
from portal.maillog.services import ingest
from portal.planning.models import Mailing
from portal.retention import runner, services
from portal.retention.models import Erasure, Progress, Way
from portal.retention.places import KEPT as KEPT_PLACES
from portal.retention.places import PLACES
from portal.retention.stored import uploads_naming
from portal.returned.runner import perform as read_returned
from portal.returned.services import take
from portal.suppression.models import Reason, Suppression
from portal.suppression.services import suppress
from portal.trials.models import TrialMessage
from portal.trials.services import give, open_trial
from tests import make
from tests.portal.intake.conftest import read, upload_of
from tests.portal.returned.conftest import dsn
from tests.tickets.queue.conftest import make_ticket
from tickets.models import Attachment, Event, Report, Ticket

WHO = "Lee.Wong@corp.example"
VERP = "bounce+lee.wong=corp.example@north.example"
ENCODED = base64.b64encode(f"Dear {WHO}, this part is encoded.".encode()).decode()
#: What the certificate says is kept: an opt-out.
KEPT = {"suppression.Suppression"}


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
    _elsewhere(north, nora, ticket)
    return ticket


def _elsewhere(north: BranchProfile, nora: User, ticket: Ticket) -> None:
    """Lee stands in tests, logs that were brought in, lists, and in what people typed about others."""
    trial = open_trial(north, by=nora, module="webreg")
    give(trial, f"Delivered-To: {WHO}\r\nFrom: a@north.example\r\n\r\nHello\r\n".encode(), by=nora)
    encoded = f"From: a@north.example\r\nContent-Transfer-Encoding: base64\r\n\r\n{ENCODED}\r\n"
    give(trial, encoded.encode(), by=nora)
    give(trial, b"From: a@north.example\r\n\r\nNobody.\r\n", by=nora)
    inspect_message(f"From: b@north.example\nTo: {WHO}\n\nHi", by=nora)
    start_run(Subject(recipient=WHO, now=make.NOON.isoformat()), by=nora)
    table = f"id,event,to,time,response\nm9,delivered,{WHO},soon,250 OK\nm8,delivered,bo@corp.example,soon,250 OK\n"
    read(upload_of(table, by=nora, branch=north))
    upload_of(gzip.compress(table.encode()), by=nora, branch=north, name="packed.csv.gz")
    upload_of(table.encode("utf-16"), by=nora, branch=north, name="wide.csv")
    upload_of(f"From: x\n\n{WHO}\n", by=nora, branch=north, source="dsn", name="b.eml")
    IngestBatch.objects.create(source="test", name="mail.log", rejected=[[1, "odd", f"<{WHO}> odd"]])
    Mailing.objects.create(
        branch=north, by=nora, name="May", list=ContentFile(f"email\n{WHO}\n".encode(), name="l.csv"),
        verdicts=ContentFile(f"1,{WHO},fine\n".encode(), name="v.csv"), results={"mistyped": [WHO]},
    )  # fmt: skip
    suppress(north, address=WHO, reason=Reason.OPT_OUT, source=f"link in a mail to {WHO}")
    Suppression.objects.create(
        branch=north, address=WHO, address_normal=WHO.lower(), domain="corp.example", reason=Reason.HARD_BOUNCE,
        ended=make.NOON, ending="replaced", ended_because=f"{WHO} opted out",
    )  # fmt: skip
    SavedFilter.objects.create(owner=nora, branch=north, name="Lee", query=f"recipient={quote(WHO)}")
    other = make_ticket(2, north, nora, recipient="bo@corp.example")
    Event.objects.create(ticket=other, kind="reply", body=f"The same as {WHO}, not x{WHO}")
    message = make.message(north, key=f"list {WHO}", envelope_from=VERP, subject=f"For {WHO}")
    make.delivery(north, WHO, message=message)
    delivery = make.delivery(north, "bo@corp.example", State.HANDED, message=message, reply=f"passed on to {WHO}")
    DeliveryEvent.objects.create(
        delivery=delivery, at=make.NOON, state=State.HANDED, reply=f"passed on to {WHO}", raw=VERP,
        source="test", fingerprint="other",
    )  # fmt: skip


def take_out(way: str, by: User) -> Erasure:
    erasure = services.ask_for_erasure(address=WHO, way=way, reason="Asked by letter of 2 March", by=by)
    claimed = runner.claim(erasure.pk)
    assert claimed is not None
    runner.erase(claimed)
    erasure.refresh_from_db()
    return erasure


def everywhere() -> Iterator[tuple[str, str]]:
    """Every value of every table, and the content of every file that is kept, each with where it stands."""
    for model in apps.get_models():
        for row in model._default_manager.values():
            for name, value in row.items():
                text = bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
                yield f"{model._meta.label}.{name}", text
    for path in Path(settings.MEDIA_ROOT).rglob("*"):
        if path.is_file():
            octets = path.read_bytes()
            octets = gzip.decompress(octets) if octets.startswith(b"\x1f\x8b") else octets
            wide = octets.startswith((b"\xff\xfe", b"\xfe\xff"))
            yield str(path), octets.decode("utf-16" if wide else "utf-8", "replace")


def standing() -> set[str]:
    """Where the address stands: plain, as in a return path or a link, or in the part that is encoded."""
    forms = (WHO.lower(), "lee.wong=corp.example", "lee.wong%40corp.example", ENCODED.lower())
    somebody_else = f"x{WHO}".lower()
    texts = ((where, text.lower().replace(somebody_else, "")) for where, text in everywhere())
    return {where for where, text in texts if any(form in text for form in forms)}


@pytest.mark.parametrize("way", Way.values)
def test_the_address_stands_nowhere_any_more(world: Ticket, ada: User, way: str) -> None:
    before = standing()
    assert {where.rpartition(".")[0] for where in before} >= {
        "diagnostics.ReceivedMessage", "maillog.IngestBatch", "maillog.SavedFilter", "maillog.MessageLog",
        "tickets.Event", "suppression.Suppression",
    }  # fmt: skip
    assert len([where for where in before if where.startswith("/")]) >= 6
    counted = {place.slug: place.count(WHO.lower()) for place in PLACES}
    stays = {kept.slug: kept.count(WHO.lower()) for kept in KEPT_PLACES}
    erasure = take_out(way, ada)
    assert {where.rpartition(".")[0] for where in standing()} == KEPT
    assert stays == {"kept-suppressions": 1, "kept-accounts": 0, "kept-erased": 1}
    assert erasure.state == Progress.DONE
    assert erasure.results == {
        "uploads": 4,
        "batches": 1,
        "mailings": 1,
        "deliveries": 2,
        "case-notes": 1,
        "clients": 1,
        "returned": 1,
        "returned-raw": 0,
        "service-events": 1,
        "reports": 1,
        "messages": 3,
        "runs": 1,
        # An entry that had ended, and what our own log told; the opt-out stays.
        "suppressions": 2,
        "mentions": erasure.results["mentions"],
        **stays,
    }
    # The dry run counts the same; what hangs together (a run of a report) is taken out with the first of its places.
    assert all(counted[slug] >= count for slug, count in erasure.results.items() if slug in counted)
    assert all(counted[slug] for slug in counted)
    assert Attachment.objects.count() == 0
    assert ClientProfile.objects.count() == 0


def test_what_is_others_stays(world: Ticket, ada: User) -> None:
    take_out(Way.ERASE, ada)
    assert TrialMessage.objects.count() == 1
    assert f"x{WHO}" in Event.objects.get(kind="reply", ticket__number=2).body
    packed = Upload.objects.get(name="packed.csv.gz")
    with packed.file.open("rb") as file:
        assert file.read().decode().splitlines()[1:] == [
            "m9,delivered,erased@corp.example,soon,250 OK",
            "m8,delivered,bo@corp.example,soon,250 OK",
        ]
    assert [item.raw for item in rejected_in(Upload.objects.get(name="log.csv"))][1:] == [
        "m9,delivered,erased@corp.example,soon,250 OK",
        "m8,delivered,bo@corp.example,soon,250 OK",
    ]
    # A report in whole messages cannot be rewritten safely; it goes, and what was read of it stays.
    assert not Upload.objects.get(name="b.eml").file


def test_the_certificate_tells_what_was_kept_and_why(world: Ticket, ada: User, as_ada: Client) -> None:
    erasure = take_out(Way.ERASE, ada)
    response = as_ada.get(f"/retention/erasures/{erasure.code}/")
    (entries, accounts, known) = response.context["kept"]
    assert (entries.count, accounts.count, known.count) == (1, 0, 1)
    assert entries.why.encode() in response.content
    assert WHO.lower() not in response.content.decode().lower()


def test_erasing_takes_the_rows_and_leaves_the_others(world: Ticket, ada: User) -> None:
    counted = list(DayCount.objects.values_list("state", "recipients").order_by("state"))
    take_out(Way.ERASE, ada)
    assert set(Delivery.objects.values_list("recipient", flat=True)) == {"other@corp.example", "bo@corp.example"}
    assert CaseNote.objects.count() == 0
    assert list(DayCount.objects.values_list("state", "recipients").order_by("state")) == counted


def test_a_ticket_about_an_erased_person_says_so_and_nothing_else(world: Ticket, ada: User, as_ida: Client) -> None:
    """The log is complete, and the records are gone: that does not mean that nothing was sent."""
    now = timezone.now()
    LogCoverage.objects.create(branch=world.branch, begins=now - timedelta(days=90), ends=now)
    Report.objects.filter(pk=world.report_id).update(
        answers={"sent": {"choice": "none"}}, evidence={"sent": {"is_covered": True}}, around=now - timedelta(days=2)
    )
    Ticket.objects.filter(pk=world.pk).update(suggested_cause="recipient_policy", run=None)
    take_out(Way.ERASE, ada)
    response = as_ida.get("/tickets/1/")
    assert response.context["report"].taken_out == timezone.now().date()
    assert "not_sent" not in [item.cause for item in response.context["beliefs"]]
    assert b"were taken out on" in response.content


@pytest.mark.parametrize("way", Way.values)
def test_a_new_report_is_not_told_that_nothing_was_sent(
    world: Ticket, north: BranchProfile, south: BranchProfile, ada: User, nora: User, as_nora: Client, way: str
) -> None:
    """The log is complete. Who never knew of Lee still says that nothing was sent, and so does North of later mail."""
    now = timezone.now()
    for branch in (north, south):
        LogCoverage.objects.create(branch=branch, begins=now - timedelta(days=90), ends=now)
    take_out(way, ada)
    asked = {"around": now - timedelta(days=2), "now": now}
    causes = {branch.code: {item.cause for item in answer_of(branch, WHO, **asked).causes} for branch in (north, south)}
    assert (causes["north"] & {"unknown", "not_sent"}, causes["south"] & {"not_sent"}) == ({"unknown"}, {"not_sent"})
    later = now + timedelta(days=2)
    assert answer_of(north, WHO, around=later, now=later).gathered.case.erased is None
    found = as_nora.get("/branches/north/deliveries/", {"recipient": WHO})
    assert found.context["erased"] is not None
    assert as_nora.get("/branches/north/deliveries/", {"recipient": "bo@corp.example"}).context["erased"] is None


def test_the_log_of_another_branch_says_nothing_of_an_erasure(world: Ticket, ada: User, as_sven: Client) -> None:
    take_out(Way.ERASE, ada)
    assert as_sven.get("/branches/south/deliveries/", {"recipient": WHO}).context["erased"] is None


def test_a_log_that_was_not_read_yet_knew_of_them_too(north: BranchProfile, nora: User, ada: User) -> None:
    upload_of(f"id,event,to,time\nm9,delivered,{WHO},soon\n", by=nora, branch=north)
    take_out(Way.ERASE, ada)
    assert erased_since(north, WHO, make.NOON) is not None


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
    assert [item.count for item in shown.context["kept"]] == [1, 0, 1]
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


def test_a_kept_file_that_breaks_off_is_found_by_what_can_be_read_of_it(north: BranchProfile, nora: User) -> None:
    row = f"{WHO},2026-03-04T14:02:10Z,sent\n"
    octets = gzip.compress(b"to,time,event\n" + row.encode()) + gzip.compress(row.encode())[:-12]
    upload = upload_of(octets, by=nora, branch=north)
    assert [found.pk for found in uploads_naming(WHO.lower())] == [upload.pk]
