"""Step 1, "Confirm that the email was sent": our own records are searched, and the person says which one it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.erased import digest_of
from portal.maillog.models import CaseNote, Delivery, ErasedRecipient, LogCoverage, State
from tests import make
from tests.tickets.wizard.conftest import LEE, SOLVED, at_step, ended, make_report, post, url
from tickets.models import Report


@pytest.fixture
def delivery(north: BranchProfile) -> Delivery:
    return make.delivery(north, LEE, State.ACCEPTED, reply="250 2.0.0 queued as 4Bq1", reply_code="250")


@pytest.fixture
def refused(north: BranchProfile) -> Delivery:
    reply = "550 5.2.2 mailbox full"
    return make.delivery(north, LEE, State.REFUSED, reply=reply, reply_code="550", cause="mailbox_full")


@pytest.fixture
def case_note(north: BranchProfile) -> CaseNote:
    return make.case_note(north, LEE)


def covered(branch: BranchProfile) -> None:
    days = timedelta(days=40)
    LogCoverage.objects.create(branch=branch, begins=make.NOON - days, ends=make.NOON + days)


def test_it_shows_the_records(as_nora: Client, report: Report, delivery: Delivery, case_note: CaseNote) -> None:
    response = as_nora.get(url(report, "sent"))
    assert response.status_code == 200
    known = response.context["known"]
    assert [match.key for match in known.matches] == [f"delivery-{delivery.pk}"]
    assert [item.key for item in known.notes] == [f"case_note-{case_note.pk}"]


def test_the_chosen_record_is_kept(as_nora: Client, report: Report, delivery: Delivery) -> None:
    response = post(as_nora, report, "sent", choice=f"delivery-{delivery.pk}")
    assert response.status_code == 302
    assert ended(report)[0] == "draft"
    assert report.delivery == delivery
    assert report.evidence["sent"]["deliveries"] == [[delivery.pk, "accepted"]]
    assert as_nora.get(url(report)).headers["Location"] == url(report, "address")


def test_a_case_note_proves_sending(as_nora: Client, report: Report, case_note: CaseNote) -> None:
    post(as_nora, report, "sent", choice=f"case_note-{case_note.pk}")
    assert as_nora.get(url(report)).headers["Location"] == url(report, "address")


def test_nothing_found_in_a_complete_log(as_nora: Client, report: Report) -> None:
    covered(report.branch)
    response = as_nora.get(url(report, "sent"))
    assert response.context["known"].is_empty
    assert response.context["known"].is_covered


def test_nothing_found_without_a_log_proves_nothing(as_nora: Client, report: Report) -> None:
    response = as_nora.get(url(report, "sent"))
    assert not response.context["known"].is_covered


def test_what_was_erased_is_never_called_not_sent(as_nora: Client, report: Report) -> None:
    covered(report.branch)
    ErasedRecipient.objects.create(branch=report.branch, digest=digest_of(LEE), at=make.NOON)
    known = as_nora.get(url(report, "sent")).context["known"]
    assert (known.is_covered, known.erased) == (False, make.NOON)
    post(as_nora, report, "sent", choice="not_sent")
    assert ended(report) == (SOLVED, "erased", "sent")
    assert as_nora.get(url(report)).status_code == 200


def test_it_was_not_sent(as_nora: Client, report: Report) -> None:
    post(as_nora, report, "sent", choice="not_sent")
    assert ended(report) == (SOLVED, "not_sent", "sent")
    assert report.cause == "not_sent"


def test_an_error_before_it_went_out_goes_to_the_ticket(as_nora: Client, report: Report) -> None:
    post(as_nora, report, "sent", choice="error")
    assert ended(report)[0] == "draft"
    assert as_nora.get(url(report)).headers["Location"] == url(report, "describe")


def test_an_error_in_the_log_goes_to_the_ticket(as_nora: Client, report: Report) -> None:
    failed = make.delivery(report.branch, LEE, State.ERROR)
    post(as_nora, report, "sent", choice=f"delivery-{failed.pk}")
    assert as_nora.get(url(report)).headers["Location"] == url(report, "describe")


def test_a_reply_that_says_why_may_end_it(as_nora: Client, report: Report, refused: Delivery) -> None:
    response = as_nora.get(url(report, "sent"))
    assert response.context["known"].may_stop
    post(as_nora, report, "sent", choice=f"delivery-{refused.pk}", stop="1")
    assert ended(report) == (SOLVED, "answered", "sent")
    assert report.cause == "mailbox_full"


def test_a_refused_one_is_not_looked_for_in_junk(as_nora: Client, report: Report, refused: Delivery) -> None:
    post(as_nora, report, "sent", choice=f"delivery-{refused.pk}")
    post(as_nora, report, "address", choice="right")
    assert as_nora.get(url(report)).headers["Location"] == url(report, "describe")


def test_still_being_tried(as_nora: Client, report: Report) -> None:
    waiting = make.delivery(report.branch, LEE, State.DEFERRED, reply="451 4.7.1 later", reply_code="451")
    post(as_nora, report, "sent", choice=f"delivery-{waiting.pk}", stop="1")
    assert ended(report) == (SOLVED, "still_trying", "sent")


def test_what_was_accepted_cannot_end_it(as_nora: Client, report: Report, delivery: Delivery) -> None:
    response = post(as_nora, report, "sent", choice=f"delivery-{delivery.pk}", stop="1")
    assert response.status_code == 400
    assert "choice" in response.context["form"].errors


def test_a_suspended_branch_is_told_at_once(as_nora: Client, report: Report) -> None:
    branch = report.branch
    branch.email_function, branch.suspended_reason = "suspended", "Complaints"
    branch.suspended_since = make.NOON - timedelta(days=2)
    branch.save()
    response = as_nora.get(url(report, "sent"))
    assert response.context["facts"].is_suspended
    assert b"Complaints" in response.content
    post(as_nora, report, "sent", choice="not_sent")
    assert ended(report) == (SOLVED, "sending_suspended", "sent")


def test_a_later_suspension_is_no_reason(as_nora: Client, report: Report) -> None:
    branch = report.branch
    branch.email_function, branch.suspended_reason = "suspended", "Complaints"
    branch.suspended_since = make.NOON + timedelta(days=5)
    branch.save()
    assert not as_nora.get(url(report, "sent")).context["facts"].is_suspended


def test_a_record_of_another_branch_cannot_be_chosen(as_nora: Client, report: Report, south: BranchProfile) -> None:
    foreign = make.delivery(south, LEE)
    assert post(as_nora, report, "sent", choice=f"delivery-{foreign.pk}").status_code == 400


def test_without_a_choice_it_asks_again(as_nora: Client, report: Report) -> None:
    response = post(as_nora, report, "sent")
    assert response.status_code == 400
    assert "choice" in response.context["form"].errors


def test_a_strangers_reply_is_shown_escaped(as_nora: Client, report: Report) -> None:
    make.delivery(report.branch, LEE, State.REFUSED, reply="550 <script>x</script> \u202e")
    content = as_nora.get(url(report, "sent")).content.decode()
    assert "<script>x" not in content
    assert "\u202e" not in content


def test_stranger(as_sven: Client, report: Report) -> None:
    assert as_sven.get(url(report, "sent")).status_code == 404
    assert post(as_sven, report, "sent", choice="not_sent").status_code == 404
    assert ended(report)[0] == "draft"


def test_support_may_help(as_ida: Client, report: Report) -> None:
    assert as_ida.get(url(report, "sent")).status_code == 200


def test_method(as_nora: Client, report: Report) -> None:
    assert as_nora.put(url(report, "sent")).status_code == 405


def test_a_step_of_no_name(as_nora: Client, report: Report) -> None:
    assert as_nora.get(url(report, "nonsense")).status_code == 404


def test_going_back_and_changing_the_answer(as_nora: Client, report: Report) -> None:
    at_step(report, "describe")
    assert as_nora.get(url(report, "sent")).status_code == 200
    post(as_nora, report, "sent", choice="error")
    report.refresh_from_db()
    assert report.answers["junk"]["choice"] == "not_there"
    assert as_nora.get(url(report, "junk")).headers["Location"] == url(report, "describe")


def test_queries(as_nora: Client, nora: User, north: BranchProfile, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    report = make_report(north, nora)
    for minute in range(12):
        make.delivery(north, LEE, State.REFUSED, at=make.NOON + timedelta(minutes=minute), reply="550 no")
        make.case_note(north, LEE, at=make.NOON + timedelta(minutes=minute))
    with django_assert_max_num_queries(15):
        as_nora.get(url(report, "sent"))
