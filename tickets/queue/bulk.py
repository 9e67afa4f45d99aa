"""Several tickets at once: which are marked, what would be done with which of them, and doing it.

A deed is first shown, with each ticket that it is done on and each that it leaves out and why, and then confirmed.
Where one of them was changed in between, nothing is done, and what happened is shown before it is confirmed again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.access import support_required
from portal.web.http import PersonRequest
from tickets.models import Event, Ticket
from tickets.queue import bulk_forms as forms
from tickets.selectors import bulk as selectors
from tickets.selectors.bulk import MOST_AT_ONCE, Plan
from tickets.selectors.tickets import missed_since, ticket_for
from tickets.services import bulk as services
from tickets.services import merging

#: Tickets left out that the sentence after a deed names; the page before it has named all.
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that can be done with all: its form, what it would do, and doing it.

    ``verb`` stands before the tickets on the button and in the sentence that asks, ``done`` in the one that tells.
    """

    slug: str
    word: str
    verb: str
    done: str
    form: type[forms.BulkForm]
    plan: Callable[[Sequence[Ticket], dict[str, Any]], Plan]
    do: Callable[..., Plan]


def _plan_merge(tickets: Sequence[Ticket], values: dict[str, Any]) -> Plan:
    into = next(ticket for ticket in tickets if ticket.number == values["into"])
    return selectors.plan_merge(tickets, into)


