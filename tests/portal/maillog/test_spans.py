"""Spans of days and what they are cut into."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from portal.maillog.spans import By, Span, month_of, months_back, span_called

TODAY = date(2026, 3, 4)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("7-days", "2026-02-26", "2026-03-04"),
        ("30-days", "2026-02-03", "2026-03-04"),
        ("90-days", "2025-12-05", "2026-03-04"),
        ("12-months", "2025-04-01", "2026-03-04"),
        ("24-months", "2024-04-01", "2026-03-04"),
        ("2026-02", "2026-02-01", "2026-02-28"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-03", "2026-03-01", "2026-03-04"),
        ("2025-12", "2025-12-01", "2025-12-31"),
        ("2026-03-02", "2026-03-02", "2026-03-02"),
        ("since-2026-02-05", "2026-02-05", "2026-03-04"),
        ("since-2026-03-04", "2026-03-04", "2026-03-04"),
    ],
)
def test_a_span_by_its_name(name: str, first: str, last: str) -> None:
    assert span_called(name, TODAY) == Span(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    "name",
    [
        "since-2026-03-05",
        "since-2024-03-31",
        "since-2026-03",
        "",
        "8-days",
        "2026-13",
        "2026-00",
        "1999-01",
        "2026-02-30",
        "2026-03-4",
        "x",
        "٢٠٢٦-٠٣",
    ],
)
def test_no_span_of_that_name(name: str) -> None:
    assert span_called(name, TODAY) is None


@pytest.mark.parametrize("by", By)
@pytest.mark.parametrize("name", ["7-days", "30-days", "90-days", "24-months", "2024-02"])
def test_pieces_hold_each_day_once(name: str, by: By) -> None:
    span = span_called(name, TODAY)
    assert span is not None
    pieces = span.pieces(by)[::-1]
    assert sum(piece.days for piece in pieces) == span.days
    assert pieces[0].first == span.first
    assert pieces[-1].last == span.last
    for one, other in pairwise(pieces):
        assert (other.first - one.last).days == 1
        assert by is not By.WEEK or other.first.weekday() == 0
        assert by is not By.MONTH or other.first.day == 1


@pytest.mark.parametrize(
    ("name", "cuts", "fitting"),
    [
        ("7-days", (By.DAY,), By.DAY),
        ("2026-02", (By.DAY, By.WEEK), By.DAY),
        ("90-days", (By.DAY, By.WEEK, By.MONTH), By.WEEK),
        ("12-months", (By.WEEK, By.MONTH), By.MONTH),
    ],
)
def test_what_a_span_can_be_cut_into(name: str, cuts: tuple[By, ...], fitting: By) -> None:
    span = span_called(name, TODAY)
    assert span is not None
    assert (span.cuts(), span.fitting) == (cuts, fitting)


def test_a_day_of_a_zone_may_have_23_hours() -> None:
    # The clocks of Denver went from 2:00 to 3:00.
    begins, ends = Span(date(2026, 3, 8), date(2026, 3, 8)).moments(ZoneInfo("America/Denver"))
    assert (begins.astimezone(UTC), ends.astimezone(UTC)) == (
        datetime(2026, 3, 8, 7, tzinfo=UTC),
        datetime(2026, 3, 9, 6, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("first", "last", "label"),
    [
        ("2026-03-04", "2026-03-04", "Wed 4 Mar 2026"),
        ("2026-03-02", "2026-03-08", "2 to 8 Mar 2026"),
        ("2026-02-23", "2026-03-01", "23 Feb to 1 Mar 2026"),
        ("2025-12-29", "2026-01-04", "29 Dec 2025 to 4 Jan 2026"),
        ("2026-02-01", "2026-02-28", "Feb 2026"),
    ],
)
def test_what_a_span_is_called(first: str, last: str, label: str) -> None:
    assert Span(date.fromisoformat(first), date.fromisoformat(last)).label == label


def test_months() -> None:
    assert month_of(date(2026, 12, 31)) == Span(date(2026, 12, 1), date(2026, 12, 31))
    assert [months_back(date(2026, 1, 31), months) for months in (0, 1, 13)] == [
        date(2026, 1, 1),
        date(2025, 12, 1),
        date(2024, 12, 1),
    ]
