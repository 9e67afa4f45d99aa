"""From our records to the engine's case: what the logs, notes, lists and answers hold about one e-mail.

This is the one place that puts a case together. The wizard and the queue ask it about a report, ``manage.py explain``
about a recipient; both get their ranking of the same facts. Nothing here looks at a clock: ``now`` is what is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Protocol, TypedDict, TypeVar

from django.urls import reverse

from diagnostics.engine.causes import Case, DeferralFact, DeliveryFact, FindingFact, Suppressed
from diagnostics.engine.causes.choosing import chosen, fitting, joined, with_returned
from diagnostics.engine.causes.ranking.undated import REMEMBERED
from diagnostics.engine.names import Malformed, parse_address
from portal.accounts.models import User
from portal.branches.models import BranchProfile, SendingMode
from portal.maillog.addresses import normal
from portal.maillog.erased import erased_since
from portal.maillog.models import CaseNote, Delivery, DeliveryEvent, State
from portal.maillog.onward import onward_of
from portal.maillog.replies import cause_now, named_rules
from portal.maillog.selectors import deliveries_of, is_covered
from portal.suppression.selectors import suppressed
from portal.web.moments import zone_of
from tickets.models import OtherDomain, Symptom
from tickets.selectors.returned import returned_about
from tickets.selectors.sends import complete_before, known_since

#: Messages to one recipient that are looked at; nobody was ever sent more around one time.
MOST = 200
#: Messages of this long before and after belong to the same question, or tell what happened before it.
AROUND = timedelta(days=10)
#: A report's "about three o'clock".
VAGUE_TIME = timedelta(minutes=30)
#: A case note this near to the time that is asked about is the note of this message.
NOTED = timedelta(hours=3)
#: A case note this near to another message is that one's.
SAME_SENDING = timedelta(minutes=15)


class _Timed(Protocol):
    @property
    def at(self) -> datetime: ...


Row = TypeVar("Row", bound=_Timed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which e-mail is asked about, what the person answered, and what is known besides.

    ``delivery`` is the one that a person chose; without it the nearest is taken, or, where no time is known, every one
    that may be meant, unless the person said that it is none of them (``is_none``). ``span`` is how far off ``around``
    may be. ``asked_at`` is when it was asked, where that is not now: what was sent since is not what is missed.
    ``is_beside``: mail that came back and names no known message is told beside it, and not taken for the message.
    ``is_covered``: what was known of the log when a person judged it; None where that is to be found out.
    """

    viewer: User
    branch: BranchProfile
    recipient: str
    now: datetime
    asked_at: datetime | None = None
    around: datetime | None = None
    span: timedelta = VAGUE_TIME
    covered_for: timedelta = timedelta(days=1)
    is_covered: bool | None = None
    delivery: Delivery | None = None
    is_none: bool = False
    is_beside: bool = False
    module: str = ""
    function: str = ""
    sender_domain: str = ""
    profile_addresses: tuple[str, ...] = ()
    is_forgot: bool = False
    in_junk: str = ""
    case_note_seen: str = ""
    other_domain: str = OtherDomain.NO
    symptom: str = Symptom.NOT_RECEIVED
    is_on_no_profile: bool = False
    findings: tuple[FindingFact, ...] = ()

    @property
    def until(self) -> datetime:
        """When it was asked."""
        return self.asked_at or self.now


@dataclass(frozen=True, slots=True)
class Gathered:
    """The case, and the records it was made of, the nearest in time first. ``row`` is what the case's message is."""

    case: Case
    deliveries: tuple[DeliveryFact, ...]
    case_notes: tuple[CaseNote, ...]
    row: Delivery | None = None


