"""Whether a share has left its habit: a column of counts, and what is said of them."""

from __future__ import annotations

import pytest

from portal.rates.judging import Standing, Tally, chance_of, divergence, is_complained_about, judge

STEADY = [Tally(430, 9)] * 8
NONE: list[Tally] = []


@pytest.mark.parametrize(
    ("now", "weeks", "month", "expected"),
    [
        # Far above a habit of two per cent.
        (Tally(412, 157), STEADY, None, Standing.BEYOND),
        (Tally(50, 20), STEADY, None, Standing.BEYOND),
        # A handful says nothing, however bad its share.
        (Tally(49, 49), STEADY, None, Standing.UNCLEAR),
        (Tally(60, 19), STEADY, None, Standing.UNCLEAR),
        (Tally(19, 19), STEADY, None, Standing.QUIET),
        (Tally(), STEADY, None, Standing.QUIET),
        # Within five points of the habit.
        (Tally(400, 8), STEADY, None, Standing.USUAL),
        (Tally(400, 28), STEADY, None, Standing.USUAL),
        # A little more than usual is neither.
        (Tally(4000, 440), STEADY, None, Standing.UNCLEAR),
        # It is always so.
        (Tally(412, 157), [Tally(430, 170)] * 8, None, Standing.USUAL),
        # One of the hours was as bad: bad hours come in lumps.
        (Tally(412, 157), [*STEADY[:7], Tally(430, 180)], None, Standing.UNCLEAR),
        # An hour of a few recipients does not count as one.
        (Tally(412, 157), [*STEADY[:7], Tally(10, 9)], None, Standing.BEYOND),
        # Hours differ that much as a rule, though none was as bad yet.
        (Tally(400, 160), [Tally(400, 20), Tally(400, 110)] * 6, None, Standing.UNCLEAR),
        (Tally(400, 260), [Tally(400, 20), Tally(400, 110)] * 6, None, Standing.BEYOND),
        # Nothing is known: one in fifty is taken for granted.
        (Tally(60, 30), NONE, None, Standing.BEYOND),
        (Tally(60, 3), NONE, None, Standing.USUAL),
        # Too little in the same hours, so the month speaks.
        (Tally(412, 157), [Tally(20, 0)] * 4, Tally(9000, 3600), Standing.USUAL),
        (Tally(412, 157), [Tally(20, 0)] * 4, Tally(9000, 90), Standing.BEYOND),
        # Ten points above the habit, and yet by chance.
        (Tally(60, 24), [Tally(300, 75)] * 4, None, Standing.UNCLEAR),
    ],
)
def test_a_share_beside_its_habit(now: Tally, weeks: list[Tally], month: Tally | None, expected: Standing) -> None:
    assert judge(now, weeks, month=month).standing is expected


def test_divergence_is_nothing_where_both_are_alike() -> None:
    assert divergence(0.02, 0.02) == 0
    assert divergence(0.5, 0.02) > divergence(0.2, 0.02) > 0
    assert divergence(1.0, 0.02) > 0
    assert divergence(0.0, 0.02) > 0


@pytest.mark.parametrize(
    ("accepted", "complaints", "expected"),
    [
        (1000, 5, True),
        (300, 3, True),
        (100_000, 150, True),
        # Two are a handful.
        (300, 2, False),
        # Chance may do that where one in a thousand is so.
        (1000, 3, False),
        (2000, 5, False),
        # Not above it.
        (100_000, 100, False),
        # Complaints about what nobody took cannot be told as a share.
        (0, 5, False),
    ],
)
def test_complaints(accepted: int, complaints: int, expected: bool) -> None:
    assert is_complained_about(accepted, complaints) is expected


@pytest.mark.parametrize(("least", "expected", "chance"), [(1, 1.0, 0.6321), (3, 1.0, 0.0803), (5, 2.0, 0.0527)])
def test_the_poisson_tail(least: int, expected: float, chance: float) -> None:
    assert chance_of(least, expected) == pytest.approx(chance, abs=1e-4)


def test_what_is_told_elsewhere_is_taken_away() -> None:
    assert Tally(100, 40).without(30) == Tally(70, 10)
    assert Tally(100, 40).without(50) == Tally(60, 0)
    assert Tally(100, 40).without(-5) == Tally(100, 40)


def test_the_chance_is_told_for_large_numbers_too() -> None:
    assert chance_of(1, 0.5) == pytest.approx(0.3934693, abs=1e-6)
    assert 0.4 < chance_of(2000, 2000) < 0.6
    assert chance_of(2300, 2000) < 1e-9
