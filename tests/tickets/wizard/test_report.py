"""The page of an ended report, and two browsers on one draft."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from diagnostics.engine.causes import CAUSES
from diagnostics.engine.findings import Actor
from portal.accounts.models import User
from portal.maillog.models import State
from tests import make
from tests.tickets.wizard.conftest import LEE, at_step, make_report, post, url
from tickets.models import Exit, Report, ReportState, Ticket
from tickets.selectors.letters import letter_to_their_it
from tickets.wizard.letters import ASKED, IN_JUNK, THEIRS


def end(report: Report, exit_: str, step: str = "sent", cause: str = "") -> Report:
    Report.objects.filter(pk=report.pk).update(
        state=ReportState.SOLVED, exit=exit_, exit_step=step, cause=cause, ended=report.created
    )
    report.refresh_from_db()
    return report


def test_a_draft_goes_on_where_it_stopped(as_nora: Client, report: Report) -> None:
    assert as_nora.get(url(report)).headers["Location"] == url(report, "sent")
    at_step(report, "junk")
    assert as_nora.get(url(report)).headers["Location"] == url(report, "junk")


@pytest.mark.parametrize("exit_", [item for item in Exit if item != Exit.TICKET])
def test_every_exit_has_its_page(as_nora: Client, report: Report, exit_: str) -> None:
    end(at_step(report, "describe"), exit_, cause="mailbox_full")
    response = as_nora.get(url(report))
    assert response.status_code == 200
    assert response.context["ending"].title


@pytest.mark.parametrize(
    ("cause", "is_asked", "has_letter"),
    [
        ("recipient_refused_unspecified", True, True),
        ("recipient_policy", True, True),
        ("mailbox_full", True, False),
        ("no_such_user", False, False),
        ("sender_ip_blocked", False, False),
    ],
)
def test_what_is_to_be_passed_on_stands_there(
    as_nora: Client, report: Report, cause: str, is_asked: bool, has_letter: bool
) -> None:
    report.delivery = make.delivery(
        report.branch, LEE, State.REFUSED, reply="550 5.0.0 <no>", reply_code="550", remote_host="mx.corp.example"
    )
    report.save()
    response = as_nora.get(url(end(report, Exit.ANSWERED, cause=cause)))
    content = response.content.decode()
    assert "550 5.0.0 &lt;no&gt;" in content
    assert f"/deliveries/{report.delivery.pk}/" in content
    assert response.context["is_for_recipient"] is is_asked
    assert ('id="recipient-text"' in content) is is_asked
    text = response.context["known"].text
    assert (letter_to_their_it(report).strip() in text) is has_letter
    if is_asked:
        assert "550 5.0.0 <no>" in text


def test_every_cause_that_is_theirs_has_something_to_ask(report: Report) -> None:
    theirs = {cause.id for cause in CAUSES.values() if cause.actor in THEIRS - {Actor.RECIPIENT_IT}}
    assert theirs == set(ASKED) | (IN_JUNK & theirs)


def test_without_a_record_there_is_none_to_read(as_nora: Client, report: Report) -> None:
    response = as_nora.get(url(end(report, Exit.EXPLAINED, cause="recipient_policy")))
    assert not response.context["message"].is_recorded
    assert b'id="record"' not in response.content


def test_a_submitted_one_names_its_ticket(as_nora: Client, report: Report) -> None:
    Ticket.objects.create(
        number=41, report=report, branch=report.branch, recipient=report.recipient, recipient_domain="corp.example"
    )
    Report.objects.filter(pk=report.pk).update(state=ReportState.SUBMITTED, exit=Exit.TICKET, ended=report.created)
    assert b"/tickets/41/" in as_nora.get(url(report)).content


def test_an_ended_one_has_no_steps(as_nora: Client, report: Report) -> None:
    end(report, Exit.NOT_SENT)
    assert as_nora.get(url(report, "sent")).headers["Location"] == url(report)
    assert post(as_nora, report, "sent", choice="seen").headers["Location"] == url(report)


def test_two_browsers(as_nora: Client, as_ida: Client, report: Report) -> None:
    version = report.version
    as_ida.post(url(report, "sent"), {"version": version, "choice": "seen"})
    response = as_nora.post(url(report, "sent"), {"version": version, "choice": "unknown"})
    assert response.status_code == 409
    report.refresh_from_db()
    assert report.answers["sent"]["choice"] == "seen"
    assert response.context["form"]["choice"].value() == "unknown"
    again = {"version": response.context["form"]["version"].value(), "choice": "unknown"}
    assert as_nora.post(url(report, "sent"), again).status_code == 302
    report.refresh_from_db()
    assert report.answers["sent"]["choice"] == "unknown"


def test_the_same_answer_twice_is_no_conflict(as_nora: Client, report: Report) -> None:
    for _ in range(2):
        assert as_nora.post(url(report, "sent"), {"version": 1, "choice": "seen"}).status_code == 302


def test_stranger(as_sven: Client, report: Report) -> None:
    assert as_sven.get(url(report)).status_code == 404


def test_anonymous(client: Client, report: Report) -> None:
    assert client.get(url(report)).status_code == 302
    assert client.get(url(report)).headers["Location"].startswith("/account/")


def test_method(as_nora: Client, report: Report) -> None:
    assert as_nora.post(url(report)).status_code == 405


def test_queries(as_nora: Client, nora: User, report: Report, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    end(report, Exit.FOUND_IN_JUNK)
    make_report(report.branch, nora)
    with django_assert_max_num_queries(10):
        as_nora.get(url(report))


@pytest.mark.parametrize(
    ("exit_", "state", "expected"),
    [
        (Exit.STILL_TRYING, State.ACCEPTED, True),
        (Exit.STILL_TRYING, State.REFUSED, True),
        (Exit.STILL_TRYING, State.EXPIRED, True),
        (Exit.STILL_TRYING, State.DEFERRED, False),
        (Exit.ANSWERED, State.REFUSED, False),
    ],
)
def test_what_became_of_a_message_that_was_waited_for(
    as_nora: Client, report: Report, exit_: str, state: str, expected: bool
) -> None:
    report.delivery = make.delivery(report.branch, LEE, state)
    report.save()
    response = as_nora.get(url(end(report, exit_, cause="still_trying")))
    waited = response.context["waited"]
    assert (waited is not None and waited.is_over and waited.leg == report.delivery) is expected
    assert ("Since then:" in response.content.decode()) is expected


@pytest.mark.parametrize(
    ("cause", "turns"), [("greylisted", []), ("still_trying", []), ("mailbox_full", ["nobody", "recipient"])]
)
def test_waiting_and_what_the_reply_asks_for_are_steps(
    as_nora: Client, report: Report, cause: str, turns: list[str]
) -> None:
    report.delivery = make.delivery(report.branch, LEE, State.DEFERRED, cause=cause)
    report.save()
    content = as_nora.get(url(end(report, Exit.STILL_TRYING, cause=cause))).content.decode()
    steps = content.partition('<ol class="dd-next')[2].partition("</ol>")[0]
    assert re.findall(r'data-actor="(\w+)"', steps) == turns
