"""Reading the message log: was it sent, how far did it get, and what does a branch's history look like.

Every selector takes the viewer first and shows nothing of a branch that is not theirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet, Sum
from django.http import Http404
from django.utils import timezone

from diagnostics.engine.messages.reply import read_reply
from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.branches.models import BranchProfile
from portal.maillog.addresses import normal
from portal.maillog.models import (
    CaseNote,
    ClientProfile,
    Delivery,
    DeliveryEvent,
    HourCount,
    LogCoverage,
    State,
)

#: More records than these beside one report help nobody to choose.
MOST = 50
#: A story is cut at so many events.
MOST_EVENTS = 200
#: A message nobody heard of for so long has a gap worth naming.
GAP = timedelta(hours=6)
#: States that end a delivery with trouble.
TROUBLE = (State.DEFERRED, State.REFUSED, State.EXPIRED, State.ERROR)


@dataclass(frozen=True, slots=True)
class Sends:
    """What the log holds for a recipient around a time, the nearest first, and what its absence would mean.

    ``is_covered``: the log is known to be complete for the whole span, so that finding nothing means "not sent".
    """

    deliveries: list[Delivery]
    case_notes: list[CaseNote]
    is_covered: bool


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """One line of a message's story. ``state`` is empty for a gap or for what cannot be known."""

    at: datetime | None
    state: str
    words: str
    detail: str = ""
    raw: str = ""
    source: str = ""
    is_gap: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a branch, in its time zone: recipients by how far their message got."""

    day: date
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def sent(self) -> int:
        """Recipients whose message was handed over, however it went on."""
        return sum(count for state, count in self.counts.items() if state != State.ERROR)

    def of(self, *states: str) -> int:
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def accepted(self) -> int:
        return self.of(State.ACCEPTED)

    @property
    def deferred(self) -> int:
        return self.of(State.DEFERRED)

    @property
    def refused(self) -> int:
        return self.of(State.REFUSED, State.EXPIRED)

    @property
    def on_the_way(self) -> int:
        return self.of(State.SUBMITTED, State.HANDED)

    @property
    def errors(self) -> int:
        return self.of(State.ERROR)


def deliveries_of(viewer: User) -> QuerySet[Delivery]:
    """The deliveries ``viewer`` may see."""
    if viewer.is_support:
        return Delivery.objects.all()
    return Delivery.objects.filter(branch__in=branches_of(viewer))


def delivery_for(viewer: User, pk: int) -> Delivery:
    """The delivery ``pk`` if ``viewer`` may see it; else Http404."""
    found = deliveries_of(viewer).select_related("message__sending_server", "branch").filter(pk=pk).first()
    if found is None:
        raise Http404("No delivery of that number.")
    return found


def sends_to(viewer: User, branch: BranchProfile, recipient: str, *, around: datetime, days: int = 3) -> Sends:
    """What was sent to ``recipient`` from ``days`` before ``around`` to ``days`` after it."""
    begins, ends = around - timedelta(days=days), around + timedelta(days=days)
    own = branches_of(viewer).filter(pk=branch.pk)
    to = normal(recipient)
    deliveries = Delivery.objects.filter(branch__in=own, recipient_normal=to, at__range=(begins, ends)).select_related(
        "message__sending_server", "branch"
    )
    notes = CaseNote.objects.filter(branch__in=own, email_normal=to, at__range=(begins, ends)).select_related("client")
    return Sends(
        deliveries=_nearest(deliveries.order_by("-at")[:MOST], around),
        case_notes=_nearest(notes.order_by("-at")[:MOST], around),
        is_covered=is_covered(branch, begins, min(ends, timezone.now())),
    )


def _nearest(rows: Iterable[Delivery] | Iterable[CaseNote], around: datetime) -> list:
    return sorted(rows, key=lambda row: abs(row.at - around))


def is_covered(branch: BranchProfile, begins: datetime, ends: datetime) -> bool:
    """The log of ``branch`` is known to be complete from ``begins`` to ``ends``.

    A log that is read in every quarter of an hour is never complete up to this very moment; that much is forgiven.
    """
    forgiven = ends - timedelta(minutes=15)
    return LogCoverage.objects.filter(
        Q(branch=branch) | Q(branch=None), begins__lte=begins, ends__gte=forgiven
    ).exists()


def clients_with(viewer: User, branch: BranchProfile, *, email: str = "", name: str = "") -> QuerySet[ClientProfile]:
    """The client profiles of ``branch`` that hold the address or, without one, a name that begins so."""
    rows = ClientProfile.objects.filter(branch__in=branches_of(viewer).filter(pk=branch.pk)).order_by("name", "pk")
    if email:
        return rows.filter(email_normal=normal(email))
    return rows.filter(name__istartswith=name.strip()) if name.strip() else rows.none()


def domains_reached(viewer: User, branch: BranchProfile, *, most: int = 500) -> tuple[str, ...]:
    """The recipient domains among the branch's latest accepted deliveries: what a typing mistake may have meant."""
    rows = Delivery.objects.filter(branch__in=branches_of(viewer).filter(pk=branch.pk), state=State.ACCEPTED)
    return tuple(sorted(set(rows.order_by("-at").values_list("recipient_domain", flat=True)[:most])))


