"""What support does with several tickets at once: assign, confirm a cause, answer, link to an incident.

Each is all or nothing: where one of the tickets was changed since the page was drawn, nothing is written and
:class:`TicketsChangedError` names it. The number of queries does not grow with the tickets, and the story of each tells
what was done to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from diagnostics.engine.causes import CAUSES
from portal.accounts.models import User
from portal.bell import ring
from tickets import tasks
from tickets.models import Event, EventKind, Incident, Ticket
from tickets.selectors.bulk import MOST_AT_ONCE, Plan, marked, plan_assign, plan_cause, plan_incident, plan_reply
from tickets.selectors.tickets import tickets_of
from tickets.services.tickets import with_reply

#: A ticket's number, and the version of it that was looked at.
Versions = Mapping[int, int]


class TicketsChangedError(Exception):
    """Some of the tickets were changed since the page was drawn; nothing was written."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self.numbers = tuple(numbers)
        super().__init__("Tickets were changed meanwhile.")


def locked(versions: Versions, *, by: User) -> list[Ticket]:
    """The tickets, held until the transaction ends; two queries. TicketsChangedError if one is of another version."""
    if len(versions) > MOST_AT_ONCE:
        raise ValueError(f"At most {MOST_AT_ONCE} tickets at once.")
    held = tickets_of(by).select_for_update(of=("self",)).filter(number__in=versions).order_by("pk")
    now = dict(held.values_list("number", "version"))
    if changed := [number for number, version in versions.items() if now.get(number) != version]:
        raise TicketsChangedError(sorted(changed))
    return marked(by, versions)


def write(values_of: Iterable[tuple[Ticket, dict[str, Any]]]) -> None:
    """Write the values of each ticket: one query for all that get the same."""
    alike: dict[tuple[tuple[str, Any], ...], list[int]] = {}
    for ticket, values in values_of:
        alike.setdefault(tuple(sorted(values.items())), []).append(ticket.pk)
    now = timezone.now()
    for items, numbers in alike.items():
        Ticket.objects.filter(pk__in=numbers).update(**dict(items), version=F("version") + 1, last_activity=now)


def tell_all(events: Iterable[Event]) -> None:
    """Have the events told by mail, each by itself, once all is committed."""
    for event in events:
        ring(tasks.tell_event, event.pk)


@transaction.atomic
def assign_all(versions: Versions, *, to: User | None, by: User) -> Plan:
    """Give the tickets to ``to``, or to nobody; what was done and what was left out."""
    plan = plan_assign(locked(versions, by=by), to)
    write((ticket, {"assignee": to}) for ticket in plan.taken)
    Event.objects.bulk_create(
        Event(
            ticket=ticket,
            by=by,
            kind=EventKind.ASSIGNED,
            changes={"assignee": [ticket.assignee.name if ticket.assignee else "", to.name if to else ""]},
        )
        for ticket in plan.taken
    )
    return plan


@transaction.atomic
def confirm_cause_of_all(versions: Versions, *, cause: str, by: User) -> Plan:
    """Name the cause that support has confirmed for all of them (an id of docs/causes.md); ValueError for no cause."""
    if cause not in CAUSES:
        raise ValueError(f"{cause!r} is not a cause.")
    plan = plan_cause(locked(versions, by=by), cause)
    write((ticket, {"cause": cause}) for ticket in plan.taken)
    Event.objects.bulk_create(
        Event(ticket=ticket, by=by, kind=EventKind.CAUSE, changes={"cause": [ticket.cause, cause]})
        for ticket in plan.taken
    )
    return plan


@transaction.atomic
def reply_to_all(
    versions: Versions, *, body: str, by: User, submission: UUID, state: str = "", waiting_on: str = ""
) -> Plan:
    """The same answer in each ticket, to its own reporter alone, and with ``state`` where each goes with it.

    The same form answers once: sent again, it finds its answers there and writes nothing.
    """
    submissions = {uuid5(submission, str(number)): number for number in versions}
    done = Event.objects.filter(submission__in=submissions, by=by).values_list("submission", flat=True)
    if numbers := {submissions[code] for code in done if code is not None}:
        tickets = marked(by, versions)
        return Plan(tuple(row for row in tickets if row.number in numbers))
    plan = plan_reply(locked(versions, by=by))
    told = [(row, *with_reply(row, by=by, state=state, waiting_on=waiting_on)) for row in plan.taken]
    write((row, values) for row, values, _ in told)
    events = Event.objects.bulk_create(
        Event(
            ticket=row,
            by=by,
            kind=EventKind.REPLY,
            body=body,
            changes=changes,
            submission=uuid5(submission, str(row.number)),
            is_told=False,
        )
        for row, _, changes in told
    )
    tell_all(events)
    return plan


@transaction.atomic
def link_to_incident(versions: Versions, *, incident: Incident | None, title: str, by: User) -> Plan:
    """Link the tickets to ``incident``, or to a new one of that title. Only support reads of it; nobody is mailed."""
    tickets = locked(versions, by=by)
    plan = plan_incident(tickets, incident)
    if not plan.taken:
        return plan
    into = incident or Incident.objects.create(title=title, by=by)
    write((ticket, {"incident": into}) for ticket in plan.taken)
    Event.objects.bulk_create(_linked(ticket, into, by) for ticket in plan.taken)
    return plan


@transaction.atomic
def unlink(ticket: Ticket, *, by: User, version: int) -> bool:
    """Take the ticket out of its incident; False where it belongs to none. TicketsChangedError as above."""
    found = locked({ticket.number: version}, by=by)[0]
    if found.incident is None:
        return False
    write([(found, {"incident": None})])
    _linked(found, None, by).save()
    return True


def _linked(ticket: Ticket, incident: Incident | None, by: User) -> Event:
    # The title is not repeated in stories: it may name a person, and is kept in one place.
    names = [f"Incident {pk}" if pk else "" for pk in (ticket.incident_id, incident.pk if incident else None)]
    return Event(ticket=ticket, by=by, kind=EventKind.INCIDENT, is_public=False, changes={"incident": names})
