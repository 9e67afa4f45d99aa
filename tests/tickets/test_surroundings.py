"""What stands around a report: returned mail, earlier tickets and the rate, each as far as its viewer may know."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from diagnostics.engine.causes import About, Confidence
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import AttemptCount, Delivery, State
from portal.returned.models import Kind, ReturnedMail, ReturnedRecipient
from tests import make
from tests.tickets.wizard.conftest import DESCRIBED, LEE, at_step, make_report
from tickets.models import Report, Ticket
from tickets.selectors.belief import belief, believed, case_of
from tickets.selectors.surroundings import (
    Around,
    accepted_last,
    pressure_around,
    returned_around,
    tickets_around,
)
from tickets.services.reports import submit_report

NOON, HOUR, DAY = make.NOON, timedelta(hours=1), timedelta(days=1)
FULL = "552 5.2.2 mailbox full"


@pytest.fixture
def sent(north: BranchProfile) -> Delivery:
    message = make.message(north, key="m", message_id="<8f1c@north.example>", subject="Class confirmation",
                           envelope_from="bounce@north.example")  # fmt: skip
    return make.delivery(north, LEE, State.HANDED, message=message)


@pytest.fixture
def around(north: BranchProfile, ida: User, sent: Delivery) -> Around:
    return Around(
        viewer=ida,
        branch=north,
        recipient=LEE,
        now=NOON + 3 * DAY,
        before=NOON + DAY,
        moment=NOON,
        span=HOUR,
        delivery=sent,
    )


def came_back(
    address: str = LEE, *, at: Any = NOON + HOUR, kind: str = Kind.BOUNCE, how: str = "", **fields: Any
) -> ReturnedMail:
    mail = ReturnedMail.objects.create(
        at=at, received=at, kind=kind, source="x", fingerprint=uuid4().hex, size=1, unmatched=1, **fields
    )
    row = {"diagnostic": FULL, "reply_code": "552", "status": "5.2.2", "cause": "mailbox_full"}
    ReturnedRecipient.objects.create(
        mail=mail, position=0, address=address, address_normal=address, how=how, **(row if kind == Kind.BOUNCE else {})
    )
    return mail


def confirmed(
    branch: BranchProfile, by: User, number: int, recipient: str = LEE, cause: str = "no_such_user", **fields: Any
) -> Ticket:
    return Ticket.objects.create(
        number=number,
        branch=branch,
        report=make_report(branch, by, recipient=recipient, delivery=fields.pop("delivery", None)),
        recipient=recipient,
        recipient_domain=recipient.rpartition("@")[2],
        cause=cause,
        **{"created": NOON - DAY, **fields},
    )


class TestReturned:
    @pytest.mark.parametrize(
        ("fields", "direct"),
        [
            ({"message_ids": ["8f1c@north.example"]}, True),
            ({"returned_subject": "CLASS  confirmation"}, True),
            # Another message of the same subject.
            ({"returned_subject": "Class confirmation", "message_ids": ["other@north.example"]}, False),
            ({"returned_subject": "Class confirmation", "at": NOON + 9 * DAY}, False),
            ({"returned_subject": "Grades"}, False),
            ({}, False),
        ],
    )
    def test_what_names_this_very_message(self, around: Around, fields: dict[str, Any], direct: bool) -> None:
        came_back(**fields)
        found = returned_around(replace(around, now=NOON + 20 * DAY))
        assert (len(found.direct), len(found.beside)) == ((1, 0) if direct else (0, 1))

    @pytest.mark.parametrize(
        "fields",
        [
            {"how": "message_id"},
            {"address": "else@corp.example"},
            {"kind": Kind.AUTO_REPLY},
            {"kind": Kind.DELIVERED},
            {"at": NOON - 2 * HOUR},
            {"at": NOON + 20 * DAY},
            # It has not come yet.
            {"at": NOON + 4 * DAY},
        ],
    )
    def test_what_is_not_about_it(self, around: Around, fields: dict[str, Any]) -> None:
        came_back(**fields)
        assert returned_around(around).beside == ()

    def test_one_that_names_another_message(self, around: Around) -> None:
        mail = came_back(message_ids=["other@north.example"])
        (found,) = returned_around(around).beside
        assert (found.is_other, found.link) == (True, f"/returned/{mail.pk}/")

    @pytest.mark.parametrize(
        ("fields", "found"),
        [
            ({"returned_subject": "Class confirmation", "sent_to": ["bounce@north.example"]}, True),
            ({"message_ids": ["8f1c@north.example"]}, True),
            ({"returned_subject": "Class confirmation", "sent_to": ["bounce@south.example"]}, False),
            ({"returned_subject": "Grades", "sent_to": ["bounce@north.example"]}, False),
        ],
    )
    def test_a_complaint_that_names_nobody(self, around: Around, fields: dict[str, Any], found: bool) -> None:
        came_back("", kind=Kind.COMPLAINT, **fields)
        beside = returned_around(around).beside
        assert [item.is_named for item in beside] == ([False] if found else [])

    def test_staff_know_what_was_brought_in_for_their_branch(
        self, around: Around, nora: User, sven: User, south: BranchProfile
    ) -> None:
        came_back(branch=around.branch)
        came_back()
        came_back(branch=south)
        assert len(returned_around(around).beside) == 2
        (own,) = returned_around(replace(around, viewer=nora)).beside
        assert (own.is_for_support, own.link) == (False, "")
        assert returned_around(replace(around, viewer=sven)).beside == ()
        assert sorted(item.is_for_support for item in returned_around(around).beside) == [False, True]

    def test_bounded(self, around: Around, django_assert_max_num_queries: Any) -> None:
        for _ in range(30):
            came_back()
            came_back("", kind=Kind.COMPLAINT, message_ids=["8f1c@north.example"])
        with django_assert_max_num_queries(3):
            assert len(returned_around(around).beside) == 5


class TestTickets:
    def test_the_nearest_first(self, around: Around, nora: User, north: BranchProfile) -> None:
        confirmed(north, nora, 1, "else@corp.example")
        confirmed(north, nora, 2, LEE)
        confirmed(north, nora, 3, "else@other.example", cause="rate_limited")
        found = tickets_around(around)
        assert [(item.name, item.about) for item in found] == [
            ("Ticket 2", About.RECIPIENT),
            ("Ticket 1", About.DOMAIN),
        ]
        assert [item.link for item in found] == ["/tickets/2/", "/tickets/1/"]

    @pytest.mark.parametrize(
        "fields", [{"cause": ""}, {"cause": "unknown"}, {"created": NOON + 2 * DAY}, {"created": NOON - 200 * DAY}]
    )
    def test_what_says_nothing(self, around: Around, nora: User, north: BranchProfile, fields: dict[str, Any]) -> None:
        confirmed(north, nora, 1, **fields)
        assert tickets_around(around) == ()

    def test_it_is_not_its_own_evidence(self, around: Around, nora: User, north: BranchProfile) -> None:
        ticket = confirmed(north, nora, 1)
        assert tickets_around(replace(around, report=ticket.report)) == ()

    def test_the_same_branch_and_provider(self, around: Around, nora: User, north: BranchProfile) -> None:
        logged = make.delivery(north, "x@third.example", provider="yahoo")
        confirmed(north, nora, 1, "x@third.example", delivery=logged)
        confirmed(north, nora, 2, "y@ymail.com")
        confirmed(north, nora, 3, "z@fourth.example")
        found = tickets_around(replace(around, recipient="lee@yahoo.com", delivery=None))
        assert {(item.name, item.about) for item in found} == {
            ("Ticket 1", About.PROVIDER),
            ("Ticket 2", About.PROVIDER),
        }

    def test_another_branchs_are_for_support_alone(
        self, around: Around, nora: User, sven: User, south: BranchProfile
    ) -> None:
        confirmed(south, sven, 1)
        (found,) = tickets_around(around)
        assert (found.is_of_another, found.name) == (True, "Ticket 1 of South College")
        assert tickets_around(replace(around, viewer=nora)) == ()

    def test_bounded(
        self, around: Around, nora: User, north: BranchProfile, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(1, 30):
            confirmed(north, nora, number, LEE if number % 2 else "else@corp.example")
        with django_assert_max_num_queries(4):
            assert len(tickets_around(around)) == 10


def test_when_something_was_accepted_last(around: Around, north: BranchProfile, south: BranchProfile) -> None:
    assert accepted_last(around) is None
    make.delivery(north, LEE, State.ACCEPTED, NOON - DAY)
    make.delivery(north, LEE, State.REFUSED, NOON + HOUR)
    make.delivery(south, LEE, State.ACCEPTED, NOON + HOUR)
    assert accepted_last(around) == NOON - DAY


class TestPressure:
    @pytest.fixture
    def to_yahoo(self, around: Around, sent: Delivery) -> Around:
        sent.provider, sent.server = "yahoo", "smtp.xenegrade.net"
        return around

    def tried(self, count: int, *, state: str = "accepted", at: Any = NOON, server: str = "smtp.xenegrade.net") -> None:
        AttemptCount.objects.create(hour=at, server=server, provider="yahoo", state=state, recipients=count)

    def test_over_the_limit(self, to_yahoo: Around) -> None:
        self.tried(120)
        found = pressure_around(to_yahoo)
        assert found is not None
        assert (found.is_tight, found.is_calm, found.link) == (True, False, "/rates/to/yahoo/")
        assert "120" in found.text

    def test_far_below_it(self, to_yahoo: Around) -> None:
        self.tried(20)
        found = pressure_around(to_yahoo)
        assert found is not None
        assert (found.is_tight, found.is_calm) == (False, True)

    def test_only_what_was_handed_over_then_and_by_this_server(self, to_yahoo: Around) -> None:
        self.tried(500, at=NOON + 3 * HOUR)
        self.tried(500, at=NOON - 3 * HOUR)
        self.tried(500, server="mail.south.example")
        assert pressure_around(to_yahoo) is None

    def test_staff_are_told_no_figures_of_others(self, to_yahoo: Around, nora: User) -> None:
        self.tried(120)
        found = pressure_around(replace(to_yahoo, viewer=nora))
        assert found is not None
        assert "120" not in found.text
        assert found.link == ""

    def test_a_provider_that_is_not_known(self, around: Around) -> None:
        assert pressure_around(around) is None


class TestBelieved:
    @pytest.fixture
    def report(self, north: BranchProfile, nora: User, sent: Delivery) -> Report:
        return make_report(north, nora, delivery=sent, created=NOON + DAY)

    def test_a_bounce_of_this_very_message_is_a_record_of_it(self, report: Report, ida: User) -> None:
        came_back(message_ids=["8f1c@north.example"])
        first = belief(ida, report)[0]
        assert (first.cause, first.confidence) == ("mailbox_full", Confidence.CERTAIN)

    def test_one_of_perhaps_another_is_likely(self, report: Report, ida: User) -> None:
        mail = came_back()
        first = belief(ida, report)[0]
        assert (first.cause, first.confidence) == ("mailbox_full", Confidence.LIKELY)
        assert f"/returned/{mail.pk}/" in [line.link for line in first.speaks_for]

    def test_what_is_anothers_does_not_reach_the_branch(
        self, report: Report, ida: User, nora: User, sven: User, south: BranchProfile
    ) -> None:
        confirmed(south, sven, 1)
        assert belief(ida, report)[0].cause == "no_such_user"
        assert belief(nora, report)[0].cause == "unknown"
        assert believed(report, case_of(ida, report, report.run).for_branch())[0].cause == "unknown"

    def test_nor_by_the_cause_that_a_ticket_is_opened_with(
        self, report: Report, ida: User, sven: User, south: BranchProfile
    ) -> None:
        confirmed(south, sven, 1)
        at_step(report, "review")
        ticket = submit_report(report, by=ida, version=report.version)
        assert ticket.suggested_cause == "unknown"

    def test_nor_by_the_draft_of_a_reply(
        self, report: Report, as_ida: Client, as_nora: Client, sven: User, south: BranchProfile
    ) -> None:
        confirmed(south, sven, 1)
        ticket = confirmed(report.branch, report.by, 2, cause="", created=NOON + DAY)
        Ticket.objects.filter(pk=ticket.pk).update(report=report)
        page = as_ida.get("/tickets/2/?draft").content.decode()
        assert 'href="/tickets/1/"' in page
        assert "of South College" not in page.partition('id="reply_')[2].partition("</textarea>")[0]
        assert "South College" not in as_nora.get("/tickets/2/").content.decode()

    def test_the_wizard_tells_it_before_submitting(self, report: Report, as_nora: Client, north: BranchProfile) -> None:
        earlier = confirmed(north, report.by, 1)
        report.answers = {"sent": {"choice": "seen", "stop": False}, "describe": DESCRIBED}
        at_step(report, "review")
        page = as_nora.get(f"/reports/{report.code}/review/").content.decode()
        assert f'href="/tickets/{earlier.number}/"' in page
