"""Receiving servers without a known provider, each by itself: who puts off most, and how that stands.

All of them together are a heap of hosts that have nothing to do with each other, so that nothing can be said of it.
What waits is put to the host that answered; where none did, or it is the recipient domain's own, to that domain.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from diagnostics.engine.names import is_under
from portal.maillog.models import Delivery, State
from portal.rates.advice import Advice, Now, advice_for
from portal.rates.hours import PUSHING_LEAST, PUSHING_SHARE
from portal.rates.queues import FIELDS, LONGEST_QUEUED, UNTRIED_AFTER, Queue, queue_of, waiting_at

#: So many of the latest that wait are put to their servers; so many servers are told of, each by its latest deliveries.
LOOKED_AT = 2000
MOST_PLACES = 10
MOST_DOMAINS = 20
LATEST = 1000
#: What the first label of one of several hosts of a mail service looks like.
ONE_OF_MANY = re.compile(r"(?:mx|mail|smtp|mta|in|inbound|relay|gw|gateway)[a-z]?[-\d]*|[a-z]+[-]?\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """A receiving server, told by its domain, with the recipient domains whose mail it took of late.

    ``waiting``, ``taken`` and ``refused`` count recipients that were tried in the span, by how they stand now;
    ``is_cut``: only the latest :data:`LATEST` were looked at. ``oldest`` is when the first of those that wait was
    handed over.
    """

    name: str
    domains: tuple[str, ...]
    queue: Queue
    taken: int
    refused: int
    is_cut: bool
    oldest: datetime
    last_taken: datetime | None
    now: Now
    advice: Advice

    @property
    def waiting(self) -> int:
        return self.queue.count

    @property
    def tried(self) -> int:
        return self.waiting + self.taken + self.refused


def place_of(host: str, domain: str) -> str:
    """What the server that answered, or would have, is told by: its own domain, or the recipient domain."""
    host = host.rstrip(".").lower()
    if not host or is_under(host, domain):
        return domain
    first, _, rest = host.partition(".")
    # mx1 and mx2 of one mail service are one server to whoever sends; without a list of suffixes no more is certain.
    return rest if "." in rest and ONE_OF_MANY.fullmatch(first) else host


def places(*, since: datetime, server: str = "", now: datetime | None = None) -> list[Place]:
    """The servers without a known provider that put off most, the most first; one query, and one for each.

    ``server`` narrows to what one sending server hands over.
    """
    waiting: defaultdict[str, list[Delivery]] = defaultdict(list)
    for row in waiting_at("", since=since, most=LOOKED_AT):
        if not server or row.server == server:
            waiting[place_of(row.remote_host, row.recipient_domain)].append(row)
    largest = sorted(waiting.items(), key=lambda item: (-len(item[1]), item[0]))[:MOST_PLACES]
    found = [_place(name, rows, since, server, now or timezone.now()) for name, rows in largest if is_many(len(rows))]
    return [place for place in found if is_many(place.waiting) and place.waiting >= PUSHING_SHARE * place.tried]


def place_at(domain: str, *, since: datetime, now: datetime | None = None) -> Place | None:
    """How mail of all branches to one recipient domain fares of late; None where nothing waits there. One query."""
    latest = stands_at((domain,), since=since)
    waiting = [row for row in latest if row.state == State.DEFERRED]
    return _told(domain, (domain,), waiting, latest, now or timezone.now()) if waiting else None


def is_many(waiting: int) -> bool:
    """More wait than the odd first try."""
    return waiting >= PUSHING_LEAST


def _place(name: str, rows: list[Delivery], since: datetime, server: str, now: datetime) -> Place:
    domains = tuple(domain for domain, _ in Counter(row.recipient_domain for row in rows).most_common(MOST_DOMAINS))
    return _told(name, domains, rows, stands_at(domains, since=since, server=server), now)


def _told(name: str, domains: tuple[str, ...], rows: list[Delivery], latest: list[Delivery], now: datetime) -> Place:
    """The place where ``rows`` wait; ``latest`` are the latest deliveries there, however they stand."""
    taken = [row.state_at for row in latest if row.state == State.ACCEPTED]
    queue = queue_of(rows, is_more=len(latest) == LATEST)
    assert queue.last_try is not None  # There are rows.
    last_taken = max(taken, default=None)
    standing = standing_of(queue.last_try, last_taken, now)
    return Place(
        name=name,
        domains=domains,
        queue=queue,
        taken=len(taken),
        refused=sum(row.state in (State.REFUSED, State.EXPIRED) for row in latest),
        is_cut=queue.is_more,
        oldest=min(row.at for row in rows),
        last_taken=last_taken,
        now=standing,
        advice=advice_for("", standing, queue, None, name=name),
    )


def stands_at(domains: tuple[str, ...], *, since: datetime, server: str = "") -> list[Delivery]:
    """The latest deliveries to these domains that were tried since then, as they stand; one query."""
    rows = Delivery.objects.filter(recipient_domain__in=domains, at__gte=since - LONGEST_QUEUED)
    told = rows.order_by("-at", "-pk").only(*FIELDS)[:LATEST]
    return [row for row in told if row.state_at >= since and (not server or row.server == server)]


def standing_of(last_try: datetime, last_taken: datetime | None, now: datetime) -> Now:
    """How it stands where mail was put off last at ``last_try``; only what was taken later proves that it is over."""
    if last_taken is not None and last_taken > last_try:
        return Now.OVER
    return Now.UNTRIED if last_try < now - UNTRIED_AFTER else Now.PUSHING
