"""How a branch's mail went over time, from the counts alone: no page here ever reads the log itself.

Everything is counted in recipients and belongs to the day the message was handed over, in the branch's time zone. Only
a report belongs to the day it was submitted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Q, Sum
from django.utils import timezone

from diagnostics.engine.causes import CAUSES, Arrival, cause_for
from diagnostics.engine.receivers import UNNAMED, receiver_called
from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.branches.models import BranchProfile
from portal.branches.selectors import addresses_of_servers
from portal.maillog.counts import STANDS
from portal.maillog.filters import MOMENT, NONE
from portal.maillog.models import DayPart, DomainCount, HourCount, MissingCount, Module, State
from portal.maillog.spans import By, Span, begin_of, month_of, months_back, span_called

#: Of fewer recipients a share says next to nothing, and a rate of a thousand: a single one moves it too far.
FEW_FOR_SHARE = 100
FEW_FOR_RATE = 1000
HOUR = timedelta(hours=1)
#: What a day's part tells, and all of it as sums.
FIGURES = (*STANDS, "complaints")
SUMS = [Sum(name) for name in FIGURES]
#: Domains shown of a month.
MOST_DOMAINS = 50
#: Branches shown beside each other.
MOST_BRANCHES = 200


@dataclass(frozen=True, slots=True)
class Tally:
    """Recipients by how far their message got, how many complained, and how many e-mails were reported missing."""

    counts: Mapping[str, int] = field(default_factory=dict)
    complaints: int = 0
    missing: int = 0

    def of(self, *states: str) -> int:
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def sent(self) -> int:
        """Recipients whose message was handed over, however it went on."""
        return sum(count for state, count in self.counts.items() if state != State.ERROR)

    @property
    def accepted(self) -> int:
        return self.of(State.ACCEPTED)

    @property
    def on_the_way(self) -> int:
        return self.of(State.SUBMITTED, State.HANDED)

    @property
    def deferred(self) -> int:
        return self.of(State.DEFERRED)

    @property
    def refused(self) -> int:
        """Refused, or given up after trying."""
        return self.of(State.REFUSED, State.EXPIRED)

    @property
    def errors(self) -> int:
        return self.of(State.ERROR)

    @property
    def has_share(self) -> bool:
        """Enough recipients to tell which share was refused or deferred."""
        return self.sent >= FEW_FOR_SHARE

    @property
    def has_rate(self) -> bool:
        """Enough recipients to tell how many of a thousand were reported missing or complained."""
        return self.sent >= FEW_FOR_RATE

    @property
    def refused_share(self) -> float:
        return self.refused / self.sent if self.sent else 0.0

    @property
    def deferred_share(self) -> float:
        return self.deferred / self.sent if self.sent else 0.0

    @property
    def complaint_share(self) -> float:
        return self.complaints / self.accepted if self.accepted else 0.0

    @property
    def missing_rate(self) -> float:
        """Reports per 1,000 recipients."""
        return 1000 * self.missing / self.sent if self.sent else 0.0

    @property
    def is_empty(self) -> bool:
        return not (self.sent or self.errors or self.missing or self.complaints)


@dataclass(frozen=True, slots=True)
class Period:
    """A piece of a history with its tally. ``query`` asks the list of deliveries for its rows."""

    begins: datetime
    ends: datetime
    by: str
    tally: Tally

    @property
    def span(self) -> Span:
        return Span(self.begins.date(), (self.ends - timedelta(seconds=1)).date())

    @property
    def name(self) -> str:
        """The name of a span that shows it more closely: a day's or a month's; "" for others."""
        if self.by == By.DAY:
            return f"{self.begins:%Y-%m-%d}"
        return f"{self.begins:%Y-%m}" if self.by == By.MONTH else ""

    @property
    def label(self) -> str:
        """What it is called: "13:00", "Wed 4 Mar 2026", "2 to 8 Mar 2026", "Mar 2026"."""
        if self.by == "hour":
            return f"{self.begins:%H:%M}"
        if self.by == By.MONTH:
            return f"{self.begins:%b %Y}"
        return self.span.label

    @property
    def query(self) -> str:
        return urlencode({"since": self.begins.strftime(MOMENT), "until": self.ends.strftime(MOMENT)})

    @property
    def days_query(self) -> str:
        """Asks the list of reports for those that were made in it, in the branch's days."""
        return urlencode({"from": self.span.first.isoformat(), "until": self.span.last.isoformat()})


@dataclass(frozen=True, slots=True)
class Part:
    """What has one value of a breakdown in common: its words, whose turn it is (causes), and its tally.

    ``query`` asks the list of deliveries for its rows. ``note`` is what else is known of the value: a sending server's
    addresses, as its profile has them.
    """

    value: str
    words: str
    tally: Tally
    query: str
    actor: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """A span in its pieces, the latest first, and in its parts, the largest first."""

    periods: list[Period]
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class BranchTally:
    """One branch among others, over the days that the span was for it."""

    branch: BranchProfile
    span: Span
    counts: Tally


