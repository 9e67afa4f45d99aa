"""Storing what is told of deliveries: messages, deliveries, events and counts, in the transaction of one batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from portal.branches.models import BranchProfile, SendingServer
from portal.maillog import matching, partitions, refusals
from portal.maillog.addresses import domain_of
from portal.maillog.attempts import name_attempts
from portal.maillog.bulk import Writer, among, look_up_by_index, moment, numbers, wait_for_turn, writer
from portal.maillog.counts import Counted, Counts, hour_of
from portal.maillog.importers.event import LogEvent
from portal.maillog.models import Delivery, DeliveryEvent, MessageLog, Module, State
from portal.maillog.providers import provider_of
from portal.maillog.replies import READ, reading_of
from portal.maillog.states import AFTERWARDS, ATTEMPTS, Standing, standing_of

#: What is known of a message, and what stands where nothing is.
MESSAGE_FACTS: dict[str, Any] = {
    "sending_server_id": None, "module": Module.OTHER.value, "function": "", "message_id": "", "queue_id": "",
    "from_address": "", "envelope_from": "", "subject": "",
}  # fmt: skip
#: What is worked out from the events of a delivery and from its message.
STANDING = (
    "at", "state", "state_at", "reply", "reply_code", "status", "remote_host", "cause", "attempts", "complained_at",
    "provider", "module", "server",
)  # fmt: skip
#: A message's number and the recipient's normal address.
Name = tuple[int, str]


class Deliveries:
    """The store of one reading of a source, with the branches and servers it has looked up."""

    def __init__(self, source: str, branches: Mapping[str, BranchProfile]) -> None:
        self.source = source
        self._branches = branches
        self._zones = {branch.pk: ZoneInfo(branch.time_zone) for branch in branches.values()}
        self._servers = dict(SendingServer.objects.values_list("host", "pk"))
        self._hosts = {pk: host for host, pk in self._servers.items()}
        # A server's log calls it by its short name, as long as only one is called so.
        labels = Counter(host.partition(".")[0] for host in self._servers)
        short = {host.partition(".")[0]: pk for host, pk in self._servers.items()}
        self._servers = {label: pk for label, pk in short.items() if labels[label] == 1} | self._servers

    def store(self, events: list[LogEvent], unheard: Collection[str] = ()) -> int:
        """Store messages, deliveries and events; work the touched deliveries out again. Returns how many were new.

        Call it inside a transaction. ``unheard`` are Message-IDs that no stored message has, as far as this transaction
        has asked. Of such a message nothing is known, so that its events need not be looked for; should a message have
        lost its Message-ID to another, the table refuses them the second time, and they are looked for after all.

        1. What is known already, by its fingerprint, is left out.
        2. Messages are found or made; then the deliveries of those that were found are looked up.
        3. A new delivery is worked out from its events here, and written with them.
        4. A known one gets its events, and is worked out from all it ever had.
        """
        if not events:
            return 0
        try:
            with transaction.atomic():
                return self._store(events, unheard)
        except IntegrityError:
            if not unheard:
                raise
            return self._store(events)

    def _store(self, events: list[LogEvent], unheard: Container[str] = ()) -> int:
        wait_for_turn()
        look_up_by_index()
        fresh = self._fresh(events, unheard)
        if not fresh:
            return 0
        partitions.ensure({event.at for event in fresh})
        counts = Counts(self._zones)
        messages, found = matching.joined(fresh, self._branches, unheard)
        with writer() as write:
            facts, keys = self._messages(messages, found, write)
            told: dict[Name, list[LogEvent]] = {}
            for key, group in messages.items():
                number = keys[key]
                self._read_replies(group, facts[number][1])
                for event in group:
                    told.setdefault((number, event.address), []).append(event)
            name_attempts(found.moved, facts, counts)
            stored = self._stored(told, {row.pk for row in found.messages.values()})
            self._write(told, stored, facts, counts, write)
            self._count_attempts(fresh, counts)
        work_out(found.moved | set(stored.values()), counts)
        counts.write()
        if found.emptied:
            MessageLog.objects.filter(pk__in=found.emptied, deliveries=None).delete()
        refusals.tell(self.source, self._branches, fresh)
        return len(fresh)

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

    def _read_replies(self, events: list[LogEvent], server: str) -> None:
        """Put to each event of a message what its reply says, and who tried it: where the line that tells of it names
        nobody, that is the server that the message was handed to.
        """
        for event in events:
            event.source, state = self.source, event.state
            if not event.server:
                event.server = server
            if state in READ:
                _read(event)
            elif state is State.ERROR:
                event.cause = "send_error"

    def _count_attempts(self, events: list[LogEvent], counts: Counts) -> None:
        if self.source not in AFTERWARDS:
            counts.add_attempts(
                (
                    hour_of(event.at),
                    self._host(event.server),
                    provider_of(event.remote_host, domain_of(event.address)),
                    event.state,
                )
                for event in events
                if event.state in ATTEMPTS
            )

    def _host(self, server: str) -> str:
        """What the server that a log calls ``server`` is called here."""
        return self._hosts.get(self._servers.get(server, 0), server)

    def _messages(
        self, messages: dict[tuple[int, str], list[LogEvent]], found: matching.Found, write: Writer
    ) -> tuple[dict[int, tuple[str, str]], dict[tuple[int, str], int]]:
        """Write the messages that are new; what the events say of the others is filled in.

        Returns module and server of each number, and the number of each message.
        """
        facts: dict[int, tuple[str, str]] = {}
        keys = {key: row.pk for key, row in found.messages.items()}
        for key, row in found.messages.items():
            changed = matching.changes(row, matching.facts(messages[key], self._servers), messages[key])
            for name, value in changed.items():
                setattr(row, name, value)
            if changed:
                row.save(update_fields=list(changed))
            if "module" in changed or "sending_server_id" in changed:
                found.moved.update(row.deliveries.values_list("pk", flat=True))
            facts[row.pk] = row.module, self._hosts.get(row.sending_server_id or 0, "")
        new = [key for key in messages if key not in keys]
        made = numbers(MessageLog, len(new))
        groups = [messages[key] for key in new]
        told = [MESSAGE_FACTS | matching.facts(group, self._servers) for group in groups]
        for key, number, known in zip(new, made, told, strict=True):
            keys[key] = number
            facts[number] = known["module"], self._hosts.get(known["sending_server_id"] or 0, "")
        begins = [group[0].at if len(group) == 1 else min([event.at for event in group]) for group in groups]
        columns: dict[str, Sequence[Any]] = {
            "id": made,
            "branch_id": [branch for branch, _ in new],
            "key": [key for _, key in new],
            "at": [*map(moment, begins)],
        }
        write.insert(MessageLog, columns | {name: [known[name] for known in told] for name in MESSAGE_FACTS})
        return facts, keys

    def _stored(self, told: Iterable[Name], old: set[int]) -> dict[Name, int]:
        """Those of the wanted deliveries that are known; a message that is new has none."""
        wanted = [(message, recipient) for message, recipient in told if message in old]
        if not wanted:
            return {}
        rows = among(Delivery.objects.filter(leg=0), ("message", "recipient_normal"), wanted)
        keys = {
            (row.message_id, row.recipient_normal): row.pk for row in rows.only("pk", "message", "recipient_normal")
        }
        return {key: keys[key] for key in wanted if key in keys}

    def _write(
        self,
        told: dict[Name, list[LogEvent]],
        stored: dict[Name, int],
        facts: dict[int, tuple[str, str]],
        counts: Counts,
        write: Writer,
    ) -> None:
        """Write what is new: deliveries with where they stand, and the events of all of them; count the deliveries."""
        new = [key for key in told if key not in stored] if stored else [*told]
        made = numbers(Delivery, len(new))
        self._write_events(told, dict(zip(new, made, strict=True)) | stored, write)
        stands = [standing_of(told[key]) for key in new]
        first = [told[key][0] for key in new]
        domains = [domain_of(address) for _, address in new]
        branches = [self._branches[event.branch].pk for event in first]
        times = [item.at for item in stands]
        complaints = [item.complained_at for item in stands]
        counted: dict[str, list[str]] = {
            "state": [item.state for item in stands],
            "cause": [item.cause for item in stands],
            "provider": [*map(provider_of, [item.answered_by for item in stands], domains)],
            "module": [facts[message][0] for message, _ in new],
            "server": [facts[message][1] for message, _ in new],
        }
        columns: dict[str, Sequence[Any]] = {
            "id": made,
            "message_id": [message for message, _ in new],
            "recipient_normal": [address for _, address in new],
            "recipient": [event.recipient for event in first],
            "recipient_domain": domains,
            "leg": [0] * len(new),
            "branch_id": branches,
            "at": [*map(moment, times)],
            "state_at": [moment(item.state_at) for item in stands],
            "reply": [item.reply for item in stands],
            "reply_code": [item.reply_code for item in stands],
            "status": [item.status for item in stands],
            "remote_host": [item.remote_host for item in stands],
            "attempts": [item.attempts for item in stands],
            "complained_at": [at and moment(at) for at in complaints],
        }
        write.insert(Delivery, columns | counted)
        # Counting goes on while the database writes.
        complained = [at is not None for at in complaints]
        counts.add(zip(branches, times, *counted.values(), domains, complained, strict=True), 1)

    def _write_events(self, told: dict[Name, list[LogEvent]], numbers: dict[Name, int], write: Writer) -> None:
        events = [event for group in told.values() for event in group]
        columns: dict[str, Sequence[Any]] = {
            "delivery_id": [numbers[key] for key, group in told.items() for _ in group],
            "source": [self.source] * len(events),
            "at": [moment(event.at) for event in events],
            "state": [event.state for event in events],
            "reply": [event.reply for event in events],
            "reply_code": [event.reply_code for event in events],
            "status": [event.status for event in events],
            "remote_host": [event.remote_host for event in events],
            "cause": [event.cause for event in events],
            "fingerprint": [event.fingerprint for event in events],
            "raw": [event.raw for event in events],
        }
        write.insert(DeliveryEvent, columns)


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
    for pk, row in rows.items():
        moved.add([counted_of(row)], -1)
        if pk not in told:
            continue
        stands, message = standing_of(_remembered(row, told[pk])), messages[row.message_id]
        stands.attempts = max(stands.attempts, row.attempts if stands.at < min(e.at for e in told[pk]) else 0)
        server = message.sending_server.host if message.sending_server else ""
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


def _read(event: LogEvent) -> None:
    """Put to the event what its reply says: cause, codes."""
    reading = reading_of(event.reply, event.reply_code, event.status, event.remote_host)
    event.cause = reading.cause
    event.status = (event.status or reading.status)[:12]
    event.reply_code = (event.reply_code or reading.reply_code)[:3]
