"""Dates as servers write them (P111)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.engine.messages.headers.dates import read_date

TEN = datetime(2026, 3, 3, 10, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Tue, 3 Mar 2026 10:00:00 +0000",
        "3 Mar 2026 10:00:00 -0000",
        "Tue, 03 Mar 2026 11:00:00 +0100 (CET)",
        "Tue, 3 Mar 2026 11:00:00 +01:00",
        "Tue, 3 Mar 2026 10:00:00 UTC",
        "Tue, 3 Mar 2026 10:00:00 GMT",
        "Tue, 3 Mar 2026 05:00:00 EST",
        "Tue, 3 Mar 2026 19:00:00 (JST)",
        "Tue, 3 Mar 26 10:00:00 +0000 (added by postmaster@corp.example)",
        "Tue, 3 March 2026 10:00 +0000",
        "Tue, 3-Mar-2026 10:00:00 +0000",
        "2026-03-03T10:00:00Z",
        "2026-03-03 10:00:00.000000000 +0000 UTC m=+0.120000001",
        "Tue Mar  3 10:00:00 2026",
        "Tue Mar 3 11:00:00 CET 2026",
        "id 4XyZ Tue, 3 Mar 2026 10:00:00 +0000 (UTC)",
    ],
)
def test_p111_one_time_in_many_forms(text: str) -> None:
    stamp = read_date(text)
    assert stamp is not None
    assert stamp.at == TEN
    assert stamp.is_zone_assumed is ("Mar  3" in text)


@pytest.mark.parametrize(
    ("text", "at", "is_assumed"),
    [
        ("Tue, 3 Mar 2026 10:00:00", TEN, True),
        ("Tue, 3 Mar 2026 10:00:00 XYZ", TEN, True),
        ("Tue, 3 Mar 2026 10:00:00 +9900", TEN, True),
        ("2026-03-03 10:00:00.5 +0000 UTC", TEN + timedelta(seconds=0.5), False),
        ("Tue, 3 Mar 2026 09:59:60 +0000", TEN - timedelta(seconds=1), False),
        ("Tue, 3 Mar 1999 10:00:00 +0000", TEN.replace(year=1999), False),
        ("Tue, 3 Mar 99 10:00:00 +0000", TEN.replace(year=1999), False),
        ("Tue, 3 Mar 126 10:00:00 +0000", TEN, False),
    ],
)
def test_p111_zones_and_years(text: str, at: datetime, is_assumed: bool) -> None:
    stamp = read_date(text)
    assert stamp is not None
    assert (stamp.at, stamp.is_zone_assumed) == (at, is_assumed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "31 Feb 2026 10:00:00 +0000",
        "3 Mar 2026 25:00:00",
        "3 Mar 2026 10:00:00 PM",
        "1 Jan 0001 1:00:00",
    ],
)
def test_what_is_no_date_is_nothing(text: str) -> None:
    assert read_date(text) is None


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789 :-+.TZ,MarUTC()m=", max_size=60))
def test_any_text(text: str) -> None:
    stamp = read_date(text)
    assert stamp is None or stamp.at.tzinfo is not None
