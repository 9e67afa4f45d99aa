"""Taking a log in: in batches of one transaction each, so that reading a source twice, or at once, changes nothing.

What was told is stored first, each thing once by its fingerprint; then every delivery that was touched is worked out
again from all its events, and the counts of its hour are moved by the difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from portal.branches.models import BranchProfile, SendingDomain, SendingServer
from portal.maillog import matching
from portal.maillog.addresses import domain_of, normal
from portal.maillog.ahead import ahead
from portal.maillog.bulk import Row, among, insert, numbers, wait_for_turn
from portal.maillog.importers.event import Item, Kind, LogEvent, Passed, Rejected
from portal.maillog.models import (
    CaseNote,
    ClientProfile,
    Delivery,
    DeliveryEvent,
    HourCount,
    IngestBatch,
    LogCoverage,
    MessageLog,
    Module,
    State,
)
from portal.maillog.replies import reading_of
from portal.maillog.states import Standing, standing_of

#: So many events are stored in one transaction.
BATCH = 5000
#: So many rejected lines are kept with the batch; all of them are counted.
KEPT_REJECTIONS = 1000
#: What is known of a message, and what stands where nothing is.
MESSAGE_FACTS: dict[str, Any] = {
    "sending_server_id": None, "module": Module.OTHER.value, "function": "", "message_id": "", "queue_id": "",
    "from_address": "", "envelope_from": "", "subject": "",
}  # fmt: skip
STANDING = ("at", "state", "state_at", "reply", "reply_code", "status", "remote_host", "cause", "attempts")
DELIVERY_COLUMNS = (
    "id", "message_id", "recipient_normal", "recipient", "recipient_domain", "leg", "branch_id", *STANDING,
)  # fmt: skip
EVENT_COLUMNS = (
    "delivery_id", "source", "at", "state", "reply", "reply_code", "status", "remote_host", "cause", "fingerprint",
    "raw",
)  # fmt: skip


@dataclass(slots=True)
class EventRow:
    """An event on its way into the log."""

    at: datetime
    state: str
    reply: str
    reply_code: str
    status: str
    remote_host: str
    cause: str
    fingerprint: str
    raw: str


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
    intake = _Intake(source)
    for items in ahead(_batches(events)):
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


def _batches(events: Iterable[Item]) -> Iterator[list[Item]]:
    """So much as is stored at once: a full batch, or what there is when the source pauses or ends."""
    items: list[Item] = []
    for item in events:
        items.append(item)
        if len(items) >= BATCH or (isinstance(item, Passed) and item.is_pause and len(items) > 1):
            yield items
            items = []
    if items:
        yield items


class _Intake:
    """One reading of a source: what it counted so far, and the branches and servers it has looked up."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines = self.new = self.duplicate = self.rejected_count = self._line = 0
        self.rejected: list[Rejected] = []
        self._branches = {branch.code: branch for branch in BranchProfile.objects.all()}
        self._servers = dict(SendingServer.objects.values_list("host", "pk"))
        self._domains: dict[str, str] = {}
        for domain, code in SendingDomain.objects.values_list("domain", "branch__code"):
            # A domain that two branches send from tells of neither.
            self._domains[domain] = "" if self._domains.get(domain, code) != code else code

    def take(self, items: list[Item]) -> None:
        """Store one batch: all of it or nothing of it."""
        good: list[LogEvent] = []
        for item in items:
            if isinstance(item, Passed):
                self.lines += item.lines
                continue
            # A line to several recipients tells several events, one after the other.
            self.lines += item.line != self._line
            self._line = item.line
            judged = item if isinstance(item, Rejected) else self._placed(item)
            if isinstance(judged, LogEvent):
                good.append(judged)
            else:
                self.rejected_count += 1
                if len(self.rejected) < KEPT_REJECTIONS:
                    self.rejected.append(judged)
        with transaction.atomic():
            new = self._store_clients([event for event in good if event.kind is Kind.CLIENT])
            new += self._store_notes([event for event in good if event.kind is Kind.CASE_NOTE])
            new += sum(self._store_coverage(event) for event in good if event.kind is Kind.COVERAGE)
            new += self._store_deliveries([event for event in good if event.state is not None])
        self.new += new
        self.duplicate += len(good) - new

    def _placed(self, event: LogEvent) -> LogEvent | Rejected:
        """The event with its branch: the one it names, or the one whose sending domain it came from."""
        if event.mark and not event.branch:
            sender, message_id = domain_of(event.envelope_from.lower()), event.message_id.rstrip(">").rpartition("@")[2]
            code = self._domains.get(sender) or self._domains.get(message_id.lower())
            if not code:
                return Rejected(
                    event.line, f"No branch sends from {sender or 'a sender not known here'}: give --branch."
                )
            return replace(event, branch=code)
        if event.branch and event.branch not in self._branches:
            return Rejected(event.line, f"There is no branch {event.branch!r}: load its profile first.")
        return event

    def _store_clients(self, events: list[LogEvent]) -> int:
        new = 0
        for event in {(event.branch, event.reference): event for event in events}.values():
            values = {"name": event.name, "email": event.email, "email_normal": normal(event.email)}
            branch = self._branches[event.branch]
            known = ClientProfile.objects.filter(branch=branch, reference=event.reference)
            if known.filter(**values).exists():
                continue
            ClientProfile.objects.update_or_create(branch=branch, reference=event.reference, defaults=values)
            new += 1
        return new

    def _store_notes(self, events: list[LogEvent]) -> int:
        rows = {event.fingerprint: event for event in events}
        known = set(CaseNote.objects.filter(fingerprint__in=rows).values_list("fingerprint", flat=True))
        fresh = [event for fingerprint, event in rows.items() if fingerprint not in known]
        addresses = {normal(event.email) for event in fresh}
        clients = {
            (client.branch_id, client.email_normal): client
            for client in ClientProfile.objects.filter(email_normal__in=addresses)
        }
        CaseNote.objects.bulk_create(
            (
                CaseNote(
                    branch=self._branches[event.branch],
                    at=event.at,
                    client=clients.get((self._branches[event.branch].pk, normal(event.email))),
                    email=event.email,
                    email_normal=normal(event.email),
                    text=event.text,
                    fingerprint=event.fingerprint,
                )
                for event in fresh
            ),
            ignore_conflicts=True,
        )
        return len(fresh)

    def _store_coverage(self, event: LogEvent) -> int:
        """Remember that the log is complete for a span, joined with the spans it touches."""
        branch = self._branches.get(event.branch)
        begins, ends = event.at, event.until or event.at
        touching = LogCoverage.objects.filter(branch=branch, begins__lte=ends, ends__gte=begins)
        spans = list(touching.values_list("begins", "ends"))
        if any(start <= begins and ends <= end for start, end in spans):
            return 0
        touching.delete()
        LogCoverage.objects.create(
            branch=branch,
            begins=min([begins, *(start for start, _ in spans)]),
            ends=max([ends, *(end for _, end in spans)]),
        )
        return 1

    def _store_deliveries(self, events: list[LogEvent]) -> int:
        """Store messages, deliveries and events; work the touched deliveries out again. Returns how many were new.

        1. What is known already, by its fingerprint, is left out.
        2. Messages are found or made; then the deliveries of those that were found are looked up.
        3. A new delivery is worked out from its events here, and written with them.
        4. A known one gets its events, and is worked out from all it ever had.
        """
        wait_for_turn()
        rows = {event.fingerprint: event for event in events}
        known = set(among(DeliveryEvent.objects.all(), "fingerprint", rows).values_list("fingerprint", flat=True))
        fresh = {fingerprint: event for fingerprint, event in rows.items() if fingerprint not in known}
        if not fresh:
            return 0
        messages, found = self._messages(list(fresh.values()))
        told: dict[tuple[int, str], list[EventRow]] = {}
        spelt: dict[tuple[int, str], LogEvent] = {}
        for fingerprint, event in fresh.items():
            key = messages[self._message_key(event)], normal(event.recipient)
            told.setdefault(key, []).append(self._event_row(event, fingerprint))
            spelt.setdefault(key, event)
        stored = self._stored_deliveries(told, {row.pk for row in found.messages.values()})
        self._write(told, spelt, stored)
        work_out(found.moved | set(stored.values()))
        if found.emptied:
            MessageLog.objects.filter(pk__in=found.emptied, deliveries=None).delete()
        return len(fresh)

    def _message_key(self, event: LogEvent) -> tuple[int, str]:
        return self._branches[event.branch].pk, event.key

    def _messages(self, events: list[LogEvent]) -> tuple[dict[tuple[int, str], int], matching.Found]:
        """The number of the message of each event, made where it is new; what the events say of it is filled in."""
        first: dict[tuple[int, str], list[LogEvent]] = {}
        for event in sorted(events, key=lambda event: (event.kind is not Kind.MESSAGE, event.at)):
            first.setdefault(self._message_key(event), []).append(event)
        found = matching.find(first)
        for key, row in found.messages.items():
            changed = matching.changes(row, matching.facts(first[key], self._servers), first[key])
            for name, value in changed.items():
                setattr(row, name, value)
            if changed:
                row.save(update_fields=list(changed))
        new = [key for key in first if key not in found.messages]
        made = dict(zip(new, numbers(MessageLog, len(new)), strict=True))
        insert(
            MessageLog,
            ("id", "branch_id", "key", "at", *MESSAGE_FACTS),
            [
                (number, *key, min(event.at for event in first[key]), *self._facts(first[key]))
                for key, number in made.items()
            ],
        )
        return {**made, **{key: row.pk for key, row in found.messages.items()}}, found

    def _facts(self, events: list[LogEvent]) -> tuple[Any, ...]:
        told = {**MESSAGE_FACTS, **matching.facts(events, self._servers)}
        return tuple(told[name] for name in MESSAGE_FACTS)

    def _stored_deliveries(
        self, told: dict[tuple[int, str], list[EventRow]], old: set[int]
    ) -> dict[tuple[int, str], int]:
        """Those of the wanted deliveries that are known; a message that is new has none."""
        wanted = [(message, recipient) for message, recipient in told if message in old]
        if not wanted:
            return {}
        rows = among(Delivery.objects.filter(leg=0), "message", {message for message, _ in wanted})
        keys = {
            (row.message_id, row.recipient_normal): row.pk for row in rows.only("pk", "message", "recipient_normal")
        }
        return {key: keys[key] for key in wanted if key in keys}

    def _write(
        self,
        told: dict[tuple[int, str], list[EventRow]],
        spelt: dict[tuple[int, str], LogEvent],
        stored: dict[tuple[int, str], int],
    ) -> None:
        """Write what is new: deliveries with where they stand, the events of all of them, the counts of their hours."""
        new = [key for key in told if key not in stored]
        made = dict(zip(new, numbers(Delivery, len(new)), strict=True))
        deliveries: list[Row] = []
        counts: Counter[tuple[int, datetime, str]] = Counter()
        for key, number in made.items():
            stands, event = standing_of(told[key]), spelt[key]
            branch = self._branches[event.branch].pk
            counts[branch, _hour(stands.at), stands.state] += 1
            deliveries.append((number, *key, event.recipient, domain_of(key[1]), 0, branch, *_cells(stands)))
        insert(Delivery, DELIVERY_COLUMNS, deliveries)
        insert(
            DeliveryEvent,
            EVENT_COLUMNS,
            [
                (made.get(key) or stored[key], self.source, *_event_cells(row))
                for key, events in told.items()
                for row in events
            ],
        )
        _move_counts(counts)

    def _event_row(self, event: LogEvent, fingerprint: str) -> EventRow:
        cause, status, code = "", event.status, event.reply_code
        if event.state in (State.DEFERRED, State.REFUSED, State.EXPIRED):
            reading = reading_of(event.reply, code, status, event.remote_host)
            cause, status, code = reading.cause, status or reading.status, code or reading.reply_code
        elif event.state is State.ERROR:
            cause = "send_error"
        return EventRow(
            event.at,
            str(event.state),
            event.reply,
            code[:3],
            status[:12],
            event.remote_host,
            cause,
            fingerprint,
            event.raw,
        )