def _own(viewer: User, branch: BranchProfile) -> Q:
    """Rows of ``branch``, and none where it is not the viewer's."""
    if viewer.is_support:
        return Q(branch=branch.pk)
    return Q(branch=branch.pk, branch__in=branches_of(viewer))


def today_of(branch: BranchProfile) -> date:
    """The day it is for ``branch``."""
    return timezone.now().astimezone(ZoneInfo(branch.time_zone)).date()


def history_of(viewer: User, branch: BranchProfile, span: Span, by: By, column: str = "") -> History:
    """The history of ``branch`` over ``span``, the latest piece first, and broken down by ``column`` (three queries).

    ``column`` is module, provider, server (one query more) or cause; "" breaks down by nothing.
    """
    pieces: dict[date, list[int]] = {}
    missing: Counter[date] = Counter()
    within = _own(viewer, branch) & Q(day__range=(span.first, span.last))
    for day, *figures in DayPart.objects.filter(within, part="").values_list("day", *FIGURES):
        begin = begin_of(day, by)
        pieces[begin] = [a + b for a, b in zip(pieces[begin], figures, strict=True)] if begin in pieces else figures
    for day, reports in MissingCount.objects.filter(within).values_list("day", "reports"):
        missing[begin_of(day, by)] += reports
    zone = ZoneInfo(branch.time_zone)
    periods = []
    for piece in span.pieces(by):
        begin = begin_of(piece.first, by)
        periods.append(Period(*piece.moments(zone), by, _tally(pieces.get(begin, ()), missing[begin])))
    values = DayPart.objects.filter(within, part=column) if column else DayPart.objects.none()
    if column == "cause":
        # What stands without a cause was not stopped.
        values = values.exclude(value="")
    sums = values.order_by().values_list("value").annotate(*SUMS)
    notes = addresses_of_servers() if column == "server" else {}
    parts = [_part(column, value, _tally(figures), notes.get(value, "")) for value, *figures in sums]
    return History(periods, sorted((part for part in parts if not part.tally.is_empty), key=_by_size))


def _tally(figures: Sequence[int], missing: int = 0) -> Tally:
    """The tally of what :data:`FIGURES` tell; none of them where nothing was counted."""
    if not figures:
        return Tally(missing=missing)
    # PostgreSQL sums to a decimal number.
    *counts, complaints = map(int, figures)
    return Tally({state: count for state, count in zip(STANDS, counts, strict=True) if count}, complaints, missing)


def _by_size(part: Part) -> tuple[int, str]:
    return -part.tally.sent - part.tally.errors, part.words


def period_of(branch: BranchProfile, span: Span, tally: Tally | None = None) -> Period:
    """A whole span as one piece: for the links to its rows."""
    return Period(*span.moments(ZoneInfo(branch.time_zone)), "", tally or Tally())


def hours_of(viewer: User, branch: BranchProfile, day: date) -> list[Period]:
    """One day of ``branch`` by the hour, the latest first; none where nothing was counted.

    Complaints and reports are not counted by the hour. Hours are those of UTC: in a zone that is half an hour off, the
    one that two days share belongs to the first.
    """
    zone = ZoneInfo(branch.time_zone)
    begins, ends = (moment.astimezone(UTC) for moment in Span(day, day).moments(zone))
    counts: dict[datetime, dict[str, int]] = {}
    rows = HourCount.objects.filter(_own(viewer, branch), hour__gte=begins, hour__lt=ends)
    for hour, state, recipients in rows.values_list("hour", "state", "recipients"):
        counts.setdefault(hour, {})[state] = recipients
    found: list[Period] = []
    hour = begins.replace(minute=0) + HOUR if begins.minute else begins
    while counts and hour < min(ends, timezone.now()):
        local, following = hour.astimezone(zone), (hour + HOUR).astimezone(zone)
        found.append(Period(local, following, "hour", Tally(counts.get(hour, {}))))
        hour += HOUR
    return found[::-1]


def log_begins(viewer: User, branch: BranchProfile) -> date | None:
    """The first day of which anything of ``branch`` was counted; None where nothing was. One query."""
    rows = DayPart.objects.filter(_own(viewer, branch), part="").order_by("day")
    return rows.values_list("day", flat=True).first()


def total_of(periods: Iterable[Period]) -> Tally:
    """All of ``periods`` as one."""
    counts: dict[str, int] = {}
    complaints = missing = 0
    for period in periods:
        for state, count in period.tally.counts.items():
            counts[state] = counts.get(state, 0) + count
        complaints += period.tally.complaints
        missing += period.tally.missing
    return Tally(counts, complaints, missing)


