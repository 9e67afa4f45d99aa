"""Looking for what leaves its habit: every few minutes, told once a matter, closed by itself when it is over.

One matter is told at one place. What a sending server suffers at many providers is the server's; what one provider does
to everybody is the provider's; what is left of a branch's mail is the branch's. Refusals are looked at the other way
round: a list of old addresses is one branch's matter, and would otherwise be told of every provider that is on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from urllib.parse import urlencode

from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone

from diagnostics.engine.findings import Actor
from portal.branches.models import BranchProfile
from portal.maillog.filters import NONE
from portal.maillog.models import DayCount, State
from portal.maillog.templatetags.log import percent
from portal.rates import tallies
from portal.rates.judging import LEAST_BAD, Judgement, is_complained_about
from portal.rates.limits import provider_name
from portal.rates.matters import PREFIX, Matter, Review, judged, of_branch, of_provider, of_server
from portal.rates.selectors import DAY, HOUR, this_hour
from portal.rates.tallies import Pair, Series, joined
from portal.watch.selectors import open_keys
from portal.watch.services import close_notices, open_notice

#: So many new notices are opened in one look; whoever has more has another problem, and the largest are told.
MOST_OPENED = 12
#: Complaints come late and are few: they are counted over a week.
COMPLAINT_DAYS = 7
#: What is written down of stuck mail is this old at least.
OLD_ENOUGH = HOUR * 2


def review(now: datetime | None = None) -> int:
    """Look at all that is compared, open and close notices; how many matters there are.

    1. What is old enough is written down, so that next month has a habit.
    2. Refusals: branches first, then what is left of servers and providers.
    3. Deferrals: servers and providers first, then what is left of branches.
    4. Notices are opened for what is beyond its habit, and closed for what is back in it or is sent no more.
    """
    now = now or timezone.now()
    latest = this_hour(now)
    tallies.write_down_stuck(latest)
    tallies.forget_stuck(latest)
    found = Review()
    guilty = _refused_branches(found, latest)
    pairs = tallies.attempts(latest)
    _servers_and_providers(found, latest, State.REFUSED, pairs, counted_at(guilty, latest, State.REFUSED))
    told = _servers_and_providers(found, latest, State.DEFERRED, pairs, {})
    _stuck_branches(found, latest, told)
    _tell(found, {f"{PREFIX}{State.REFUSED} ", f"{PREFIX}{State.DEFERRED} "}, at=now)
    return len(found.matters)


def _tell(found: Review, prefixes: set[str], *, at: datetime) -> None:
    known = {key for prefix in prefixes for key in open_keys(prefix)}
    fresh = sorted((item for item in found.matters if item.key not in known), key=lambda item: -item.bad)
    for item in [*(item for item in found.matters if item.key in known), *fresh[:MOST_OPENED]]:
        told = {"about": item.about, "title": item.title, "reason": item.reason, "link": item.link}
        open_notice(item.key, actor=item.actor.value, at=at, **told)
    # Of what nothing was handed over in hours there is no row to be seen.
    close_notices((known & found.over) | (known - found.seen), at=at)


@dataclass(frozen=True, slots=True)
class Told:
    """The servers and providers that are matters by themselves."""

    servers: frozenset[str]
    providers: frozenset[str]


def _refused_branches(found: Review, latest: datetime) -> set[int]:
    """The branches of whose mail more is refused than usual."""
    guilty: set[int] = set()
    for branch, series in tallies.refused_of_branches(latest).items():
        judgement = judged(series, latest, partial(tallies.month_of_branch, latest, branch))
        found.note(f"{PREFIX}{State.REFUSED} branch:{branch}", judgement)
        if judgement.is_beyond:
            guilty.add(branch)
            found.matters.append(of_branch(branch, State.REFUSED, series, latest, judgement))
    return guilty


def _stuck_branches(found: Review, latest: datetime, told: Told) -> None:
    """The branches of whose mail more is stuck than usual, and not because of what is told already."""
    then = latest - OLD_ENOUGH
    hosts = dict(BranchProfile.objects.values_list("pk", "sending_server__host")) if told.servers else {}
    for branch, series in tallies.stuck_of_branches(then).items():
        judgement = judged(series, then, partial(tallies.month_of_stuck, then, branch))
        found.note(f"{PREFIX}{State.DEFERRED} branch:{branch}", judgement)
        if not judgement.is_beyond or hosts.get(branch) in told.servers:
            continue
        at = counted_at({branch}, latest, State.DEFERRED)
        explained = sum(count for (_, provider), count in at.items() if provider in told.providers)
        if judgement.now.without(explained).bad >= LEAST_BAD:
            found.matters.append(of_branch(branch, State.DEFERRED, series, then, judgement))


def _servers_and_providers(
    found: Review,
    latest: datetime,
    state: str,
    counted: Mapping[str, Mapping[Pair, Series]],
    of_branches: Mapping[Pair, int],
) -> Told:
    """Judge servers, then providers by what is left. ``of_branches``: what branches are told for already, by pair."""
    pairs = counted[state]
    servers: set[str] = set()
    for server in sorted({server for server, _ in pairs if server}):
        parts = {provider: series for (host, provider), series in pairs.items() if host == server}
        series = joined(parts.values())
        judgement = judged(series, latest, partial(tallies.month_of_attempts, latest, state, server=server))
        found.note(f"{PREFIX}{state} server:{server}", judgement)
        explained = sum(count for (host, _), count in of_branches.items() if host == server)
        if _stays(judgement, explained) and _is_spread(server, parts, latest, state):
            servers.add(server)
            found.matters.append(of_server(server, state, series, latest, judgement, parts))
    providers: set[str] = set()
    for provider in sorted({provider for _, provider in pairs if provider}):
        month = partial(tallies.month_of_attempts, latest, state, provider=provider)
        whole = joined(part for (_, name), part in pairs.items() if name == provider)
        found.note(f"{PREFIX}{state} provider:{provider}", judged(whole, latest, month))
        series = joined(part for (host, name), part in pairs.items() if name == provider and host not in servers)
        judgement = judged(series, latest, month)
        explained = sum(count for (_, name), count in of_branches.items() if name == provider)
        if _stays(judgement, explained):
            providers.add(provider)
            found.matters.append(of_provider(provider, state, series, latest, judgement))
    return Told(frozenset(servers), frozenset(providers))


def _stays(judgement: Judgement, explained: int) -> bool:
    """It is beyond its habit, and enough of it is not told elsewhere."""
    return judgement.is_beyond and judgement.now.without(explained).bad >= LEAST_BAD


def _is_spread(server: str, parts: Mapping[str, Series], latest: datetime, state: str) -> bool:
    """What a server suffers is beyond its habit without the provider that makes most of it, too."""
    worst = max(parts, key=lambda provider: parts[provider].window(latest, max(tallies.WINDOWS)).bad)
    if not worst:
        # Those of no name are no provider, so that what they do can only be told of the server.
        return True
    rest = joined(series for provider, series in parts.items() if provider != worst)
    month = partial(tallies.month_of_attempts, latest, state, server=server, but=worst)
    return judged(rest, latest, month).is_beyond


def counted_at(branches: set[int], latest: datetime, state: str) -> dict[Pair, int]:
    """How many recipients of these branches' mail of yesterday and today stand in ``state``, by server and provider."""
    if not branches:
        return {}
    rows = DayCount.objects.filter(branch__in=branches, day__gte=latest.date() - DAY, state=state).order_by()
    return {
        (server, provider): count
        for server, provider, count in rows.values_list("server", "provider").annotate(all=Sum("recipients"))
    }


