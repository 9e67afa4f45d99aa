"""Storing what is told of deliveries: messages, deliveries, events and counts, in the transaction of one batch."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Any

from django.db import IntegrityError, transaction

from portal.maillog import matching, partitions, refusals
from portal.maillog.attempts import name_attempts, servers_of
from portal.maillog.bulk import Writer, among, look_up_by_index, numbers, wait_for_turn, writer
from portal.maillog.counts import Counted, Counts
from portal.maillog.drafts import Draft
from portal.maillog.importers.event import LogEvent
from portal.maillog.models import Delivery, DeliveryEvent, MessageLog, State
from portal.maillog.origins import Name, Origins, Place
from portal.maillog.providers import provider_of
from portal.maillog.replies import named_rules
from portal.maillog.states import Standing, standing_of

#: What is worked out from the events of a delivery and from its message.
STANDING = (
    "at", "state", "state_at", "reply", "reply_code", "status", "remote_host", "cause", "attempts", "complained_at",
    "provider", "module", "server",
)  # fmt: skip
#: A message's number and the recipient's normal address.
Told = tuple[int, str]
_line = attrgetter("line")


class Deliveries:
    """The store of one reading of a source."""

    def __init__(self, origins: Origins) -> None:
        self._origins = origins

    def store(self, events: list[LogEvent], unheard: Collection[str] = (), draft: Draft | None = None) -> int:
        """Store messages, deliveries and events; work the touched deliveries out again. Returns how many were new.

        Call it inside a transaction. ``unheard`` are Message-IDs that no stored message has, as far as this transaction
        has asked; ``draft`` holds messages of them that no stored one may be. Of such a message nothing is known, so
        that its events need not be looked for; should a message have lost its Message-ID to another, the table refuses
        them the second time, and they are looked for after all.

        1. What is known already, by its fingerprint, is left out.
        2. Messages are found or made; then the deliveries of those that were found are looked up.
        3. A new delivery is worked out from its events here, and written with them.
        4. A known one gets its events, and is worked out from all it ever had.
        """
        if not events and not draft:
            return 0
        try:
            with transaction.atomic():
                return self._store(events, unheard, draft)
        except IntegrityError:
            if not unheard:
                raise
            everything = [*events, *(draft.events() if draft else ())]
            return self._store(sorted(everything, key=_line))

    def _store(self, events: list[LogEvent], unheard: Container[str] = (), draft: Draft | None = None) -> int:
        wait_for_turn()
        look_up_by_index()
        named_rules()
        fresh = self._fresh(events, unheard) if events else []
        if not fresh and not draft:
            return 0
        partitions.ensure({event.at for event in fresh} | (draft.moments if draft else set()))
        counts = draft.counts if draft else Counts(self._origins.zones)
        found, touched = matching.Found(), set[int]()
        with writer() as write:
            if draft:
                draft.write(write)
            if fresh:
                messages, found = matching.joined(fresh, self._origins.branches, unheard)
                touched = self._put(messages, found, counts, write)
                counts.add_attempts(self._origins.tries(fresh))
        work_out(found.moved | touched, counts)
        counts.write()
        if found.emptied:
            MessageLog.objects.filter(pk__in=found.emptied, deliveries=None).delete()
        told = chain(fresh, draft.events() if draft else ())
        refusals.tell(self._origins.source, self._origins.branches, told)
        return len(fresh) + (len(draft) if draft else 0)

    def _fresh(self, events: list[LogEvent], unheard: Container[str]) -> list[LogEvent]:
        """Those of ``events`` that are not stored yet, each once."""
        rows = {event.fingerprint: event for event in events}
        asked = [name for name, event in rows.items() if event.message_id not in unheard]
        if not asked:
            return list(rows.values())
        at = {rows[name].at for name in asked}
        # A fingerprint holds the time, so only the partitions of these months have to be looked through.
        stored = among(DeliveryEvent.objects.filter(at__range=(min(at), max(at))), ("fingerprint",), zip(asked))
        for fingerprint in stored.values_list("fingerprint", flat=True):
            rows.pop(fingerprint, None)
        return list(rows.values())

    def _put(
        self, messages: dict[Name, list[LogEvent]], found: matching.Found, counts: Counts, write: Writer
    ) -> set[int]:
        """Write what is new of these messages; returns the known deliveries that something was told of."""
        places, keys = self._messages(messages, found, write)
        told: dict[Told, list[LogEvent]] = {}
        for key, group in messages.items():
            number = keys[key]
            self._origins.read_replies(group, places[number][1])
            for event in group:
                told.setdefault((number, event.address), []).append(event)
        name_attempts(found.moved, places, counts)
        stored = self._stored(told, {row.pk for row in found.messages.values()})
        new = [key for key in told if key not in stored] if stored else [*told]
        rows, cells = self._origins.delivery_rows([told[key] for key in new], [places[message] for message, _ in new])
        made = numbers(Delivery, len(new))
        known = dict(zip(new, made, strict=True)) | stored
        events = self._origins.event_rows([*chain.from_iterable(told.values())])
        write.insert(events, delivery_id=[known[key] for key, group in told.items() for _ in group])
        write.insert(rows, id=made, message_id=[message for message, _ in new])
        counts.add(cells, 1)
        return set(stored.values())

    def _messages(
        self, messages: dict[Name, list[LogEvent]], found: matching.Found, write: Writer
    ) -> tuple[dict[int, Place], dict[Name, int]]:
        """Write the messages that are new; what the events say of the others is filled in.

        Returns module and server of each number, and the number of each message.
        """
        places: dict[int, Place] = {}
        keys = {key: row.pk for key, row in found.messages.items()}
        for key, row in found.messages.items():
            changed = matching.changes(row, matching.facts(messages[key], self._origins.servers), messages[key])
            for name, value in changed.items():
                setattr(row, name, value)
            if changed:
                row.save(update_fields=list(changed))
            if "module" in changed or "sending_server_id" in changed:
                found.moved.update(row.deliveries.values_list("pk", flat=True))
            places[row.pk] = row.module, self._origins.servers.host(row.sending_server_id)
        new = [key for key in messages if key not in keys]
        made = numbers(MessageLog, len(new))
        groups = [messages[key] for key in new]
        facts = [*map(self._origins.facts, groups)]
        keys |= zip(new, made, strict=True)
        places |= zip(made, map(self._origins.place, facts), strict=True)
        write.insert(self._origins.message_rows(new, groups, facts), id=made)
        return places, keys

    def _stored(self, told: Iterable[Told], old: set[int]) -> dict[Told, int]:
        """Those of the wanted deliveries that are known; a message that is new has none."""
        wanted = [(message, recipient) for message, recipient in told if message in old]
        if not wanted:
            return {}
        rows = among(Delivery.objects.filter(leg=0), ("message", "recipient_normal"), wanted)
        keys = {
            (row.message_id, row.recipient_normal): row.pk for row in rows.only("pk", "message", "recipient_normal")
        }
        return {key: keys[key] for key in wanted if key in keys}


def work_out(delivery_ids: set[int], counts: Counts | None = None) -> None:
    """Work these deliveries out again from their events, and move the counts by the difference.

    Call it inside a transaction. The rows are locked in one order, so that two callers never wait for each other.
    A delivery whose events have all gone to another is removed. With ``counts`` the caller writes them.
    """
    if not delivery_ids:
        return
    moved = counts or Counts()
    rows = {row.pk: row for row in Delivery.objects.select_for_update().filter(pk__in=delivery_ids).order_by("pk")}
    messages = MessageLog.objects.select_related("sending_server").in_bulk({row.message_id for row in rows.values()})
    told: dict[int, list[DeliveryEvent]] = {}
    for event in DeliveryEvent.objects.filter(delivery__in=rows).defer("raw"):
        told.setdefault(event.delivery_id, []).append(event)
    servers = servers_of(rows)
    for pk, row in rows.items():
        moved.add([counted_of(row)], -1)
        if pk not in told:
            continue
        stands, message = standing_of(_remembered(row, told[pk])), messages[row.message_id]
        stands.attempts = max(stands.attempts, row.attempts if stands.at < min(e.at for e in told[pk]) else 0)
        # What told of the attempts may have been dropped; the row still knows it.
        is_whole = min(event.at for event in told[pk]) <= row.at
        handed_to = message.sending_server.host if message.sending_server else ""
        server = servers.get(pk) or ("" if is_whole else row.server) or handed_to
        cells = _cells(stands, provider_of(stands.answered_by, row.recipient_domain), message.module, server)
        for name, value in zip(STANDING, cells, strict=True):
            setattr(row, name, value)
        moved.add([counted_of(row)], 1)
    Delivery.objects.bulk_update([rows[pk] for pk in sorted(told)], STANDING, batch_size=100)
    Delivery.objects.filter(pk__in=rows.keys() - told.keys()).delete()
    if counts is None:
        moved.write()


@dataclass(slots=True)
class _Remembered:
    """What a delivery's own row still knows of an event whose line was dropped."""

    at: datetime
    state: str
    reply: str = ""
    reply_code: str = ""
    status: str = ""
    remote_host: str = ""
    cause: str = ""
    fingerprint: str = ""
    source: str = ""


def _remembered(row: Delivery, told: list[DeliveryEvent]) -> list[DeliveryEvent | _Remembered]:
    """The events of a delivery; where the first of them were dropped, what its row remembers stands for them."""
    if min(event.at for event in told) <= row.at:
        return [*told]
    end = _Remembered(row.state_at, row.state, row.reply, row.reply_code, row.status, row.remote_host, row.cause)
    return [_Remembered(row.at, State.SUBMITTED), end, *told]


def counted_of(row: Delivery) -> Counted:
    """What a stored delivery is counted by."""
    return Counted(
        branch=row.branch_id,
        at=row.at,
        state=row.state,
        cause=row.cause,
        provider=row.provider,
        module=row.module,
        server=row.server,
        domain=row.recipient_domain,
        is_complained=row.complained_at is not None,
    )


def _cells(stands: Standing, provider: str, module: str, server: str) -> tuple[Any, ...]:
    """The values of :data:`STANDING`."""
    return (
        stands.at, stands.state, stands.state_at, stands.reply, stands.reply_code, stands.status, stands.remote_host,
        stands.cause, stands.attempts, stands.complained_at, provider, module, server,
    )  # fmt: skip
