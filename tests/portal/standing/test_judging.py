"""What numbers say: beyond a bound or not, and that small numbers never condemn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.standing.judging import BOUNDS, CALM, Numbers, grounds, measures, numbers_of, proposal
from portal.standing.models import State

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def found(**numbers: int) -> dict[str, State]:
    return {item.bound.key: item.level for item in grounds(Numbers(**numbers))}


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({}, {}),
        # Complaints: three of few recipients are chance or too few to tell; the bound itself is not beyond it.
        ({"accepted": 100, "complaints": 3}, {}),
        ({"accepted": 2000, "complaints": 3}, {}),
        ({"accepted": 10_000, "complaints": 10}, {}),
        ({"accepted": 10_000, "complaints": 25}, {"complaints": State.WATCHED}),
        ({"accepted": 10_000, "complaints": 60}, {"complaints": State.WARNED}),
        # A large branch is judged as surely as a small one.
        ({"accepted": 5_000_000, "complaints": 5_000}, {}),
        ({"accepted": 5_000_000, "complaints": 7_000}, {"complaints": State.WATCHED}),
        ({"accepted": 5_000_000, "complaints": 20_000}, {"complaints": State.WARNED}),
        # Addresses.
        ({"sent": 100, "addresses": 60}, {}),
        ({"sent": 400, "addresses": 19}, {}),
        ({"sent": 1000, "addresses": 50}, {}),
        ({"sent": 1000, "addresses": 80}, {"addresses": State.WATCHED}),
        ({"sent": 1000, "addresses": 150}, {"addresses": State.WARNED}),
        ({"sent": 1000, "addresses": 1000}, {"addresses": State.WARNED}),
        # Spam verdicts.
        ({"sent": 1000, "spam": 15}, {}),
        ({"sent": 1000, "spam": 40}, {"spam": State.WATCHED}),
        ({"sent": 1000, "spam": 120}, {"spam": State.WARNED}),
        # Opt-outs not kept are counted, not weighed.
        ({"opted_out": 5, "written_after": 2}, {}),
        ({"opted_out": 2000, "written_after": 3}, {"opt_outs": State.WATCHED}),
        ({"opted_out": 10, "written_after": 10}, {"opt_outs": State.WARNED}),
    ],
)
def test_bounds(numbers: dict[str, int], expected: dict[str, State]) -> None:
    assert found(**numbers) == expected


def test_the_graver_ground_comes_first() -> None:
    both = grounds(Numbers(sent=1000, accepted=10_000, complaints=25, addresses=150))
    assert [item.bound.key for item in both] == ["addresses", "complaints"]
    assert "150 of 1,000" in both[0].sentence


def test_too_few_are_told_apart_from_within() -> None:
    few = {item.bound.key: item.is_enough for item in measures(Numbers(sent=199, accepted=300))}
    assert few == {"complaints": True, "addresses": False, "spam": False, "opt_outs": True}


def test_every_bound_names_numbers_and_says_why() -> None:
    for bound in BOUNDS:
        assert hasattr(Numbers(), bound.tried)
        assert hasattr(Numbers(), bound.bad)
        assert bound.watch < bound.warn
        assert bound.why
        assert bound.todo
        assert bound.back


def test_numbers_are_stored_and_read() -> None:
    numbers = Numbers(since="2026-03-01", sent=7, causes={"no_such_user": 2})
    assert numbers_of(numbers.as_json()) == numbers
    assert numbers_of({"sent": 7, "of_an_older_version": 1}) == Numbers(sent=7)


@pytest.mark.parametrize(
    ("state", "days", "numbers", "deed"),
    [
        (State.GOOD, 1, Numbers(), None),
        (State.WATCHED, 1, Numbers(sent=1000, addresses=80), None),
        (State.WATCHED, 1, Numbers(sent=1000, addresses=150), "warn"),
        (State.WARNED, 1, Numbers(sent=1000, addresses=80), None),
        (State.WARNED, 1, Numbers(sent=1000, addresses=150), "suspend"),
        (State.WARNED, 13, Numbers(sent=1000), None),
        (State.WARNED, CALM.days, Numbers(sent=1000), "withdraw"),
        (State.SUSPENDED, 90, Numbers(), None),
    ],
)
def test_what_is_proposed(state: State, days: int, numbers: Numbers, deed: str | None) -> None:
    made = proposal(state, NOON - timedelta(days=days), numbers, NOON)
    assert (made.deed if made else None) == deed


def test_a_share_beyond_the_bound_is_never_within_it() -> None:
    def is_enough(**numbers: int) -> bool:
        return next(item for item in measures(Numbers(**numbers)) if item.bound.key == "complaints").is_enough

    assert not is_enough(accepted=566, complaints=1)
    assert is_enough(accepted=2000, complaints=1)
    assert is_enough(accepted=10_000, complaints=25)
    assert is_enough(accepted=566)
