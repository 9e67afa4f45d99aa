"""Is mail being slowed down now: for a branch, of its own mail; for a ticket or a report, at one provider (WL-17)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.db.models import Sum
from django.utils import timezone

from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.branches.models import BranchProfile
from portal.maillog.models import AttemptCount, DayCount, Delivery, State
from portal.maillog.templatetags.log import percent
from portal.rates.hours import Hour, total_of
from portal.rates.limits import Limit, limits_of, per_hour, provider_name
from portal.rates.places import LOOKED_AT, MOST_PLACES, place_of
from portal.rates.selectors import HOUR, hours_at, this_hour

#: A sending server gives up after about so many days, so nothing older still waits.
DAYS = 5
#: From this part of a known limit on, it is near.
NEAR = 0.8


@dataclass(frozen=True, slots=True)
class Slowed:
    """A provider that slows a branch's mail: how many of its recipients wait there, of how many it wrote to.

    ``is_shared``: it puts off the sending server's mail in general at the moment, not this branch's alone.
    """

    provider: str
    waiting: int
    written: int
    is_shared: bool

    @property
    def name(self) -> str:
        return provider_name(self.provider)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A receiving server without a known provider, by its name: how many of the branch's recipients wait there.

    ``domain`` is the recipient domain of most of them.
    """

    name: str
    recipients: int
    domain: str


@dataclass(frozen=True, slots=True)
class Slowing:
    """How a branch's mail of the last :data:`DAYS` days fares: who slows it, and how much waits for other reasons.

    ``places`` are what those without a known provider stand for in ``rows``, the most first.
    """

    rows: tuple[Slowed, ...]
    waiting_else: int
    places: tuple[Waiting, ...] = ()

    @property
    def is_slowed(self) -> bool:
        return bool(self.rows)

    @property
    def waiting(self) -> int:
        """The recipients of the branch that wait because of a limit."""
        return sum(row.waiting for row in self.rows)


def slowing_of(viewer: User, branch: BranchProfile, *, now: datetime | None = None) -> Slowing:
    """Whether mail of ``branch`` is being slowed down; nothing where ``viewer`` may not see it.

    At most two queries, and one more where receiving servers without a known provider are among those who slow it.
    """
    now = now or timezone.now()
    first = now.astimezone(ZoneInfo(branch.time_zone)).date() - timedelta(days=DAYS - 1)
    rows = DayCount.objects.filter(branch__in=branches_of(viewer).filter(pk=branch.pk), day__gte=first)
    written: Counter[str] = Counter()
    waiting: Counter[str] = Counter()
    waiting_else = 0
    sums = rows.exclude(state=State.ERROR).order_by().values_list("provider", "state", "cause")
    for provider, state, cause, recipients in sums.annotate(all=Sum("recipients")):
        written[provider] += recipients
        if state == State.DEFERRED and cause == "rate_limited":
            waiting[provider] += recipients
        elif state == State.DEFERRED:
            waiting_else += recipients
    # Counts are moved by differences: a row of which nothing is left says nothing.
    slow = {provider: count for provider, count in waiting.items() if count > 0}
    shared = _pushing(branch, set(slow), now) if slow else set()
    return Slowing(
        rows=tuple(
            Slowed(provider, count, written[provider], provider in shared)
            for provider, count in sorted(slow.items(), key=lambda item: (-item[1], item[0]))
        ),
        waiting_else=max(waiting_else, 0),
        places=_places(branch, now) if "" in slow else (),
    )


def _places(branch: BranchProfile, now: datetime) -> tuple[Waiting, ...]:
    """Where the branch's mail waits that no provider we know takes: all of them together are nobody."""
    rows = Delivery.objects.filter(branch=branch.pk, state=State.DEFERRED, at__gte=now - timedelta(days=DAYS))
    columns = ("provider", "cause", "remote_host", "recipient_domain")
    domains: dict[str, Counter[str]] = {}
    for provider, cause, host, domain in rows.order_by("-at", "-pk").values_list(*columns)[:LOOKED_AT]:
        if not provider and cause == "rate_limited":
            domains.setdefault(place_of(host, domain), Counter())[domain] += 1
    found = [Waiting(name, counts.total(), counts.most_common(1)[0][0]) for name, counts in domains.items()]
    return tuple(sorted(found, key=lambda item: (-item.recipients, item.name))[:MOST_PLACES])


