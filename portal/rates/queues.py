"""What still waits because it was put off: how much, since when it was not tried, and what was said most often.

Deliveries tell, not counts of tries: a try that was put off an hour ago may have been taken since. Each look is
bounded, by the index of what waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.maillog.models import Delivery, State

#: So many of the latest that wait at one provider are looked at.
LOOKED_AT = 500
#: A sending server gives up after about that long.
LONGEST_QUEUED = timedelta(days=5)
#: A queue tries again within an hour or two as a rule; what was not tried for longer tells nothing of now.
UNTRIED_AFTER = timedelta(hours=2)
FIELDS = (
    "pk", "at", "state", "state_at", "reply", "reply_code", "cause", "recipient", "recipient_domain", "remote_host",
    "server", "provider",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """What was said, as some of the latest deliveries hold it: one of them, and how many others were told the same."""

    delivery: Delivery
    others: int

    @property
    def cause(self) -> str:
        return self.delivery.cause


@dataclass(frozen=True, slots=True)
class Queue:
    """The recipients that wait. ``is_more``: those that were looked at are not all of them.

    ``last_try`` is the latest time one of them was put off; ``said`` what most of them were told.
    """

    count: int = 0
    is_more: bool = False
    last_try: datetime | None = None
    said: Said | None = None

    @property
    def words(self) -> str:
        """ "50", or "at least 500"."""
        return f"at least {self.count:,}" if self.is_more else f"{self.count:,}"


def waiting_at(provider: str, *, since: datetime, most: int = LOOKED_AT) -> list[Delivery]:
    """The latest that wait at one provider ("": at all without a name), the newest first; one query."""
    rows = Delivery.objects.filter(state=State.DEFERRED, provider=provider, at__gte=since - LONGEST_QUEUED)
    return list(rows.order_by("-at", "-pk").only(*FIELDS)[:most])


def queue_of(rows: Sequence[Delivery], *, is_more: bool = False) -> Queue:
    """What ``rows``, which all wait, are as a queue."""
    if not rows:
        return Queue(is_more=is_more)
    return Queue(len(rows), is_more, max(row.state_at for row in rows), most_said(rows))


def queues_at(provider: str, servers: Iterable[str], *, since: datetime) -> dict[str, Queue]:
    """What waits at one provider of each of these sending servers; one query."""
    rows = waiting_at(provider, since=since)
    return {
        server: queue_of([row for row in rows if row.server == server], is_more=len(rows) == LOOKED_AT)
        for server in servers
    }


def most_said(rows: Sequence[Delivery]) -> Said | None:
    """What most of ``rows`` were told: the newest of the largest group of one cause and one beginning of a reply."""
    groups: Counter[tuple[str, str, str]] = Counter(kind_of(row) for row in rows)
    if not groups:
        return None
    # Of groups as large as each other the one that was told last.
    kind, count = max(groups.items(), key=lambda item: (item[1], _latest(rows, item[0]).state_at))
    return Said(_latest(rows, kind), count - 1)


def kind_of(row: Delivery) -> tuple[str, str, str]:
    """What replies of one kind have in common, whatever address or number stands in them."""
    return row.cause, row.reply_code, "".join(letter for letter in row.reply.lower() if letter.isalpha())[:40]


def _latest(rows: Sequence[Delivery], kind: tuple[str, str, str]) -> Delivery:
    return max((row for row in rows if kind_of(row) == kind), key=lambda row: row.state_at)
