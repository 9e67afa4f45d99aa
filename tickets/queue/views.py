"""The queue and the ticket page. Staff use the same pages for the tickets of their branch, with less on them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from diagnostics.selectors import context_of
from diagnostics.services import CallRefused
from portal.accounts.access import person_required, support_required
from portal.maillog.selectors import timeline_of
from portal.web.fragments import page_or_fragment
from portal.web.http import PersonRequest
from portal.web.pages import page_of
from tickets.models import Ticket
from tickets.queue.forms import AssignForm, CauseForm, FilterForm, MessageForm, StateForm
from tickets.selectors import tickets as selectors
from tickets.selectors.reports import belief
from tickets.services import tickets as services


@require_safe
@person_required
def queue(request: PersonRequest) -> HttpResponse:
    """The rows of one view of the queue, narrowed as the URL says."""
    form = FilterForm(request.GET, viewer=request.user)
    filters = form.filters()
    page = page_of(selectors.queue(request.user, filters), request.GET, by=filters.view.by)
    views = [(view, selectors.count_in(request.user, view)) for view in selectors.VIEWS if _has(request, view)]
    context = {"page": page, "form": form, "filters": filters, "views": views}
    return page_or_fragment(request, "tickets/queue/queue.html", "tickets/queue/_rows.html", context)


def _has(request: PersonRequest, view: selectors.View) -> bool:
    """Staff have no use for what is not assigned."""
    return request.user.is_support or view.slug != "unassigned"


def _context(request: PersonRequest, ticket: Ticket, **forms: Any) -> dict[str, Any]:
    """All that the ticket page shows; ``forms`` are those that came back with an error."""
    viewer = request.user
    context: dict[str, Any] = {
        "ticket": ticket,
        "report": ticket.report,
        "events": selectors.events_of(viewer, ticket),
        "may_call": settings.SMTP_PROBE != "off",
        "timeline": timeline_of(ticket.report.delivery) if ticket.report.delivery else [],
        "beliefs": belief(ticket.report, ticket.run),
        "reply_form": MessageForm(ticket=ticket, auto_id="reply_%s"),
        **context_of(ticket.run, reverse("ticket_findings", args=[ticket.number])),
    }
    if viewer.is_support:
        context |= {
            "note_form": MessageForm(ticket=ticket, auto_id="note_%s"),
            "assign_form": AssignForm(ticket=ticket, viewer=viewer),
            "state_form": StateForm(ticket=ticket),
            "cause_form": CauseForm(ticket=ticket),
            "others": selectors.others_about(viewer, ticket),
        }
    return context | forms


@require_safe
@person_required
def ticket(request: PersonRequest, number: int) -> HttpResponse:
    """One ticket: the report, the proof, whose turn it is, the story."""
    found = selectors.ticket_for(request.user, number)
    return render(request, "tickets/queue/ticket.html", _context(request, found))


@require_safe
@person_required
def ticket_findings(request: PersonRequest, number: int) -> HttpResponse:
    """The findings alone, for the page that waits for them; without JavaScript, the ticket."""
    found = selectors.ticket_for(request.user, number)
    if not request.htmx:
        return redirect("ticket", number=number)
    context = context_of(found.run, reverse("ticket_findings", args=[number]))
    return render(request, "diagnostics/_findings.html", context)


@require_POST
@person_required
def ticket_reply(request: PersonRequest, number: int) -> HttpResponse:
    """Answer where the branch sees it."""
    found = selectors.ticket_for(request.user, number)
    form = MessageForm(request.POST, ticket=found, auto_id="reply_%s")
    return _carry_out(request, found, form, "reply_form", services.reply)


@require_POST
@support_required
def ticket_note(request: PersonRequest, number: int) -> HttpResponse:
    """Write a note among support."""
    found = selectors.ticket_for(request.user, number)
    form = MessageForm(request.POST, ticket=found, auto_id="note_%s")
    return _carry_out(request, found, form, "note_form", services.note)


@require_POST
@support_required
def ticket_assign(request: PersonRequest, number: int) -> HttpResponse:
    """Give the ticket to a person, or to nobody."""
    found = selectors.ticket_for(request.user, number)
    form = AssignForm(request.POST, ticket=found, viewer=request.user)
    return _carry_out(request, found, form, "assign_form", services.assign, assignee="to")


@require_POST
@support_required
def ticket_state(request: PersonRequest, number: int) -> HttpResponse:
    """Move the ticket on; waiting names for whom."""
    found = selectors.ticket_for(request.user, number)
    form = StateForm(request.POST, ticket=found)
    return _carry_out(request, found, form, "state_form", services.change_state)


@require_POST
@support_required
def ticket_cause(request: PersonRequest, number: int) -> HttpResponse:
    """Name the cause that was confirmed."""
    found = selectors.ticket_for(request.user, number)
    form = CauseForm(request.POST, ticket=found)
    return _carry_out(request, found, form, "cause_form", services.confirm_cause)


@require_POST
@support_required
def ticket_examine(request: PersonRequest, number: int) -> HttpResponse:
    """Run the checks again; ``calls`` has the recipient's mail server called on."""
    found = selectors.ticket_for(request.user, number)
    try:
        services.examine_again(found, by=request.user, calls="calls" in request.POST)
    except CallRefused as refusal:
        messages.error(request, str(refusal))
    return redirect(reverse("ticket", args=[number]) + "#findings")


def _carry_out(
    request: PersonRequest, found: Ticket, form: Any, name: str, service: Any, **renamed: str
) -> HttpResponse:
    """Do what a form asks, or show it again with what was typed and with why it was not done.

    When others changed the ticket meanwhile nothing is written: their entries are shown above the form, which now
    carries the new version, so that sending it again is a decision made in knowledge of them.
    """
    if form.is_valid():
        values = {renamed.get(key, key): value for key, value in form.cleaned_data.items()}
        try:
            service(found, by=request.user, **values)
        except services.TicketChangedError:
            decided_on = values["version"]
            found = selectors.ticket_for(request.user, found.number)
            missed = selectors.events_since(request.user, found, version=decided_on)
            form.data = form.data.copy()
            form.data["version"] = str(found.version)
            context = _context(request, found, **{name: form}) | {"missed": missed}
            return render(request, "tickets/queue/ticket.html", context, status=409)
        messages.success(request, f"Ticket {found.number} is up to date.")
        return redirect("ticket", number=found.number)
    return render(request, "tickets/queue/ticket.html", _context(request, found, **{name: form}), status=400)
