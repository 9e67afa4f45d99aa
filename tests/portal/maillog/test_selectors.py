"""Reading the log: scoped by the viewer, honest about what it does not hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog import selectors
from portal.maillog.models import ClientProfile, Delivery, DeliveryEvent, HourCount, LogCoverage
from tests import make
from tests.make import NOON

TO = "lee@corp.example"


@pytest.fixture
def delivery(north: BranchProfile) -> Delivery:
    make.case_note(north, TO)
    ClientProfile.objects.create(branch=north, reference="c1", name="Lee Chan", email=TO, email_normal=TO)
    return make.delivery(north, TO)


def test_nothing_of_another_branch_by_any_selector(delivery: Delivery, north: BranchProfile, sven: User) -> None:
    HourCount.objects.create(branch=north, hour=NOON, state="accepted", recipients=5)
    sends = selectors.sends_to(sven, north, TO, around=NOON)
    assert (sends.deliveries, sends.case_notes) == ([], [])
    assert not selectors.clients_with(sven, north, email=TO)
    assert not selectors.clients_with(sven, north, name="Lee")
    assert not selectors.recent_deliveries(sven, north)
    assert selectors.domains_reached(sven, north) == ()
    assert selectors.health_of(sven, north).sent == 0
    assert selectors.total_of(selectors.delivery_history(sven, north, days=90)).sent == 0
    assert [item.branch.code for item in selectors.health_of_all(sven)] == ["south"]


def test_sends_around_a_time_the_nearest_first(north: BranchProfile, nora: User) -> None:
    for hours in (-80, -20, 3, 50, 90):
        make.delivery(north, TO, at=NOON + timedelta(hours=hours))
    make.delivery(north, "other@corp.example")
    make.case_note(north, "LEE@corp.example", NOON)
    sends = selectors.sends_to(nora, north, " Lee@Corp.Example ", around=NOON, days=3)
    assert [(row.at - NOON) / timedelta(hours=1) for row in sends.deliveries] == [3, -20, 50]
    assert len(sends.case_notes) == 1


@pytest.mark.parametrize(
    ("begins", "ends", "expected"),
    [(-5, 5, True), (-3, 3, True), (-2, 5, False), (-5, 2, False), (None, None, False)],
)
def test_absence_means_something_only_where_the_log_is_complete(
    begins: int | None, ends: int | None, expected: bool, north: BranchProfile, nora: User
) -> None:
    if begins is not None and ends is not None:
        LogCoverage.objects.create(branch=north, begins=NOON + timedelta(days=begins), ends=NOON + timedelta(days=ends))
    with time_machine.travel(NOON + timedelta(days=30), tick=False):
        assert selectors.sends_to(nora, north, TO, around=NOON, days=3).is_covered is expected


def test_a_day_is_the_branchs_own_also_when_the_clocks_change(north: BranchProfile, nora: User) -> None:
    north.time_zone = "America/Denver"
    # 8 March 2026: the clocks go from 2:00 to 3:00, the day has 23 hours.
    first, last = datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 3, 9, 5, 59, tzinfo=UTC)
    for at in (first - timedelta(seconds=1), first, last, last + timedelta(minutes=1)):
        make.delivery(north, TO, at=at)
        HourCount.objects.get_or_create(
            branch=north, hour=at.replace(minute=0, second=0), state="accepted", defaults={"recipients": 1}
        )
    rows = selectors.recent_deliveries(nora, north, day=date(2026, 3, 8)).order_by("at")
    assert [row.at for row in rows] == [first, last]
    with time_machine.travel(datetime(2026, 3, 9, 12, tzinfo=UTC), tick=False):
        days = selectors.delivery_history(nora, north, days=3)
    assert [(item.day.day, item.sent) for item in days] == [(9, 1), (8, 2), (7, 1)]


def event(delivery: Delivery, hours: float, state: str, reply: str = "") -> None:
    DeliveryEvent.objects.create(
        delivery=delivery, at=NOON + timedelta(hours=hours), state=state, reply=reply, source="jsonl",
        fingerprint=f"{state}{hours}",
    )  # fmt: skip


def test_a_timeline_names_its_gaps_and_what_nobody_can_know(delivery: Delivery) -> None:
    event(delivery, 0, "submitted")
    event(delivery, 0.1, "deferred", "450 4.2.0 Greylisted")
    event(delivery, 9, "accepted", "250 2.0.0 OK")
    items = selectors.timeline_of(delivery)
    assert [(item.state, item.is_gap) for item in items] == [
        ("submitted", False),
        ("deferred", False),
        ("", True),
        ("accepted", False),
        ("", False),
    ]
    assert items[1].raw == "450 4.2.0 Greylisted"
    assert items[1].detail
    assert items[-1].at is None


@pytest.mark.parametrize(("state", "is_open"), [("handed", True), ("deferred", True), ("refused", False)])
def test_what_is_not_over_is_said_to_be_so(state: str, is_open: bool, north: BranchProfile) -> None:
    delivery = make.delivery(north, TO, state)
    event(delivery, 0, state)
    assert (selectors.timeline_of(delivery)[-1].at is None) is is_open


def test_one_line_for_one_matter(north: BranchProfile, nora: User) -> None:
    for number in range(30):
        make.delivery(
            north, f"m{number}@bignet.example", "deferred", NOON + timedelta(minutes=number), cause="rate_limited"
        )
    make.delivery(north, TO, "refused", NOON - timedelta(days=1), cause="no_such_user")
    found = selectors.troubled(nora, north)
    assert [(item.delivery.recipient, item.others) for item in found] == [("m29@bignet.example", 29), (TO, 0)]
