"""It still did not arrive: a solved report is taken up again where it ended."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from tests.tickets.wizard.conftest import LEE, at_step, ended, post, url
from tickets.models import Report


def there(report: Report) -> str:
    return reverse("report_reopen", args=[report.code])


def reopen(client: Client, report: Report) -> None:
    report.refresh_from_db()
    assert client.post(there(report), {"version": report.version}).headers["Location"] == url(report)
    report.refresh_from_db()


def test_the_answer_that_ended_it_is_asked_again(as_nora: Client, report: Report) -> None:
    post(as_nora, at_step(report, "junk"), "junk", choice="found")
    reopen(as_nora, report)
    assert ended(report) == ("draft", "", "")
    assert set(report.answers) == {"sent", "address"}
    assert report.past_exits[0]["exit"] == "found_in_junk"
    assert as_nora.get(url(report)).headers["Location"] == url(report, "junk")


def test_after_a_correction_it_is_about_the_new_address(as_nora: Client, report: Report) -> None:
    post(as_nora, at_step(report, "address"), "address", choice="wrong", corrected="leo@corp.example")
    reopen(as_nora, report)
    assert report.recipient == "leo@corp.example"
    assert report.corrected_recipient == ""
    assert report.past_exits[0]["recipient"] == LEE
    assert report.answers == {}
    assert report.run is not None
    assert report.run.subject["recipient"] == "leo@corp.example"


def test_what_was_withdrawn_keeps_its_answers(as_nora: Client, report: Report) -> None:
    at_step(report, "junk")
    as_nora.post(reverse("report_withdraw", args=[report.code]), {"version": report.version})
    reopen(as_nora, report)
    assert set(report.answers) == {"sent", "address"}


def test_changed_meanwhile(as_nora: Client, report: Report) -> None:
    post(as_nora, report, "sent", choice="not_sent")
    as_nora.post(there(report), {"version": 1})
    assert ended(report)[0] == "solved"


def test_a_draft_and_a_ticket_stay(as_nora: Client, report: Report) -> None:
    reopen(as_nora, report)
    assert report.past_exits == []
    Report.objects.filter(pk=report.pk).update(state="submitted", exit="ticket", ended=report.created)
    reopen(as_nora, report)
    assert ended(report)[0] == "submitted"


def test_stranger(as_sven: Client, report: Report) -> None:
    Report.objects.filter(pk=report.pk).update(state="solved", exit="not_sent", exit_step="sent")
    assert as_sven.post(there(report), {"version": 1}).status_code == 404
    assert ended(report)[0] == "solved"


def test_method(as_nora: Client, report: Report) -> None:
    assert as_nora.get(there(report)).status_code == 405