def _part(column: str, value: str, tally: Tally, note: str) -> Part:
    words, actor = value or "Not told by the log", ""
    if column == "cause" and value in CAUSES:
        # Where the branch writes to its own domain, the recipient's IT is its own.
        within = value == "self_to_self_blocked"
        told = cause_for(value, own_server=False, within=within, arrival=Arrival.ACCEPTED) or CAUSES[value]
        words, actor = told.title, str(told.actor)
    elif column == "provider":
        receiver = receiver_called(value) if value else None
        words = receiver.name if receiver else value or UNNAMED
    elif column == "module":
        words = dict(Module.choices).get(value, value)
    return Part(value, words, tally, urlencode({column: value or NONE}), actor, note)


def domains_of(viewer: User, branch: BranchProfile, month: date) -> list[DomainCount]:
    """The recipient domains most was sent to in the month of ``month``, the largest first."""
    rows = DomainCount.objects.filter(_own(viewer, branch), month=month.replace(day=1), recipients__gt=0)
    return list(rows.order_by("-recipients", "domain")[:MOST_DOMAINS])


def months_of(viewer: User, branch: BranchProfile, months: int) -> list[Period]:
    """The "Client Email Counts" of the last ``months`` months with this one, the latest first.

    They go back to the first that holds anything.
    """
    today = today_of(branch)
    found = history_of(viewer, branch, Span(months_back(today, months - 1), month_of(today).last), By.MONTH).periods
    # Months before the log began say nothing.
    while found and found[-1].tally.is_empty:
        found.pop()
    return found


def health_of(viewer: User, branch: BranchProfile, *, days: int = 30) -> Tally:
    """The last ``days`` days of ``branch`` as one: recipients sent, accepted, deferred, refused (one query)."""
    since = today_of(branch) - timedelta(days=days - 1)
    sums = DayPart.objects.filter(_own(viewer, branch), part="", day__gte=since).aggregate(*SUMS)
    return _tally([count or 0 for count in sums.values()])


def health_of_all(viewer: User) -> list[BranchTally]:
    """The branches that ``viewer`` may see over 30 days, the worst share of refusals first."""
    found = comparison(viewer, "30-days")
    return sorted(found, key=lambda item: (-item.counts.refused_share, item.branch.organisation))


#: What branches can be ordered by: its word, and the figure, the highest first.
ORDERS: dict[str, tuple[str, Callable[[Tally], float]]] = {
    "refused": ("Refusal share", lambda tally: tally.refused_share),
    "deferred": ("Deferral share", lambda tally: tally.deferred_share),
    "complaints": ("Complaint share", lambda tally: tally.complaint_share),
    "missing": ("Tickets per 1,000", lambda tally: tally.missing_rate),
    "sent": ("Recipients", lambda tally: tally.sent),
}


def comparison(viewer: User, name: str, order: str = "refused") -> list[BranchTally]:
    """The branches of ``viewer`` beside each other over the span of that ``name``, at most :data:`MOST_BRANCHES`.

    Three queries, and two more where it is another day at some branches than at others: the last 30 days of a branch
    end with its own today, as on its own pages. Those with few recipients come last: their shares say little, and would
    stand on top for nothing.
    """
    branches = list(branches_of(viewer).order_by("organisation"))
    days: dict[Span, list[int]] = {}
    spans: dict[int, Span] = {}
    for branch in branches:
        span = span_called(name, today_of(branch))
        assert span is not None  # Whoever asks has a name that is known.
        spans[branch.pk] = span
        days.setdefault(span, []).append(branch.pk)
    counts: dict[int, Sequence[int]] = {}
    missing: dict[int, int] = {}
    for span, numbers in days.items():
        within = Q(day__range=(span.first, span.last))
        if len(days) > 1 or not viewer.is_support:
            within &= Q(branch__in=numbers)
        rows = DayPart.objects.filter(within, part="").order_by().values_list("branch").annotate(*SUMS)
        counts |= {pk: figures for pk, *figures in rows}
        missing |= dict(MissingCount.objects.filter(within).order_by().values_list("branch").annotate(Sum("reports")))
    figure = ORDERS[order][1]
    found = [
        BranchTally(branch, spans[branch.pk], _tally(counts.get(branch.pk, ()), missing.get(branch.pk, 0)))
        for branch in branches
    ]

    def says_little(tally: Tally) -> bool:
        if order == "sent":
            return False
        return not (tally.has_rate if order in ("missing", "complaints") else tally.has_share)

    found.sort(key=lambda item: (says_little(item.counts), -figure(item.counts), item.branch.organisation))
    return found[:MOST_BRANCHES]
