"""Reading the message log: was it sent, how far did it get, and what is its story.

Every selector takes the viewer first and shows nothing of a branch that is not theirs. Counts over time are read in
``history``, lists of deliveries in ``searching``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.branches.models import BranchProfile
from portal.maillog.addresses import normal
from portal.maillog.erased import erased_since
from portal.maillog.models import CaseNote, ClientProfile, Delivery, DeliveryEvent, LogCoverage, MessageLog, State
from portal.maillog.onward import PASSED_ON, onward_from, onward_of
from portal.maillog.replies import reading_of
from portal.maillog.searching import give_messages

#: More records than these beside one report help nobody to choose.
MOST = 50
#: A story is cut at so many events.
MOST_EVENTS = 200
#: A message nobody heard of for so long has a gap worth naming.
GAP = timedelta(hours=6)
#: What a server said about these says something. Of a hand-over our own programs tell only that it was one.
EXPLAINED = frozenset({State.DEFERRED, State.ACCEPTED, State.REFUSED, State.EXPIRED, State.COMPLAINED})
#: A log that is read in every quarter of an hour has no gap of so little.
FORGIVEN = timedelta(minutes=15)
#: States that end a delivery with trouble.
TROUBLE = (State.DEFERRED, State.REFUSED, State.EXPIRED, State.ERROR)


@dataclass(frozen=True, slots=True)
class Sends:
    """What the log holds for a recipient around a time, the nearest first, and what its absence would mean.

    ``is_covered``: the log is known to be complete for the whole span, so that finding nothing means "not sent".
    ``erased``: what was known of the recipient was erased then, and it was known of a part of the span.
    """

    deliveries: list[Delivery]
    case_notes: list[CaseNote]
    is_covered: bool
    erased: datetime | None = None


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """One line of a message's story. ``state`` is empty for a gap or for what cannot be known.

    ``raw`` is the reply as it was given, ``line`` the line of the log it was told in; ``rule`` is what ``detail`` was
    read by.
    """

    at: datetime | None
    state: str
    words: str
    detail: str = ""
    raw: str = ""
    source: str = ""
    is_gap: bool = False
    line: str = ""
    rule: str = ""


def deliveries_of(viewer: User) -> QuerySet[Delivery]:
    """The deliveries ``viewer`` may see."""
    if viewer.is_support:
        return Delivery.objects.all()
    return Delivery.objects.filter(branch__in=branches_of(viewer))


def delivery_for(viewer: User, pk: int) -> Delivery:
    """The delivery ``pk`` if ``viewer`` may see it; else Http404."""
    found = deliveries_of(viewer).select_related("branch").filter(pk=pk).first()
    if found is None:
        raise Http404("No delivery of that number.")
    give_messages([found])
    return found


def message_for(viewer: User, pk: int) -> MessageLog:
    """The message ``pk`` if ``viewer`` may see it; else Http404."""
    rows = MessageLog.objects.all() if viewer.is_support else MessageLog.objects.filter(branch__in=branches_of(viewer))
    found = rows.select_related("branch", "sending_server").filter(pk=pk).first()
    if found is None:
        raise Http404("No message of that number.")
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
    erased = erased_since(branch, recipient, begins)
    return Sends(
        deliveries=_nearest(deliveries.order_by("-at")[:MOST], around),
        case_notes=_nearest(notes.order_by("-at")[:MOST], around),
        is_covered=erased is None and is_covered(branch, begins, min(ends, timezone.now())),
        erased=erased,
    )


def _nearest(rows: Iterable[Delivery] | Iterable[CaseNote], around: datetime) -> list:
    return sorted(rows, key=lambda row: abs(row.at - around))


def is_covered(branch: BranchProfile, begins: datetime, ends: datetime) -> bool:
    """The log of ``branch`` is known to be complete from ``begins`` to ``ends``.

    A log that is read in every quarter of an hour is never complete up to this very moment; that much is forgiven.
    """
    forgiven = ends - FORGIVEN
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


def notes_about(delivery: Delivery) -> list[CaseNote]:
    """Case notes of the same recipient within a day of the message."""
    return notes_about_all([delivery], most=10)


def notes_about_all(deliveries: list[Delivery], *, most: int = MOST) -> list[CaseNote]:
    """Case notes of the recipients of deliveries of one branch, within a day of them (one query)."""
    if not deliveries:
        return []
    moments = [delivery.at for delivery in deliveries]
    rows = CaseNote.objects.filter(
        branch=deliveries[0].branch_id,
        email_normal__in=[delivery.recipient_normal for delivery in deliveries],
        at__range=(min(moments) - timedelta(days=1), max(moments) + timedelta(days=1)),
    )
    return list(rows.select_related("client").order_by("at")[:most])


def timeline_of(delivery: Delivery) -> list[TimelineItem]:
    """The story of one delivery: each thing that was told, the gaps between, and what nobody can know from a log."""
    events = DeliveryEvent.objects.filter(delivery=delivery).order_by("at", "id")[:MOST_EVENTS]
    return _story(delivery, events, onward_from(delivery))


def timelines_of(deliveries: list[Delivery]) -> dict[int, list[TimelineItem]]:
    """The stories of several deliveries by their ids, in three queries at most."""
    onward = onward_of(deliveries)
    events: dict[int, list[DeliveryEvent]] = {delivery.pk: [] for delivery in deliveries}
    for event in DeliveryEvent.objects.filter(delivery__in=list(events)).order_by("at", "id"):
        events[event.delivery_id].append(event)
    return {row.pk: _story(row, events[row.pk][:MOST_EVENTS], onward.get(row.pk)) for row in deliveries}


def _story(delivery: Delivery, events: Iterable[DeliveryEvent], onward: Delivery | None) -> list[TimelineItem]:
    items: list[TimelineItem] = []
    before: datetime | None = None
    for event in events:
        if before is not None and event.at - before > GAP and event.state not in (State.SUBMITTED, State.HANDED):
            items.append(TimelineItem(before, "", "No record in between", is_gap=True))
        items.append(told(event))
        before = event.at
    if onward is not None:
        return [*items, _went_on(onward), *_unknown(onward)]
    return [*items, *_unknown(delivery)]


def _went_on(leg: Delivery) -> TimelineItem:
    """How a message fared at the address that the sending server wrote in the place of the recipient's."""
    words = {
        State.DEFERRED: "where it is deferred",
        State.ACCEPTED: "whose server accepted it",
        State.REFUSED: "which was refused",
        State.EXPIRED: "where the sending server gave up",
        State.ERROR: "where an error stopped it",
    }.get(State(leg.state))
    detail, rule = _read(leg)
    went = f"Went on to {leg.recipient}" + (f", {words}" if words else "")
    return TimelineItem(leg.state_at, leg.state, went, detail, leg.reply, rule=rule)


