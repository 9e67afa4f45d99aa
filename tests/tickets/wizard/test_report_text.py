"""The text for the recipient as a file."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from tests import make
from tests.tickets.wizard.conftest import LEE
from tickets.models import Report


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


def test_stranger(as_sven: Client, report: Report) -> None:
    assert as_sven.get(there(report)).status_code == 404


def test_method(as_nora: Client, report: Report) -> None:
    assert as_nora.post(there(report)).status_code == 405
