"""Taking a log in: in batches of one transaction each, so that reading a source twice, or at once, changes nothing.

What was told is stored first, each thing once by its fingerprint; then every delivery that was touched is worked out
again from all its events, and the counts of its hour are moved by the difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, tzinfo
from itertools import islice
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from diagnostics.engine.messages.reply import read_reply
from portal.branches.models import BranchProfile, SendingServer
from portal.maillog.addresses import domain_of, normal
from portal.maillog.importers.event import Kind, LogEvent, Rejected
from portal.maillog.models import (
    CaseNote,
    ClientProfile,
    Delivery,
    DeliveryEvent,
    HourCount,
    IngestBatch,
    LogCoverage,
    MessageLog,
    State,
)
from portal.maillog.states import standing_of

BATCH = 500
#: So many rejected lines are kept with the batch; all of them are counted.
KEPT_REJECTIONS = 1000


class Zones:
    """The time zone of each branch, for times that name none; UTC for a branch that is not known."""

    def __init__(self) -> None:
        self._zones: dict[str, tzinfo] = {
            code: ZoneInfo(zone) for code, zone in BranchProfile.objects.values_list("code", "time_zone")
        }

    def __call__(self, branch: str) -> tzinfo:
        return self._zones.get(branch, UTC)


def ingest(events: Iterable[LogEvent | Rejected], *, source: str, name: str = "") -> IngestBatch:
    """Store what a source tells; returns how many lines were new, known already, and rejected with the reason.

    Stopping half-way leaves whole batches behind, and reading the source again adds what is missing.
    """
    intake = _Intake(source)
    for items in _batches(events):
        intake.take(items)
    return IngestBatch.objects.create(
        source=source,
        name=name[:255],
        lines=intake.lines,
        new=intake.new,
        duplicate=intake.duplicate,
        rejected=[asdict(item) for item in intake.rejected[:KEPT_REJECTIONS]],
        rejected_count=len(intake.rejected),
    )


def _batches(events: Iterable[LogEvent | Rejected]) -> Iterator[list[LogEvent | Rejected]]:
    source = iter(events)
    while items := list(islice(source, BATCH)):
        yield items


class _Intake:
    """One reading of a source: what it counted so far, and the branches and servers it has looked up."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines = self.new = self.duplicate = self._line = 0
        self.rejected: list[Rejected] = []
        self._branches = {branch.code: branch for branch in BranchProfile.objects.all()}
        self._servers = {server.host: server for server in SendingServer.objects.all()}

    def take(self, items: list[LogEvent | Rejected]) -> None:
        """Store one batch: all of it or nothing of it."""
        good: list[LogEvent] = []
        for item in items:
            if isinstance(item, Rejected):
                self.rejected.append(item)
            elif item.branch and item.branch not in self._branches:
                self.rejected.append(
                    Rejected(item.line, f"There is no branch {item.branch!r}: load its profile first.")
                )
            else:
                good.append(item)
        for item in items:
            # A line to several recipients tells several events, one after the other.
            self.lines += item.line != self._line
            self._line = item.line
        with transaction.atomic():
            new = self._store_clients([event for event in good if event.kind is Kind.CLIENT])
            new += self._store_notes([event for event in good if event.kind is Kind.CASE_NOTE])
            new += sum(self._store_coverage(event) for event in good if event.kind is Kind.COVERAGE)
            new += self._store_deliveries([event for event in good if event.state is not None])
        self.new += new
        self.duplicate += len(good) - new

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

        Everything is written in one order (by key), so that two readings at once wait for each other but never both.
        """
        rows = {event.fingerprint: event for event in events}
        known = set(DeliveryEvent.objects.filter(fingerprint__in=rows).values_list("fingerprint", flat=True))
        fresh = [event for fingerprint, event in sorted(rows.items()) if fingerprint not in known]
        if not fresh:
            return 0
        messages = self._messages(fresh)
        deliveries = self._deliveries(fresh, messages)
        DeliveryEvent.objects.bulk_create(
            (self._event_row(event, deliveries[self._delivery_key(event, messages)]) for event in fresh),
            ignore_conflicts=True,
        )
        work_out({delivery.pk for delivery in deliveries.values()})
        return len(fresh)

    def _message_key(self, event: LogEvent) -> tuple[int, str]:
        return self._branches[event.branch].pk, event.key

    def _messages(self, events: list[LogEvent]) -> dict[tuple[int, str], MessageLog]:
        """The message of each event, made where it is new; the message's own line fills in what is known of it."""
        first: dict[tuple[int, str], LogEvent] = {}
        for event in sorted(events, key=lambda event: (event.kind is not Kind.MESSAGE, event.at)):
            first.setdefault(self._message_key(event), event)
        MessageLog.objects.bulk_create(
            (
                MessageLog(branch_id=branch, key=key, at=event.at, **self._facts(event))
                for (branch, key), event in sorted(first.items(), key=lambda item: item[0])
            ),
            ignore_conflicts=True,
        )
        wanted = MessageLog.objects.filter(branch__in={b for b, _ in first}, key__in={k for _, k in first})
        found = {(row.branch_id, row.key): row for row in wanted.order_by("pk") if (row.branch_id, row.key) in first}
        for key, row in found.items():
            event = first[key]
            facts = self._facts(event) if event.kind is Kind.MESSAGE else {}
            changed = {name: value for name, value in facts.items() if value and getattr(row, name) != value}
            if event.at < row.at:
                changed["at"] = event.at
            for name, value in changed.items():
                setattr(row, name, value)
            if changed:
                row.save(update_fields=list(changed))
        return found

    def _facts(self, event: LogEvent) -> dict[str, object]:
        if event.kind is not Kind.MESSAGE:
            return {}
        return {
            "sending_server": self._servers.get(event.server),
            "module": event.module,
            "function": event.function,
            "message_id": event.message_id,
            "queue_id": event.queue_id,
            "from_address": event.from_address,
            "envelope_from": event.envelope_from,
            "subject": event.subject,
        }

    def _delivery_key(self, event: LogEvent, messages: dict[tuple[int, str], MessageLog]) -> tuple[int, str]:
        return messages[self._message_key(event)].pk, normal(event.recipient)

    def _deliveries(
        self, events: list[LogEvent], messages: dict[tuple[int, str], MessageLog]
    ) -> dict[tuple[int, str], Delivery]:
        """The delivery of each event, made where it is new, locked until the batch is stored."""
        first = {self._delivery_key(event, messages): event for event in reversed(events)}
        Delivery.objects.bulk_create(
            (
                Delivery(
                    message_id=message,
                    branch=self._branches[event.branch],
                    at=event.at,
                    recipient=event.recipient,
                    recipient_normal=recipient,
                    recipient_domain=domain_of(recipient),
                    # Not counted yet; working it out again counts it.
                    state="",
                    state_at=event.at,
                )
                for (message, recipient), event in sorted(first.items(), key=lambda item: item[0])
            ),
            ignore_conflicts=True,
        )
        wanted = Delivery.objects.filter(message__in={m for m, _ in first}, leg=0).filter(
            recipient_normal__in={r for _, r in first}
        )
        return {(row.message_id, row.recipient_normal): row for row in wanted.order_by("pk")}

    def _event_row(self, event: LogEvent, delivery: Delivery) -> DeliveryEvent:
        cause, status, code = "", event.status, event.reply_code
        if event.state in (State.DEFERRED, State.REFUSED, State.EXPIRED):
            reading = read_reply(event.reply, reply_code=code, status=status, remote_host=event.remote_host)
            cause, status, code = reading.cause, status or reading.status, code or reading.reply_code
        elif event.state is State.ERROR:
            cause = "send_error"
        return DeliveryEvent(
            delivery=delivery,
            at=event.at,
            state=event.state or "",
            reply=event.reply,
            reply_code=code[:3],
            status=status[:12],
            remote_host=event.remote_host,
            cause=cause,
            source=self.source,
            raw=event.raw,
            fingerprint=event.fingerprint,
        )


def work_out(delivery_ids: set[int]) -> None:
    """Work these deliveries out again from their events, and move the counts of their hours by the difference.

    Call it inside a transaction. The rows are locked in one order, so that two callers never wait for each other.
    """
    deltas: Counter[tuple[int, datetime, str]] = Counter()
    rows = {row.pk: row for row in Delivery.objects.select_for_update().filter(pk__in=delivery_ids).order_by("pk")}
    told: dict[int, list[DeliveryEvent]] = {}
    for event in DeliveryEvent.objects.filter(delivery__in=rows).defer("raw"):
        told.setdefault(event.delivery_id, []).append(event)
    for pk, events in told.items():
        row, standing = rows[pk], standing_of(events)
        if row.state:
            deltas[row.branch_id, _hour(row.at), row.state] -= 1
        for name, value in asdict(standing).items():
            setattr(row, name, value)
        deltas[row.branch_id, _hour(row.at), row.state] += 1
    fields = ["at", "state", "state_at", "reply", "reply_code", "status", "remote_host", "cause", "attempts"]
    Delivery.objects.bulk_update([rows[pk] for pk in sorted(told)], fields, batch_size=100)
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
