"""The services of reports beyond what the pages' tests walk: concurrency, idempotence, what is rolled back."""

from __future__ import annotations

import uuid

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from tests import make
from tests.tickets.wizard.conftest import LEE, at_step, make_report
from tickets.models import Attachment, Exit, Report, Ticket
from tickets.services import files
from tickets.services import reports as services
from tickets.services.reports import Ending, Message, ReportChangedError, ReportOverError

MESSAGE = Message(recipient=LEE, around=make.NOON)


@pytest.fixture
def report(north: BranchProfile, nora: User) -> Report:
    return make_report(north, nora)


def test_a_run_is_begun_and_rung_on_commit(
    north: BranchProfile,
    nora: User,
    django_capture_on_commit_callbacks,  # type: ignore[no-untyped-def]
) -> None:
    with django_capture_on_commit_callbacks() as rung:
        report = services.open_report(north, by=nora, message=MESSAGE, submission=uuid.UUID(int=1))
    assert report.run is not None
    assert len(rung) == 1


def test_without_a_form_every_call_is_a_report(north: BranchProfile, nora: User) -> None:
    for _ in range(2):
        services.open_report(north, by=nora, message=MESSAGE, submission=None)
    assert Report.objects.count() == 2


def test_a_slower_double_finds_the_faster_ones_report(
    north: BranchProfile, nora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other request commits between the look and the insert."""
    first = services.open_report(north, by=nora, message=MESSAGE, submission=uuid.UUID(int=1))
    monkeypatch.setattr(Report.objects, "select_related", lambda *names: Report.objects.none())
    second = services.open_report(north, by=nora, message=MESSAGE, submission=uuid.UUID(int=1))
    assert second == first


def test_an_ended_one_is_not_changed_by_its_form(north: BranchProfile, nora: User) -> None:
    made = services.open_report(north, by=nora, message=MESSAGE, submission=uuid.UUID(int=1))
    services.withdraw(made, step="sent", has_arrived=True, version=made.version)
    other = Message(recipient="x@corp.example", around=make.NOON)
    again = services.open_report(north, by=nora, message=other, submission=uuid.UUID(int=1))
    assert (again.pk, again.recipient) == (made.pk, LEE)


def test_the_second_browser_is_told(report: Report) -> None:
    late = Report.objects.get(pk=report.pk)
    services.answer(report, step="sent", data={"choice": "seen"}, version=report.version)
    with pytest.raises(ReportChangedError):
        services.answer(late, step="sent", data={"choice": "unknown"}, version=late.version)
    report.refresh_from_db()
    assert report.answers == {"sent": {"choice": "seen"}}


def test_what_is_over_is_over(report: Report) -> None:
    ending = Ending(exit=Exit.NOT_SENT, step="sent", cause="not_sent")
    services.answer(report, step="sent", data={"choice": "not_sent"}, version=report.version, ending=ending)
    with pytest.raises(ReportOverError):
        services.answer(report, step="sent", data={"choice": "seen"}, version=report.version)
    with pytest.raises(ReportOverError):
        services.withdraw(report, step="sent", has_arrived=False, version=report.version)


def test_a_report_becomes_one_ticket(report: Report, nora: User) -> None:
    at_step(report, "review")
    first = services.submit_report(report, by=nora, version=report.version)
    assert services.submit_report(report, by=nora, version=0) == first


def test_a_number_that_was_taken_meanwhile(report: Report, nora: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another submission takes the number between the look and the insert: the next one is taken."""
    other = make_report(report.branch, nora)
    Ticket.objects.create(number=1, report=other, branch=report.branch, recipient=LEE, recipient_domain="corp.example")
    aggregate, seen = Ticket.objects.aggregate, iter([{"highest": 0}])
    monkeypatch.setattr(Ticket.objects, "aggregate", lambda **kw: next(seen, None) or aggregate(**kw))
    assert services.submit_report(at_step(report, "review"), by=nora, version=report.version).number == 2


def test_support_is_told_on_commit(
    report: Report,
    nora: User,
    django_capture_on_commit_callbacks,  # type: ignore[no-untyped-def]
) -> None:
    with django_capture_on_commit_callbacks() as rung:
        services.submit_report(at_step(report, "review"), by=nora, version=report.version)
    assert len(rung) == 1


def test_a_report_without_checks_gets_them(report: Report, nora: User) -> None:
    Report.objects.filter(pk=report.pk).update(run=None)
    report.refresh_from_db()
    ticket = services.submit_report(at_step(report, "review"), by=nora, version=report.version)
    assert ticket.run is not None


def test_the_domain_of_an_unreadable_address(north: BranchProfile, nora: User) -> None:
    report = at_step(make_report(north, nora, recipient="lee@Corp,Example"), "review")
    assert services.submit_report(report, by=nora, version=report.version).recipient_domain == "corp,example"


def test_a_file_without_a_row_is_not_left_behind(report: Report, nora: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Attachment, *args: object, **kwargs: object) -> None:
        raise IntegrityError

    monkeypatch.setattr(Attachment, "save", fail)
    files.add_files(report, [SimpleUploadedFile("a.txt", b"hello")], by=nora)
    folders, _ = default_storage.listdir("attachments")
    names = [name for year in folders for month in default_storage.listdir(f"attachments/{year}")[0]
             for name in default_storage.listdir(f"attachments/{year}/{month}")[1]]  # fmt: skip
    assert names == []


def test_a_file_is_stored_under_a_name_of_our_own(report: Report, nora: User) -> None:
    files.add_files(report, [SimpleUploadedFile("evil name.txt", b"hello")], by=nora)
    made = Attachment.objects.get()
    assert made.name == "evil name.txt"
    assert "evil" not in made.file.name
    assert made.file.name.endswith(made.code.hex)


def test_the_checks_look_at_the_sender_of_the_very_message(north: BranchProfile, nora: User) -> None:
    delivery = make.delivery(north, LEE)
    delivery.message.from_address = "North College <news@Mail.north.example>"
    report = services.open_report(north, by=nora, message=MESSAGE, submission=None, delivery=delivery)
    assert report.run is not None
    assert report.run.subject["sender_domain"] == "mail.north.example"
