"""When a provider began to push back, whether that is over, and what it took before and while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.rates.hours import Hour, Taken, latest_episode, taken

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def hours(*counts: tuple[int, int]) -> list[Hour]:
    """Hours from noon on, each as accepted and deferred."""
    return [Hour(NOON + timedelta(hours=n), accepted, deferred) for n, (accepted, deferred) in enumerate(counts)]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        # First and last hour of the episode, and whether it is over.
        ([(100, 1), (90, 30), (40, 60)], (1, 2, False)),
        ([(100, 1), (90, 30), (100, 0)], (1, 1, True)),
        # An hour without a try interrupts nothing.
        ([(90, 30), (0, 0), (40, 60)], (0, 2, False)),
        # The latest of two.
        ([(10, 90), (100, 0), (50, 50), (100, 0)], (2, 2, True)),
        # No try is no success, and neither is one that got nothing through.
        ([(100, 1), (90, 30), (0, 0), (0, 3)], (1, 3, False)),
        ([(90, 30), (0, 3), (0, 60), (1, 0)], (0, 2, True)),
        ([(0, 3), (90, 30)], (1, 1, False)),
        # A few deferrals, or a small share of them, are the odd first try.
        ([(0, 4), (100, 9)], None),
        ([(0, 0)], None),
        ([], None),
    ],
)
def test_the_latest_episode(counts: list[tuple[int, int]], expected: tuple[int, int, bool] | None) -> None:
    found = latest_episode(hours(*counts))
    told = found and ((found.begins - NOON).seconds // 3600, (found.ends - NOON).seconds // 3600, found.is_over)
    assert told == expected


def test_an_episode_counts_its_own_hours() -> None:
    found = latest_episode(hours((100, 0), (90, 30), (40, 60)))
    assert found is not None
    assert (found.tried, found.deferred, round(found.share, 3)) == (220, 90, 0.409)


def test_what_was_taken_freely_and_under_push_back() -> None:
    assert taken(hours((100, 0), (140, 2), (60, 40), (30, 70))) == Taken(freely=140, pushing=60)
    assert taken(hours((100, 0))) == Taken(freely=100, pushing=None)
    assert taken([]) == Taken(None, None)
