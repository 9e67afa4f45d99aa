"""A case's lines of a log: their year by the case's own now, and what was left out put in its place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portal.cases.lines import whole

NOW = datetime(2026, 3, 4, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Mar  4 14:02:11 smtp x", "2026-03-04T14:02:11+00:00 smtp x"),
        ("Mar 4 14:02:11 smtp x", "2026-03-04T14:02:11+00:00 smtp x"),
        ("Mar  4 14:02:11.123456 smtp x", "2026-03-04T14:02:11.123456+00:00 smtp x"),
        # The latest year that does not lie after now, but for the difference of two clocks.
        ("Mar  4 15:09:00 smtp x", "2026-03-04T15:09:00+00:00 smtp x"),
        ("Mar  4 16:00:00 smtp x", "2025-03-04T16:00:00+00:00 smtp x"),
        ("Dec 31 23:59:60 smtp x", "2025-12-31T23:59:59+00:00 smtp x"),
        ("Feb 29 10:00:00 smtp x", "2024-02-29T10:00:00+00:00 smtp x"),
        # Times are UTC where they name no zone.
        ("2026-03-04T14:02:11 smtp x", "2026-03-04T14:02:11+00:00 smtp x"),
        ("2026-03-04T14:02:11Z smtp x", "2026-03-04T14:02:11+00:00 smtp x"),
        ("2026-03-04T15:02:11+01:00 smtp x", "2026-03-04T15:02:11+01:00 smtp x"),
        # No time at all, and none that there is: the importer says so.
        ("", ""),
        ("Foo  4 14:02:11 smtp x", "Foo  4 14:02:11 smtp x"),
        ("Mar 44 14:02:11 smtp x", "Mar 44 14:02:11 smtp x"),
    ],
)
def test_times(line: str, expected: str) -> None:
    assert whole([line + "\n"], now=NOW) == [expected]


HEAD = "2026-03-04T14:02:11+00:00 smtp postfix/smtp[411]: "
TO, TOLD = "to=<lee@corp.example>, ", "dsn=5.0.0, status=bounced (host x[192.0.2.1] said: 550 no)"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"4Bq1: {TO}relay=..., {TOLD}", f"4Bq10: {TO}relay=..., delay=0, {TOLD}"),
        (f"4Bq1xk0Zz9z1: {TO}{TOLD}", f"4Bq1xk0Zz9z1: {TO}relay=none, delay=0, {TOLD}"),
        (f"4Bq1xk: {TO}orig_to=<a@b.example>, relay=x[192.0.2.1]:25, {TOLD}",
         f"4Bq1xk: {TO}orig_to=<a@b.example>, relay=x[192.0.2.1]:25, delay=0, {TOLD}"),
        (f"4Bq1xk: {TO}relay=x, delays=0/0/0/1, {TOLD}", f"4Bq1xk: {TO}relay=x, delay=0, delays=0/0/0/1, {TOLD}"),
        (f"4Bq1xk: {TO}relay=x, delay=1.3, delays=0/0/0/1, {TOLD}",
         f"4Bq1xk: {TO}relay=x, delay=1.3, delays=0/0/0/1, {TOLD}"),
        ("4Bq1xk: removed", "4Bq1xk: removed"),
    ],
)  # fmt: skip
def test_what_a_person_leaves_out(line: str, expected: str) -> None:
    assert whole([HEAD + line], now=NOW) == [HEAD + expected]
