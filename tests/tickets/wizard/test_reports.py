"""The list of reports: staff see their branch's, support all; drafts can be found and gone on with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from tests import make
from tests.tickets.wizard.conftest import make_report
from tickets.models import Exit, Report, ReportState

URL = "/reports/"


def shown(client: Client, query: str = "") -> list[str]:
    return [row.recipient for row in client.get(URL + query).context["page"].rows]


def test_own_and_the_branchs(
    as_nora: Client, nora: User, north: BranchProfile, south: BranchProfile, sven: User
) -> None:
    colleague = make.person("noel@north.example", "Noel", "staff", north)
    make_report(north, nora, recipient="one@corp.example")
    make_report(north, colleague, recipient="two@corp.example")
    make_report(south, sven, recipient="three@corp.example")
    assert shown(as_nora) == ["two@corp.example", "one@corp.example"]


@pytest.mark.parametrize("who", ["as_ida", "as_ada"])
def test_support_sees_all(
    who: str, request: pytest.FixtureRequest, report: Report, south: BranchProfile, sven: User
) -> None:
    make_report(south, sven)
    assert len(shown(request.getfixturevalue(who))) == 2


def test_filter_by_state(as_nora: Client, nora: User, north: BranchProfile) -> None:
    make_report(north, nora, recipient="draft@corp.example")
    make_report(north, nora, recipient="done@corp.example", state=ReportState.SOLVED, exit=Exit.ARRIVED)
    assert shown(as_nora, "?state=draft") == ["draft@corp.example"]
    assert shown(as_nora, "?state=solved") == ["done@corp.example"]
    assert len(shown(as_nora, "?state=nonsense")) == 2


class TestOfDays:
    """What a figure of the delivery history leads to: what became a ticket on those days of the branch."""

    @pytest.fixture(autouse=True)
    def _made(self, north: BranchProfile, south: BranchProfile, nora: User, sven: User) -> None:
        BranchProfile.objects.filter(pk=north.pk).update(time_zone="America/Denver")
        for recipient, day, hour in (("late@c.example", 5, 6), ("noon@c.example", 4, 12), ("next@c.example", 5, 7)):
            at = datetime(2026, 3, day, hour, 59, tzinfo=UTC)
            made = make_report(north, nora, recipient=recipient, state=ReportState.SUBMITTED, exit=Exit.TICKET)
            Report.objects.filter(pk=made.pk).update(created=at - timedelta(days=2), ended=at)
        solved = make_report(north, nora, recipient="solved@c.example", state=ReportState.SOLVED, exit=Exit.ARRIVED)
        Report.objects.filter(pk=solved.pk).update(created=make.NOON, ended=make.NOON)
        make_report(south, sven, recipient="south@c.example", state=ReportState.SUBMITTED)

    def test_one_day(self, as_nora: Client) -> None:
        found = shown(as_nora, "?branch=north&from=2026-03-04&until=2026-03-04")
        assert sorted(found) == ["late@c.example", "noon@c.example"]

    def test_some_days(self, as_nora: Client) -> None:
        assert len(shown(as_nora, "?branch=north&from=2026-03-01&until=2026-03-31")) == 3

    @pytest.mark.parametrize("days", ["", "&from=2026-03-04", "&from=x&until=y", "&from=2026-03-05&until=2026-03-04"])
    def test_days_that_cannot_be_read_narrow_nothing(self, as_nora: Client, days: str) -> None:
        assert len(shown(as_nora, f"?branch=north{days}")) == 4

    def test_the_branch_alone(self, as_ida: Client) -> None:
        assert shown(as_ida, "?branch=south") == ["south@c.example"]

    def test_stranger(self, as_sven: Client) -> None:
        assert as_sven.get(URL + "?branch=north&from=2026-03-04&until=2026-03-04").status_code == 404


def test_nothing_yet(as_nora: Client) -> None:
    assert as_nora.get(URL).status_code == 200
    assert as_nora.get(URL + "?state=draft").status_code == 200


def test_fragment(as_nora: Client, report: Report) -> None:
    response = as_nora.get(URL, headers={"HX-Request": "true"})
    assert b"<html" not in response.content
    assert report.recipient.encode() in response.content


def test_anonymous(client: Client, db: None) -> None:
    assert client.get(URL).status_code == 302


def test_method(as_nora: Client) -> None:
    assert as_nora.post(URL).status_code == 405


@pytest.mark.parametrize("count", [10, 1000])
def test_queries(
    as_nora: Client,
    nora: User,
    north: BranchProfile,
    count: int,
    django_assert_max_num_queries,  # type: ignore[no-untyped-def]
) -> None:
    Report.objects.bulk_create(
        Report(branch=north, by=nora, recipient=f"{number}@corp.example") for number in range(count)
    )
    with django_assert_max_num_queries(4):
        response = as_nora.get(URL)
    assert len(response.context["page"].rows) == min(count, 50)


class TestThatEnded:
    """What a figure of an admin's home leads to: what ended since a day, in one way at one step."""

    @pytest.fixture(autouse=True)
    def _ended(self, north: BranchProfile, south: BranchProfile, nora: User, sven: User) -> None:
        for number, (exit_, step) in enumerate([(Exit.ARRIVED, "sent"), (Exit.ARRIVED, "junk"), (Exit.ABANDONED, "")]):
            made = make_report(north, nora, recipient=f"{number}@c.example", state="solved", exit=exit_, exit_step=step)
            ended = make.NOON + timedelta(hours=number)
            Report.objects.filter(pk=made.pk).update(created=make.NOON - timedelta(days=number), ended=ended)
        made = make_report(south, sven, recipient="s@c.example", state="solved", exit=Exit.ARRIVED, exit_step="sent")
        Report.objects.filter(pk=made.pk).update(ended=make.NOON - timedelta(days=1))

    def test_the_latest_first_by_exit_and_step(self, as_ida: Client) -> None:
        assert shown(as_ida, "?ended=2026-03-04") == ["2@c.example", "1@c.example", "0@c.example"]
        assert shown(as_ida, "?ended=2026-03-04&exit=arrived") == ["1@c.example", "0@c.example"]
        assert shown(as_ida, "?ended=2026-03-03&exit=arrived&step=sent") == ["0@c.example", "s@c.example"]
        assert shown(as_ida, "?ended=2026-03-03&exit=abandoned&step=") == ["2@c.example"]
        assert shown(as_ida, "?ended=2026-03-04&exit=helped") == ["1@c.example", "0@c.example"]

    def test_staff_see_their_branch_s(self, as_sven: Client) -> None:
        assert shown(as_sven, "?ended=2026-03-03") == ["s@c.example"]

    def test_what_cannot_be_read_narrows_nothing(self, as_ida: Client) -> None:
        assert len(shown(as_ida, "?ended=yesterday&exit=arrived")) == 4
        assert len(shown(as_ida, "?ended=2026-03-04&exit=nonsense")) == 3
