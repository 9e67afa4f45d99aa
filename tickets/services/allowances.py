"""The answer of a recipient's IT, brought to the tickets that are about it.

Every open ticket of the branch about that domain gets it into its story. One that waited for that IT goes on: to the
branch when the mail is let in now, to support when it is not or not wholly.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from diagnostics.engine.findings import Actor
from portal.allowing.models import AllowRequest
from portal.bell import ring
from tickets import tasks
from tickets.models import Event, EventKind, Ticket, TicketState

#: Open tickets that get an answer into their story, the latest activity first.
MOST_TICKETS = 50
#: Whoever holds the link may change the answer; a ticket's story takes so many of them in an hour.
MOST_AN_HOUR = 6


def hear_answer(request: AllowRequest) -> list[Event]:
    """Note the answer of ``request`` on the open tickets about it; where there is none, its asker is told by mail."""
    rows = Ticket.objects.filter(branch=request.branch, recipient_domain=request.domain, is_open=True)
    rows = rows.select_related("branch", "run").order_by("-last_activity", "-pk")
    tickets = list(rows.select_for_update(of=("self",))[:MOST_TICKETS])
    if not tickets:
        AllowRequest.objects.filter(pk=request.pk).update(is_told=False)
        ring(tasks.tell_answer, request.pk)
    return [event for ticket in tickets if (event := _noted(ticket, request)) is not None]


def _noted(ticket: Ticket, request: AllowRequest) -> Event | None:
    now = timezone.now()
    lately = Event.objects.filter(ticket=ticket, kind=EventKind.ALLOWANCE, at__gt=now - timedelta(hours=1))
    if lately.count() >= MOST_AN_HOUR:
        return None
    values: dict[str, str] = {}
    if _waits_for_their_it(ticket):
        is_whole = request.answer == "allowed" and not request.not_allowed
        state, waiting_on = (TicketState.WAITING, Actor.BRANCH.value) if is_whole else (TicketState.OPEN, "")
        values = {"state": state.value, "waiting_on": waiting_on}
    changes = {name: [getattr(ticket, name), value] for name, value in values.items() if getattr(ticket, name) != value}
    Ticket.objects.filter(pk=ticket.pk).update(**values, version=F("version") + 1, last_activity=now)
    event = Event.objects.create(
        ticket=ticket, kind=EventKind.ALLOWANCE, body=_told(request), changes=changes, is_told=False
    )
    ring(tasks.tell_event, event.pk)
    return event


def _waits_for_their_it(ticket: Ticket) -> bool:
    if ticket.state != TicketState.WAITING:
        return False
    return ticket.waiting_on == Actor.RECIPIENT_IT or (ticket.is_within and ticket.waiting_on == Actor.BRANCH_IT)


def _told(request: AllowRequest) -> str:
    """The answer as a ticket's story tells it."""
    who = f"{request.answered_by} (for {request.domain}) answered"
    if request.answer != "allowed":
        said = f"{who}: {request.host} is not allowed."
    elif request.not_allowed:
        allowed = ", ".join(request.entry.addresses if request.entry else [])
        said = f"{who}: a part is allowed ({allowed}), but not {', '.join(request.not_allowed)}."
    else:
        said = f"{who}: {request.host} is allowed now. Send the e-mail again, and see whether it arrives."
    note = request.entry.note if request.entry else ""
    return f"{said}\n\n{note}" if note else said
