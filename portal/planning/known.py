"""What is known of the receiving servers of a list: their limits, what they said today, and what went through there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from portal.maillog.models import State
from portal.planning.waves import Known, To
from portal.rates.advice import Now
from portal.rates.hours import latest_episode, taken
from portal.rates.limits import Limit, by_provider, limits, per_hour
from portal.rates.places import MOST_DOMAINS, is_many, standing_of, stands_at
from portal.rates.queues import Queue
from portal.rates.selectors import DAY, hours_at, how_it_stands, queue_at, this_hour

#: So far back the pace that went through freely is looked for.
LOOKED_BACK = timedelta(days=30)
#: So many receiving servers of a list are looked up, those with most recipients.
MOST = 30
QUOTED = 120
ADDRESS = re.compile(r"<?[^\s<>@]+@[^\s<>@]+>?")


def known_of(wanted: Mapping[To, int], domains: Mapping[To, Sequence[str]], *, server: str) -> dict[To, Known]:
    """What is known of those of ``wanted`` with most recipients; at most three queries each.

    ``domains`` are the recipient domains of each, ``server`` is the sending server's host.
    """
    now, tables = timezone.now(), by_provider(limits())
    largest = sorted(wanted, key=lambda to: (-wanted[to], to))[:MOST]
    return {
        to: _of_provider(to[0], tables.get(to[0], []), server, now)
        if to[0]
        else _of_domains(tuple(domains[to][:MOST_DOMAINS]), server, now)
        for to in largest
    }


def _of_provider(provider: str, table: list[Limit], server: str, now: datetime) -> Known:
    limit = per_hour(table)
    hours = hours_at(provider, now - LOOKED_BACK, server=server)
    today = [hour for hour in hours if hour.at > this_hour(now) - DAY]
    episode = latest_episode(today)
    queue = queue_at(provider, since=now - DAY, server=server) if episode else Queue()
    is_slow = how_it_stands(episode, queue, now) in (Now.PUSHING, Now.UNTRIED) and queue.count > 0
    return Known(
        limit.number if limit else None,
        limit.source if limit else "",
        taken(hours).freely,
        is_slow,
        taken(today).pushing if is_slow else None,
        quoted(queue.said.delivery.reply) if is_slow and queue.said else "",
    )


def _of_domains(domains: tuple[str, ...], server: str, now: datetime) -> Known:
    """By where the latest deliveries to these domains stand: what was taken counts in its hour."""
    rows = stands_at(domains, since=now - LOOKED_BACK, server=server)
    took: Counter[datetime] = Counter(this_hour(row.state_at) for row in rows if row.state == State.ACCEPTED)
    waits = [row for row in rows if row.state == State.DEFERRED]
    put_off = {this_hour(row.state_at) for row in waits}
    freely = max((count for hour, count in took.items() if hour not in put_off), default=None)
    if not is_many(len(waits)):
        return Known(freely=freely)
    last_taken = max((row.state_at for row in rows if row.state == State.ACCEPTED), default=None)
    if standing_of(max(row.state_at for row in waits), last_taken, now) is Now.OVER:
        return Known(freely=freely)
    replies = Counter(row.reply for row in waits)
    today = [count for hour, count in took.items() if hour > this_hour(now) - DAY]
    return Known(
        freely=freely,
        is_slow=True,
        pushing=max(today, default=None),
        said=quoted(replies.most_common(1)[0][0]),
    )


def quoted(reply: str) -> str:
    """The beginning of a reply. It may be one to another branch's mail, so that no address of a person stays in it."""
    return ADDRESS.sub("…", " ".join(reply.split()))[:QUOTED]