def _pushing(branch: BranchProfile, providers: set[str], now: datetime) -> set[str]:
    """Those of ``providers`` that put off much of what the branch's sending server hands over, whoever it is of."""
    if branch.sending_server is None:
        return set()
    rows = AttemptCount.objects.filter(
        hour__gte=this_hour(now) - HOUR, server=branch.sending_server.host, provider__in=providers
    )
    found: dict[str, Counter[str]] = {}
    for provider, state, recipients in rows.order_by().values_list("provider", "state").annotate(all=Sum("recipients")):
        found.setdefault(provider, Counter())[state] += recipients
    return {
        provider
        for provider, states in found.items()
        if Hour(now, states[State.ACCEPTED], states[State.DEFERRED], states[State.REFUSED]).is_pushing
    }


class Nearness(StrEnum):
    """How near to its limit a provider is. ``UNKNOWN``: no figure is known, and nothing is put off."""

    QUIET = "quiet"
    UNKNOWN = "unknown"
    BELOW = "below"
    NEAR = "near"
    OVER = "over"
    PUSHING = "pushing"


@dataclass(frozen=True, slots=True)
class Pressure:
    """What a provider was given in the busier of this hour and the last, beside what is known of its limit."""

    provider: str
    server: str
    busiest: Hour
    both: Hour
    limit: Limit | None
    state: Nearness

    @property
    def is_tight(self) -> bool:
        """It is worth a word on a ticket about mail to this provider."""
        return self.state in {Nearness.NEAR, Nearness.OVER, Nearness.PUSHING}

    @property
    def words(self) -> str:
        """One sentence with the figures, for support; they are those of all branches together."""
        name, tried = provider_name(self.provider), self.busiest.tried
        known = f"; a limit told of it is {self.limit.words}" if self.limit else "; no limit of it is known"
        if self.state is Nearness.PUSHING:
            share = percent(self.both.deferred_share)
            return f"{name} puts off {share} of {self.both.tried:,} recipients in these two hours{known}."
        if self.state is Nearness.QUIET:
            return f"Nothing was handed to {name} in these two hours."
        return f"{name} was handed {tried:,} recipients in the busier of these two hours{known}."

    @property
    def calm_words(self) -> str:
        """The same for staff: without the figures of others, and with what it means for them."""
        name = provider_name(self.provider)
        if self.state is Nearness.PUSHING:
            return f"{name} is putting off mail from the sending server now. What waits goes out by itself."
        if self.is_tight:
            return f"Much mail goes to {name} now; some of it may be put off for a while and then goes out by itself."
        return ""


def pressure_at(provider: str, *, server: str = "", now: datetime | None = None) -> Pressure:
    """Whether ``provider`` is near its known limit at ``now``, by one sending server or by all together (WL-17).

    At most two queries. A limit holds for one sending address; a server that has several may hand over more. What each
    of them hands over is known where each is a sending server of its own.
    """
    latest = this_hour(now)
    hours = [hour for hour in hours_at(provider, latest - HOUR, server=server, latest=latest) if hour.tried]
    busiest = max(hours, key=lambda hour: hour.tried, default=Hour(latest))
    both = total_of(hours) if hours else busiest
    limit = per_hour(limits_of(provider))
    return Pressure(provider, server, busiest, both, limit, _nearness(both, busiest.tried, limit))


def _nearness(both: Hour, tried: int, limit: Limit | None) -> Nearness:
    if both.is_pushing:
        return Nearness.PUSHING
    if not both.tried:
        return Nearness.QUIET
    if limit is None or limit.number is None:
        return Nearness.UNKNOWN
    if tried >= limit.number:
        return Nearness.OVER
    return Nearness.NEAR if tried >= limit.number * NEAR else Nearness.BELOW
