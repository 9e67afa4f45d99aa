"""GET /branches/<code>/history/: read from the counts, by the branch's own days, honest about small figures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from diagnostics.engine.receivers import UNNAMED
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog import history
from portal.maillog.models import DomainCount, HourCount, MissingCount
from portal.maillog.spans import By, Span
from tests.make import NOON
from tests.portal.maillog.world import TODAY, counted

PAGE = "/branches/north/history/"


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def test_recipients_by_how_far_they_got(north: BranchProfile, as_nora: Client) -> None:
    for state, recipients in (
        ("accepted", 40), ("refused", 3), ("expired", 1), ("deferred", 5), ("error", 2), ("handed", 7),
    ):  # fmt: skip
        counted(north, state, recipients)
    counted(north, "accepted", 9, TODAY - timedelta(days=40))
    MissingCount.objects.create(branch=north, day=TODAY, reports=2)
    response = as_nora.get(PAGE)
    total = response.context["total"]
    assert (total.sent, total.accepted, total.refused, total.deferred, total.errors) == (56, 40, 4, 5, 2)
    assert (total.on_the_way, total.missing) == (7, 2)
    assert len(response.context["periods"]) == 30
    content = response.content.decode()
    assert (
        "/branches/north/deliveries/?since=2026-03-04T00%3A00&amp;until=2026-03-05T00%3A00&amp;state=undelivered"
        in content
    )
    assert "2 of 56" in content
    # The row of the day, its rate beside it, and the total.
    assert content.count('href="/reports/?branch=north&amp;from=2026-03-04&amp;until=2026-03-04"') == 2
    assert 'href="/reports/?branch=north&amp;from=2026-02-03&amp;until=2026-03-04"' in content


@pytest.mark.parametrize(
    ("query", "pieces", "first"),
    [
        ("?span=7-days", 7, "Wed 4 Mar 2026"),
        ("?span=90-days", 14, "2 to 4 Mar 2026"),
        ("?span=90-days&by=month", 4, "Mar 2026"),
        ("?span=24-months", 24, "Mar 2026"),
        ("?month=2026-02", 28, "Sat 28 Feb 2026"),
        ("?span=7-days&month=2026-02&by=week", 5, "23 to 28 Feb 2026"),
    ],
)
def test_spans(query: str, pieces: int, first: str, north: BranchProfile, as_nora: Client) -> None:
    counted(north, "accepted", 1)
    counted(north, "accepted", 1, TODAY - timedelta(days=800))
    periods = as_nora.get(PAGE + query).context["periods"]
    assert (len(periods), periods[0].label) == (pieces, first)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?span=9-days", "span"),
        ("?span=2026-04", "span"),
        ("?month=March", "month"),
        ("?month=2026-04", "month"),
        ("?span=7-days&by=month", "by"),
        ("?by=hour", "by"),
        ("?split=colour", "split"),
    ],
)
def test_what_cannot_be_shown_is_told_at_its_field(query: str, field: str, as_nora: Client) -> None:
    response = as_nora.get(PAGE + query)
    assert response.status_code == 400
    assert list(response.context["form"].errors) == [field]


def test_a_day_is_the_branchs_own_also_when_the_clocks_change(north: BranchProfile, nora: User) -> None:
    north.time_zone = "America/Denver"
    counted(north, "accepted", 2, date(2026, 3, 8))
    counted(north, "accepted", 1, date(2026, 3, 9))
    days = history.history_of(nora, north, Span(date(2026, 3, 7), date(2026, 3, 9)), By.DAY).periods
    assert [(item.begins.day, item.tally.sent) for item in days] == [(9, 1), (8, 2), (7, 0)]
    assert [(item.ends.astimezone(UTC) - item.begins.astimezone(UTC)).total_seconds() / 3600 for item in days] == [
        24,
        23,
        24,
    ]


@pytest.mark.parametrize(
    ("zone", "day", "expected", "hours"),
    [
        ("UTC", "2026-03-03", [("06:00", 4), ("07:00", 5)], 24),
        ("America/Denver", "2026-03-03", [("00:00", 5)], 24),
        ("Asia/Kolkata", "2026-03-03", [("11:30", 4), ("12:30", 5)], 24),
        # The day is not over: it is noon.
        ("UTC", "2026-03-04", [("07:00", 6)], 12),
        ("UTC", "2026-03-01", [], 0),
    ],
)
def test_a_day_by_the_hour(
    zone: str, day: str, expected: list[tuple[str, int]], hours: int, north: BranchProfile, as_nora: Client
) -> None:
    north.time_zone = zone
    north.save()
    for hour, recipients in ((6, 4), (7, 5), (31, 6)):
        at = datetime(2026, 3, 3, tzinfo=UTC) + timedelta(hours=hour)
        HourCount.objects.create(branch=north, hour=at, state="accepted", recipients=recipients)
    periods = as_nora.get(f"{PAGE}?span={day}").context["periods"]
    assert [(item.label, item.tally.sent) for item in reversed(periods) if item.tally.sent] == expected
    assert len(periods) == hours


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        ("cause", [("There is no such mailbox", 3), ("Too many recipients in too short a time", 2)]),
        ("provider", [("Google Workspace", 40), (UNNAMED, 5)]),
        ("module", [("WebReg", 43), ("QuickTools", 2)]),
        ("server", [("smtp.xenegrade.net", 42), ("Not told by the log", 3)]),
    ],
)
def test_broken_down(split: str, expected: list[tuple[str, int]], north: BranchProfile, as_nora: Client) -> None:
    counted(north, "accepted", 40, provider="google_workspace", server="smtp.xenegrade.net")
    counted(north, "refused", 3, cause="no_such_user")
    counted(north, "deferred", 2, cause="rate_limited", module="quicktools", server="smtp.xenegrade.net")
    parts = as_nora.get(f"{PAGE}?split={split}").context["parts"]
    assert [(part.words, part.tally.sent) for part in parts] == expected


def test_whose_turn_it_is_where_the_branch_writes_to_itself(north: BranchProfile, as_nora: Client) -> None:
    counted(north, "refused", 3, cause="self_to_self_blocked")
    counted(north, "refused", 2, cause="recipient_policy")
    parts = as_nora.get(f"{PAGE}?split=cause").context["parts"]
    assert [part.actor for part in parts] == ["branch_it", "recipient_it"]


def test_a_server_is_shown_with_the_addresses_of_its_profile(north: BranchProfile, as_nora: Client) -> None:
    counted(north, "accepted", 40, server=str(north.sending_server))
    counted(north, "accepted", 2)
    parts = as_nora.get(f"{PAGE}?split=server").context["parts"]
    assert north.sending_server is not None
    assert [part.note for part in parts] == [", ".join(north.sending_server.addresses), ""]


def test_by_recipient_domain_for_a_month_the_largest_first(north: BranchProfile, as_nora: Client) -> None:
    counted(north, "accepted", 1)
    for number in range(60):
        DomainCount.objects.create(
            branch=north, month=date(2026, 3, 1), domain=f"d{number}.example", recipients=number, accepted=number
        )
    DomainCount.objects.create(branch=north, month=date(2026, 2, 1), domain="old.example", recipients=5)
    response = as_nora.get(f"{PAGE}?split=domain")
    assert [row.domain for row in response.context["domains"]][:2] == ["d59.example", "d58.example"]
    assert len(response.context["domains"]) == 50
    assert (
        b"domain=d59.example&amp;since=2026-03-01T00%3A00&amp;until=2026-04-01T00%3A00&amp;state=sent"
        in response.content
    )
    response = as_nora.get(f"{PAGE}?month=2026-02&split=domain")
    assert response.context["whole"].tally.is_empty


def test_a_rate_is_told_of_enough_recipients_alone() -> None:
    assert not history.Tally({"accepted": 999}, missing=2).has_rate
    tally = history.Tally({"accepted": 4000}, complaints=4, missing=2)
    assert (tally.has_rate, tally.missing_rate, tally.complaint_share) == (True, 0.5, 0.001)
    nothing = history.Tally()
    assert (nothing.missing_rate, nothing.refused_share, nothing.is_empty) == (0, 0, True)


def test_nothing_of_another_branch(north: BranchProfile, sven: User, as_sven: Client) -> None:
    counted(north, "accepted", 5)
    MissingCount.objects.create(branch=north, day=TODAY, reports=1)
    DomainCount.objects.create(branch=north, month=date(2026, 3, 1), domain="a.example", recipients=5)
    HourCount.objects.create(branch=north, hour=NOON, state="accepted", recipients=5)
    span = Span(TODAY, TODAY)
    found = history.history_of(sven, north, span, By.DAY, "module")
    assert (history.total_of(found.periods).is_empty, found.parts) == (True, [])
    assert history.hours_of(sven, north, TODAY) == []
    assert history.domains_of(sven, north, TODAY) == []
    assert history.months_of(sven, north, 12) == []
    assert history.health_of(sven, north).is_empty
    assert [item.branch.code for item in history.health_of_all(sven)] == ["south"]
    assert as_sven.get(PAGE).status_code == 404


def test_wrong_method(as_nora: Client) -> None:
    assert as_nora.post(PAGE).status_code == 405


def test_nothing_was_counted(as_nora: Client) -> None:
    response = as_nora.get(PAGE)
    assert response.status_code == 200
    assert response.context["whole"].tally.is_empty


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL scans a table of some rows as it likes.")
def test_days_come_off_an_index(north: BranchProfile, nora: User, ida: User) -> None:
    span = Span(TODAY - timedelta(days=30), TODAY)
    with CaptureQueriesContext(connection) as queries:
        history.history_of(nora, north, span, By.DAY, "provider")
        history.comparison(ida, "30-days")
    plans = []
    for sql in (item["sql"] for item in queries if '"maillog_daypart"' in item["sql"]):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plans.append(" ".join(str(row[-1]) for row in cursor.fetchall()))
    whole, by_provider, compared = plans
    assert "(branch_id=? AND part=? AND day>? AND day<?)" in whole
    assert "(branch_id=? AND part=? AND day>? AND day<?)" in by_provider
    assert "day_part_whole (day>? AND day<?)" in compared


@pytest.mark.parametrize("rows", [10, 1000])
def test_it_costs_the_same_whatever_is_counted(
    rows: int, north: BranchProfile, as_nora: Client, django_assert_num_queries: Any
) -> None:
    for number in range(rows):
        counted(north, "refused", 1, TODAY - timedelta(days=number % 30), cause=f"cause{number}")
    counted(north, "refused", 1, TODAY - timedelta(days=29))
    with django_assert_num_queries(6):
        as_nora.get(PAGE)


def test_of_the_time_before_the_log_nothing_is_told(north: BranchProfile, as_nora: Client) -> None:
    counted(north, "accepted", 3, TODAY - timedelta(days=40))
    counted(north, "accepted", 5)
    context = as_nora.get(f"{PAGE}?span=24-months").context
    assert context["begins"] == TODAY - timedelta(days=40)
    assert [period.tally.sent for period in context["periods"]] == [5, 0, 3]
    # Inside of it a nought is one.
    inside = as_nora.get(PAGE).context
    assert (inside["begins"], len(inside["periods"])) == (None, 30)
