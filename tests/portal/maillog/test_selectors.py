"""Reading the log: scoped by the viewer, honest about what it does not hold."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.http import Http404

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog import selectors
from portal.maillog.models import ClientProfile, Delivery, DeliveryEvent, LogCoverage
from tests import make
from tests.make import NOON

TO = "lee@corp.example"


@pytest.fixture
def delivery(north: BranchProfile) -> Delivery:
    make.case_note(north, TO)
    ClientProfile.objects.create(branch=north, reference="c1", name="Lee Chan", email=TO, email_normal=TO)
    return make.delivery(north, TO)


def test_nothing_of_another_branch_by_any_selector(delivery: Delivery, north: BranchProfile, sven: User) -> None:
    sends = selectors.sends_to(sven, north, TO, around=NOON)
    assert (sends.deliveries, sends.case_notes) == ([], [])
    assert not selectors.clients_with(sven, north, email=TO)
    assert not selectors.clients_with(sven, north, name="Lee")
    assert selectors.domains_reached(sven, north) == ()
    with pytest.raises(Http404):
        selectors.delivery_for(sven, delivery.pk)
    with pytest.raises(Http404):
        selectors.message_for(sven, delivery.message_id)


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


def test_a_complaint_is_told_in_the_story(delivery: Delivery) -> None:
    event(delivery, 0, "accepted", "250 2.0.0 OK")
    event(delivery, 30, "complained")
    states = [item.state for item in selectors.timeline_of(delivery)]
    assert states == ["accepted", "", "complained", ""]
