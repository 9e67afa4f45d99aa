"""What support and the branch do with a ticket: reply, note, assign, change its state, name its cause, look again.

Every change names the version of the ticket it was decided on. Who comes second is not overruled and does not overrule:
they get a :class:`TicketChangedError` that holds what happened meanwhile, and decide again.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from diagnostics.engine.causes import CAUSES
from diagnostics.engine.findings import Actor
from diagnostics.models import Run
from diagnostics.services import call_on_server, start_run
from portal.accounts.models import User
from portal.bell import ring
from portal.branches.selectors import compose_subject
from portal.maillog.selectors import last_refusal_by_rule
from tickets import tasks
from tickets.models import OPEN_STATES, Event, EventKind, Ticket, TicketState
from tickets.selectors.reports import domain_of
from tickets.selectors.tickets import sent_by_form


class TicketChangedError(Exception):
    """Somebody changed the ticket since the form was drawn; nothing was written."""


def _change(ticket: Ticket, *, version: int, **values: Any) -> None:
    """Write ``values`` if the ticket still is of ``version``; else TicketChangedError.

    A ticket that was merged into another goes on there: nothing is written on it.
    """
    now = timezone.now()
    changed = Ticket.objects.filter(pk=ticket.pk, version=version, merged_into=None).update(
        **values, version=F("version") + 1, last_activity=now
    )
    if not changed:
        raise TicketChangedError
    ticket.refresh_from_db(fields=[*values, "version", "last_activity"])


def _tell(ticket: Ticket, event: Event) -> Event:
    """Have the event told by mail once it is committed; the sweep does it if the bell is lost."""
    ring(tasks.tell_event, event.pk)
    return event


def moved(state: str, waiting_on: str) -> dict[str, Any]:
    """The columns of a ticket that goes to ``state``; ValueError for one that waits for nobody."""
    waiting_on = waiting_on if state == TicketState.WAITING else ""
    if state == TicketState.WAITING and waiting_on not in set(Actor) - {Actor.NOBODY}:
        raise ValueError("A waiting ticket must say for whom it waits.")
    return {"state": state, "waiting_on": waiting_on, "is_open": state in OPEN_STATES}


def _changes(ticket: Ticket, values: dict[str, Any]) -> dict[str, list[Any]]:
    """What of ``values`` is news to people, field to [old, new]; ``is_open`` only repeats the state."""
    told = {name: value for name, value in values.items() if name != "is_open"}
    return {name: [getattr(ticket, name), value] for name, value in told.items() if getattr(ticket, name) != value}


def with_reply(ticket: Ticket, *, by: User, state: str, waiting_on: str) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """The columns that an answer by ``by`` writes on the ticket, and what of them is news to people.

    ValueError where the branch would do more than say that it is solved, or a waiting ticket waits for nobody.
    """
    values: dict[str, Any] = {}
    if state:
        if not by.is_support and state != TicketState.SOLVED:
            raise ValueError("The branch can only say that it is solved.")
        values = moved(state, waiting_on)
    elif by.is_support:
        values = moved(TicketState.OPEN, "") if ticket.state == TicketState.NEW else {}
    elif ticket.state in (TicketState.WAITING, TicketState.SOLVED, TicketState.CLOSED):
        values = moved(TicketState.OPEN, "")
    changes = _changes(ticket, values)
    if by.is_support and ticket.assignee is None and ticket.is_open:
        values["assignee"] = by
        changes["assignee"] = ["", by.name]
    return values, changes


@transaction.atomic
def reply(
    ticket: Ticket, *, body: str, by: User, version: int, submission: UUID, state: str = "", waiting_on: str = ""
) -> Event:
    """An answer that the branch sees, and with ``state`` where the ticket goes with it. The same form answers once.

    Whoever of support answers a ticket that is nobody's has it from then on.
    Without a ``state`` support's first answer takes a new ticket into work, and the branch's answer ends waiting and
    reopens what was solved. The branch can only say that it is solved.
    """
    sent = sent_by_form(ticket, submission)
    if sent is not None:
        return sent
    values, changes = with_reply(ticket, by=by, state=state, waiting_on=waiting_on)
    _change(ticket, version=version, **values)
    event = Event.objects.create(
        ticket=ticket, by=by, kind=EventKind.REPLY, body=body, submission=submission, is_told=False, changes=changes
    )
    return _tell(ticket, event)


@transaction.atomic
def note(ticket: Ticket, *, body: str, by: User, version: int, submission: UUID) -> Event:
    """A note among support; the branch never sees it and nobody is mailed."""
    sent = sent_by_form(ticket, submission)
    if sent is not None:
        return sent
    _change(ticket, version=version)
    return Event.objects.create(
        ticket=ticket, by=by, kind=EventKind.NOTE, body=body, submission=submission, is_public=False
    )


@transaction.atomic
def assign(ticket: Ticket, *, to: User | None, by: User, version: int) -> Event | None:
    """Give the ticket to ``to``, or to nobody. None when that is how it stands."""
    if ticket.assignee == to:
        return None
    before = ticket.assignee.name if ticket.assignee else ""
    _change(ticket, version=version, assignee=to)
    changes = {"assignee": [before, to.name if to else ""]}
    return Event.objects.create(ticket=ticket, by=by, kind=EventKind.ASSIGNED, changes=changes)


@transaction.atomic
def change_state(
    ticket: Ticket, *, state: str, waiting_on: str, by: User, version: int, reason: str = ""
) -> Event | None:
    """Move the ticket to ``state``; waiting names for whom, and the end says why. None when that is how it stands.

    Raises ValueError for a waiting ticket that waits for nobody, and for one that ends with neither a ``reason`` (a
    sentence the branch reads) nor a confirmed cause; the form has asked before.
    """
    values = moved(state, waiting_on)
    if (ticket.state, ticket.waiting_on) == (state, values["waiting_on"]):
        return None
    if not values["is_open"] and not (reason or ticket.cause):
        raise ValueError("A ticket ends with a sentence or a confirmed cause.")
    changes = _changes(ticket, values)
    _change(ticket, version=version, **values)
    tells = state in (TicketState.WAITING, TicketState.SOLVED, TicketState.CLOSED)
    event = Event.objects.create(
        ticket=ticket, by=by, kind=EventKind.STATE, body=reason, changes=changes, is_told=not tells
    )
    return _tell(ticket, event) if tells else event


@transaction.atomic
def confirm_cause(ticket: Ticket, *, cause: str, by: User, version: int) -> Event | None:
    """Name the cause that support has confirmed (an id of docs/causes.md), or take it back with an empty one."""
    if cause and cause not in CAUSES:
        raise ValueError(f"{cause!r} is not a cause.")
    if ticket.cause == cause:
        return None
    before = ticket.cause
    _change(ticket, version=version, cause=cause)
    return Event.objects.create(ticket=ticket, by=by, kind=EventKind.CAUSE, changes={"cause": [before, cause]})


@transaction.atomic
def examine_again(ticket: Ticket, *, by: User, calls: bool = False) -> Run:
    """Run the checks again with what our records say now; the ticket shows the new run, the old one stays.

    With ``calls`` the recipient's mail server is called on besides; CallRefused where it may not be.
    """
    known = tuple(ticket.run.subject.get("known_domains", ())) if ticket.run else ()
    held = tuple(ticket.run.subject.get("profile_addresses", ())) if ticket.run else ()
    refused_at = last_refusal_by_rule(by, ticket.branch, domain_of(ticket.recipient))
    subject = compose_subject(
        ticket.branch, ticket.recipient, profile_addresses=held, known_domains=known, refused_at=refused_at
    )
    run = call_on_server(subject, by=by) if calls else start_run(subject, by=by, fresh=True)
    Ticket.objects.filter(pk=ticket.pk).update(run=run, version=F("version") + 1, last_activity=timezone.now())
    ticket.refresh_from_db(fields=["run", "version", "last_activity"])
    Event.objects.create(ticket=ticket, by=by, kind=EventKind.EXAMINED)
    return run