def _read(item: Delivery | DeliveryEvent) -> tuple[str, str]:
    """What a reply says in plain words, and the rule that it was read by; empty where nobody has said anything."""
    if not item.reply or item.state not in EXPLAINED:
        return "", ""
    reading = reading_of(item.reply, item.reply_code, item.status, item.remote_host)
    return reading.words, reading.rule


def told(event: DeliveryEvent) -> TimelineItem:
    detail, rule = _read(event)
    words = {
        State.SUBMITTED: "Submitted by the application",
        State.HANDED: "Handed to the sending server",
        State.ERROR: "An error stopped it before it went out",
        State.DEFERRED: f"Deferred by {event.remote_host or 'their side'}; it is tried again",
        State.ACCEPTED: f"Accepted by {event.remote_host or 'the recipient’s server'}",
        State.REFUSED: f"Refused by {event.remote_host}" if event.remote_host else "Could not be delivered",
        State.EXPIRED: "Given up after trying for as long as the sending server tries",
        State.COMPLAINED: "Complained about: the recipient marked it as spam, and their provider told us",
    }[State(event.state)]
    if event.state == State.HANDED and event.reply.startswith(PASSED_ON):
        words = f"Passed on to {event.reply.removeprefix(PASSED_ON)} by the sending server"
    raw = event.reply or event.raw
    return TimelineItem(event.at, event.state, words, detail, raw, event.source, line=event.raw, rule=rule)


def _unknown(delivery: Delivery) -> list[TimelineItem]:
    """What the log cannot tell, said so that nobody reads more into it."""
    if delivery.state == State.ACCEPTED:
        return [TimelineItem(None, "", "What their server did with it then, we cannot see: inbox, junk or quarantine.")]
    if delivery.state in (State.SUBMITTED, State.HANDED):
        return [TimelineItem(None, "", "Nothing has been heard since. It may still be on its way.", is_gap=True)]
    if delivery.state == State.DEFERRED:
        return [TimelineItem(None, "", "The sending server keeps trying; nothing has to be sent again.")]
    return []
