"""From a report to a ranked cause: what each answer and record adds to the case."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from diagnostics.engine.causes import Confidence
from diagnostics.models import Run, RunState, StoredFinding
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery, DeliveryEvent, LogCoverage, State
from tests import make
from tests.tickets.wizard.conftest import DESCRIBED, LEE, make_report
from tickets.models import Report
from tickets.selectors.belief import SUPPORT, belief, case_of, is_forgot


@pytest.fixture
def report(north: BranchProfile, nora: User) -> Report:
    return make_report(north, nora)


def first(report: Report) -> tuple[str, str]:
    found = belief(SUPPORT, report)[0]
    return found.cause, found.confidence


def answered(report: Report, choice: str, **answers: dict[str, Any]) -> Report:
    report.answers = {"sent": {"choice": choice}, **answers}
    return report


def test_nothing_known(report: Report) -> None:
    assert first(report) == ("unknown", Confidence.POSSIBLE)


def test_a_reply_decides(report: Report) -> None:
    report.delivery = make.delivery(
        report.branch, LEE, State.REFUSED, reply="552 5.2.2 mailbox full", reply_code="552", cause="mailbox_full"
    )
    assert first(report) == ("mailbox_full", Confidence.CERTAIN)


def test_absence_in_a_complete_log_is_likely(report: Report) -> None:
    report.evidence = {"sent": {"is_covered": True}}
    assert first(answered(report, "unknown")) == ("not_sent", Confidence.LIKELY)


def test_times_are_told_in_the_branchs_zone_and_a_time_is_named_only_where_one_was(report: Report) -> None:
    report.branch.time_zone = "America/Denver"
    report.evidence = {
        "sent": {"is_covered": True, "since": "2026-02-01T03:00:00+00:00", "until": "2026-03-04T03:52:00+00:00"}
    }
    until = "is complete until 3 Mar 2026, 20:52 MST."
    assert f"The log of that time {until}" in belief(SUPPORT, answered(report, "unknown"))[0].for_
    report.around = None
    assert f"The whole log since 31 Jan 2026 {until}" in belief(SUPPORT, answered(report, "unknown"))[0].for_


def test_absence_without_a_log_proves_nothing(report: Report) -> None:
    assert first(answered(report, "unknown")) == ("unknown", Confidence.POSSIBLE)


def test_a_case_note_says_it_was_sent(report: Report) -> None:
    report.evidence = {"sent": {"is_covered": True}}
    assert "not_sent" not in [item.cause for item in belief(SUPPORT, answered(report, "case_note-1"))]


def test_a_persons_word_is_no_record(report: Report) -> None:
    report.evidence = {"sent": {"is_covered": True}}
    found = belief(SUPPORT, answered(report, "error"))
    assert (found[0].cause, found[0].confidence) == ("send_error", Confidence.LIKELY)
    assert "not_sent" not in [item.cause for item in found]


def test_an_error_in_the_log_is_a_record(report: Report) -> None:
    report.delivery = make.delivery(report.branch, LEE, State.ERROR, reply="merge field has no value")
    assert first(answered(report, f"delivery-{report.delivery.pk}")) == ("send_error", Confidence.CERTAIN)


def test_a_malformed_address(north: BranchProfile, nora: User) -> None:
    assert first(make_report(north, nora, recipient="lee@corp,example"))[0] == "address_malformed"


def test_found_in_junk(report: Report) -> None:
    # A person's word again: nothing that we hold shows it.
    assert first(answered(report, "seen", junk={"choice": "found"})) == ("junked", Confidence.LIKELY)


def test_a_suspended_branch(report: Report) -> None:
    branch = report.branch
    branch.email_function, branch.suspended_reason = "suspended", "Complaints"
    branch.suspended_since = make.NOON - timedelta(days=1)
    assert first(report) == ("sending_suspended", Confidence.CERTAIN)


def test_late_because_it_was_put_off(report: Report) -> None:
    report.delivery = make.delivery(report.branch, LEE, State.ACCEPTED, reply="250 ok")
    DeliveryEvent.objects.create(
        delivery=report.delivery, at=make.NOON, state=State.DEFERRED, cause="greylisted", source="x", fingerprint="1"
    )
    answered(report, "seen", describe={**DESCRIBED, "symptom": "late", "other_domain": "no"})
    assert first(report)[0] == "greylisted"


def test_the_findings_of_the_run_that_is_asked_for(report: Report) -> None:
    later = Run.objects.create(
        subject={"recipient": LEE, "sender_domain": "north.example", "profile_addresses": ["c.lee@corp.example"]},
        state=RunState.DONE,
        attempt=1,
        lease_until=make.NOON,
    )
    StoredFinding.objects.create(
        run=later, attempt=1, position=0, check_slug="recipient-mx", code="mx.none", verdict="problem", actor="branch"
    )
    assert case_of(SUPPORT, report, report.run).findings == ()
    case = case_of(SUPPORT, report, later)
    assert [item.code for item in case.findings] == ["mx.none"]
    assert case.profile_addresses == ("c.lee@corp.example",)
    assert case.sender_domain == "north.example"
    assert belief(SUPPORT, report, later)[0].cause == "domain_or_dns"


@pytest.fixture
def undated(north: BranchProfile, nora: User) -> Report:
    return Report.objects.create(branch=north, by=nora, recipient=LEE)


def put_off(branch: BranchProfile, at: datetime, **more: Any) -> Delivery:
    said = {"reply": "421 4.7.0 Too many recipients", "reply_code": "421", "cause": "rate_limited", **more}
    return make.delivery(branch, LEE, State.DEFERRED, at, **said)


class TestWithoutATime:
    """Records that stand in the log are evidence, as ``manage.py explain`` takes them."""

    def test_the_only_mail_to_the_address(self, undated: Report) -> None:
        at = timezone.now() - timedelta(hours=2)
        LogCoverage.objects.create(branch=undated.branch, begins=at - timedelta(days=20), ends=timezone.now())
        row = put_off(undated.branch, at)
        found = belief(SUPPORT, undated)[0]
        assert (found.cause, found.confidence) == ("rate_limited", Confidence.CERTAIN)
        assert f"/deliveries/{row.pk}/" in [line.link for line in found.speaks_for]

    def test_they_differ(self, undated: Report) -> None:
        put_off(undated.branch, timezone.now() - timedelta(hours=2))
        make.delivery(undated.branch, LEE, State.ACCEPTED, timezone.now() - timedelta(days=3), reply="250 ok")
        found = belief(SUPPORT, undated)[:2]
        assert [(item.cause, item.confidence) for item in found] == [
            ("rate_limited", Confidence.POSSIBLE), ("accepted_by_recipient_server", Confidence.POSSIBLE),
        ]  # fmt: skip

    @pytest.mark.parametrize("choice", ["seen", "case_note-7"])
    def test_it_is_none_of_them(self, undated: Report, choice: str) -> None:
        put_off(undated.branch, timezone.now() - timedelta(hours=2))
        assert case_of(SUPPORT, answered(undated, choice), None).candidates == ()

    def test_what_was_sent_since_it_was_reported_is_not_missed(self, undated: Report) -> None:
        undated.ended = timezone.now() - timedelta(days=1)
        put_off(undated.branch, timezone.now() - timedelta(hours=2))
        assert case_of(SUPPORT, undated, None).candidates == ()

    def test_what_is_older_than_people_remember_is_told_as_earlier(self, undated: Report) -> None:
        put_off(undated.branch, timezone.now() - timedelta(days=50))
        case = case_of(SUPPORT, undated, None)
        assert (case.candidates, case.delivery, len(case.others)) == ((), None, 1)


def test_with_a_time_the_nearest_is_taken_where_nobody_could_tell(report: Report) -> None:
    put_off(report.branch, make.NOON + timedelta(minutes=4))
    assert first(answered(report, "unknown"))[0] == "rate_limited"
    assert case_of(SUPPORT, answered(report, "seen"), None).delivery is None


@pytest.mark.parametrize("function", ["Forgot password", "forgot username", "Login help", "Forget user name"])
def test_forgot(function: str) -> None:
    assert is_forgot(function)


@pytest.mark.parametrize("function", ["Registration", "", "E-mail to class"])
def test_not_forgot(function: str) -> None:
    assert not is_forgot(function)
