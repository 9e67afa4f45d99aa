"""Reading a log piece by piece: each piece is stored, counted and told of before the next.

:func:`portal.maillog.services.ingest` stores a whole source and tells in the end what came of it. That is too late
where somebody looks on, where reading may be stopped and taken up again, or where the source never ends. Here the
source is cut into parts, each of which is ingested in one transaction together with whatever the caller keeps beside
it, and every rejected line is handed on, not only the first thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from portal.branches.models import BranchProfile
from portal.maillog.ahead import ahead
from portal.maillog.importers.event import Item, LogEvent, Passed, Rejected, RejectedLine
from portal.maillog.models import IngestBatch
from portal.maillog.services import BATCH, KEPT_REJECTIONS, ingest

Judge = Callable[[Iterable[Item]], Iterable[Item]]
#: A part is no larger than this even where none of its lines tells anything.
MOST_LINES = 100_000


@dataclass(slots=True)
class Part:
    """Some lines that follow each other.

    ``rejected`` are those that could not be read; after it was stored, also those that could not be placed.
    ``position`` is where in the source it ends, where the source can say.
    """

    items: list[Item] = field(default_factory=list)
    rejected: list[RejectedLine] = field(default_factory=list)
    lines: int = 0
    position: Any = None
    doubtful: int = 0
    last: int = 0

    @property
    def is_full(self) -> bool:
        # Of what ingest itself rejects it keeps the first thousand: there must never be more in a part.
        return (
            len(self.items) >= BATCH
            or self.doubtful >= KEPT_REJECTIONS
            or len(self.rejected) >= BATCH
            or self.lines >= MOST_LINES
        )

    def judge(self, judge: Judge) -> None:
        """Have ``judge`` say of each event whether it may be stored; what it puts in its place is rejected."""
        items, self.items = self.items, []
        for item in judge(items):
            if isinstance(item, RejectedLine):
                self.rejected.append(item)
            else:
                self.items.append(item)

    def add(self, item: LogEvent | Rejected, known: frozenset[str]) -> None:
        self.lines += item.line != self.last
        self.last = item.line
        if isinstance(item, Rejected):
            self.rejected.append(item if isinstance(item, RejectedLine) else RejectedLine(item.line, item.why, ""))
        else:
            self.items.append(item)
            self.doubtful += item.branch not in known


def parts_of(
    items: Iterable[Item], known: frozenset[str] = frozenset(), position: Callable[[], Any] | None = None
) -> Iterator[Part]:
    """``items`` in parts, never in the midst of a line; what there is when the source pauses. ``known``: branches."""
    part = Part()
    for item in items:
        if isinstance(item, Passed):
            part.lines += item.lines
            if position is not None:
                part.position = position()
            if not (part.is_full or (item.is_pause and part.lines)):
                continue
            yield part
            part = Part()
        else:
            if part.is_full and item.line != part.last:
                yield part
                part = Part(last=part.last)
            part.add(item, known)
    if part.lines or part.position is not None:
        yield part


def store(
    events: Iterable[Item],
    *,
    source: str,
    name: str,
    after: Callable[[Part, IngestBatch], None] | None = None,
    position: Callable[[], Any] | None = None,
    judge: Judge | None = None,
) -> IngestBatch:
    """Store what a source tells part by part; returns the batch, which is there and counts from the first part on.

    ``after`` is called in the transaction of each part, with the part and the batch so far: what it raises undoes the
    part. ``judge`` looks at the events before they are stored, where it may ask the database: ``events`` are read in
    another thread. Stopping half-way leaves whole parts behind, and reading the source again adds what is missing.
    """
    known = frozenset(BranchProfile.objects.values_list("code", flat=True))
    batch: IngestBatch | None = None
    for part in ahead(parts_of(events, known, position)):
        with transaction.atomic():
            if judge is not None:
                part.judge(judge)
            batch = _counted(batch, part, ingest(part.items, source=source, name=name))
            if after is not None:
                after(part, batch)
    return batch if batch is not None else ingest([], source=source, name=name)


def _counted(batch: IngestBatch | None, part: Part, told: IngestBatch) -> IngestBatch:
    """Add what became of one part to the batch of the whole reading, which the first part's becomes."""
    raws = {item.line: item.raw for item in part.items if isinstance(item, LogEvent)}
    part.rejected += [RejectedLine(item["line"], item["why"], raws.get(item["line"], "")) for item in told.rejected]
    part.rejected.sort(key=lambda item: item.line)
    first = batch is None
    batch = batch or told
    batch.lines = part.lines if first else batch.lines + part.lines
    batch.rejected_count = len(part.rejected) if first else batch.rejected_count + len(part.rejected)
    kept = [] if first else batch.rejected
    room = KEPT_REJECTIONS - len(kept)
    batch.rejected = kept + [{"line": item.line, "why": item.why} for item in part.rejected[: max(room, 0)]]
    if not first:
        batch.new += told.new
        batch.duplicate += told.duplicate
        told.delete()
    batch.save()
    return batch