#: Refusals that say that an allow-list entry does not hold.
BY_RULE = frozenset({"recipient_policy", "self_to_self_blocked"})


def last_refusal_by_rule(viewer: User, branch: BranchProfile, domain: str, *, most: int = 200) -> datetime | None:
    """When ``domain`` last refused mail of ``branch`` by a rule of theirs, among so many of the latest deliveries."""
    rows = Delivery.objects.filter(recipient_domain=domain, branch__in=branches_of(viewer).filter(pk=branch.pk))
    latest = rows.order_by("-at").values_list("state_at", "state", "cause")[:most]
    return max((at for at, state, cause in latest if cause in BY_RULE and state in TROUBLE), default=None)


def recent_deliveries(
    viewer: User,
    branch: BranchProfile,
    *,
    state: str = "",
    domain: str = "",
    recipient: str = "",
    day: date | None = None,
) -> QuerySet[Delivery]:
    """The deliveries of ``branch``, narrowed; the caller takes a keyset page of them by ``at``."""
    rows = Delivery.objects.filter(branch__in=branches_of(viewer).filter(pk=branch.pk))
    if state == "trouble":
        rows = rows.filter(state__in=TROUBLE)
    elif state == "undelivered":
        rows = rows.filter(state__in=[State.REFUSED, State.EXPIRED])
    elif state:
        rows = rows.filter(state=state)
    if recipient:
        rows = rows.filter(recipient_normal=normal(recipient))
    if domain:
        rows = rows.filter(recipient_domain=domain.strip().lower().rpartition("@")[2])
    if day:
        begins = datetime.combine(day, time(), ZoneInfo(branch.time_zone))
        rows = rows.filter(at__gte=begins, at__lt=datetime.combine(day + timedelta(days=1), time(), begins.tzinfo))
    return rows.select_related("message").defer("reply")


def notes_about(delivery: Delivery) -> list[CaseNote]:
    """Case notes of the same recipient within a day of the message."""
    span = (delivery.at - timedelta(days=1), delivery.at + timedelta(days=1))
    rows = CaseNote.objects.filter(
        branch=delivery.branch_id, email_normal=delivery.recipient_normal, at__range=span
    ).select_related("client")
    return list(rows.order_by("at")[:10])


def timeline_of(delivery: Delivery) -> list[TimelineItem]:
    """The story of one delivery: each thing that was told, the gaps between, and what nobody can know from a log."""
    return _story(delivery, DeliveryEvent.objects.filter(delivery=delivery).order_by("at", "id")[:MOST_EVENTS])


def timelines_of(deliveries: list[Delivery]) -> dict[int, list[TimelineItem]]:
    """The stories of several deliveries by their ids, in one query."""
    events: dict[int, list[DeliveryEvent]] = {delivery.pk: [] for delivery in deliveries}
    for event in DeliveryEvent.objects.filter(delivery__in=list(events)).order_by("at", "id"):
        events[event.delivery_id].append(event)
    return {delivery.pk: _story(delivery, events[delivery.pk][:MOST_EVENTS]) for delivery in deliveries}


def _story(delivery: Delivery, events: Iterable[DeliveryEvent]) -> list[TimelineItem]:
    items: list[TimelineItem] = []
    before: datetime | None = None
    for event in events:
        if before is not None and event.at - before > GAP and event.state not in (State.SUBMITTED, State.HANDED):
            items.append(TimelineItem(before, "", "No record in between", is_gap=True))
        items.append(_item(event))
        before = event.at
    return [*items, *_unknown(delivery)]


def _item(event: DeliveryEvent) -> TimelineItem:
    detail = ""
    if event.reply and event.state != State.ERROR:
        detail = read_reply(
            event.reply, reply_code=event.reply_code, status=event.status, remote_host=event.remote_host
        ).words
    words = {
        State.SUBMITTED: "Submitted by the application",
        State.HANDED: "Handed to the sending server",
        State.ERROR: "An error stopped it before it went out",
        State.DEFERRED: f"Put off by {event.remote_host or 'their side'}; it is tried again",
        State.ACCEPTED: f"Accepted by {event.remote_host or 'the recipient’s server'}",
        State.REFUSED: f"Refused by {event.remote_host}" if event.remote_host else "Could not be delivered",
        State.EXPIRED: "Given up after trying for as long as the sending server tries",
    }[State(event.state)]
    return TimelineItem(event.at, event.state, words, detail, event.reply or event.raw, event.source)


