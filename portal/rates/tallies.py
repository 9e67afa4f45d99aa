"""The counts that alerts compare: the last hours, the same hours of the weeks before, and the month as a whole.

Every query is bounded by hours: six of now and six of each of four weeks, by server, provider and state.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet, Sum

from portal.branches.models import BranchProfile
from portal.maillog.models import AttemptCount, HourCount, State
from portal.rates.judging import Tally, total
from portal.rates.models import StuckCount
from portal.rates.selectors import DAY, HOUR

#: So many hours are looked at, the present one among them; and the last of them by themselves, for what is quick.
WINDOWS = (2, 6)
WEEKS = 4
MONTH = timedelta(days=28)
#: So many branches are asked about in one query.
CHUNK = 500
REFUSED = frozenset({State.REFUSED, State.EXPIRED})


@dataclass(slots=True)
class Series:
    """One subject's tallies by the hour: those of the last hours, and of the same hours weeks ago."""

    hours: dict[datetime, Tally]

    def window(self, latest: datetime, length: int) -> Tally:
        """The ``length`` hours that end with ``latest``."""
        return total(self.hours.get(latest - HOUR * ago, Tally()) for ago in range(length))

    def same_hours(self, latest: datetime) -> list[Tally]:
        """The hours of the longest window in each of the preceding weeks, one by one, the nearest first."""
        ends = (latest - timedelta(weeks=week) for week in range(1, WEEKS + 1))
        return [self.hours.get(end - HOUR * ago, Tally()) for end in ends for ago in range(max(WINDOWS))]


def joined(parts: Iterable[Series]) -> Series:
    """All of them as one."""
    hours: dict[datetime, Tally] = defaultdict(Tally)
    for part in parts:
        for at, tally in part.hours.items():
            hours[at] += tally
    return Series(dict(hours))


def spans(latest: datetime) -> Q:
    """The hours that are compared: now, and the same of the weeks before."""
    wanted = Q()
    for week in range(WEEKS + 1):
        ends = latest - timedelta(weeks=week)
        wanted |= Q(hour__gt=ends - HOUR * max(WINDOWS), hour__lte=ends)
    return wanted


#: A sending server and a provider.
Pair = tuple[str, str]


def attempts(latest: datetime) -> dict[str, dict[Pair, Series]]:
    """Every pair of server and provider, with what was put off as bad, and with what was refused; one query."""
    tried: Counter[tuple[Pair, datetime]] = Counter()
    bad: dict[str, Counter[tuple[Pair, datetime]]] = {State.DEFERRED: Counter(), State.REFUSED: Counter()}
    rows = AttemptCount.objects.filter(spans(latest)).values_list("hour", "server", "provider", "state", "recipients")
    for at, server, provider, state, recipients in rows:
        key = (server, provider), at
        tried[key] += recipients
        if state in bad:
            bad[state][key] += recipients
    found: dict[str, dict[Pair, Series]] = {state: {} for state in bad}
    for (pair, at), count in tried.items():
        for state, counts in bad.items():
            found[state].setdefault(pair, Series({})).hours[at] = Tally(count, counts[pair, at])
    return found


def month_of_attempts(latest: datetime, state: str, *, server: str = "", provider: str = "", but: str = "") -> Tally:
    """The four weeks before yesterday, of one server or one provider, ``but`` one provider; one query."""
    rows = AttemptCount.objects.filter(hour__gte=latest - DAY - MONTH, hour__lt=latest - DAY)
    if server:
        rows = rows.filter(server=server)
    if provider:
        rows = rows.filter(provider=provider)
    return _tally(rows.exclude(provider=but) if but else rows, state)


def _tally(rows: QuerySet[Any], *states: str) -> Tally:
    sums = dict(rows.order_by().values_list("state").annotate(Sum("recipients")))
    return Tally(sum(sums.values()), sum(sums.get(state, 0) for state in states))


def refused_of_branches(latest: datetime) -> dict[int, Series]:
    """How much of what each branch handed over was refused or given up; a query for every 500 branches."""
    found: dict[int, dict[datetime, Tally]] = defaultdict(lambda: defaultdict(Tally))
    for chunk in _chunks():
        rows = HourCount.objects.filter(spans(latest), branch__in=chunk).exclude(state=State.ERROR)
        for branch, at, state, recipients in rows.values_list("branch", "hour", "state", "recipients"):
            found[branch][at] += Tally(recipients, recipients if state in REFUSED else 0)
    return _kept(found)


def month_of_branch(latest: datetime, branch: int) -> Tally:
    """What was refused of a branch's mail in the four weeks before yesterday; one query."""
    rows = HourCount.objects.filter(branch=branch, hour__gte=latest - DAY - MONTH, hour__lt=latest - DAY)
    return _tally(rows.exclude(state=State.ERROR), *REFUSED)


def stuck_of_branches(latest: datetime) -> dict[int, Series]:
    """How much of what each branch handed over was stuck an hour later; one query."""
    found: dict[int, dict[datetime, Tally]] = defaultdict(dict)
    rows = StuckCount.objects.filter(spans(latest))
    for branch, at, recipients, stuck in rows.values_list("branch", "hour", "recipients", "stuck"):
        found[branch][at] = Tally(recipients, stuck)
    return _kept(found)


def month_of_stuck(latest: datetime, branch: int) -> Tally:
    """What was stuck of a branch's mail in the four weeks before yesterday; one query."""
    rows = StuckCount.objects.filter(branch=branch, hour__gte=latest - DAY - MONTH, hour__lt=latest - DAY)
    sums = rows.aggregate(tried=Sum("recipients", default=0), bad=Sum("stuck", default=0))
    return Tally(sums["tried"], sums["bad"])


def write_down_stuck(latest: datetime) -> int:
    """Write down, of the hours that have become old enough, how much is still put off; how many rows were new.

    ``latest`` is the present hour. Hours are looked at while they are one to twelve hours old, and each is written once
    a branch; a log that is read in later than that has no such count, and is judged by what was refused alone.
    """
    hours = [latest - HOUR * ago for ago in range(2, 13)]
    known = set(StuckCount.objects.filter(hour__in=hours).values_list("hour", "branch"))
    fresh: list[StuckCount] = []
    for chunk in _chunks():
        rows = HourCount.objects.filter(branch__in=chunk, hour__gte=hours[-1], hour__lte=hours[0])
        sums: dict[tuple[datetime, int], Tally] = defaultdict(Tally)
        for branch, at, state, recipients in rows.values_list("branch", "hour", "state", "recipients"):
            if state != State.ERROR:
                sums[at, branch] += Tally(recipients, recipients if state == State.DEFERRED else 0)
        fresh += [
            StuckCount(hour=at, branch_id=branch, recipients=tally.tried, stuck=tally.bad)
            for (at, branch), tally in sums.items()
            if tally.tried > 0 and (at, branch) not in known
        ]
    StuckCount.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=500)
    return len(fresh)


def forget_stuck(latest: datetime) -> int:
    """Take away the counts that no comparison reaches any more."""
    return StuckCount.objects.filter(hour__lt=latest - MONTH - timedelta(days=7)).delete()[0]


def _kept(found: Mapping[int, Mapping[datetime, Tally]]) -> dict[int, Series]:
    return {branch: Series(dict(hours)) for branch, hours in found.items()}


def _chunks() -> list[list[int]]:
    keys = list(BranchProfile.objects.order_by("pk").values_list("pk", flat=True))
    return [keys[at : at + CHUNK] for at in range(0, len(keys), CHUNK)]
