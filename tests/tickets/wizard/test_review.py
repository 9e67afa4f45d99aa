"""The last look and the ticket: what is believed stands there, and however often it is pressed one ticket is made."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from diagnostics.engine.causes import CAUSES
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import State
from tests import make
from tests.tickets.wizard.conftest import DESCRIBED, at_step, ended, make_report, post, url
from tickets.models import Attachment, Event, Report, Ticket


@pytest.fixture
def report(north: BranchProfile, nora: User) -> Report:
    return at_step(make_report(north, nora), "review")


def test_it_shows_what_is_believed(as_nora: Client, report: Report) -> None:
    response = as_nora.get(url(report, "review"))
    assert response.status_code == 200
    known = response.context["known"]
    assert known.beliefs
    assert known.beliefs[0].actor
    assert [line.slug for line in known.told][:3] == ["sent", "address", "junk"]


def test_it_becomes_a_ticket(as_nora: Client, report: Report, nora: User) -> None:
    attached = Attachment.objects.create(report=report, name="a.txt", content_type="text/plain", size=1, sha256="a")
    response = post(as_nora, report, "review")
    ticket = Ticket.objects.get()
    assert response.headers["Location"] == reverse("ticket", args=[ticket.number])
    assert ended(report) == ("submitted", "ticket", "review")
    assert (ticket.recipient, ticket.recipient_domain, ticket.branch) == (
        "lee@corp.example",
        "corp.example",
        report.branch,
    )
    assert (ticket.symptom, ticket.other_domain) == ("not_received", "did_not")
    assert ticket.description == DESCRIBED["description"]
    assert ticket.run == report.run
    event = Event.objects.get()
    assert (event.kind, event.by, event.is_told) == ("opened", nora, False)
    attached.refresh_from_db()
    assert attached.event == event


def test_pressed_twice_it_is_one_ticket(as_nora: Client, report: Report) -> None:
    version = report.version
    first = as_nora.post(url(report, "review"), {"version": version})
    second = as_nora.post(url(report, "review"), {"version": version})
    assert first.status_code == 302
    assert second.headers["Location"] == url(report)
    assert Ticket.objects.count() == 1
    assert Event.objects.count() == 1


def test_numbers_follow_each_other(as_nora: Client, north: BranchProfile, nora: User) -> None:
    for _ in range(3):
        post(as_nora, at_step(make_report(north, nora), "review"), "review")
    assert sorted(Ticket.objects.values_list("number", flat=True)) == [1, 2, 3]


def refused(report: Report) -> None:
    reply = "550 5.2.2 mailbox full"
    report.delivery = make.delivery(
        report.branch, report.recipient, State.REFUSED, reply=reply, reply_code="550", cause="mailbox_full"
    )
    report.answers["sent"] = {"choice": f"delivery-{report.delivery.pk}", "stop": False}
    report.save(update_fields=["delivery", "answers"])


def test_what_is_believed_can_end_it(as_nora: Client, report: Report) -> None:
    refused(report)
    shown = as_nora.get(url(report, "review"))
    assert shown.context["known"].ends_it.cause == "mailbox_full"
    assert 'name="end" value="mailbox_full"' in shown.content.decode()
    assert post(as_nora, report, "review", end="mailbox_full").status_code == 302
    assert ended(report) == ("solved", "explained", "review")
    assert report.cause == "mailbox_full"
    assert not Ticket.objects.exists()
    assert as_nora.get(url(report)).context["ending"].title == CAUSES["mailbox_full"].title
    as_nora.post(reverse("report_reopen", args=[report.code]), {"version": report.version})
    assert ended(report)[0] == "draft"
    assert as_nora.get(url(report)).headers["Location"] == url(report, "review")


@pytest.mark.parametrize("believed", ["no_such_user", "unknown", ""])
def test_another_belief_than_was_read_ends_nothing(as_nora: Client, report: Report, believed: str) -> None:
    refused(report)
    assert post(as_nora, report, "review", end=believed).status_code == 409
    assert ended(report)[0] == "draft"


def test_what_is_not_sure_or_for_support_to_do_ends_nothing(as_nora: Client, report: Report) -> None:
    assert as_nora.get(url(report, "review")).context["known"].ends_it is None
    report.answers["sent"] = {"choice": "error", "stop": False}
    report.save(update_fields=["answers"])
    assert as_nora.get(url(report, "review")).context["known"].ends_it is None
    assert post(as_nora, report, "review", end="send_error").status_code == 409


def test_not_before_it_is_described(as_nora: Client, report: Report) -> None:
    at_step(report, "describe")
    assert post(as_nora, report, "review").headers["Location"] == url(report, "describe")
    assert not Ticket.objects.exists()


def test_changed_meanwhile(as_nora: Client, report: Report) -> None:
    response = as_nora.post(url(report, "review"), {"version": report.version + 1})
    assert response.status_code == 409
    assert not Ticket.objects.exists()


def test_without_a_version(as_nora: Client, report: Report) -> None:
    assert as_nora.post(url(report, "review")).status_code == 400


def test_stranger(as_sven: Client, report: Report) -> None:
    assert as_sven.get(url(report, "review")).status_code == 404
    assert post(as_sven, report, "review").status_code == 404
    assert not Ticket.objects.exists()


def test_method(as_nora: Client, report: Report) -> None:
    assert as_nora.delete(url(report, "review")).status_code == 405


def test_queries(as_nora: Client, report: Report, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_max_num_queries(18):
        as_nora.get(url(report, "review"))