def review_complaints(now: datetime | None = None) -> int:
    """Look at the complaints of a week, open and close notices; how many branches are complained about.

    A provider counts complaints against what it took itself, so each is looked at alone, and then all together.
    """
    now = now or timezone.now()
    since = now.date() - timedelta(days=COMPLAINT_DAYS)
    rows = DayCount.objects.filter(day__gte=since, complaints__gt=0).order_by()
    complaints: dict[int, Counter[str]] = {}
    for branch, provider, count in rows.values_list("branch", "provider").annotate(all=Sum("complaints")):
        complaints.setdefault(branch, Counter())[provider] += count
    found = Review()
    for branch, by_provider in complaints.items():
        matter = _complained(branch, by_provider, since)
        if matter is not None:
            found.matters.append(matter)
            found.seen.add(matter.key)
    _tell(found, {f"{PREFIX}complaints "}, at=now)
    return len(found.matters)


def _complained(branch: int, complaints: Counter[str], since: date) -> Matter | None:
    """The matter of one branch, of the provider where the share is highest."""
    rows = DayCount.objects.filter(branch=branch, day__gte=since, state=State.ACCEPTED).order_by()
    accepted: Counter[str] = Counter(dict(rows.values_list("provider").annotate(Sum("recipients"))))
    looks = [(provider, accepted[provider], count) for provider, count in complaints.items()]
    looks.append(("all", accepted.total(), complaints.total()))
    beyond = [look for look in looks if is_complained_about(look[1], look[2])]
    if not beyond:
        return None
    provider, taken, count = max(beyond, key=lambda look: (look[2] / look[1], look[2]))
    whose = "all" if provider == "all" else provider_name(provider)
    at = "" if provider == "all" else f" at {whose}"
    profile = BranchProfile.objects.get(pk=branch)
    return Matter(
        key=f"{PREFIX}complaints branch:{branch}",
        about=profile.organisation,
        title="More than one in a thousand of its recipients complain",
        reason=(
            f"{count:,} of {taken:,} recipients whose server{at} took it in the last {COMPLAINT_DAYS} days called it "
            f"spam: {percent(count / taken)}. Providers ask senders to stay under one in a thousand, and slow down or "
            "refuse who does not. Not all of them report complaints."
        ),
        actor=Actor.BRANCH,
        link=f"{reverse('deliveries', args=[profile.code])}?{urlencode(_complaints(provider, since))}",
        bad=count,
    )


def _complaints(provider: str, since: date) -> dict[str, str]:
    """Asks the list of deliveries for what was complained about since then, at one provider or at all."""
    asked = {"complained": "yes", "since": f"{since.isoformat()}T00:00"}
    return asked if provider == "all" else {**asked, "provider": provider or NONE}
