"""Finding deliveries by any mix of filters, at a cost that does not grow with the log.

One filter that has an index drives: its rows come in the order of the page. What is asked for besides is looked at row
by row, but only within a window of :data:`WINDOW` rows; the page tells how far it looked, and looks further when asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from diagnostics.engine.receivers import receiver_of_domain
from portal.accounts.models import User
from portal.branches.access import NO_BRANCH, branches_of
from portal.branches.models import BranchProfile
from portal.maillog.filters import NONE, Filters, message_id_in, queue_id_in
from portal.maillog.models import Delivery, MessageLog
from portal.maillog.onward import give_onward
from portal.web.pages import key_of, read_key

SIZE = 50
#: So many rows of the driving index are looked at for one page.
WINDOW = 5000
#: So many rows of it at once for an export, which looks through all of them.
CHUNK = 2000
#: A Message-ID or queue id that more messages carry than these identifies none of them.
MOST_MESSAGES = 100
#: How far the time of a message may lie from that of its deliveries, so that few partitions have to be asked.
NEAR = timedelta(days=7)
#: What a page that is about now tells of.
LATELY = timedelta(days=30)
Key = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of deliveries. ``further`` is where to go on looking when the window ended before the page was full.

    ``begins`` and ``ends``: the times between which was looked; None where there is no such end. ``by`` is what they
    are times of: of the message, or of the complaint about it.
    """

    rows: list[Delivery]
    newer: str = ""
    older: str = ""
    further: str = ""
    by: str = "at"
    is_backwards: bool = True
    begins: datetime | None = None
    ends: datetime | None = None

    def __bool__(self) -> bool:
        return bool(self.rows)


@dataclass(frozen=True, slots=True)
class Plan:
    """How filters are answered: ``parts`` each come off an index in the order of ``by`` and share no row.

    ``rest`` is what is looked at row by row: columns and the values they may have.
    """

    parts: tuple[QuerySet[Delivery], ...]
    by: str = "at"
    rest: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    since: datetime | None = None
    until: datetime | None = None
    is_complained: bool = False

    @property
    def is_exact(self) -> bool:
        """Every row that comes off the index is one that was asked for."""
        return not (self.rest or self.since or self.until or self.is_complained)


def find(viewer: User, branch: BranchProfile | None, filters: Filters, parameters: Mapping[str, str] | Any) -> Found:
    """The page of deliveries that ``parameters`` (``after``, ``before``) ask for, of one branch or (support) of all.

    Raises Http404 where the viewer may not see the branch.
    """
    plan = plan_of(viewer, branch, filters)
    after, before = read_key(parameters.get("after", "")), read_key(parameters.get("before", ""))
    backwards = after is not None or before is None
    key = after if backwards else before
    rows = _rows(plan, key, backwards, SIZE + 1, WINDOW, with_reply=False)
    is_full, rows = len(rows) > SIZE, rows[:SIZE]
    edge = None if is_full or plan.is_exact else _edge(plan, key, backwards)
    if not backwards:
        rows.reverse()
    first, last = (key_of(rows[0], plan.by), key_of(rows[-1], plan.by)) if rows else ("", "")
    give_messages(rows)
    give_onward(rows)
    found = Found(
        rows=rows,
        newer=first if (key is not None if backwards else is_full) else "",
        older=last if (is_full if backwards else key is not None) else "",
        further=_key(edge) if edge else "",
        by=plan.by,
        is_backwards=backwards,
    )
    if edge is None:
        return found
    here = key[0] if key else None
    return replace(found, begins=edge[0], ends=here) if backwards else replace(found, begins=here, ends=edge[0])


def every(viewer: User, branch: BranchProfile | None, filters: Filters) -> Iterator[Delivery]:
    """All that the filters ask for, the newest first, each with its message; never more than a chunk in memory."""
    plan = plan_of(viewer, branch, filters)
    key: Key | None = None
    window = CHUNK if plan.is_exact else WINDOW
    while True:
        rows = _rows(plan, key, True, window, window, with_reply=True)
        give_messages(rows)
        yield from rows
        if plan.is_exact:
            key = (getattr(rows[-1], plan.by), rows[-1].pk) if len(rows) == window else None
        else:
            key = _edge(plan, key, True)
        if key is None:
            return


def plan_of(viewer: User, branch: BranchProfile | None, filters: Filters) -> Plan:
    """Which index drives, and what is left to look at row by row."""
    if branch is None:
        if not viewer.is_support:
            raise Http404("Only support looks at all branches.")
    elif not viewer.is_support and not branches_of(viewer).filter(pk=branch.pk).exists():
        raise Http404(NO_BRANCH)
    wanted = _wanted(branch, filters)
    rows = Delivery.objects.all()
    if filters.message_id or filters.queue_id:
        parts: tuple[QuerySet[Delivery], ...] = (rows.filter(message__in=_messages(branch, filters)),)
        wanted.pop("branch_id", None)
    elif filters.recipient:
        parts = (rows.filter(recipient_normal=wanted.pop("recipient_normal")[0]),)
    else:
        return _by_branch_or_domain(branch, filters, wanted)
    return Plan(_timed(parts, filters), rest=wanted, is_complained=filters.complained)


