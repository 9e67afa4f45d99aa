"""Counting the log anew: after an upgrade that counts something new, or when a backup was put back in parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min

from portal.branches.models import SendingServer
from portal.maillog import attempts
from portal.maillog.bulk import wait_for_turn
from portal.maillog.counts import Counts
from portal.maillog.deliveries import counted_of
from portal.maillog.models import (
    DayCount,
    DayPart,
    Delivery,
    DomainCount,
    HourCount,
    MessageLog,
)
from portal.maillog.providers import provider_of

#: So many rows are read at once.
PIECE = 5000


def recount() -> int:
    """Count all that the log still holds; returns how many deliveries were counted.

    Days before the oldest delivery keep their counts, since the log cannot tell them any more. The month the log begins
    in is counted from what is left of it, so run this before old mail is dropped rather than after. Attempts are not
    counted again: they are counted once, as they are told. But those that were counted for no server go over to the one
    their message was handed to.
    """
    with transaction.atomic():
        wait_for_turn()
        oldest = Delivery.objects.aggregate(at=Min("at"))["at"]
        if oldest is None:
            return 0
        _forget_since(oldest)
        servers = dict(SendingServer.objects.values_list("pk", "host"))
        hosts = frozenset(servers.values())
        nameless = attempts.nameless_since(oldest)
        tries: Counter[attempts.Try] = Counter()
        counted = 0
        for rows in _pieces():
            counts = Counts()
            messages = MessageLog.objects.in_bulk({row.message_id for row in rows})
            made_by = attempts.servers_of([row.pk for row in rows])
            for row in rows:
                message = messages[row.message_id]
                # What told of the attempts may have been dropped; the row still knows it.
                known = row.server if row.server in hosts else servers.get(message.sending_server_id or 0, "")
                row.module, row.server = message.module, made_by.get(row.pk, known)
                row.provider = row.provider or provider_of(row.remote_host, row.recipient_domain)
            counts.add(map(counted_of, rows), 1)
            Delivery.objects.bulk_update(rows, ["module", "server", "provider"], batch_size=500)
            counts.write()
            counted += len(rows)
            if nameless:
                tries += attempts.tries((row, row.server) for row in rows if row.server)
        _name_attempts(tries, nameless)
    return counted


def _name_attempts(tries: Counter[attempts.Try], nameless: dict[attempts.Try, int]) -> None:
    """Move what the known servers tried and is not counted for them from what is counted for none."""
    known = attempts.counted({hour for hour, *_ in tries})
    missing = {key: count - known.get(key, 0) for key, count in tries.items() if count > known.get(key, 0)}
    counts = Counts()
    attempts.move(missing, nameless, counts)
    counts.write()


def _forget_since(oldest: datetime) -> None:
    # A day in the branch's zone may begin before the same day in UTC.
    day = (oldest - timedelta(days=1)).date()
    HourCount.objects.filter(hour__gte=oldest - timedelta(hours=1)).delete()
    DayCount.objects.filter(day__gte=day).delete()
    DayPart.objects.filter(day__gte=day).delete()
    DomainCount.objects.filter(month__gte=day.replace(day=1)).delete()


def _pieces() -> Iterator[list[Delivery]]:
    last = 0
    while rows := list(Delivery.objects.filter(pk__gt=last).order_by("pk")[:PIECE]):
        yield rows
        last = rows[-1].pk
