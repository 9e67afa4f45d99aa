"""GET /comparison/: branches beside each other, small samples marked and last."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog import history
from portal.maillog.models import MissingCount
from tests import make
from tests.make import NOON
from tests.portal.maillog.world import TODAY, counted

PAGE = "/comparison/"

pytestmark = pytest.mark.usefixtures("_noon")


@pytest.fixture
def _noon() -> Any:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def world(north: BranchProfile, south: BranchProfile) -> None:
    """North refuses a tenth, South a hundredth but is missed more, East has sent six."""
    east = make.branch("east", "East College")
    counted(north, "accepted", 1800)
    counted(north, "refused", 200)
    counted(south, "accepted", 2900)
    counted(south, "deferred", 70)
    counted(south, "expired", 30, complaints=3)
    counted(east, "accepted", 1)
    counted(east, "refused", 5)
    MissingCount.objects.create(branch=south, day=TODAY, reports=6)
    MissingCount.objects.create(branch=north, day=TODAY, reports=1)


def order_of(response: Any) -> list[str]:
    return [item.branch.code for item, _ in response.context["rows"]]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("", ["north", "south", "east"]),
        ("refused", ["north", "south", "east"]),
        ("deferred", ["south", "north", "east"]),
        ("complaints", ["south", "north", "east"]),
        ("missing", ["south", "north", "east"]),
        ("sent", ["south", "north", "east"]),
    ],
)
def test_the_highest_share_first(order: str, expected: list[str], world: None, as_ida: Client) -> None:
    response = as_ida.get(f"{PAGE}?order={order}")
    assert order_of(response) == expected


def test_shares_with_their_figures_and_small_samples_marked(world: None, as_ida: Client) -> None:
    content = as_ida.get(PAGE).content.decode()
    assert 'data-value="10 %"' in content
    assert 'data-value="1.0 %"' in content
    assert content.count("small sample</span>") == 1
    assert (
        "/branches/north/deliveries/?since=2026-02-03T00%3A00&amp;until=2026-03-05T00%3A00&amp;state=undelivered"
        in content
    )


@pytest.mark.parametrize("query", ["?span=x", "?month=2026-04", "?order=name"])
def test_what_cannot_be_shown_is_told_at_its_field(query: str, as_ida: Client) -> None:
    response = as_ida.get(PAGE + query)
    assert response.status_code == 400
    assert response.context["form"].errors


def test_nothing_was_counted(as_ida: Client) -> None:
    assert as_ida.get(f"{PAGE}?span=7-days").status_code == 200


def test_support_alone_and_only_to_read(as_nora: Client, as_ida: Client) -> None:
    assert as_nora.get(PAGE).status_code == 403
    assert as_ida.post(PAGE).status_code == 405


@pytest.mark.parametrize("branches", [10, 300])
def test_it_costs_the_same_whatever_the_number_of_branches(
    branches: int, as_ida: Client, django_assert_num_queries: Any
) -> None:
    made = BranchProfile.objects.bulk_create(
        BranchProfile(code=f"b{number}", organisation=f"B{number}", notification_address="a@b.example")
        for number in range(branches)
    )
    for branch in made:
        counted(branch, "accepted", 200)
    with django_assert_num_queries(5):
        assert len(order_of(as_ida.get(PAGE))) == min(branches, 200)


def test_thirty_days_end_with_each_branch_s_own_today(
    north: BranchProfile, ida: User, django_assert_num_queries: Any
) -> None:
    """What its own pages tell, however far the day has come elsewhere."""
    moment = datetime(2026, 3, 5, 2, tzinfo=UTC)
    west = make.branch("west", time_zone="America/Denver")
    first = date(2026, 2, 3)
    for branch in (north, west):
        counted(branch, "accepted", 100, first)
        counted(branch, "accepted", 7, date(2026, 3, 4))
    with time_machine.travel(moment, tick=False):
        with django_assert_num_queries(5):
            found = {item.branch.code: item for item in history.comparison(ida, "30-days")}
        for branch in (north, west):
            assert found[branch.code].counts == history.health_of(ida, branch)
    assert found["north"].counts.sent == 7
    assert found["west"].counts.sent == 107
    assert found["west"].span.last == date(2026, 3, 4)
