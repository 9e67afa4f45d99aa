"""Reading stored replies again after support has named one: in bounded pieces, each a transaction of its own.

What is to be read again is told by the log itself: an event whose reply a rule fits, and which stands with another
cause than it is read to now. So nothing has to be remembered, stopping half-way loses nothing, and doing it twice
changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from django.db import transaction
from django.db.models import Q, QuerySet

from diagnostics.engine.messages.reply_rule import Rule, Said, said
from portal.maillog.bulk import wait_for_turn
from portal.maillog.deliveries import work_out
from portal.maillog.models import Delivery, DeliveryEvent, ReplyRule
from portal.maillog.replies import READ, masked, reading_of, rule_of

#: So many deliveries are looked at in one transaction.
PIECE = 500
#: So many of the latest deliveries, and of the oldest, tell whether anything is left to do.
LOOKED_AT = 2000
LOOKED_AT_OLD = 500
#: So many rules are swept for, the latest first.
MOST_SWEPT = 1000
#: What stands where nobody knows what a reply says: nothing at all, or what its code alone amounts to.
UNNAMED = ("unknown", "recipient_refused_unspecified", "still_trying")
#: The key of a row in a list that is newest first: its time and its number.
Key = tuple[datetime, int]


class Replied(Protocol):
    """What this module needs of a delivery or an event."""

    reply: str
    reply_code: str
    status: str
    remote_host: str
    cause: str


@dataclass(frozen=True, slots=True)
class Piece:
    """What came of one piece: how many were looked at and changed; where the next begins (None: that was the end)."""

    looked_at: int
    changed: int
    next: Key | None


def fits(rule: Rule, item: Replied) -> bool:
    """``rule`` is about the reply of ``item``; another may still go before it."""
    return rule.holds(_said(masked(item.reply), item.reply_code, item.status, item.remote_host))


@lru_cache(maxsize=20_000)
def _said(reply: str, reply_code: str, status: str, remote_host: str) -> Said:
    return said(reply, reply_code=reply_code, status=status, remote_host=remote_host)


def is_stale(item: Replied) -> bool:
    """``item`` stands with another cause than its reply is read to now."""
    return reading_of(item.reply, item.reply_code, item.status, item.remote_host).cause != item.cause


def with_cause(cause: str, *, before: Key | None = None) -> QuerySet[Delivery]:
    """The deliveries that stand with ``cause``, the newest first, from ``before`` on."""
    rows = Delivery.objects.filter(cause=cause)
    if before is not None:
        at, pk = before
        rows = rows.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk), at__lte=at)
    return rows.order_by("-at", "-pk")


def read_piece(rule: ReplyRule, cause: str, *, before: Key | None = None) -> Piece:
    """Read the next piece of the deliveries with ``cause`` again, as far as ``rule`` fits what was said to them.

    Whether the rule is in use decides what they become: read by it, or as if it had never been.
    """
    engine_rule = rule_of(rule)
    if engine_rule is None:
        return Piece(0, 0, None)
    with transaction.atomic():
        wait_for_turn()
        keys = list(with_cause(cause, before=before).values_list("at", "pk")[:PIECE])
        if not keys:
            return Piece(0, 0, None)
        # Nothing happens to a delivery before its own time, so older partitions need not be looked at.
        events = DeliveryEvent.objects.filter(delivery__in=[pk for _, pk in keys], at__gte=keys[-1][0], state__in=READ)
        stale = [event for event in events.defer("raw") if fits(engine_rule, event) and is_stale(event)]
        read: dict[str, list[int]] = {}
        for event in stale:
            cause = reading_of(event.reply, event.reply_code, event.status, event.remote_host).cause
            read.setdefault(cause, []).append(event.pk)
        for cause, numbers in read.items():
            DeliveryEvent.objects.filter(pk__in=numbers, at__gte=keys[-1][0]).update(cause=cause)
        work_out({event.delivery_id for event in stale})
    changed = len({event.delivery_id for event in stale})
    return Piece(len(keys), changed, keys[-1] if len(keys) == PIECE else None)


def left(rule: ReplyRule) -> int:
    """How many of the latest and the oldest deliveries are still to be read again because of ``rule``.

    For one that is in use those that nobody has classified; for one that is not those that it had named.
    """
    return sum(_left_among(rule, latest(cause)) for cause in stand_with(rule))


def stand_with(rule: ReplyRule) -> tuple[str, ...]:
    """The causes of the deliveries that are to be read again because of ``rule``."""
    return UNNAMED if rule.is_on else (rule.cause,)


def _left_among(rule: ReplyRule, items: Iterable[Delivery]) -> int:
    engine_rule = rule_of(rule)
    return sum(fits(engine_rule, item) and is_stale(item) for item in items) if engine_rule is not None else 0


def all_left() -> list[tuple[int, str]]:
    """The rules of which something is left in the log, with its cause: a bell was lost, or is about to be heard."""
    looks: dict[str, list[Delivery]] = {}
    found = []
    for rule in ReplyRule.objects.order_by("-pk")[:MOST_SWEPT]:
        for cause in stand_with(rule):
            if cause not in looks:
                looks[cause] = latest(cause)
            if _left_among(rule, looks[cause]):
                found.append((rule.pk, cause))
    return found


def latest(cause: str) -> list[Delivery]:
    """A bounded look at the deliveries with ``cause``: the latest, and the oldest besides."""
    columns = ("at", "cause", "reply", "reply_code", "status", "remote_host")
    newest = list(with_cause(cause).only(*columns)[:LOOKED_AT])
    if len(newest) < LOOKED_AT:
        return newest
    known = {row.pk for row in newest}
    oldest = Delivery.objects.filter(cause=cause).order_by("at", "pk").only(*columns)[:LOOKED_AT_OLD]
    return [*newest, *(row for row in oldest if row.pk not in known)]
