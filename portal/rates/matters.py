"""What left its habit, as it is told: which server, provider or branch, since when, how much, and what is usual."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from diagnostics.engine.causes.catalogue import CAUSES
from diagnostics.engine.findings import Actor
from portal.branches.models import BranchProfile
from portal.maillog.models import State
from portal.maillog.templatetags.log import percent
from portal.rates.judging import LEAST_TO_SAY, Judgement, Standing, Tally, is_suspicious, judge
from portal.rates.limits import provider_name
from portal.rates.places import LOOKED_AT, place_of
from portal.rates.queues import waiting_at
from portal.rates.selectors import HOUR, LOOKED_THROUGH, SAID, latest_with
from portal.rates.tallies import WINDOWS, Series

#: From this share on something is most of it, and from so many providers on they are many.
MOSTLY = 0.8
MANY = 3
#: What the keys of this room's notices begin with.
PREFIX = "rates."


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that left its habit, as its notice says it; ``bad`` is how many recipients it is about."""

    key: str
    about: str
    title: str
    reason: str
    actor: Actor
    link: str
    bad: int


@dataclass(slots=True)
class Review:
    """What one look found: the matters, and the keys of what was seen and of what is over."""

    matters: list[Matter] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    over: set[str] = field(default_factory=set)

    def note(self, key: str, judgement: Judgement) -> None:
        """Remember how ``key`` stands, whether or not it is a matter: in order again, or hardly anything sent."""
        self.seen.add(key)
        if judgement.standing in {Standing.USUAL, Standing.QUIET}:
            self.over.add(key)


def judged(series: Series, latest: datetime, month: Callable[[], Tally]) -> Judgement:
    """The judgement of the last two hours where they tell, else of the last six.

    ``month`` gives the whole four weeks; it is asked only where the last hours are worth a comparison.
    """
    few, many = (_judged(series, latest, length, month) for length in WINDOWS)
    # Two hours that are in order again are not overruled by the four before them.
    if few.standing in {Standing.BEYOND, Standing.USUAL}:
        return few
    return many if many.is_beyond or few.standing is Standing.QUIET else few


def _judged(series: Series, latest: datetime, length: int, month: Callable[[], Tally]) -> Judgement:
    now = series.window(latest, length)
    return judge(now, series.same_hours(latest), month=month() if is_suspicious(now) else None)


def began(series: Series, latest: datetime, judgement: Judgement) -> datetime:
    """The first of the last hours that is nearer to what is judged than to its habit, as all since then is."""
    middle = (judgement.now.share + judgement.habit.usual) / 2
    first = latest
    for ago in range(max(WINDOWS)):
        at = latest - HOUR * ago
        if series.hours.get(at, Tally()).share >= middle and series.window(latest, ago + 1).share >= middle:
            first = at
    return first


