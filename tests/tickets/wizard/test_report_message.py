"""Saying anew which e-mail it is: what was answered about another recipient is asked again, the rest stays."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from tests.tickets.wizard.conftest import LEE, at_step, make_report, url
from tickets.models import Report, ReportState


@pytest.fixture
def report(north: BranchProfile, nora: User) -> Report:
    return at_step(make_report(north, nora), "review")


def there(report: Report) -> str:
    return reverse("report_message", args=[report.code])


def typed(report: Report, **changes: str) -> dict[str, str]:
    values = {"version": str(report.version), "branch": "north", "recipient": LEE, "day": "2026-03-04", "at": "12:00"}
    return values | {"span_days": "1", "module": "", "function": "", "client": ""} | changes


def test_it_shows_what_stands(as_nora: Client, report: Report) -> None:
    form = as_nora.get(there(report)).context["form"]
    assert form.initial["recipient"] == LEE


def test_another_recipient(as_nora: Client, report: Report) -> None:
    before = report.run
    assert as_nora.post(there(report), typed(report, recipient="leo@corp.example")).status_code == 302
    report.refresh_from_db()
    assert report.recipient == "leo@corp.example"
    assert set(report.answers) == {"describe"}
    assert report.run is not None
    assert report.run != before
    assert report.run.subject["recipient"] == "leo@corp.example"


def test_another_time(as_nora: Client, report: Report) -> None:
    before = report.run
    as_nora.post(there(report), typed(report, at="09:00"))
    report.refresh_from_db()
    assert set(report.answers) == {"address", "junk", "describe"}
    assert report.run == before
    assert as_nora.get(url(report)).headers["Location"] == url(report, "sent")


def test_another_function(as_nora: Client, report: Report) -> None:
    as_nora.post(there(report), typed(report, function="Forgot password"))
    report.refresh_from_db()
    assert report.function == "Forgot password"
    assert set(report.answers) == {"sent", "address", "junk", "describe"}


def test_nothing_changed(as_nora: Client, report: Report) -> None:
    as_nora.post(there(report), typed(report))
    version = report.version
    report.refresh_from_db()
    assert report.version == version


def test_changed_meanwhile(as_nora: Client, report: Report) -> None:
    response = as_nora.post(there(report), typed(report, version="7", recipient="leo@corp.example"))
    assert response.status_code == 409
    assert b"leo@corp.example" in response.content
    report.refresh_from_db()
    assert report.recipient == LEE


def test_bad_input(as_nora: Client, report: Report) -> None:
    response = as_nora.post(there(report), typed(report, recipient="", function="Kept"))
    assert response.status_code == 400
    assert b"Kept" in response.content


def test_not_into_another_branch(as_ida: Client, report: Report, south: BranchProfile) -> None:
    assert as_ida.post(there(report), typed(report, branch="south")).status_code == 400


def test_an_ended_one_stays(as_nora: Client, report: Report) -> None:
    Report.objects.filter(pk=report.pk).update(state=ReportState.SUBMITTED)
    assert as_nora.post(there(report), typed(report, recipient="x@corp.example")).headers["Location"] == url(report)
    report.refresh_from_db()
    assert report.recipient == LEE


def test_stranger(as_sven: Client, report: Report) -> None:
    assert as_sven.get(there(report)).status_code == 404
    assert as_sven.post(there(report), typed(report)).status_code == 404


def test_method(as_nora: Client, report: Report) -> None:
    assert as_nora.delete(there(report)).status_code == 405
