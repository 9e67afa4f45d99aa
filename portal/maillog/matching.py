"""Which message an event is about: by its key, then by Message-ID, then by queue id.

The sending application knows its own key, a server's log only the Message-ID, and an older part of a server's log only
the queue id. Whichever comes first makes the message; what comes later finds it, and puts the better key in place of
the poorer one. So the same sources end in the same messages, in whatever order they are read.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from portal.branches.logged import LoggedServers
from portal.branches.models import BranchProfile
from portal.maillog import bulk
from portal.maillog.bulk import among
from portal.maillog.importers.event import Kind, LogEvent
from portal.maillog.importers.server_log import QUEUE
from portal.maillog.models import Delivery, MessageLog, Module

#: A queue keeps a message for five days as a rule; a queue id told of later than this is another message's.
KEPT = timedelta(days=10)

#: What is known of a message beside its key and time.
FACTS = (
    "sending_server_id", "module", "function", "message_id", "queue_id", "from_address", "envelope_from", "subject",
)  # fmt: skip

#: What says nothing.
UNTOLD = ("", None, Module.OTHER)

Name = tuple[int, str]
_at = attrgetter("at")


@dataclass(slots=True)
class Found:
    """The messages that are known already; which deliveries moved between them, and which message they left behind."""

    messages: dict[Name, MessageLog] = field(default_factory=dict)
    moved: set[int] = field(default_factory=set)
    emptied: set[int] = field(default_factory=set)


def joined(
    events: list[LogEvent], branches: Mapping[str, BranchProfile], unheard: Container[str] = ()
) -> tuple[dict[Name, list[LogEvent]], Found]:
    """The events by message (branch and key), those that know best first; and the messages that are stored already.

    ``unheard`` are Message-IDs that are known to be in no stored message.
    """
    join(events)
    numbers = {code: branch.pk for code, branch in branches.items()}
    first: dict[Name, list[LogEvent]] = {}
    for event in sorted(events, key=_at):
        first.setdefault((numbers[event.branch], event.key), []).append(event)
    for group in first.values():
        if len(group) > 1:
            # The application's own line knows best. The order of time stays otherwise.
            group.sort(key=_is_told_by_server)
    return first, find(first, unheard)


def _is_told_by_server(event: LogEvent) -> bool:
    return event.kind is not Kind.MESSAGE


def join(events: list[LogEvent]) -> None:
    """Give all events of one message the best key that any of them knows. Their fingerprints stay what they were."""
    if all(event.key == event.message_id for event in events):
        return
    ids: dict[tuple[str, str], str] = {}
    best: dict[tuple[str, str], str] = {}
    for event in events:
        if event.message_id:
            if event.mark:
                ids[event.branch, event.mark] = event.message_id
            elif event.key != event.message_id:
                # The least of several, so that it does not matter which comes first.
                known = best.get((event.branch, event.message_id), event.key)
                best[event.branch, event.message_id] = min(known, event.key)
    for event in events:
        is_own = not event.mark and event.key != event.message_id
        message_id = event.message_id or ids.get((event.branch, event.mark), "")
        if message_id and not is_own:
            assert event.fingerprint  # Worked out and kept before the key it is made of changes.
            event.key = best.get((event.branch, message_id), message_id)


def find(first: dict[Name, list[LogEvent]], unheard: Container[str] = ()) -> Found:
    """The stored messages that these events, by branch and key, are about."""
    keys = set(first)
    queue_ids: set[str] = set()
    for name, events in first.items():
        for event in events:
            if event.message_id and event.message_id != name[1]:
                keys.add((name[0], event.message_id))
            if event.queue_id and event.mark:
                queue_ids.add(event.queue_id)
            elif event.mark:
                keys.add((name[0], QUEUE + event.mark))
    by_key = {(row.branch_id, row.key): row for row in _rows(("branch", "key"), keys)}
    missing = {name: events[0] for name, events in first.items() if name not in by_key}
    ids = {event.message_id for event in missing.values() if event.mark and event.message_id not in unheard}
    by_id = _by("message_id", ids)
    by_queue = _by("queue_id", queue_ids)
    # What has a queue id for its key is found by it, too: such a message has no other key yet.
    by_key |= {(row.branch_id, row.key): row for row in by_queue.values() if row.key.startswith(QUEUE)}
    found = Found()
    if not by_key and not by_id and not by_queue:
        return found
    for name, events in first.items():
        branch, event = name[0], events[0]
        row = by_key.get(name)
        if row is None and event.mark:
            row = by_id.get((branch, event.message_id)) or _near(by_queue.get((branch, event.queue_id)), event)
        for key in _other_keys(events):
            other = by_key.get((branch, key))
            if other is None or other is row or (key.startswith(QUEUE) and _near(other, event) is None):
                continue
            if row is None:
                row = other
            else:
                found.moved |= _merge(other, row)
                found.emptied.add(other.pk)
        if row is not None:
            found.messages[name] = _named(row, event)
    return found


class Sought:
    """What new messages of a server's log, which name their Message-ID, are looked for by.

    Making it needs no database, so that another thread can.
    """

    def __init__(self, told: Iterable[tuple[Name, list[LogEvent]]]) -> None:
        self._names: set[Name] = set()
        self._queues: dict[Name, list[Name]] = {}
        moments: set[datetime] = set()
        for name, events in told:
            self._names.add(name)
            for event in events:
                self._queues.setdefault((name[0], event.queue_id), []).append(name)
                moments.add(event.at)
        self._begins, self._ends = min(moments) - KEPT, max(moments) + KEPT
        #: Their Message-IDs, whichever branch they are of.
        self.message_ids = frozenset(key for _, key in self._names)
        self._by_message_id = bulk.Question(MessageLog, ("message_id",), ((value,) for value in self.message_ids))
        self._by_key = bulk.Question(MessageLog, ("branch", "key"), self._names)
        self._by_queue_id = bulk.Question(MessageLog, ("queue_id",), ((queue_id,) for _, queue_id in self._queues))

    def told_of(self) -> dict[str, int]:
        """The Message-IDs that a stored message has, and the number of its branch. One query."""
        found = self._by_message_id.found("id", "message_id", "branch")
        # Of several the one that was made first.
        return {message_id: branch for _, message_id, branch in sorted(found, reverse=True)}

    def known(self, told_of: Container[str]) -> set[Name]:
        """The messages that a stored one may be: with a Message-ID in ``told_of``, with the same key, or with a queue
        id of theirs at that time. Two queries.
        """
        found = {name for name in self._names if name[1] in told_of} if told_of else set()
        found.update(name for name in self._by_key.found("branch", "key") if name in self._names)
        # Queue ids are used again. The time is no part of the question: on a table that was not analysed yet the
        # planner would rather read all of that time for every batch.
        for branch, queue_id, at in self._by_queue_id.found("branch", "queue_id", "at"):
            if self._begins < at < self._ends:
                found.update(self._queues.get((branch, queue_id), ()))
        return found


def _rows(names: tuple[str, ...], values: Iterable[tuple[Any, ...]]) -> Iterable[MessageLog]:
    # The order is by number, so that of two rows the one that was made first is kept last, whoever looks.
    return among(MessageLog.objects.all(), names, values).order_by("-pk")


def _by(name: str, values: set[str]) -> dict[Name, MessageLog]:
    values.discard("")
    if not values:
        return {}
    return {(row.branch_id, getattr(row, name)): row for row in _rows((name,), [(value,) for value in values])}


def _other_keys(events: list[LogEvent]) -> set[str]:
    """Poorer keys by which the same message may have been stored before."""
    keys = {event.message_id for event in events} | {QUEUE + event.mark for event in events if event.mark}
    return keys - {events[0].key, ""}


def _near(row: MessageLog | None, event: LogEvent) -> MessageLog | None:
    return row if row is not None and abs(row.at - event.at) < KEPT else None


def _named(row: MessageLog, event: LogEvent) -> MessageLog:
    """Give the row the better of its key and the event's: the application's, then the Message-ID, then the queue id."""
    is_own = event.key != event.message_id
    is_poor = row.key.startswith(QUEUE) or (row.key == row.message_id and is_own)
    if event.key != row.key and is_poor and not event.key.startswith(QUEUE):
        row.key = event.key
        row.save(update_fields=["key"])
    return row


def _merge(other: MessageLog, row: MessageLog) -> set[int]:
    """Put what was told of ``other`` to ``row``; returns the deliveries that have to be worked out again."""
    known = [name for name in FACTS if getattr(other, name) not in UNTOLD]
    news = [name for name in known if getattr(row, name) in UNTOLD]
    if other.at < row.at:
        news.append("at")
    for name in news:
        setattr(row, name, getattr(other, name))
    if news:
        row.save(update_fields=news)
    into = {delivery.recipient_normal: delivery for delivery in row.deliveries.all()}
    touched = set()
    for delivery in other.deliveries.all():
        target = into.get(delivery.recipient_normal)
        if target is None:
            Delivery.objects.filter(pk=delivery.pk).update(message=row)
            touched.add(delivery.pk)
            continue
        delivery.events.update(delivery=target)
        touched |= {target.pk, delivery.pk}
    return touched


def facts(events: list[LogEvent], servers: LoggedServers) -> dict[str, Any]:
    """What ``events`` of one message say of the message itself; the application's own line knows best.

    It was handed to the server as a whole, whichever of its addresses an attempt was made from.
    """
    told: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for event in events:
        if event.kind is Kind.MESSAGE:
            own = own or {name: value for name, value in _own(event, servers).items() if value}
        elif event.mark:
            _add(told, event, servers)
        else:
            # A row that tells what became of it may tell of the message too; another row of it may know better.
            for name, value in _own(event, servers).items():
                if value not in UNTOLD:
                    told.setdefault(name, value)
    return {**told, **own}


def _own(event: LogEvent, servers: LoggedServers) -> dict[str, Any]:
    return {
        "sending_server_id": servers.number(event.server),
        "module": event.module,
        "function": event.function,
        "message_id": event.message_id,
        "queue_id": event.queue_id,
        "from_address": event.from_address,
        "envelope_from": event.envelope_from,
        "subject": event.subject,
    }


def _add(told: dict[str, Any], event: LogEvent, servers: LoggedServers) -> None:
    """A server's line: the queue id is that of the last leg, under which it was (or still is) tried."""
    if event.message_id:
        told["message_id"] = event.message_id
    if event.envelope_from:
        told["envelope_from"] = event.envelope_from
    if event.queue_id and (event.kind is not Kind.HANDED or "queue_id" not in told):
        told["queue_id"] = event.queue_id
    if number := servers.number(event.server):
        told["sending_server_id"] = number


def changes(row: MessageLog, told: dict[str, Any], events: list[LogEvent]) -> dict[str, Any]:
    """What of ``told`` is news to the stored message. A server's line completes it, and overrules only its own."""
    is_own = any(event.kind is Kind.MESSAGE for event in events)
    is_handed = all(event.kind is Kind.HANDED for event in events)
    news = {}
    for name, value in told.items():
        kept = getattr(row, name)
        if value and kept != value and (is_own or kept in UNTOLD or (name == "queue_id" and not is_handed)):
            news[name] = value
    earliest = min(event.at for event in events)
    return {**news, "at": earliest} if earliest < row.at else news
