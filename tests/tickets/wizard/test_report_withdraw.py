"""Ending a draft without an answer: it arrived meanwhile, or nobody needs it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.tickets.wizard.conftest import at_step, ended, url
from tickets.models import Report


def there(report: Report) -> str:
    return reverse("report_withdraw", args=[report.code])


@pytest.mark.parametrize(("data", "exit_"), [({"arrived": "yes"}, "arrived"), ({}, "abandoned")])
def test_it_ends(as_nora: Client, report: Report, data: dict[str, str], exit_: str) -> None:
    at_step(report, "junk")
    response = as_nora.post(there(report), {"version": report.version, **data})
    assert response.headers["Location"] == url(report)
    assert ended(report) == ("solved", exit_, "junk")
    assert report.ended is not None


@pytest.mark.parametrize("version", ["", "x", "99", "9" * 40])
def test_changed_meanwhile(as_nora: Client, report: Report, version: str) -> None:
    assert as_nora.post(there(report), {"version": version}).status_code == 302
    assert ended(report)[0] == "draft"


def test_an_ended_one_stays(as_nora: Client, report: Report) -> None:
    Report.objects.filter(pk=report.pk).update(state="solved", exit="not_sent", exit_step="sent")
    as_nora.post(there(report), {"version": report.version})
    assert ended(report) == ("solved", "not_sent", "sent")


@pytest.mark.parametrize(("back", "to"), [("home", "/"), ("reports", "/reports/"), ("//evil.example", "")])
def test_from_a_list_one_comes_back_to_it(as_nora: Client, report: Report, back: str, to: str) -> None:
    response = as_nora.post(there(report), {"version": report.version, "back": back})
    assert response.headers["Location"] == (to or url(report))
    assert ended(report)[:2] == ("solved", "abandoned")


def test_stranger(as_sven: Client, report: Report) -> None:
    assert as_sven.post(there(report), {"version": report.version}).status_code == 404
    assert ended(report)[0] == "draft"


def test_method(as_nora: Client, report: Report) -> None:
    assert as_nora.get(there(report)).status_code == 405
