"""Reading piece by piece: nothing is lost or counted twice at the seams; what the caller raises undoes its piece."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from portal.branches.models import BranchProfile
from portal.maillog import reading
from portal.maillog.importers.event import Item, Kind, LogEvent, Passed, Rejected, RejectedLine
from portal.maillog.models import DeliveryEvent, IngestBatch
from portal.maillog.reading import Part, parts_of, store

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def event(number: int, *, line: int = 0, branch: str = "north") -> LogEvent:
    return LogEvent(
        kind=Kind.MESSAGE,
        branch=branch,
        line=line or number,
        raw=f"raw {number}",
        at=NOON + timedelta(seconds=number),
        key=f"m{number}",
        recipient="lee@corp.example",
    )


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BATCH", 3)
    monkeypatch.setattr(reading, "KEPT_REJECTIONS", 2)
    monkeypatch.setattr(reading, "MOST_LINES", 10)


def shape(items: list[Item], known: frozenset[str] = frozenset({"north"})) -> list[tuple[int, int, int]]:
    return [(len(part.items), len(part.rejected), part.lines) for part in parts_of(items, known)]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], []),
        ([event(1), event(2), event(3), event(4)], [(3, 0, 3), (1, 0, 1)]),
        # A line to several recipients stays in one part.
        ([event(1), event(2), event(3, line=3), event(4, line=3), event(5)], [(4, 0, 3), (1, 0, 1)]),
        ([event(1), Passed(20), event(30)], [(1, 0, 21), (1, 0, 1)]),
        ([event(1), Passed(0, is_pause=True), event(2)], [(1, 0, 1), (1, 0, 1)]),
        ([Passed(0, is_pause=True)], []),
        ([Rejected(1, "a"), RejectedLine(2, "b", "x"), event(3)], [(1, 2, 3)]),
        # Of what may yet be rejected there is never more in a part than is told of.
        ([event(1, branch=""), event(2, branch="gone"), event(3, branch="")], [(2, 0, 2), (1, 0, 1)]),
    ],
)
def test_parts(items: list[Item], expected: list[tuple[int, int, int]]) -> None:
    assert shape(items) == expected


def test_every_rejected_line_is_handed_on(north: BranchProfile) -> None:
    """Also what cannot be placed, beyond those that a batch keeps."""
    items: list[Item] = [event(number, branch="gone") for number in range(1, 8)]
    told: list[tuple[int, str]] = []

    def after(part: Part, batch: IngestBatch) -> None:
        told.extend((item.line, item.raw) for item in part.rejected)

    batch = store([*items, RejectedLine(9, "no", "raw 9"), event(10)], source="jsonl", name="x", after=after)
    assert told == [*((number, f"raw {number}") for number in range(1, 8)), (9, "raw 9")]
    assert (batch.lines, batch.new, batch.rejected_count, len(batch.rejected)) == (9, 1, 8, 2)


def test_one_batch_counts_all_parts(north: BranchProfile) -> None:
    items = [event(number) for number in range(1, 9)]
    store([*items, event(1, line=9), Passed(4)], source="jsonl", name="x")
    batch = IngestBatch.objects.get()
    assert (batch.lines, batch.new, batch.duplicate, batch.rejected_count) == (13, 8, 1, 0)


def test_nothing_is_a_batch_too(db: None) -> None:
    assert store([], source="jsonl", name="x").lines == 0
    assert IngestBatch.objects.count() == 1


def test_what_the_caller_raises_undoes_its_part_alone(north: BranchProfile) -> None:
    def after(part: Part, batch: IngestBatch) -> None:
        if batch.new > 3:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        store([event(number) for number in range(1, 9)], source="jsonl", name="x", after=after)
    assert DeliveryEvent.objects.count() == 3
    assert IngestBatch.objects.get().new == 3


def test_the_position_is_that_of_lines_that_were_used(north: BranchProfile) -> None:
    at = 0

    def items() -> Iterator[Item]:
        nonlocal at
        for number in range(1, 8):
            yield event(number)
            if number % 2 == 0:
                at = number
                yield Passed(0)

    positions = [(part.position, part.last) for part in parts_of(items(), frozenset({"north"}), lambda: at)]
    assert all(position is None or position <= last for position, last in positions)
    assert positions == [(2, 3), (6, 6), (None, 7)]
