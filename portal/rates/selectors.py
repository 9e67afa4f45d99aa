"""Reading how many recipients each provider was given in an hour, beside what is known of its limits.

The counts are of all branches together, because a limit is: so they are for support and admins alone. What staff may
see of it is :func:`portal.rates.slowing.slowing_of`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from portal.branches.selectors import addresses_of_servers
from portal.maillog.models import AttemptCount, DayCount, Delivery, HourCount, State
from portal.rates.advice import Advice, Now, advice_for
from portal.rates.hours import Episode, Hour, Taken, latest_episode, taken, total_of
from portal.rates.limits import Limit, by_provider, limits, per_hour, provider_name
from portal.rates.places import Place, places
from portal.rates.queues import (
    LONGEST_QUEUED,
    LOOKED_AT,
    UNTRIED_AFTER,
    Queue,
    Said,
    kind_of,
    queue_of,
    queues_at,
    waiting_at,
)
from portal.rates.tries import Asked

#: So many pairs of server and provider are shown at once; the others are fewer recipients each.
MOST_PAIRS = 40
#: So many servers can be chosen from.
MOST_SERVERS = 200
#: So many of the latest deliveries with one cause are looked through for what was said.
LOOKED_THROUGH = 300
#: What a server says when it puts off, in the order in which it is looked for.
SAID = (
    "rate_limited",
    "sender_ip_blocked",
    "auth_failure",
    "greylisted",
    "recipient_policy",
    "unknown",
    "remote_system_error",
    "network_or_timeout",
)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rate:
    """One sending server and one provider over a span: what was tried, when it was most, and what to do.

    Of all without a known provider together nothing is judged: ``episode`` and ``now`` are None (see ``Place``).
    """

    server: str
    provider: str
    total: Hour
    peak: Hour
    latest: Hour
    episode: Episode | None
    taken: Taken
    limit: Limit | None
    now: Now | None
    queue: Queue
    advice: Advice
    addresses: str = ""

    @property
    def name(self) -> str:
        return provider_name(self.provider)

    @property
    def is_pushing(self) -> bool:
        """They push back, or nobody has tried since they did and mail still waits for it."""
        return self.now is Now.PUSHING or (self.now is Now.UNTRIED and bool(self.queue.count or self.queue.is_more))

    @property
    def said(self) -> Said | None:
        """What most of those that wait were told."""
        return self.queue.said


@dataclass(frozen=True, slots=True)
class Rates:
    """The pairs of a span, what needs somebody first; ``is_cut``: there are more of them than are shown.

    ``places`` are the receiving servers without a known provider that put off most.
    """

    rows: tuple[Rate, ...]
    is_cut: bool
    places: tuple[Place, ...] = ()


def this_hour(at: datetime | None = None) -> datetime:
    """The hour that ``at`` (now) is in."""
    return (at or timezone.now()).replace(minute=0, second=0, microsecond=0)


def first_hour(span: timedelta, now: datetime | None = None) -> datetime:
    """The first hour of a ``span`` that ends with this hour."""
    return this_hour(now) - span + HOUR


def servers_of(since: datetime) -> list[str]:
    """The servers that handed anything over since then, by name."""
    rows = AttemptCount.objects.filter(hour__gte=since).exclude(server="")
    return list(rows.order_by("server").values_list("server", flat=True).distinct()[:MOST_SERVERS])


def rates(*, span: timedelta, server: str = "", now: datetime | None = None) -> Rates:
    """All pairs of the last ``span``, those that push back first; for support and admins alone.

    Which pairs there are, their hours, the limits; a query for each provider that pushed back, and those of
    :func:`~portal.rates.places.places`.
    """
    begins = first_hour(span, now)
    rows = AttemptCount.objects.filter(hour__gte=begins, **({"server": server} if server else {})).order_by()
    sums = rows.values("server", "provider").annotate(
        put_off=Sum("recipients", filter=Q(state=State.DEFERRED), default=0), tried=Sum("recipients")
    )
    pairs = [(item["server"], item["provider"]) for item in sums.order_by("-put_off", "-tried")[: MOST_PAIRS + 1]]
    hours = hours_of(begins, pairs[:MOST_PAIRS])
    pushed: dict[str, list[str]] = {}
    for (host, provider), found_hours in hours.items():
        if provider and latest_episode(found_hours):
            pushed.setdefault(provider, []).append(host)
    queues = {
        (host, provider): queue
        for provider, hosts in pushed.items()
        for host, queue in queues_at(provider, hosts, since=begins).items()
    }
    known = by_provider(limits())
    addresses = addresses_of_servers()
    found = [
        replace(
            _rate(pair, hours[pair], known.get(pair[1], []), queues.get(pair, Queue()), now),
            addresses=addresses.get(pair[0], ""),
        )
        for pair in hours
    ]
    found.sort(key=lambda rate: (not rate.is_pushing, rate.episode is None, -rate.total.tried, rate.server))
    is_any_nameless = any(not provider for _, provider in hours)
    nameless = places(since=begins, server=server, now=now) if is_any_nameless else []
    return Rates(tuple(found), is_cut=len(pairs) > MOST_PAIRS, places=tuple(nameless))


def _rate(pair: tuple[str, str], hours: list[Hour], known: list[Limit], queue: Queue, now: datetime | None) -> Rate:
    episode = latest_episode(hours) if pair[1] else None
    standing = how_it_stands(episode, queue, now)
    latest = next((hour for hour in hours if hour.at == this_hour(now)), Hour(this_hour(now)))
    return Rate(
        server=pair[0],
        provider=pair[1],
        total=total_of(hours),
        peak=max(hours, key=lambda hour: (hour.tried, hour.at)),
        latest=latest,
        episode=episode,
        taken=taken(hours),
        limit=per_hour(known),
        now=standing,
        queue=queue,
        advice=advice_for(pair[1], standing, queue, taken(hours).pushing),
    )


def how_it_stands(episode: Episode | None, queue: Queue, now: datetime | None = None) -> Now | None:
    """Whether they push back, nobody has tried since, or mail was taken after it; None where there was nothing."""
    if episode is None:
        return None
    if episode.is_over:
        return Now.OVER
    # The counts know the hour of the last try, the deliveries that wait its minute.
    last_try = max(episode.ends + HOUR, queue.last_try or episode.ends)
    return Now.UNTRIED if last_try < (now or timezone.now()) - UNTRIED_AFTER else Now.PUSHING


def hours_of(begins: datetime, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[Hour]]:
    """The hours of these pairs since ``begins`` in which anything was tried, oldest first; one query."""
    wanted = list(dict.fromkeys(pairs))
    if not wanted:
        return {}
    rows = AttemptCount.objects.filter(
        hour__gte=begins, server__in={pair[0] for pair in wanted}, provider__in={pair[1] for pair in wanted}
    ).order_by("hour")
    counts: dict[tuple[str, str], dict[datetime, Counter[str]]] = {pair: {} for pair in wanted}
    for at, host, provider, state, recipients in rows.values_list("hour", "server", "provider", "state", "recipients"):
        if (host, provider) in counts:
            counts[host, provider].setdefault(at, Counter())[state] += recipients
    return {pair: [_hour(at, states) for at, states in found.items()] for pair, found in counts.items() if found}


def _hour(at: datetime, states: Counter[str]) -> Hour:
    return Hour(at, states[State.ACCEPTED], states[State.DEFERRED], states[State.REFUSED])


def queue_at(provider: str, *, since: datetime, server: str = "") -> Queue:
    """What waits at one provider, of one sending server or of all; one query."""
    rows = waiting_at(provider, since=since)
    of_it = [row for row in rows if not server or row.server == server]
    return queue_of(of_it, is_more=len(rows) == LOOKED_AT)


def hours_at(provider: str, begins: datetime, *, server: str = "", latest: datetime | None = None) -> list[Hour]:
    """The hours since ``begins`` (up to ``latest``) in which anything was tried at one provider, the latest first.

    One query.
    """
    rows = AttemptCount.objects.filter(hour__gte=begins, provider=provider, **({"server": server} if server else {}))
    if latest is not None:
        rows = rows.filter(hour__lte=latest)
    counts: dict[datetime, Counter[str]] = {}
    for at, state, recipients in rows.order_by().values_list("hour", "state").annotate(all=Sum("recipients")):
        counts.setdefault(at, Counter())[state] += recipients
    return [_hour(at, counts[at]) for at in sorted(counts, reverse=True)]


def counted_of(asked: Asked) -> int:
    """How many tries were counted of what is ``asked`` for; one query."""
    rows = AttemptCount.objects.filter(hour__gte=asked.begins, hour__lt=asked.ends, provider=asked.provider)
    if asked.server is not None:
        rows = rows.filter(server=asked.server)
    if asked.state:
        rows = rows.filter(state=asked.state)
    return rows.aggregate(all=Sum("recipients"))["all"] or 0


def every_hour(hours: Iterable[Hour], *, span: timedelta, now: datetime | None = None) -> list[Hour]:
    """``hours`` with those between in which nothing was tried, the latest first."""
    known = {hour.at: hour for hour in hours}
    latest = this_hour(now)
    return [known.get(at) or Hour(at) for at in (latest - HOUR * ago for ago in range(span // HOUR))]


def latest_with(cause: str, *, since: datetime) -> QuerySet[Delivery]:
    """The deliveries tried since then that stand with ``cause``, newest first; the caller bounds them."""
    # What was handed over before may still have been tried.
    return (
        Delivery.objects.filter(cause=cause, at__gte=since - LONGEST_QUEUED)
        .select_related("branch")
        .order_by("-at", "-pk")
    )


def refusals_at(provider: str, *, since: datetime, server: str = "", most: int = 10) -> list[Said]:
    """What was last said at one provider that is about how much was sent: one row a reply, from a bounded look."""
    groups: dict[tuple[str, ...], list[Delivery]] = {}
    for delivery in latest_with("rate_limited", since=since)[: LOOKED_THROUGH * 3]:
        if delivery.provider == provider and (not server or delivery.server == server):
            groups.setdefault((delivery.server, *kind_of(delivery)), []).append(delivery)
    return [Said(group[0], len(group) - 1) for group in list(groups.values())[:most]]


@dataclass(frozen=True, slots=True)
class Writer:
    """A branch, how many recipients at one provider it wrote to on a day, and to how many anywhere in an hour of it."""

    name: str
    code: str
    day: date
    that_day: int
    in_that_hour: int

    @property
    def next_day(self) -> date:
        return self.day + DAY


def writers(provider: str, hour: datetime, *, server: str = "", most: int = 10) -> list[Writer]:
    """The branches that wrote to most recipients at one provider on the day of ``hour``; two queries.

    The log counts branches by day and provider, and by the hour; not by both, so both are told.
    """
    day = hour.date()
    rows = DayCount.objects.filter(day__range=(day - DAY, day + DAY), provider=provider).exclude(state=State.ERROR)
    if server:
        rows = rows.filter(server=server)
    sums = (
        rows.order_by()
        .values("branch", "branch__code", "branch__organisation", "branch__time_zone", "day")
        .annotate(all=Sum("recipients"))
    )
    # The day of a branch is one of its own time zone.
    own = [item for item in sums if item["day"] == hour.astimezone(ZoneInfo(item["branch__time_zone"])).date()]
    top = sorted((item for item in own if item["all"] > 0), key=lambda item: (-item["all"], item["branch"]))[:most]
    in_hour = dict(
        HourCount.objects.filter(branch__in=[item["branch"] for item in top], hour=hour)
        .exclude(state=State.ERROR)
        .order_by()
        .values_list("branch")
        .annotate(Sum("recipients"))
    )
    return [
        Writer(
            item["branch__organisation"], item["branch__code"], item["day"], item["all"], in_hour.get(item["branch"], 0)
        )
        for item in top
    ]