def _unknown(delivery: Delivery) -> list[TimelineItem]:
    """What the log cannot tell, said so that nobody reads more into it."""
    if delivery.state == State.ACCEPTED:
        return [TimelineItem(None, "", "What their server did with it then, we cannot see: inbox, junk or quarantine.")]
    if delivery.state in (State.SUBMITTED, State.HANDED):
        return [TimelineItem(None, "", "Nothing has been heard since. It may still be on its way.", is_gap=True)]
    if delivery.state == State.DEFERRED:
        return [TimelineItem(None, "", "The sending server keeps trying; nothing has to be sent again.")]
    return []


def delivery_history(viewer: User, branch: BranchProfile, *, days: int) -> list[Day]:
    """The last ``days`` days of ``branch`` in its time zone, newest first, from the hourly counts (one query)."""
    zone = ZoneInfo(branch.time_zone)
    today = timezone.now().astimezone(zone).date()
    first = today - timedelta(days=days - 1)
    counts: dict[date, dict[str, int]] = {}
    rows = HourCount.objects.filter(
        branch__in=branches_of(viewer).filter(pk=branch.pk), hour__gte=datetime.combine(first, time(), zone)
    )
    for hour, state, recipients in rows.values_list("hour", "state", "recipients"):
        of_day = counts.setdefault(hour.astimezone(zone).date(), {})
        of_day[state] = of_day.get(state, 0) + recipients
    return [Day(day, counts.get(day, {})) for day in (today - timedelta(days=ago) for ago in range(days))]


def total_of(days: Iterable[Day]) -> Day:
    """All of ``days`` as one; its date is that of the first."""
    days = list(days)
    counts: dict[str, int] = {}
    for item in days:
        for state, count in item.counts.items():
            counts[state] = counts.get(state, 0) + count
    return Day(days[0].day if days else timezone.now().date(), counts)


def health_of(viewer: User, branch: BranchProfile, *, days: int = 30) -> Day:
    """The last ``days`` days of ``branch`` as one: recipients sent, accepted, deferred, refused (one query)."""
    since = timezone.now() - timedelta(days=days)
    rows = HourCount.objects.filter(branch__in=branches_of(viewer).filter(pk=branch.pk), hour__gte=since)
    counts = dict(rows.order_by().values_list("state").annotate(Sum("recipients")))
    return Day(timezone.now().date(), counts)


@dataclass(frozen=True, slots=True)
class BranchHealth:
    """One branch among others: its counts, and the share of recipients that were refused."""

    branch: BranchProfile
    counts: Day

    @property
    def refused_share(self) -> float:
        return self.counts.refused / self.counts.sent if self.counts.sent else 0.0


def health_of_all(viewer: User, *, days: int = 30, most: int = 200) -> list[BranchHealth]:
    """The branches that ``viewer`` may see with their counts, the worst share of refusals first."""
    since = timezone.now() - timedelta(days=days)
    counts: dict[int, dict[str, int]] = {}
    shown = list(branches_of(viewer).order_by("organisation")[:most])
    rows = HourCount.objects.filter(branch__in=shown, hour__gte=since).order_by()
    for branch, state, recipients in rows.values_list("branch", "state").annotate(all=Sum("recipients")):
        counts.setdefault(branch, {})[state] = recipients
    found = [BranchHealth(branch, Day(since.date(), counts.get(branch.pk, {}))) for branch in shown]
    return sorted(found, key=lambda item: (-item.refused_share, item.branch.organisation))


@dataclass(frozen=True, slots=True)
class Trouble:
    """The latest of deliveries that share domain, state and cause, and how many others there are among the latest."""

    delivery: Delivery
    others: int


def troubled(viewer: User, branch: BranchProfile, *, most: int = 8) -> list[Trouble]:
    """What did not get through lately, newest first: one line for what is one matter, from the latest 200 deliveries.

    A mailing of a thousand that one provider puts off must not hide the one address that was refused.
    """
    rows = recent_deliveries(viewer, branch, state="trouble").order_by(F("at").desc(), "-pk")[:200]
    groups: dict[tuple[str, str, str], list[Delivery]] = {}
    for row in rows:
        groups.setdefault((row.recipient_domain, row.state, row.cause), []).append(row)
    return [Trouble(group[0], len(group) - 1) for group in list(groups.values())[:most]]
