"""What came back about a recipient and belongs to no message of the log: it is a fact all the same.

What was matched to a delivery is an event of that delivery, and is read with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from django.db.models import Q
from django.urls import reverse

from diagnostics.engine.causes import AnswerFact, DeliveryFact
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.addresses import normal
from portal.maillog.models import Delivery, State
from portal.maillog.selectors import TimelineItem, timeline_of
from portal.returned.access import recipients_of
from portal.returned.models import ABOUT_A_DELIVERY, How, Kind, ReturnedMail, ReturnedRecipient
from portal.returned.words import cause_of

#: A report of a failure comes within this time of the message.
LATEST = timedelta(days=10)
#: So far back what came back is still worth a thought.
EARLIEST = timedelta(days=90)
#: More reports about one address say nothing that these do not.
MOST = 20
#: So many automatic answers to some messages are read.
MOST_ANSWERS = 200
ANSWERED = "The mailbox answered it by itself, so it reached the mailbox"
WITHIN = "Where it lies there we cannot see: the inbox, junk, or where a rule of theirs put it."
#: Matches that prove which message was answered; the others are about the same address at about that time.
SURE = frozenset({How.VERP, How.MESSAGE_ID, How.QUEUE_ID, How.BY_HAND})
#: What is told of a message only after it has been tried for hours or days.
_TRIED_LONG = frozenset({State.EXPIRED, State.DEFERRED})
_TRIED_FOR = frozenset({"network_or_timeout", "greylisted", "rate_limited"})
#: RFC 3464 §2.2.5: when the message arrived at the server that reports.
_ARRIVED = re.compile(rb"^Arrival-Date:[ \t]*([^\r\n]{1,80})", re.M | re.I)


@dataclass(frozen=True, slots=True)
class Returned:
    """Messages that are known only by what came back, and signs from the mailbox itself that one got there."""

    deliveries: tuple[DeliveryFact, ...] = ()
    answered: tuple[AnswerFact, ...] = ()


def returned_about(
    viewer: User, branch: BranchProfile, recipient: str, *, around: datetime | None, now: datetime
) -> Returned:
    """What came back about ``recipient`` to ``branch``, or to nobody in particular, before ``now``."""
    name = normal(recipient)
    about = recipients_of(viewer).filter(Q(address_normal=name) | Q(original_normal=name), mail__at__lte=now)
    own = Q(mail__branch=branch) | Q(mail__branch=None) | Q(branch=branch)
    rows = about.filter(own).select_related("mail")
    if around:
        rows = rows.filter(mail__at__range=(around - EARLIEST, around + LATEST))
    found = list(rows.order_by("-mail__at", "-pk")[:MOST])
    return Returned(
        tuple(fact_of(row, around) for row in found if not row.how and row.mail.kind in ABOUT_A_DELIVERY),
        tuple(_answers(found, branch, around)),
    )


def _answers(rows: list[ReturnedRecipient], branch: BranchProfile, around: datetime | None) -> Iterator[AnswerFact]:
    """What came to ``branch`` after the time that is asked about; an answer to another branch is none to this one."""
    for row in rows:
        mail = row.mail
        if mail.kind != Kind.AUTO_REPLY or branch.pk not in (row.branch_id, mail.branch_id):
            continue
        if around is None or around <= mail.at + timedelta(hours=1):
            is_sure = row.delivery is not None and row.how in SURE
            yield AnswerFact(
                at=mail.at,
                sender=row.address,
                message_ids=tuple(str(item).strip("<>") for item in mail.message_ids),
                of=reverse("delivery", args=[row.delivery]) if is_sure else "",
            )


def fact_of(row: ReturnedRecipient, around: datetime | None) -> DeliveryFact:
    """What ``row`` tells, as of a message known by nothing else; ``around`` is when it may have been sent."""
    mail, state = row.mail, _state(row)
    is_complaint = mail.kind == Kind.COMPLAINT
    return DeliveryFact(
        state=state.value,
        at=_sent_at(mail, around, is_long=state in _TRIED_LONG or row.cause in _TRIED_FOR),
        state_at=mail.at,
        cause=cause_of(row) if mail.kind == Kind.BOUNCE else "",
        reply=row.diagnostic,
        reply_code=row.reply_code,
        status=row.status,
        remote_host=row.remote_host,
        attempts=0 if is_complaint else 1,
        recipient=row.address,
        message_id=mail.message_ids[0] if mail.message_ids else "",
        is_bounce=True,
        complained_at=mail.at if is_complaint else None,
    )


def _state(row: ReturnedRecipient) -> State:
    """How far the message got, as the log would tell it (``portal.returned.evidence``)."""
    if row.mail.kind != Kind.BOUNCE:
        return State.ACCEPTED
    if row.action == "delayed":
        return State.DEFERRED
    return State.EXPIRED if row.status.startswith("4.") or row.status.endswith(".4.7") else State.REFUSED


def _sent_at(mail: ReturnedMail, around: datetime | None, *, is_long: bool) -> datetime:
    """When the message was sent: as the report tells; else what is asked about, where it was tried for days."""
    match = _ARRIVED.search(bytes(mail.raw or b""))
    try:
        told = parsedate_to_datetime(match[1].decode("ascii", "replace").strip()) if match else None
    except (ValueError, TypeError):
        told = None
    if told is not None:
        at = (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)
        return min(at, mail.at)
    if is_long and around is not None and mail.at - LATEST <= around <= mail.at:
        return around
    return mail.at


def answers_to(deliveries: Iterable[Delivery]) -> dict[int, datetime]:
    """When the mailbox of each of ``deliveries`` first answered it by itself, by their ids; one query."""
    numbers = [row.pk for row in deliveries]
    rows = ReturnedRecipient.objects.filter(delivery__in=numbers, how__in=SURE, mail__kind=Kind.AUTO_REPLY)
    told = rows.order_by("-mail__at", "-pk").values_list("delivery", "mail__at")[:MOST_ANSWERS]
    return {number: at for number, at in told if number is not None}


def with_answer(story: list[TimelineItem], at: datetime | None) -> list[TimelineItem]:
    """``story``, where the mailbox answered ``at`` that time: what is not known of where it is (without a time, at the
    end) is less then.
    """
    if at is None:
        return story
    told = [item for item in story if item.at is not None]
    return [*told, TimelineItem(at, "", ANSWERED), TimelineItem(None, "", WITHIN)]


def story_of(delivery: Delivery) -> list[TimelineItem]:
    """The story of one delivery, and what its mailbox answered."""
    return with_answer(timeline_of(delivery), answers_to([delivery]).get(delivery.pk))