def work_out(delivery_ids: set[int]) -> None:
    """Work these deliveries out again from their events, and move the counts of their hours by the difference.

    Call it inside a transaction. The rows are locked in one order, so that two callers never wait for each other.
    A delivery whose events have all gone to another is removed.
    """
    if not delivery_ids:
        return
    deltas: Counter[tuple[int, datetime, str]] = Counter()
    rows = {row.pk: row for row in Delivery.objects.select_for_update().filter(pk__in=delivery_ids).order_by("pk")}
    told: dict[int, list[DeliveryEvent]] = {}
    for event in DeliveryEvent.objects.filter(delivery__in=rows).defer("raw"):
        told.setdefault(event.delivery_id, []).append(event)
    for pk, row in rows.items():
        if row.state:
            deltas[row.branch_id, _hour(row.at), row.state] -= 1
        if pk in told:
            for name, value in zip(STANDING, _cells(standing_of(told[pk])), strict=True):
                setattr(row, name, value)
            deltas[row.branch_id, _hour(row.at), row.state] += 1
    Delivery.objects.bulk_update([rows[pk] for pk in sorted(told)], STANDING, batch_size=100)
    Delivery.objects.filter(pk__in=rows.keys() - told.keys()).delete()
    _move_counts(deltas)


def _cells(stands: Standing) -> tuple[Any, ...]:
    return (
        stands.at, stands.state, stands.state_at, stands.reply, stands.reply_code, stands.status, stands.remote_host,
        stands.cause, stands.attempts,
    )  # fmt: skip


def _event_cells(row: EventRow) -> tuple[Any, ...]:
    return (
        row.at, row.state, row.reply, row.reply_code, row.status, row.remote_host, row.cause, row.fingerprint, row.raw,
    )  # fmt: skip


def _move_counts(deltas: Counter[tuple[int, datetime, str]]) -> None:
    for (branch, hour, state), delta in sorted(deltas.items()):
        if delta:
            _count(branch, hour, state, delta)


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _count(branch: int, hour: datetime, state: str, delta: int) -> None:
    row = Q(branch=branch, hour=hour, state=state)
    if HourCount.objects.filter(row).update(recipients=F("recipients") + delta):
        return
    try:
        with transaction.atomic():
            HourCount.objects.create(branch_id=branch, hour=hour, state=state, recipients=delta)
    except IntegrityError:
        # Another reading made the row since we looked.
        HourCount.objects.filter(row).update(recipients=F("recipients") + delta)
