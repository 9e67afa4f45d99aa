"""Several tickets that are marked in the queue: which they are, and which of them a deed leaves out, and why.

What is planned here is shown before it is done, and planned again when it is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from portal.accounts.models import User
from portal.branches.models import Membership
from tickets.models import Incident, Ticket
from tickets.selectors.tickets import tickets_of

#: Tickets that one deed is done on at most.
MOST_AT_ONCE = 100
#: Incidents that are offered to choose from, the latest first.
MOST_INCIDENTS = 50


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A ticket that a deed is not done on, and why, as a sentence without its end."""

    ticket: Ticket
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a deed does: the tickets it is done on, and those that it leaves out."""

    taken: tuple[Ticket, ...]
    left_out: tuple[LeftOut, ...] = ()


def marked(viewer: User, numbers: Iterable[int]) -> list[Ticket]:
    """The tickets of these numbers that ``viewer`` may see, oldest first, with what a plan asks of them; one query."""
    return list(_with_people(tickets_of(viewer)).filter(number__in=set(numbers)).order_by("number"))


def _with_people(rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
    rows = rows.select_related("branch", "report__by", "assignee", "merged_into", "incident")
    rows = rows.defer("description", "report__answers", "report__evidence", "report__past_exits")
    return rows.annotate(
        holds=Exists(Ticket.objects.filter(merged_into=OuterRef("pk"))),
        reads=Exists(Membership.objects.filter(user=OuterRef("report__by"), branch=OuterRef("branch"))),
    )


def planned(tickets: Sequence[Ticket], whys: Sequence[str]) -> Plan:
    """The plan of a deed that leaves out the tickets with a reason, and all that went into another."""
    told = [
        (ticket, f"it was merged into ticket {ticket.merged_into.number}" if ticket.merged_into else why)
        for ticket, why in zip(tickets, whys, strict=True)
    ]
    return Plan(
        tuple(ticket for ticket, why in told if not why),
        tuple(LeftOut(ticket, why) for ticket, why in told if why),
    )


def plan_reply(tickets: Sequence[Ticket]) -> Plan:
    """Each reporter is answered in their own ticket; not one who could not read it."""
    return planned(tickets, [_cannot_read(ticket) for ticket in tickets])


def _cannot_read(ticket: Ticket) -> str:
    reporter = ticket.report.by
    if not reporter.is_active:
        return f"{reporter} may not sign in any more, and would not read it"
    if not reporter.is_support and not getattr(ticket, "reads", False):
        return f"{reporter} belongs to {ticket.branch} no more, and may not read it"
    return ""


def plan_assign(tickets: Sequence[Ticket], to: User | None) -> Plan:
    """Those that ``to`` does not have yet."""
    whys = [f"it is assigned to {to or 'nobody'} already" if ticket.assignee == to else "" for ticket in tickets]
    return planned(tickets, whys)


def plan_cause(tickets: Sequence[Ticket], cause: str) -> Plan:
    """Those whose confirmed cause is another one, or none."""
    return planned(tickets, ["this is its confirmed cause already" if row.cause == cause else "" for row in tickets])


def plan_merge(tickets: Sequence[Ticket], into: Ticket) -> Plan:
    """Those of the same branch; one that others went into stays, so that whoever is led on arrives at once."""
    return planned(tickets, [_cannot_merge(ticket, into) for ticket in tickets])


def _cannot_merge(ticket: Ticket, into: Ticket) -> str:
    if ticket == into:
        return "it is the one that the others go into"
    if ticket.branch_id != into.branch_id:
        return f"it is of {ticket.branch}, which must not read what {into.branch} writes: link them to one incident"
    if getattr(ticket, "holds", False):
        return "others were merged into it: name it as the one that stays, or take those out first"
    return ""


def plan_incident(tickets: Sequence[Ticket], incident: Incident | None) -> Plan:
    """Those that do not belong to it yet. ``None`` is an incident that has yet to be opened."""
    same = [incident is not None and ticket.incident_id == incident.pk for ticket in tickets]
    return planned(tickets, ["it belongs to this incident already" if is_same else "" for is_same in same])


def incidents(viewer: User) -> list[Incident]:
    """The latest incidents; none for staff, since an incident names other branches."""
    return list(Incident.objects.order_by("-created", "-id")[:MOST_INCIDENTS]) if viewer.is_support else []


def beside_in_incident(viewer: User, ticket: Ticket) -> list[Ticket]:
    """Other tickets of the incident, the open ones first, at most ten; none for staff."""
    if not viewer.is_support or ticket.incident_id is None:
        return []
    rows = tickets_of(viewer).filter(incident_id=ticket.incident_id).exclude(pk=ticket.pk)
    rows = rows.select_related("branch", "merged_into").defer("merged_into__description")
    return list(rows.order_by("-is_open", "-last_activity", "-id")[:10])


def merged_into(viewer: User, ticket: Ticket) -> list[Ticket]:
    """The tickets that went into this one, oldest first."""
    rows = tickets_of(viewer).filter(merged_into=ticket).select_related("report__by")
    return list(rows.order_by("number")[:MOST_AT_ONCE])