def _by_branch_or_domain(branch: BranchProfile | None, filters: Filters, wanted: dict[str, tuple[Any, ...]]) -> Plan:
    rows = Delivery.objects.all()
    if branch is not None:
        rows = rows.filter(branch=branch.pk)
        wanted.pop("branch_id")
    # Most mail goes to a few providers' domains; any other domain narrows more than a cause does.
    is_large = receiver_of_domain(filters.domain) is not None
    states = filters.states
    if filters.domain and not (is_large and filters.cause):
        rows = rows.filter(recipient_domain=wanted.pop("recipient_domain")[0])
    elif filters.cause:
        # What the partial index promises is said in its own words, or SQLite does not see it.
        rows = rows.filter(~Q(cause=""), cause=wanted.pop("cause")[0])
    elif branch is None:
        # No index over all branches begins with anything else that may be asked for, so the time leads.
        return Plan(_timed((rows,), filters), rest=wanted, is_complained=filters.complained)
    elif filters.complained:
        return _complaints(rows, filters, wanted)
    elif len(states) == 1:
        rows = rows.filter(state=wanted.pop("state")[0])
    elif states and set(wanted) == {"state"}:
        wanted.pop("state")
        return Plan(_timed(tuple(rows.filter(state=state) for state in states), filters))
    return Plan(_timed((rows,), filters), rest=wanted, is_complained=filters.complained)


def _complaints(rows: QuerySet[Delivery], filters: Filters, wanted: dict[str, tuple[Any, ...]]) -> Plan:
    """By the time of the complaint, which their index is ordered by; none comes before the message."""
    rows = rows.filter(complained_at__isnull=False)
    if filters.since:
        rows = rows.filter(complained_at__gte=filters.since - timedelta(days=1))
    return Plan((rows,), by="complained_at", rest=wanted, since=filters.since, until=filters.until)


def _wanted(branch: BranchProfile | None, filters: Filters) -> dict[str, tuple[Any, ...]]:
    """What is asked for, by column."""
    found: dict[str, tuple[Any, ...]] = {
        "branch_id": (branch.pk,) if branch else (),
        "recipient_normal": (filters.recipient,),
        "recipient_domain": (filters.domain,),
        "state": filters.states,
        "cause": (filters.cause,),
        "module": (filters.module,),
    }
    found = {name: values for name, values in found.items() if any(values)}
    for name, value in (("provider", filters.provider), ("server", filters.server)):
        if value:
            found[name] = ("" if value == NONE else value,)
    return found


def called(viewer: User, words: str) -> list[int]:
    """The numbers of the messages with this Message-ID or queue id that ``viewer`` may see."""
    message_id, queue_id = message_id_in(words), queue_id_in(words)
    if not message_id or not queue_id:
        return []
    rows = MessageLog.objects.all()
    if not viewer.is_support:
        # Queue ids are used again: another branch's messages must not crowd out the viewer's own.
        rows = rows.filter(branch__in=branches_of(viewer))
    rows = rows.filter(Q(message_id__in=[message_id, f"<{message_id}>"]) | Q(queue_id=queue_id))
    return list(rows.values_list("pk", flat=True)[:MOST_MESSAGES])


def _messages(branch: BranchProfile | None, filters: Filters) -> list[int]:
    """The numbers of the messages with the wanted ids; a Message-ID may be given without its brackets."""
    rows = MessageLog.objects.filter(branch=branch.pk) if branch else MessageLog.objects.all()
    if filters.message_id:
        bare = filters.message_id.strip("<>")
        rows = rows.filter(message_id__in=[bare, f"<{bare}>"])
    if filters.queue_id:
        rows = rows.filter(queue_id=filters.queue_id)
    # Zero is the number of no message; without any, the query is one that finds nothing.
    return list(rows.values_list("pk", flat=True)[:MOST_MESSAGES]) or [0]


def _timed(parts: tuple[QuerySet[Delivery], ...], filters: Filters) -> tuple[QuerySet[Delivery], ...]:
    if filters.since:
        parts = tuple(rows.filter(at__gte=filters.since) for rows in parts)
    if filters.until:
        parts = tuple(rows.filter(at__lt=filters.until) for rows in parts)
    return parts


