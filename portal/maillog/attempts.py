"""Which server made an attempt, and attempts that were counted before anybody knew.

What names the server of an attempt is the line that tells of it: two recipients of one message may go out from two
addresses, and so may two attempts at one recipient. A line of a server's log that tells the machine alone (that of its
queue, above all) is about no address; then it is the server that the message was handed to.

A log that tells of an attempt need not say who made it; the message's own line does, and may be read later. Then what
was counted without a server goes over to the one that is known, so that the counts do not hang on which came first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db.models import Case, When

from portal.maillog.counts import Counts, hour_of
from portal.maillog.importers.event import LogEvent
from portal.maillog.models import AttemptCount, Delivery, DeliveryEvent
from portal.maillog.providers import provider_of
from portal.maillog.states import AFTERWARDS, ATTEMPTS

#: The hour, the server, the provider and the state that attempts are counted by.
Try = tuple[datetime, str, str, str]


def attempted_by(event: LogEvent) -> int | None:
    """The number of the server that made the attempt, where ``event`` tells of one and names who made it."""
    is_told = event.log_name or not event.mark or event.source in AFTERWARDS
    return event.sending_server if is_told and event.state in ATTEMPTS else None


def server_of(events: Iterable[LogEvent]) -> int | None:
    """The number of the server that made the last of these attempts; None where no line tells.

    A report is later than the log of the same attempt, and does not know it better.
    """
    named = [event for event in events if attempted_by(event)]
    if len(named) > 1:
        return max(named, key=_place).sending_server
    return named[0].sending_server if named else None


def _place(event: LogEvent) -> tuple[bool, datetime, str]:
    return event.source not in AFTERWARDS, event.at, event.fingerprint


def servers_of(deliveries: Iterable[int]) -> dict[int, str]:
    """The host of the server that made the last attempt at each of these deliveries, where that was told; one query."""
    named = DeliveryEvent.objects.filter(delivery__in=deliveries, sending_server__isnull=False)
    is_of_log = Case(When(source__in=AFTERWARDS, then=False), default=True)
    return dict(named.order_by(is_of_log, "at", "fingerprint").values_list("delivery", "sending_server__host"))


def name_attempts(deliveries: Collection[int], facts: Mapping[int, tuple[str, str]], counts: Counts) -> None:
    """Give the attempts of these deliveries, whose messages have just been told a server, to that server.

    ``facts`` holds module and server by the number of the message. Call it before what is read now is stored.
    """
    if not deliveries:
        return
    rows = Delivery.objects.filter(pk__in=deliveries, server="").only("pk", "message_id", "recipient_domain")
    named = {row.pk: (row, facts.get(row.message_id, ("", ""))[1]) for row in rows}
    give({pk: item for pk, item in named.items() if item[1]}, counts)


def give(named: Mapping[int, tuple[Delivery, str]], counts: Counts) -> None:
    """Take what was counted of these deliveries without a server, and count it for theirs."""
    told = tries((row, server) for row, server in named.values())
    nameless = counted({hour for hour, *_ in told}, "")
    move(told, nameless, counts)


def move(wanted: Mapping[Try, int], nameless: dict[Try, int], counts: Counts) -> int:
    """Count so many for each server in ``wanted`` that are counted for none; never more than there are. How many."""
    moved = 0
    for (hour, server, provider, state), many in sorted(wanted.items()):
        key = hour, "", provider, state
        count = min(many, nameless.get(key, 0))
        if count > 0:
            nameless[key] -= count
            counts.move_attempts(hour, "", provider, state, -count)
            counts.move_attempts(hour, server, provider, state, count)
            moved += count
    return moved


def tries(named: Iterable[tuple[Delivery, str]]) -> Counter[Try]:
    """The stored attempts of these deliveries, each counted for who made it, or for the server beside it; one query."""
    rows = {row.pk: (row.recipient_domain, server) for row, server in named}
    found: Counter[Try] = Counter()
    events = DeliveryEvent.objects.filter(delivery__in=rows, state__in=ATTEMPTS).exclude(source__in=AFTERWARDS)
    told = events.values_list("delivery", "at", "state", "remote_host", "sending_server__host")
    for delivery, at, state, host, made_by in told:
        domain, server = rows[delivery]
        found[hour_of(at), made_by or server, provider_of(host, domain), state] += 1
    return found


def counted(hours: Collection[datetime], server: str | None = None) -> dict[Try, int]:
    """What is counted in these hours, of one server or of all."""
    if not hours:
        return {}
    rows = AttemptCount.objects.filter(hour__range=(min(hours), max(hours)))
    if server is not None:
        rows = rows.filter(server=server)
    return {
        (hour, host, provider, state): count
        for hour, host, provider, state, count in rows.values_list("hour", "server", "provider", "state", "recipients")
    }


def nameless_since(oldest: datetime) -> dict[Try, int]:
    """What is counted for no server since then."""
    rows = AttemptCount.objects.filter(hour__gte=hour_of(oldest), server="", recipients__gt=0)
    return {
        (hour, "", provider, state): count
        for hour, provider, state, count in rows.values_list("hour", "provider", "state", "recipients")
    }
