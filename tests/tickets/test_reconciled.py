"""What a check foretells beside what the log shows of their server: neither is told as if the other were not there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from diagnostics.models import StoredFinding
from diagnostics.selectors import findings_of
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery
from tests import make
from tests.tickets.wizard.conftest import LEE, make_report
from tickets.models import Report
from tickets.selectors.reconciled import beside_the_log


@pytest.fixture
def report(north: BranchProfile, nora: User) -> Report:
    """The check says that the policy of the branch's domain asks for its mail to be refused."""
    report = make_report(north, nora)
    StoredFinding.objects.create(
        run=report.run, attempt=1, position=0, check_slug="sender-dmarc", code="dmarc.nothing_aligns",
        verdict="problem", actor="branch_it", evidence=[],
        arguments={"domain": "north.example", "fate": "refused", "policy": "reject", "spf": "", "dkim": ""},
    )  # fmt: skip
    return report


def sent(branch: BranchProfile, state: str, *, minutes: int = 0, sender: str = "a@north.example") -> Delivery:
    at = make.NOON + timedelta(minutes=minutes)
    told = {"reply_code": "250" if state == "accepted" else "550", "remote_host": "mx.corp.example"}
    return make.delivery(branch, LEE, state, at=at, message=make.message(branch, at=at, from_address=sender), **told)


def is_told_of_it(report: Report, delivery: Delivery | None = None) -> bool:
    (plain,) = findings_of(report.run)
    read = beside_the_log(report.branch, report.recipient, delivery)(plain)
    assert (read.code, read.verdict, read.actor) == (plain.code, plain.verdict, plain.actor)
    assert (read.title != plain.title) == (read.meaning != plain.meaning)
    return read.title != plain.title


def test_nothing_is_known_of_their_server(report: Report) -> None:
    assert not is_told_of_it(report)


@pytest.mark.parametrize(("state", "expected"), [("accepted", True), ("refused", False), ("deferred", False)])
def test_what_their_server_did_last(report: Report, state: str, expected: bool) -> None:
    sent(report.branch, "refused")
    sent(report.branch, "accepted", minutes=1)
    sent(report.branch, state, minutes=2)
    assert is_told_of_it(report) is expected


def test_the_chosen_record_goes_before_what_came_later(report: Report) -> None:
    chosen = sent(report.branch, "accepted")
    sent(report.branch, "refused", minutes=1)
    assert is_told_of_it(report, chosen)


def test_mail_of_another_sender_says_nothing(report: Report) -> None:
    sent(report.branch, "accepted", sender="a@other.example")
    assert not is_told_of_it(report)