def _rows(plan: Plan, key: Key | None, backwards: bool, most: int, window: int, *, with_reply: bool) -> list[Delivery]:
    """At most ``most`` rows that were asked for, among the ``window`` that follow ``key``."""
    inner, parameters = _window(plan, key, backwards, most if plan.is_exact else window, with_reply)
    conditions, values = _conditions(plan)
    order = _order(plan, backwards)
    # All names are the model's own; all values are parameters.
    sql = f"SELECT * FROM ({inner}) AS looked{conditions} ORDER BY {order} LIMIT %s"  # noqa: S608
    return list(Delivery.objects.raw(sql, [*parameters, *values, most]))


def _edge(plan: Plan, key: Key | None, backwards: bool) -> Key | None:
    """The last row of the window that follows ``key``; None where the window was not filled: all was looked through."""
    inner, parameters = _window(plan, key, backwards, WINDOW, False)
    order = _order(plan, not backwards)
    sql = f"SELECT id, {plan.by}, count(*) OVER () AS looked_at FROM ({inner}) AS looked ORDER BY {order} LIMIT 1"  # noqa: S608
    row = next(iter(Delivery.objects.raw(sql, parameters)), None)
    if row is None or getattr(row, "looked_at") < WINDOW:  # noqa: B009
        return None
    return getattr(row, plan.by), row.pk


def _window(plan: Plan, key: Key | None, backwards: bool, size: int, with_reply: bool) -> tuple[str, list[Any]]:
    """The SQL of the ``size`` rows that follow ``key`` in each part of the plan, and its parameters."""
    pieces: list[str] = []
    parameters: list[Any] = []
    for rows in plan.parts:
        if key is not None:
            at, pk = key
            side = "lt" if backwards else "gt"
            rows = rows.filter(
                Q(**{f"{plan.by}__{side}e": at}), Q(**{f"{plan.by}__{side}": at}) | Q(**{f"pk__{side}": pk})
            )
        order = (f"-{plan.by}", "-pk") if backwards else (plan.by, "pk")
        shown = rows if with_reply else rows.defer("reply")
        sql, values = shown.order_by(*order)[:size].query.sql_with_params()
        pieces.append(f"SELECT * FROM ({sql}) AS part{len(pieces)}")  # noqa: S608
        parameters += values
    return " UNION ALL ".join(pieces), parameters


def _conditions(plan: Plan) -> tuple[str, list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []
    for column, wanted in plan.rest.items():
        conditions.append(f"{column} IN ({', '.join(['%s'] * len(wanted))})")
        values += wanted
    for sign, moment in ((">=", plan.since), ("<", plan.until)):
        if moment:
            conditions.append(f"at {sign} %s")
            values.append(connection.ops.adapt_datetimefield_value(moment))
    if plan.is_complained:
        conditions.append("complained_at IS NOT NULL")
    return f" WHERE {' AND '.join(conditions)}" if conditions else "", values


def _order(plan: Plan, backwards: bool) -> str:
    return f"{plan.by} DESC, id DESC" if backwards else f"{plan.by}, id"


def _key(at: Key) -> str:
    return key_of(Delivery(pk=at[1], at=at[0]), "at")


def give_messages(rows: list[Delivery]) -> None:
    """Give each delivery its message, in one query or, for a few that lie apart in time, two.

    A message of the month before may have been dropped with that month; what its deliveries tell of it is shown then.
    """
    if not rows:
        return
    wanted = {row.message_id for row in rows}
    near = (min(row.at for row in rows) - NEAR, max(row.at for row in rows) + NEAR)
    found = {row.pk: row for row in MessageLog.objects.filter(pk__in=wanted, at__range=near)}
    if missing := wanted - found.keys():
        found |= MessageLog.objects.in_bulk(missing)
    for row in rows:
        row.message = found.get(row.message_id) or MessageLog(
            pk=row.message_id, branch_id=row.branch_id, at=row.at, module=row.module
        )


@dataclass(frozen=True, slots=True)
class Trouble:
    """The latest of deliveries that share domain, state and cause, and how many others there are among the latest."""

    delivery: Delivery
    others: int


def troubled(viewer: User, branch: BranchProfile, *, most: int = 8) -> list[Trouble]:
    """What did not get through lately, newest first: one line for what is one matter, from the latest 200 deliveries.

    A mailing of a thousand that one provider puts off must not hide the one address that was refused. Months that ended
    before :data:`LATELY` are not looked into, however many the log holds.
    """
    plan = plan_of(viewer, branch, Filters(state="trouble", since=timezone.now() - LATELY))
    groups: dict[tuple[str, str, str], list[Delivery]] = {}
    for row in _rows(plan, None, True, 200, 200, with_reply=False):
        groups.setdefault((row.recipient_domain, row.state, row.cause), []).append(row)
    found = list(groups.values())[:most]
    give_messages([group[0] for group in found])
    return [Trouble(group[0], len(group) - 1) for group in found]
