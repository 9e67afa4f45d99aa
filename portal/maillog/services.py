"""Taking a log in: in batches of one transaction each, so that reading a source twice, or at once, changes nothing.

What was told is stored first, each thing once by its fingerprint; then every delivery that was touched is worked out
again from all its events, and the counts are moved by the difference.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, tzinfo
from functools import lru_cache
from operator import attrgetter
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from portal.branches.models import BranchProfile, SendingDomain
from portal.maillog.addresses import domain_of
from portal.maillog.ahead import ahead
from portal.maillog.bulk import among, hasten, look_up_by_index, wait_for_turn
from portal.maillog.deliveries import Deliveries
from portal.maillog.drafts import Draft, split
from portal.maillog.importers.event import Item, Kind, LogEvent, Passed, Rejected
from portal.maillog.models import IngestBatch, MessageLog
from portal.maillog.origins import Origins
from portal.maillog.records import store_clients, store_coverage, store_notes

#: So many events are stored in one transaction; fewer on SQLite, where all others wait for it.
BATCH = 20_000 if connection.vendor == "postgresql" else 5000
#: So many rejected lines are kept with the batch; all of them are counted.
KEPT_REJECTIONS = 1000
_line = attrgetter("line")


class Zones:
    """The time zone of each branch, for times that name none; UTC for a branch that is not known."""

    def __init__(self) -> None:
        self._zones: dict[str, tzinfo] = {
            code: ZoneInfo(zone) for code, zone in BranchProfile.objects.values_list("code", "time_zone")
        }

    def __call__(self, branch: str) -> tzinfo:
        return self._zones.get(branch, UTC)


def ingest(events: Iterable[Item], *, source: str, name: str = "") -> IngestBatch:
    """Store what a source tells; returns how many lines were new, known already, and rejected with the reason.

    Stopping half-way leaves whole batches behind, and reading the source again adds what is missing.
    """
    # What is committed here without waiting for the disk is on it when the batch below is committed: the log of the
    # database is written in order. Inside a transaction of the caller's, the caller's commit must wait as ever.
    intake = _Intake(source, is_hasty=not connection.in_atomic_block)
    with _calm_collector():
        for items in ahead(map(intake.prepare, _batches(events))):
            intake.take(items)
    return IngestBatch.objects.create(
        source=source,
        name=name[:255],
        lines=intake.lines,
        new=intake.new,
        duplicate=intake.duplicate,
        rejected=[asdict(item) for item in intake.rejected],
        rejected_count=intake.rejected_count,
    )


@contextmanager
def _calm_collector() -> Iterator[None]:
    """Have the collector of cycles look less often, and at nothing that was there before: millions of events come and
    go here, and none is a cycle.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(500_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _batches(events: Iterable[Item]) -> Iterator[list[Item]]:
    """So much as is stored at once: a full batch, or what there is when the source pauses or ends.

    The first ones are smaller, so that the database has to wait for the first for as short a time as can be.
    """
    items: list[Item] = []
    size = BATCH // 8
    for item in events:
        items.append(item)
        if len(items) >= size or (isinstance(item, Passed) and item.is_pause and len(items) > 1):
            yield items
            items, size = [], min(size * 2, BATCH)
    if items:
        yield items


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is stored at once: so many lines, what of them cannot be used, and what they tell."""

    lines: int
    rejected: list[Rejected]
    events: list[LogEvent]
    draft: Draft | None


class _Intake:
    """One reading of a source: what it counted so far, and the branches and servers it has looked up."""

    def __init__(self, source: str, *, is_hasty: bool = False) -> None:
        """``is_hasty``: a batch need not be on the disk when the next begins."""
        self.source = source
        self._is_hasty = is_hasty
        self.lines = self.new = self.duplicate = self.rejected_count = self._line = 0
        self.rejected: list[Rejected] = []
        #: Whether most of the batch before was news.
        self._is_news = True
        self._branches = {branch.code: branch for branch in BranchProfile.objects.all()}
        self._codes = {branch.pk: code for code, branch in self._branches.items()}
        self._origins = Origins(source, self._branches)
        self._deliveries = Deliveries(self._origins)
        self._domains: dict[str, str] = {}
        for domain, code in SendingDomain.objects.values_list("domain", "branch__code"):
            # A domain that two branches send from tells of neither.
            self._domains[domain] = "" if self._domains.get(domain, code) != code else code
        self._sender = lru_cache(maxsize=10_000)(self._branch_of_sender)

    def prepare(self, items: list[Item]) -> _Batch:
        """Work out what needs no database, in the thread that reads ahead: whose the events are, what tells them from
        others, and what is written of messages that nobody has told of. Who sends from the sender's domain is a guess
        until it is known that no stored message is meant.
        """
        lines, events, rest = 0, [], []
        number, line = self._origins.servers.number, self._line
        for item in items:
            if isinstance(item, LogEvent):
                item.sending_server = number(item.server, item.log_name)
                if item.mark and not item.branch:
                    item.branch, item.is_guessed = self._branch_of(item), True
                events.append(item)
            elif isinstance(item, Passed):
                lines += item.lines
                continue
            else:
                rest.append(item)
            # A line to several recipients tells several events, one after the other.
            if item.line != line:
                lines, line = lines + 1, item.line
        self._line = line
        if not self._is_news:
            # What is read a second time is looked for by its fingerprint.
            for event in events:
                if event.branch:
                    assert event.fingerprint  # Worked out and kept.
            return _Batch(lines, rest, events, None)
        simple, others = split(events, self._origins)
        return _Batch(lines, rest, others, Draft(self._origins, simple) if simple else None)

    def _branch_of(self, event: LogEvent) -> str:
        """The branch that alone sends from the domain of the sender, or of the Message-ID; empty where none does."""
        code = self._sender(event.envelope_from)
        return code or self._domains.get(event.message_id.rstrip(">").rpartition("@")[2].lower(), "")

    def _branch_of_sender(self, envelope_from: str) -> str:
        return self._domains.get(domain_of(envelope_from.lower()), "")

    def take(self, batch: _Batch) -> None:
        """Store one batch: all of it or nothing of it."""
        with transaction.atomic():
            if self._is_hasty:
                hasten()
            draft = batch.draft
            senders, unheard = self._senders(batch)
            told, events = draft.told if draft else 0, batch.events
            if draft and (known := draft.sought.known(senders)):
                before = len(draft)
                events = sorted([*events, *draft.without(known)], key=_line)
                told -= before - len(draft)
            good = self._good(batch.rejected, events, senders)
            about = [event for event in good if event.state is not None]
            new = 0
            if len(about) < len(good):
                new += store_clients(self._branches, [event for event in good if event.kind is Kind.CLIENT])
                new += store_notes(self._branches, [event for event in good if event.kind is Kind.CASE_NOTE])
                new += sum(store_coverage(self._branches, event) for event in good if event.kind is Kind.COVERAGE)
            new += self._deliveries.store(about, unheard, draft)
        self.lines += batch.lines
        self.new += new
        self.duplicate += told + len(good) - new
        self._is_news = new * 2 >= told + len(good)

    def _good(self, rejected: list[Rejected], events: list[LogEvent], senders: Mapping[str, str]) -> list[LogEvent]:
        """What of ``events`` can be stored; the rest is counted, and why the first of it cannot is kept."""
        good: list[LogEvent] = []
        bad = [*rejected]
        for event in events:
            judged = self._placed(event, senders)
            if isinstance(judged, LogEvent):
                good.append(judged)
            else:
                bad.append(judged)
        self.rejected_count += len(bad)
        room = KEPT_REJECTIONS - len(self.rejected)
        self.rejected += sorted(bad, key=_line)[:room]
        return good

    def _senders(self, batch: _Batch) -> tuple[dict[str, str], set[str]]:
        """The branch of each Message-ID that was told of already, and those that nobody told of."""
        wanted = {event.message_id for event in batch.events if event.is_guessed} - {""}
        if not wanted and not batch.draft:
            return {}, set()
        # From here on nobody else tells of any.
        wait_for_turn()
        look_up_by_index()
        senders: dict[str, str] = {}
        if wanted:
            rows = among(MessageLog.objects.all(), ("message_id",), [(value,) for value in wanted])
            senders.update(rows.order_by("-pk").values_list("message_id", "branch__code"))
        if batch.draft:
            told_of = batch.draft.sought.told_of()
            # A branch that was made while this is being read has no code here; its messages are known all the same.
            senders |= {message_id: self._codes.get(branch, "") for message_id, branch in told_of.items()}
            wanted |= batch.draft.sought.message_ids
        return senders, wanted - senders.keys()

    def _placed(self, event: LogEvent, senders: Mapping[str, str]) -> LogEvent | Rejected:
        """The event with its branch: the one it names, that of its message, or the one that sends from its domain."""
        if event.is_guessed:
            code = senders.get(event.message_id) or event.branch
            if not code:
                name = domain_of(event.envelope_from.lower()) or "a sender not known here"
                return Rejected(event.line, f"No branch sends from {name}: give --branch.")
            event.place(code)
            return event
        if event.branch and event.branch not in self._branches:
            return Rejected(event.line, f"There is no branch {event.branch!r}: load its profile first.")
        return event