def reason_of(series: Series, latest: datetime, judgement: Judgement, done: str, what: str = "recipients") -> str:
    """Why it is told: "38 % of 412 recipients were put off since 14:00 UTC; in the same hours … it was 2 %".

    ``what`` was counted: recipients, or tries, of which one recipient may have many.
    """
    since = began(series, latest, judgement)
    now, habit = series.window(latest, (latest - since) // HOUR + 1), judgement.habit
    told = f"{percent(now.share)} of {now.tried:,} {what} were {done} since {since:%H:%M} UTC"
    if habit.tried < LEAST_TO_SAY:
        return f"{told}; too little was sent in the four weeks before to tell what is usual."
    worst = f", in no such hour more than {percent(judgement.worst)}" if judgement.worst else ""
    return (
        f"{told}; in the same hours of the four weeks before it was {percent(habit.share)} of {habit.tried:,}{worst}."
    )


def of_branch(branch: int, state: str, series: Series, latest: datetime, judgement: Judgement) -> Matter:
    """More of a branch's mail is ``state`` (deferred, refused) than usual."""
    profile = BranchProfile.objects.get(pk=branch)
    is_deferred = state == State.DEFERRED
    title = (
        "Much more of its mail is stuck than usual" if is_deferred else "Much more of its mail is refused than usual"
    )
    done = "still put off an hour after they were handed over" if is_deferred else "refused or given up"
    narrowed = urlencode({"state": "deferred" if is_deferred else "undelivered"})
    return Matter(
        key=f"{PREFIX}{state} branch:{branch}",
        about=profile.organisation,
        title=title,
        reason=reason_of(series, latest, judgement, done),
        actor=Actor.SUPPORT,
        link=f"{reverse('deliveries', args=[profile.code])}?{narrowed}",
        bad=judgement.now.bad,
    )


def of_server(
    server: str,
    state: str,
    series: Series,
    latest: datetime,
    judgement: Judgement,
    parts: Mapping[str, Series],
) -> Matter:
    """More of what a sending server hands over is ``state`` than usual. ``parts`` are its series by provider."""
    cause = cause_at(latest, server=server)
    bad = {name: part.window(latest, max(WINDOWS)).bad for name, part in parts.items()}
    is_nameless = bad.get("", 0) >= MOSTLY * sum(bad.values())
    most = _where_most_waits(server, latest) if is_nameless and state == State.DEFERRED else None
    verb = "put off" if state == State.DEFERRED else "refused"
    if most is not None:
        title, told = f"{most[0]} puts off much more of its mail than usual", f" {most[1]:,} recipients wait there."
    elif sum(bool(count and name) for name, count in bad.items()) >= MANY:
        word = "put off" if state == State.DEFERRED else "refuse"
        title, told = f"Many providers {word} much more of its mail than usual", ""
    else:
        title, told = f"Much more of its mail is {verb} than usual", ""
    reason = _with_cause(reason_of(series, latest, judgement, verb, "tries"), cause)
    return Matter(
        key=f"{PREFIX}{state} server:{server}",
        about=server,
        title=title,
        reason=f"{reason}{told}",
        actor=CAUSES[cause].actor if cause else Actor.SUPPORT,
        link=f"{reverse('rates')}?{urlencode({'server': server})}",
        bad=judgement.now.bad,
    )


def _where_most_waits(server: str, latest: datetime) -> tuple[str, int] | None:
    """The receiving server without a known provider where most of what waits does, and how many; None where none is."""
    rows = [row for row in waiting_at("", since=latest - HOUR * max(WINDOWS), most=LOOKED_AT) if row.server == server]
    places = Counter(place_of(row.remote_host, row.recipient_domain) for row in rows)
    if not places:
        return None
    name, count = places.most_common(1)[0]
    return (name, count) if count >= MOSTLY * len(rows) else None


def of_provider(provider: str, state: str, series: Series, latest: datetime, judgement: Judgement) -> Matter:
    """A provider does ``state`` with more of our mail than usual."""
    cause = cause_at(latest, provider=provider)
    verb = "Puts off" if state == State.DEFERRED else "Refuses"
    return Matter(
        key=f"{PREFIX}{state} provider:{provider}",
        about=provider_name(provider),
        title=f"{verb} much more of our mail than usual",
        reason=_with_cause(reason_of(series, latest, judgement, _done(state), "tries"), cause),
        actor=CAUSES[cause].actor if cause else Actor.SUPPORT,
        link=reverse("rates_provider", args=[provider]),
        bad=judgement.now.bad,
    )


def cause_at(latest: datetime, *, server: str = "", provider: str = "") -> str:
    """What most of the latest that wait or failed there were told, as a cause; "" where nothing is known."""
    counts: Counter[str] = Counter()
    for cause in SAID:
        for delivery in latest_with(cause, since=latest - HOUR * max(WINDOWS))[:LOOKED_THROUGH]:
            is_there = (not server or delivery.server == server) and (not provider or delivery.provider == provider)
            counts[cause] += is_there and delivery.state_at >= latest - HOUR * max(WINDOWS)
    cause, count = max(counts.items(), key=lambda item: item[1], default=("", 0))
    return cause if count else ""


def _done(state: str) -> str:
    return "put off" if state == State.DEFERRED else "refused"


def _with_cause(reason: str, cause: str) -> str:
    return f"{reason} {CAUSES[cause].title}." if cause and cause != "unknown" else reason
