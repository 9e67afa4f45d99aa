"""Keyset pages: every row once, in order, however many share a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.branches.models import BranchEvent, BranchProfile
from portal.web.pages import key_of, page_of, read_key

# A moment whose seconds no binary fraction holds.
AT = datetime(2026, 3, 4, 12, 0, 0, 123457, tzinfo=UTC)


@pytest.fixture
def rows(north: BranchProfile) -> list[BranchEvent]:
    BranchEvent.objects.all().delete()
    moments = [AT, AT, AT, AT + timedelta(microseconds=1), AT - timedelta(microseconds=1), AT - timedelta(days=1)]
    return [BranchEvent.objects.create(branch=north, at=at, kind="x") for at in moments]


def walk(direction: str, key: str) -> list[int]:
    found: list[int] = []
    for _ in range(20):
        page = page_of(BranchEvent.objects.all(), {direction: key} if key else {}, by="at", size=2)
        found += [row.pk for row in (page.rows if direction == "after" else reversed(page.rows))]
        key = page.older if direction == "after" else page.newer
        if not key:
            return found
    raise AssertionError("The pages do not end.")


def test_every_row_once_in_both_directions(rows: list[BranchEvent]) -> None:
    expected = [row.pk for row in sorted(rows, key=lambda row: (row.at, row.pk), reverse=True)]
    assert walk("after", "") == expected
    oldest = min(rows, key=lambda row: (row.at, row.pk))
    assert walk("before", key_of(oldest, "at")) == expected[-2::-1]


def test_every_row_once_with_the_oldest_first(rows: list[BranchEvent]) -> None:
    expected = [row.pk for row in sorted(rows, key=lambda row: (row.at, row.pk))]
    seen: list[int] = []
    key = ""
    for _ in range(3):
        page = page_of(BranchEvent.objects.all(), {"before": key} if key else {}, by="at", size=2, oldest_first=True)
        seen += [row.pk for row in page.rows]
        key = page.newer
    assert (seen, key) == (expected, "")
    back = page_of(BranchEvent.objects.all(), {"after": page.older}, by="at", size=2, oldest_first=True)
    assert [row.pk for row in back.rows] == expected[2:4]
    first = page_of(BranchEvent.objects.all(), {"after": back.older}, by="at", size=2, oldest_first=True)
    assert ([row.pk for row in first.rows], first.older) == (expected[:2], "")


def test_a_key_is_exact() -> None:
    assert read_key(key_of(BranchEvent(pk=7, at=AT), "at")) == (AT, 7)


@pytest.mark.parametrize("key", ["", "x", "1", "1-", "-", "99999999999999999999999-1", "1-x"])
def test_a_key_that_cannot_be_read(key: str) -> None:
    assert read_key(key) is None