DEEDS = (
    Deed("reply", "Reply", "Send the reply to", "The reply is on", forms.BulkReplyForm,
         lambda tickets, values: selectors.plan_reply(tickets), services.reply_to_all),
    Deed("assign", "Assign", "Assign", "Assigned:", forms.BulkAssignForm,
         lambda tickets, values: selectors.plan_assign(tickets, values["to"]), services.assign_all),
    Deed("cause", "Cause", "Confirm the cause of", "The cause is confirmed on", forms.BulkCauseForm,
         lambda tickets, values: selectors.plan_cause(tickets, values["cause"]), services.confirm_cause_of_all),
    Deed("merge", "Merge", "Merge", "Merged:", forms.MergeForm, _plan_merge, merging.merge),
    Deed("incident", "Incident", "Link to the incident", "Linked to the incident:", forms.IncidentForm,
         lambda tickets, values: selectors.plan_incident(tickets, values["incident"]), services.link_to_incident),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Marked:
    """What a request names: the tickets the viewer may see, the versions it saw, and numbers that lead nowhere."""

    tickets: list[Ticket]
    versions: dict[int, int]
    missing: list[int]
    are_too_many: bool = False


def _marked(request: PersonRequest, values: Sequence[str]) -> Marked:
    """The tickets named as ``12`` or, with the version that was shown, as ``12:3``; what cannot be read names none."""
    named: dict[int, int] = {}
    for value in values:
        number, _, version = value.partition(":")
        if number.isascii() and number.isdigit() and len(number) < 10:
            named[int(number)] = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
    if len(named) > MOST_AT_ONCE:
        return Marked([], {}, [], are_too_many=True)
    tickets = selectors.marked(request.user, named)
    known = {ticket.number for ticket in tickets}
    return Marked(tickets, named, sorted(named.keys() - known))


@require_http_methods(["GET", "HEAD", "POST"])
@support_required
def tickets_bulk(request: PersonRequest) -> HttpResponse:
    """The marked tickets and what can be done with them; posted, first what it would do, then doing it."""
    marked = _marked(request, (request.POST if request.method == "POST" else request.GET).getlist("ticket"))
    if request.method != "POST":
        return _page(request, marked)
    deed = next((deed for deed in DEEDS if deed.slug == request.POST.get("deed")), None)
    if deed is None or not marked.tickets:
        return _page(request, marked, status=400)
    form = deed.form(request.POST, viewer=request.user, tickets=marked.tickets, auto_id=f"{deed.slug}_%s")
    if not form.is_valid():
        return _page(request, marked, bound=form, status=400)
    if "change" in request.POST:
        return _page(request, marked, bound=form)
    marked = _with_target(request, marked, form.cleaned_data)
    if "confirmed" not in request.POST:
        return _confirm(request, deed, form, marked)
    return _carry_out(request, deed, form, marked)


def _with_target(request: PersonRequest, marked: Marked, values: dict[str, Any]) -> Marked:
    """With the ticket that the others are merged into, where that is not among the marked ones."""
    into = values.get("into")
    if into is None or into in {ticket.number for ticket in marked.tickets}:
        return marked
    return Marked([*marked.tickets, *selectors.marked(request.user, [into])], marked.versions, marked.missing)


def _page(request: PersonRequest, marked: Marked, *, bound: Any = None, status: int = 200) -> HttpResponse:
    """The page on which one chooses what is to be done; a ``bound`` form is shown as it was filled in."""
    made = {
        deed.slug: bound
        if isinstance(bound, deed.form)
        else deed.form(viewer=request.user, tickets=marked.tickets, auto_id=f"{deed.slug}_%s")
        for deed in DEEDS
    }
    context = {
        "marked": marked,
        "most": MOST_AT_ONCE,
        "forms": made,
        "bound": bound,
        "branches": len({ticket.branch_id for ticket in marked.tickets}),
    }
    return render(request, "tickets/queue/bulk.html", context, status=400 if marked.are_too_many else status)


def _confirm(
    request: PersonRequest, deed: Deed, form: Any, marked: Marked, *, missed: Any = (), status: int = 200
) -> HttpResponse:
    context = {
        "deed": deed,
        "form": form,
        "marked": marked,
        "plan": deed.plan(marked.tickets, form.cleaned_data),
        "values": form.cleaned_data,
        "missed": missed,
        "query": _query(marked),
    }
    return render(request, "tickets/queue/bulk_confirm.html", context, status=status)


def _carry_out(request: PersonRequest, deed: Deed, form: Any, marked: Marked) -> HttpResponse:
    """Do it, and say on how many; where one was changed since it was shown, show it again with what happened."""
    versions = {ticket.number: marked.versions.get(ticket.number, 0) for ticket in marked.tickets}
    try:
        plan = deed.do(versions, by=request.user, **form.cleaned_data)
    except services.TicketsChangedError as changed:
        missed = _missed(request, [ticket for ticket in marked.tickets if ticket.number in changed.numbers], versions)
        return _confirm(request, deed, form, marked, missed=missed, status=409)
    except merging.CannotMergeError as error:
        form.add_error("into", str(error))
        return _page(request, marked, bound=form, status=409)
    _say(request, deed, plan)
    return redirect(f"{reverse('tickets_bulk')}?{_query(marked)}")


def _missed(
    request: PersonRequest, changed: Sequence[Ticket], versions: dict[int, int]
) -> list[tuple[Ticket, list[Event]]]:
    """What happened to each ticket that was changed since it was shown."""
    return [(row, missed_since(request.user, row, version=versions[row.number] or row.version)) for row in changed]


def _query(marked: Marked) -> str:
    return urlencode([("ticket", ticket.number) for ticket in marked.tickets])


def _say(request: PersonRequest, deed: Deed, plan: Plan) -> None:
    count = len(plan.taken)
    told = f"{deed.done} {count} ticket{'' if count == 1 else 's'}." if count else "Nothing was to be done."
    left_out = [f"{item.ticket.number} ({item.why})" for item in plan.left_out]
    more = len(left_out) - MOST_NAMED
    named = "; ".join(left_out[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
    sentence = f"{told} Left out: {named}." if left_out else told
    (messages.success if count else messages.info)(request, sentence)


@require_POST
@support_required
def ticket_unmerge(request: PersonRequest, number: int) -> HttpResponse:
    """Undo the merging of a ticket."""
    return _undo(request, number, merging.take_out, f"Ticket {number} stands for itself again; its reporter is told.")


@require_POST
@support_required
def ticket_unlink(request: PersonRequest, number: int) -> HttpResponse:
    """Take a ticket out of its incident."""
    return _undo(request, number, services.unlink, f"Ticket {number} belongs to no incident any more.")


def _version(value: str, ticket: Ticket) -> int:
    """The version that the button was drawn for; the present one where none can be read."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else ticket.version


def _undo(request: PersonRequest, number: int, service: Callable[..., bool], told: str) -> HttpResponse:
    found = ticket_for(request.user, number)
    version = request.POST.get("version", "")
    try:
        is_done = service(found, by=request.user, version=_version(version, found))
    except services.TicketsChangedError:
        messages.error(request, "Nothing was done: the ticket was changed meanwhile. Look at it, and press again.")
    else:
        (messages.success if is_done else messages.info)(request, told if is_done else "Nothing changed: it stood so.")
    return redirect("ticket", number=number)
