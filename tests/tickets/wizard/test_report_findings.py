"""The side panel that fills while the person reads."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from tests.tickets.wizard.conftest import at_step, url
from tickets.models import Report

HTMX = {"HX-Request": "true"}


def there(report: Report) -> str:
    return reverse("report_findings", args=[report.code])


def test_the_fragment(as_nora: Client, report: Report) -> None:
    response = as_nora.get(there(report), headers=HTMX)
    assert response.status_code == 200
    assert b"<html" not in response.content
    assert b"hx-trigger" not in response.content


def test_it_polls_until_the_run_is_over(as_nora: Client, report: Report) -> None:
    assert report.run is not None
    report.run.state = "running"
    report.run.save()
    content = as_nora.get(there(report), headers=HTMX).content
    assert b"hx-trigger" in content
    assert there(report).encode() in content


def test_without_javascript_it_is_the_report(as_nora: Client, report: Report) -> None:
    assert as_nora.get(there(report)).headers["Location"] == url(report)


def test_the_page_includes_it(as_nora: Client, report: Report) -> None:
    assert b'id="findings"' in as_nora.get(url(report, "sent")).content


def test_stranger(as_sven: Client, report: Report) -> None:
    assert as_sven.get(there(report), headers=HTMX).status_code == 404


def test_method(as_nora: Client, report: Report) -> None:
    assert as_nora.post(there(report)).status_code == 405


def test_queries(as_nora: Client, report: Report, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_max_num_queries(13):
        as_nora.get(there(report), headers=HTMX)


def test_the_last_look_is_brought_up_to_date_with_it(as_nora: Client, report: Report) -> None:
    at_step(report, "review")
    assert report.run is not None
    report.run.state = "running"
    report.run.save()
    page = as_nora.get(url(report, "review")).content.decode()
    assert f'hx-get="{there(report)}?beliefs"' in page
    content = as_nora.get(f"{there(report)}?beliefs", headers=HTMX).content.decode()
    assert '<section class="dd-panel" id="belief" hx-swap-oob="true">' in content
    assert f'hx-get="{there(report)}?beliefs"' in content
    # The other steps have no such panel.
    assert 'id="belief"' not in as_nora.get(there(report), headers=HTMX).content.decode()
