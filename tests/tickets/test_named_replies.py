"""What support has named a reply counts wherever a delivery is told in words, before the log is read again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from diagnostics.engine.causes import Confidence
from portal.accounts.models import Role, User
from portal.branches.models import BranchProfile
from portal.maillog import rules
from portal.maillog.models import Delivery, DeliveryEvent, ReplyRule, State
from portal.maillog.replies import cause_now, forget_rules
from portal.maillog.selectors import told
from portal.returned.models import Kind, ReturnedMail, ReturnedRecipient
from portal.returned.words import cause_of, told_of
from tests import make
from tests.portal.maillog.named import REFUSED, SAID, name_it
from tests.portal.returned.conftest import came, dsn
from tests.tickets.wizard.conftest import LEE, make_report
from tickets.models import Report
from tickets.selectors.belief import SUPPORT, about_delivery, belief
from tickets.selectors.evidence import Asked, gathered
from tickets.wizard import steps
from tickets.wizard.known import about_sending

#: The program reads of it no more than its code.
READ_TO = {"reply": SAID, "reply_code": "554", "cause": REFUSED}


@pytest.fixture(autouse=True)
def _rules() -> Iterator[None]:
    """What a process remembers of rules must not outlive their test."""
    forget_rules()
    yield
    forget_rules()


@pytest.fixture
def delivery(north: BranchProfile) -> Delivery:
    return make.delivery(north, LEE, State.REFUSED, **READ_TO)


@pytest.fixture
def report(north: BranchProfile, nora: User, delivery: Delivery) -> Report:
    return make_report(north, nora, delivery=delivery)


@pytest.fixture
def rule(ida: User) -> ReplyRule:
    """Saved, and the log is not read again yet."""
    return name_it(ida)


def event_of(delivery: Delivery, state: str = State.REFUSED) -> DeliveryEvent:
    return DeliveryEvent(delivery=delivery, at=make.NOON, state=state, reply=SAID, reply_code="554", cause=REFUSED)


def test_the_story_of_a_delivery(delivery: Delivery, ida: User) -> None:
    before = told(event_of(delivery)).detail
    name_it(ida)
    assert told(event_of(delivery)).detail not in ("", before)


@pytest.mark.parametrize(
    ("state", "expected"),
    [(State.REFUSED, "recipient_policy"), (State.DEFERRED, "recipient_policy"), (State.ACCEPTED, REFUSED)],
)
def test_the_cause_of_a_row(delivery: Delivery, rule: ReplyRule, state: str, expected: str) -> None:
    assert cause_now(event_of(delivery, state)) == expected
    rules.switch_rule(rule, is_on=False)
    assert cause_now(event_of(delivery, state)) == REFUSED


def test_the_record_in_the_wizard(report: Report, nora: User, rule: ReplyRule) -> None:
    (match,) = about_sending(nora, report).matches
    assert match.cause is not None
    assert match.reading is not None
    assert (match.cause.id, match.reading.cause) == ("recipient_policy", "recipient_policy")
    assert steps.facts_of(report, report.delivery).cause == "recipient_policy"


def test_what_is_believed_of_a_report(report: Report, ida: User) -> None:
    assert (belief(SUPPORT, report)[0].cause, belief(SUPPORT, report)[0].confidence) == (REFUSED, Confidence.LIKELY)
    name_it(ida)
    assert (belief(SUPPORT, report)[0].cause, belief(SUPPORT, report)[0].confidence) == (
        "recipient_policy",
        Confidence.CERTAIN,
    )


def test_what_a_code_alone_had_told_is_certain_once_it_is_named(north: BranchProfile, nora: User, ida: User) -> None:
    said = "550 5.1.0 The gnomes decline this parcel"
    row = make.delivery(north, LEE, State.REFUSED, reply=said, reply_code="550", cause="recipient_policy")
    report = make_report(north, nora, delivery=row)
    name_it(ida)
    assert (belief(SUPPORT, report)[0].cause, belief(SUPPORT, report)[0].confidence) == (
        "recipient_policy",
        Confidence.CERTAIN,
    )


def test_what_is_believed_from_the_log_alone(delivery: Delivery, rule: ReplyRule) -> None:
    assert about_delivery(delivery)[0].cause == "recipient_policy"


def test_what_put_it_off(north: BranchProfile, rule: ReplyRule) -> None:
    row = make.delivery(north, LEE, State.EXPIRED, cause="still_trying")
    DeliveryEvent.objects.create(
        delivery=row, at=make.NOON, state=State.DEFERRED, cause="still_trying", reply=SAID, source="x", fingerprint="1"
    )
    asked = Asked(viewer=User(role=Role.SUPPORT), branch=north, recipient=LEE, now=make.NOON, around=make.NOON)
    case = gathered(asked).case
    assert case.delivery is not None
    assert [item.cause for item in case.delivery.deferrals] == ["recipient_policy"]


class TestReturned:
    def test_a_mail_that_comes_now_is_read_by_it(self, north: BranchProfile, rule: ReplyRule) -> None:
        mail = came(dsn(LEE, diagnostic=SAID, status="5.0.0"))
        (row,) = mail.recipients.all()
        assert (row.cause, row.rule) == ("recipient_policy", f"named.{rule.pk}")

    def test_one_that_came_before_it_was_named(self, north: BranchProfile, ida: User) -> None:
        mail = came(dsn(LEE, diagnostic=SAID, status="5.0.0"))
        (row,) = mail.recipients.all()
        before = told_of(mail, row).title
        name_it(ida)
        assert cause_of(row) == "recipient_policy"
        assert told_of(mail, row).title != before

    def test_one_that_was_read_by_a_rule_that_is_switched_off(self, rule: ReplyRule) -> None:
        row = ReturnedRecipient(diagnostic=SAID, reply_code="554", cause="recipient_policy", rule=f"named.{rule.pk}")
        rules.switch_rule(rule, is_on=False)
        assert cause_of(row) == REFUSED

    def test_it_speaks_for_a_case(self, north: BranchProfile, rule: ReplyRule) -> None:
        mail = ReturnedMail.objects.create(at=make.NOON, kind=Kind.BOUNCE, source="x", fingerprint="1", size=1)
        ReturnedRecipient.objects.create(
            mail=mail, position=0, address=LEE, address_normal=LEE, diagnostic=SAID, reply_code="554", cause=REFUSED
        )
        asked = Asked(viewer=User(role=Role.SUPPORT), branch=north, recipient=LEE, now=make.NOON, around=make.NOON)
        case = gathered(asked).case
        assert case.delivery is not None
        assert case.delivery.cause == "recipient_policy"