def gathered(asked: Asked) -> Gathered:
    """Everything our records hold about what is asked."""
    erased = _erased(asked)
    covered = erased is None and _is_covered(asked)
    returned = returned_about(asked.viewer, asked.branch, asked.recipient, around=asked.around, now=asked.now)
    rows = _rows(asked, asked.recipient)
    found = joined(facts_of(rows))
    if not asked.is_beside:
        found = with_returned(found, returned.deliveries)
    candidates: tuple[DeliveryFact, ...] = ()
    if asked.delivery is not None:
        delivery = _found(asked.delivery, found)
    elif asked.is_none:
        delivery = None
    elif asked.around is None:
        candidates = _candidates(asked, found, covered=covered)
        delivery = candidates[0] if candidates else None
    else:
        delivery = _chosen(asked, asked.around, found, covered=covered)
    others = tuple(
        item for item in found if item is not delivery and (delivery is None or not _is_same(item, delivery))
    )
    notes = _notes(asked)
    to_profile = None if delivery else _to_profile(asked)
    case = Case(
        **of_branch(asked.branch),
        now=asked.now,
        recipient=asked.recipient,
        sender_domain=asked.sender_domain,
        around=asked.around,
        module=asked.module,
        delivery=delivery,
        candidates=candidates,
        others=others,
        to_profile=to_profile,
        has_case_note=any(_is_of_this(note, asked, others) for note in notes),
        is_covered=covered,
        erased=erased,
        whole=_whole(asked, erased) if candidates else None,
        suppressed=_suppressed(asked, delivery),
        findings=asked.findings,
        profile_addresses=asked.profile_addresses,
        is_on_no_profile=asked.is_on_no_profile,
        is_forgot=asked.is_forgot,
        answered=returned.answered,
        in_junk=asked.in_junk,
        case_note_seen=asked.case_note_seen,
        other_domain_tried=asked.other_domain,
        symptom=asked.symptom,
        address_fault=address_fault(asked.recipient),
        rules=named_rules(),
    )
    row = asked.delivery or next((row for row in rows if delivery and link_of(row) == delivery.link), None)
    return Gathered(case, tuple(_nearest(found, asked.around)), notes, row)


def _found(row: Delivery, found: Sequence[DeliveryFact]) -> DeliveryFact:
    """The chosen record among those that were found, where another log may tell more of the same message."""
    own, name = link_of(row), row.message.message_id
    told = [item for item in found if item.link == own] or [item for item in found if name and item.message_id == name]
    return told[0] if told else facts_of([row])[0]


def _is_same(one: DeliveryFact, other: DeliveryFact) -> bool:
    return bool(one.link) and one.link == other.link


class OfBranch(TypedDict):
    """What a case holds of the branch itself."""

    zone: tzinfo
    sends_through_own_server: bool
    is_suspended: bool
    suspended_since: datetime | None
    suspended_reason: str


def of_branch(branch: BranchProfile) -> OfBranch:
    """The facts of the branch, as its profile has them."""
    return {
        "zone": zone_of(branch.time_zone),
        "sends_through_own_server": branch.sends_through_own_server,
        "is_suspended": branch.is_suspended,
        "suspended_since": branch.suspended_since,
        "suspended_reason": branch.suspended_reason,
    }


def address_fault(recipient: str) -> str:
    """What is wrong with the address by itself; nothing where it could be one, or none was given."""
    parsed = parse_address(recipient) if recipient else None
    return parsed.text if isinstance(parsed, Malformed) else ""


def _is_covered(asked: Asked) -> bool:
    """The log is complete for about the time that is asked about; without a time, for ``covered_for`` before."""
    if asked.is_covered is not None:
        return asked.is_covered
    if asked.around is None:
        return is_covered(asked.branch, asked.until - asked.covered_for, asked.until)
    ends = max(asked.around, min(asked.around + asked.span, asked.now))
    return is_covered(asked.branch, asked.around - asked.span, ends)


def _erased(asked: Asked) -> datetime | None:
    """When what was known of the recipient was erased, if it was known of a part of the time that is asked about."""
    if not asked.recipient or asked.delivery is not None:
        return None
    begins = asked.around - asked.span if asked.around else asked.until - max(asked.covered_for, REMEMBERED)
    return erased_since(asked.branch, asked.recipient, begins)


def _whole(asked: Asked, erased: datetime | None) -> tuple[datetime, datetime] | None:
    """From when to when the log is complete, as far back as people remember."""
    whole = known_since(erased, complete_before(asked.branch, asked.until))
    return (max(whole.begins, asked.until - REMEMBERED), min(whole.ends, asked.until)) if whole else None


def _candidates(asked: Asked, found: Sequence[DeliveryFact], *, covered: bool) -> tuple[DeliveryFact, ...]:
    return fitting(
        found,
        since=asked.until - REMEMBERED,
        function=asked.function,
        module=asked.module,
        symptom=asked.symptom,
        is_covered=covered,
    )


def _chosen(asked: Asked, around: datetime, found: Sequence[DeliveryFact], *, covered: bool) -> DeliveryFact | None:
    return chosen(
        found,
        around=around,
        function=asked.function,
        module=asked.module,
        symptom=asked.symptom,
        is_covered=covered,
        span=asked.span,
    )


