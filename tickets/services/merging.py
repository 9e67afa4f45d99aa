"""Merging tickets of one branch: the work goes on in one of them, and each report stays with its own reporter.

A merged ticket is closed and points to the one it went into; its reporter is told, hears what is answered there, and
answers there too. It can be taken out again, and then stands where it stood. Tickets of different branches are never
merged, since whoever reads a ticket reads all that is written on it; they are linked to an incident
(:mod:`tickets.services.bulk`).
"""

from __future__ import annotations

from django.db import transaction

from portal.accounts.models import User
from tickets.models import OPEN_STATES, Event, EventKind, Ticket, TicketState
from tickets.selectors.bulk import Plan, plan_merge
from tickets.services.bulk import TicketsChangedError, Versions, locked, tell_all, write


class CannotMergeError(Exception):
    """What was named as the ticket that stays went into another itself; says so in a sentence."""


@transaction.atomic
def merge(versions: Versions, *, into: int, by: User) -> Plan:
    """Merge the tickets into the one of number ``into``, which is among ``versions`` too; what was left out, and why.

    Raises CannotMergeError where that one was merged itself, TicketsChangedError where one was changed meanwhile.
    """
    tickets = locked(versions, by=by)
    stays = next((ticket for ticket in tickets if ticket.number == into), None)
    if stays is None:
        raise TicketsChangedError([into])
    if stays.merged_into is not None:
        raise CannotMergeError(f"Ticket {into} was merged into ticket {stays.merged_into.number}: name that one.")
    plan = plan_merge(tickets, stays)
    if not plan.taken:
        return plan
    closed = {"state": TicketState.CLOSED, "waiting_on": "", "is_open": False, "merged_into": stays}
    write([*((ticket, closed) for ticket in plan.taken), (stays, {})])
    events = Event.objects.bulk_create(_merged(ticket, into, by) for ticket in plan.taken)
    numbers = ", ".join(str(ticket.number) for ticket in plan.taken)
    word = "Ticket" if len(plan.taken) == 1 else "Tickets"
    Event.objects.create(ticket=stays, by=by, kind=EventKind.MERGED, body=f"{word} {numbers} went into this one.")
    tell_all(events)
    return plan


def _merged(ticket: Ticket, into: int, by: User) -> Event:
    before = {"state": [ticket.state, TicketState.CLOSED.value], "waiting_on": [ticket.waiting_on, ""]}
    changes = {name: change for name, change in before.items() if change[0] != change[1]}
    return Event(
        ticket=ticket,
        by=by,
        kind=EventKind.MERGED,
        changes={**changes, "merged_into": ["", f"Ticket {into}"]},
        is_told=False,
    )


@transaction.atomic
def take_out(ticket: Ticket, *, by: User, version: int) -> bool:
    """Undo the merging of ``ticket``: it stands for itself again, in the state it was in. False if it was not merged.

    Raises TicketsChangedError where it was changed meanwhile.
    """
    found = locked({ticket.number: version}, by=by)[0]
    stays = found.merged_into
    if stays is None:
        return False
    last = found.events.filter(kind=EventKind.MERGED, changes__has_key="merged_into").order_by("-at", "-pk").first()
    before = {name: change[0] for name, change in (last.changes if last else {}).items()}
    state, waiting_on = before.get("state", found.state), before.get("waiting_on", "")
    back = {"state": state, "waiting_on": waiting_on, "is_open": state in OPEN_STATES, "merged_into": None}
    write([(found, back), (stays, {})])
    changes = {
        "state": [found.state, state],
        "waiting_on": ["", waiting_on],
        "merged_into": [f"Ticket {stays.number}", ""],
    }
    event = Event.objects.create(
        ticket=found,
        by=by,
        kind=EventKind.UNMERGED,
        changes={name: change for name, change in changes.items() if change[0] != change[1]},
        is_told=False,
    )
    body = f"Ticket {found.number} stands for itself again."
    Event.objects.create(ticket=stays, by=by, kind=EventKind.UNMERGED, body=body)
    tell_all([event])
    return True
