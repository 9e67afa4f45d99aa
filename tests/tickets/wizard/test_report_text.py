"""The text for the recipient as a file."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from portal.maillog.models import State
from tests import make
from tests.tickets.wizard.conftest import LEE
from tickets.models import Report
from tickets.selectors.message import facts_about


def there(report: Report) -> str:
    return reverse("report_text", args=[report.code])


def test_it_is_plain_text_to_keep(as_nora: Client, report: Report) -> None:
    report.client, report.function = "Åsa <Lee>", "Registration"
    report.delivery = make.delivery(report.branch, LEE)
    report.delivery.message.from_address = "registrar@north.example"
    report.delivery.message.save()
    report.save()
    response = as_nora.get(there(report))
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["Content-Disposition"].startswith("attachment")
    text = response.content.decode()
    for part in ("Åsa <Lee>", "Registration", "registrar@north.example", "4 March 2026", "North College"):
        assert part in text


@pytest.mark.parametrize(
    ("answers", "was_sent"),
    [
        ({}, False),
        ({"sent": {"choice": "unknown"}}, False),
        ({"sent": {"choice": "seen"}}, True),
        ({"sent": {"choice": "case_note-1"}}, True),
        ({"sent": {"choice": "unknown"}, "junk": {"choice": "found"}}, True),
    ],
)
def test_it_says_that_it_was_sent_only_where_that_is_known(
    as_nora: Client, report: Report, answers: dict[str, object], was_sent: bool
) -> None:
    report.answers = answers
    report.save()
    assert facts_about(report).was_sent is was_sent
    assert ("sent you an e-mail" in as_nora.get(there(report)).content.decode()) is was_sent


def test_an_error_before_it_went_out_is_no_sending(report: Report) -> None:
    report.delivery = make.delivery(report.branch, LEE, State.ERROR)
    assert not facts_about(report).was_sent


def test_stranger(as_sven: Client, report: Report) -> None:
    assert as_sven.get(there(report)).status_code == 404


def test_method(as_nora: Client, report: Report) -> None:
    assert as_nora.post(there(report)).status_code == 405