def _to_profile(asked: Asked) -> DeliveryFact | None:
    """The message that went to the client's profile address instead.

    Only a function that sends to the profile alone can be meant: of any other, the client's own message is another one.
    """
    others = [item for item in asked.profile_addresses if normal(item) != normal(asked.recipient)]
    if not others or asked.around is None or not asked.is_forgot:
        return None
    found = [fact for address in others[:5] for fact in joined(facts_of(_rows(asked, address)))]
    nearest = _chosen(asked, asked.around, found, covered=True)
    return nearest if nearest and abs(nearest.at - asked.around) <= max(asked.span, VAGUE_TIME) else None


def _suppressed(asked: Asked, delivery: DeliveryFact | None) -> tuple[Suppressed, ...]:
    moment = delivery.at if delivery else asked.around
    return suppressed(asked.viewer, asked.branch, asked.recipient, moment or asked.now)


def _notes(asked: Asked) -> tuple[CaseNote, ...]:
    rows = CaseNote.objects.filter(branch=asked.branch, email_normal=normal(asked.recipient)).select_related("client")
    if asked.around:
        rows = rows.filter(at__range=(asked.around - AROUND, asked.around + AROUND))
    return tuple(_nearest(rows.order_by("-at")[:MOST], asked.around))


def _is_of_this(note: CaseNote, asked: Asked, others: Iterable[DeliveryFact]) -> bool:
    """The note is of the message that is asked about, and not of another one of the same day."""
    if asked.around and abs(note.at - asked.around) > max(NOTED, asked.span):
        return False
    return not any(other.state != "error" and abs(other.at - note.at) <= SAME_SENDING for other in others)


def _nearest(rows: Iterable[Row], around: datetime | None) -> list[Row]:
    if around is None:
        return sorted(rows, key=lambda row: row.at, reverse=True)
    return sorted(rows, key=lambda row: abs(row.at - around))


def _rows(asked: Asked, recipient: str) -> list[Delivery]:
    rows = deliveries_of(asked.viewer).filter(branch=asked.branch, recipient_normal=normal(recipient))
    if asked.around:
        rows = rows.filter(at__range=(asked.around - AROUND, asked.around + AROUND))
    rows = rows.filter(at__lte=asked.until + VAGUE_TIME).select_related("message", "branch__sending_server")
    return list(rows.order_by("-at")[:MOST])


def link_of(row: Delivery) -> str:
    """Where the record can be read."""
    return reverse("delivery", args=[row.pk])


def facts_of(deliveries: Sequence[Delivery]) -> list[DeliveryFact]:
    """The facts of ``deliveries``, with what put each of them off (one query), each followed where it was passed on."""
    put_off: dict[int, list[DeferralFact]] = {}
    events = DeliveryEvent.objects.filter(delivery__in=[row.pk for row in deliveries], state=State.DEFERRED)
    for event in events.order_by("at", "id").defer("raw"):
        deferral = DeferralFact(at=event.at, cause=cause_now(event), reply=event.reply)
        put_off.setdefault(event.delivery_id, []).append(deferral)
    facts = [_fact(row, put_off) for row in deliveries]
    further = onward_of(deliveries)
    return [
        replace(_further(further[row.pk]), at=row.at, link=link_of(row)) if row.pk in further else fact
        for row, fact in zip(deliveries, facts, strict=True)
    ]


def _further(leg: Delivery) -> DeliveryFact:
    """The facts of the leg that a message went on by. It is followed once: what is passed on again is on its way."""
    events = leg.events.filter(state=State.DEFERRED).order_by("at", "id").defer("raw")
    put_off = {leg.pk: [DeferralFact(at=event.at, cause=cause_now(event), reply=event.reply) for event in events]}
    return replace(_fact(leg, put_off), recipient=leg.recipient)


def _fact(row: Delivery, put_off: Mapping[int, list[DeferralFact]]) -> DeliveryFact:
    server = row.branch.sending_server if row.branch.sending == SendingMode.OWN else None
    is_own = server is not None and bool(row.remote_host) and row.remote_host == server.host
    # What the branch's own server took is on its way, and no more is known of it.
    state = State.HANDED if is_own and row.state == State.ACCEPTED else State(row.state)
    return DeliveryFact(
        state=state.value,
        at=row.at,
        state_at=row.state_at,
        cause=cause_now(row),
        reply=row.reply,
        reply_code=row.reply_code,
        status=row.status,
        remote_host=row.remote_host,
        attempts=row.attempts,
        deferrals=tuple(put_off.get(row.pk, ())),
        module=row.message.module,
        function=row.message.function,
        message_id=row.message.message_id,
        queue_id=row.message.queue_id,
        is_by_own_server=is_own,
        complained_at=row.complained_at,
        link=link_of(row),
    )
