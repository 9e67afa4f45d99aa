"""Times of a server's log: what was read of one is remembered for others, but never longer than it is right."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from portal.maillog.importers.event import EventProblem
from portal.maillog.importers.server_log import Clock


@time_machine.travel("2026-03-05T00:00:00Z")
def test_times_of_one_minute() -> None:
    clock = Clock(ZoneInfo("America/Denver"))
    assert [clock(f"Mar  4 14:02:{second}") for second in ("10", "07", "60")] == [
        datetime(2026, 3, 4, 21, 2, second, tzinfo=UTC) for second in (10, 7, 59)
    ]
    assert clock("Mar  4 14:02:10.25") == datetime(2026, 3, 4, 21, 2, 10, 250_000, tzinfo=UTC)
    with pytest.raises(EventProblem):
        clock("Mar  4 14:02:xx")


@time_machine.travel("2026-03-05T00:00:00Z")
def test_of_the_minute_that_it_is_each_second_is_judged() -> None:
    clock = Clock(UTC)
    assert clock("Mar  5 00:09:59") == datetime(2026, 3, 5, 0, 9, 59, tzinfo=UTC)
    with pytest.raises(EventProblem, match="time zone"):
        clock("Mar  5 00:10:01")


def test_the_same_day_comes_again() -> None:
    with time_machine.travel("2026-03-05T00:00:00Z") as now:
        clock = Clock(UTC)
        assert clock("Mar  4 14:02:10").year == 2026
        now.move_to("2027-03-05T00:00:00Z")
        assert clock("Mar  4 23:00:00").year == 2027
        assert [clock(f"Mar  4 14:02:{second}").year for second in (10, 11)] == [2027, 2027]
