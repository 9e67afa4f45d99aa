"""The queue and the ticket page. Staff use the same pages for the tickets of their branch, with less on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from diagnostics.engine.causes import CAUSES, Confidence, Ranked
from diagnostics.selectors import context_of
from diagnostics.services import CallRefused
from portal.accounts.access import person_required, support_required
from portal.branches.selectors import allowed_at
from portal.web.fragments import page_or_fragment
from portal.web.http import PersonRequest
from portal.web.pages import page_of
from tickets.models import Event, Ticket
from tickets.queue.deeds import added_of, deed_of
from tickets.queue.forms import AssignForm, CauseForm, FilesForm, FilterForm, MessageForm, ReplyForm, StateForm
from tickets.queue.letters import reply_draft
from tickets.selectors import bulk
from tickets.selectors import tickets as selectors
from tickets.selectors.bearing import by_bearing
from tickets.selectors.belief import belief, believed, case_of
from tickets.selectors.letters import before_asking, letter_to_their_it
from tickets.selectors.reconciled import beside_the_log
from tickets.selectors.returned import story_of
from tickets.services import files as file_services
from tickets.services import tickets as services

#: Entries of the story that stand open; the earlier ones are folded.
LATEST = 6
#: How a fragment knows that what it shows leads.
FIRST = {"first": True}


@require_safe
@person_required
def queue(request: PersonRequest) -> HttpResponse:
    """The rows of one view of the queue, narrowed as the URL says."""
    form = FilterForm(request.GET, viewer=request.user)
    filters = form.filters()
    rows = selectors.queue(request.user, filters)
    page = page_of(rows, request.GET, by=filters.by, oldest_first=filters.oldest_first)
    views = [(view, selectors.count_in(request.user, view)) for view in selectors.VIEWS if _has(request, view)]
    context = {"page": page, "form": form, "filters": filters, "views": views, "here": request.get_full_path()}
    if request.user.is_support:
        context["overriding"] = _overriding(request, page.rows)
    return page_or_fragment(request, "tickets/queue/queue.html", "tickets/queue/_rows.html", context)


def _overriding(request: PersonRequest, rows: Sequence[Ticket]) -> dict[str, Any] | None:
    """The row whose cause is about to be named: what else it may be, and all causes. Nothing is changed by looking."""
    named = request.GET.get("override", "")
    ticket = next((row for row in rows if str(row.number) == named), None)
    if ticket is None:
        return None
    kept = request.GET.copy()
    kept.pop("override", None)
    shown = ticket.cause or ticket.suggested_cause
    form = CauseForm(ticket=ticket, auto_id=f"ticket_{ticket.number}_%s")
    form.fields["cause"].widget.attrs["class"] = "form-select form-select-sm"
    others = [item for item in belief(request.user, ticket.report, ticket.run) if item.cause not in (shown, "unknown")]
    return {
        "ticket": ticket,
        "others": others[:9],
        "form": form,
        "back": f"{request.path}?{kept.urlencode()}" if kept else request.path,
    }


def _has(request: PersonRequest, view: selectors.View) -> bool:
    """Staff have no use for what is not assigned."""
    return request.user.is_support or view.slug != "unassigned"


def _context(request: PersonRequest, ticket: Ticket, **forms: Any) -> dict[str, Any]:
    """All that the ticket page shows; ``forms`` are those that came back with an error."""
    viewer = request.user
    case = case_of(viewer, ticket.report, ticket.run or ticket.report.run)
    beliefs = believed(ticket.report, case)
    # A reply goes to the branch, so its draft says no more than the branch may know.
    told = believed(ticket.report, case.for_branch())
    events = selectors.events_of(viewer, ticket)
    letter = letter_to_their_it(ticket.report)
    context: dict[str, Any] = {
        "ticket": ticket,
        "report": ticket.report,
        "earlier": events[:-LATEST],
        "events": events[-LATEST:],
        "may_call": settings.SMTP_PROBE != "off",
        "timeline": story_of(ticket.report.delivery) if ticket.report.delivery else [],
        "meant": [item for item in case.candidates or (case.delivery,) if item and item.link],
        "beliefs": beliefs,
        **_by_confirmed(ticket, beliefs),
        "allowed": allowed_at(viewer, ticket.branch, ticket.recipient_domain),
        "letter": letter,
        "listings": before_asking(ticket.report.delivery, letter)[0],
        "has_draft": viewer.is_support and bool(reply_draft(ticket, told, by=viewer)),
        "reply_form": _reply_form(request, ticket, told),
        "files_form": FilesForm(auto_id="files_%s"),
        "traces": selectors.traces_on(viewer, ticket),
        "merged": bulk.merged_into(viewer, ticket),
        **_findings(ticket, beliefs),
    }
    if viewer.is_support:
        context |= {
            "note_form": MessageForm(ticket=ticket, auto_id="note_%s"),
            "assign_form": AssignForm(ticket=ticket, viewer=viewer),
            "state_form": StateForm(ticket=ticket),
            "cause_form": CauseForm(ticket=ticket),
            "others": selectors.others_about(viewer, ticket),
            "in_incident": bulk.beside_in_incident(viewer, ticket),
        }
    return context | forms


def _findings(ticket: Ticket, beliefs: Sequence[Ranked]) -> dict[str, Any]:
    """What the checks found, by what it has to do with the cause that leads the page."""
    context = context_of(
        ticket.run,
        reverse("ticket_findings", args=[ticket.number]),
        reading=beside_the_log(ticket.branch, ticket.recipient, ticket.report.delivery),
    )
    leading = _by_confirmed(ticket, beliefs)
    sorted_out = by_bearing(
        context["findings"], leading["lead"], leading["beside"], is_confirmed=leading.get("is_confirmed", False)
    )
    return context | sorted_out


def _by_confirmed(ticket: Ticket, beliefs: Sequence[Ranked]) -> dict[str, Any]:
    """The cause that leads the page, confirmed or believed, and the others beside it in their order."""
    if not ticket.cause or ticket.cause not in CAUSES:
        return {"lead": beliefs[0] if beliefs else None, "first_of_one": FIRST, "beside": beliefs[1:]}
    believed = next((item for item in beliefs if item.cause == ticket.cause), None)
    return {
        "lead": believed
        or Ranked(
            ticket.cause,
            Confidence.CERTAIN,
            own_server=ticket.branch.sends_through_own_server,
            within=ticket.is_within,
        ),
        "first_of_one": FIRST,
        "is_confirmed": True,
        "beside": [item for item in beliefs if item is not believed],
    }


def _reply_form(request: PersonRequest, ticket: Ticket, beliefs: Sequence[Ranked]) -> ReplyForm:
    """An empty reply; asked for with ``?draft``, for support the draft from the cause."""
    drafts = request.user.is_support and request.method != "POST" and "draft" in request.GET
    opening = {"body": reply_draft(ticket, beliefs, by=request.user)} if drafts else {}
    return ReplyForm(ticket=ticket, viewer=request.user, auto_id="reply_%s", initial=opening)


@require_safe
@person_required
def ticket(request: PersonRequest, number: int) -> HttpResponse:
    """One ticket: the report, the proof, whose turn it is, the story."""
    found = selectors.ticket_for(request.user, number)
    return render(request, "tickets/queue/ticket.html", _context(request, found))


@require_safe
@person_required
def ticket_findings(request: PersonRequest, number: int) -> HttpResponse:
    """The findings, and what is believed by them, for the page that waits for them; without JavaScript, the ticket."""
    found = selectors.ticket_for(request.user, number)
    if not request.htmx:
        return redirect("ticket", number=number)
    beliefs = belief(request.user, found.report, found.run)
    context = {
        **_findings(found, beliefs),
        "ticket": found,
        "report": found.report,
        "beliefs": beliefs,
        **_by_confirmed(found, beliefs),
        "is_live": True,
    }
    return render(request, "tickets/queue/_findings.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@person_required
def ticket_reply(request: PersonRequest, number: int) -> HttpResponse:
    """Answer where the branch sees it."""
    found = selectors.ticket_for(request.user, number)
    if request.method != "POST":
        return redirect("ticket", number=number)
    form = ReplyForm(request.POST, ticket=found, viewer=request.user, auto_id="reply_%s")
    return _carry_out(request, found, form, "reply_form", services.reply)


@require_http_methods(["GET", "HEAD", "POST"])
@person_required
def ticket_files(request: PersonRequest, number: int) -> HttpResponse:
    """Add files; a message trace among them is read and becomes evidence. A merged ticket's go on with it."""
    found = selectors.ticket_for(request.user, number)
    if request.method != "POST":
        return redirect("ticket", number=number)
    if found.merged_into is not None:
        # A browser does not fill in a file again, so it is not asked for twice.
        merged, found = found, selectors.ticket_for(request.user, found.merged_into.number)
        messages.info(request, _leads_on(merged, found))
    uploads = request.FILES.getlist("attached")
    added, refusals = file_services.add_to_ticket(found, uploads, by=request.user)
    if added:
        messages.success(request, added_of(added, found))
    if refusals or not uploads:
        form = FilesForm(request.POST, auto_id="files_%s")
        form.refuse(refusals or ["Choose a file first."])
        found = selectors.ticket_for(request.user, found.number)
        context = _context(request, found, files_form=form)
        return render(request, "tickets/queue/ticket.html", context, status=400)
    if not added:
        messages.info(request, f"Nothing changed: ticket {found.number} holds these files already.")
    return redirect(reverse("ticket", args=[found.number]) + "#story")


@require_http_methods(["GET", "HEAD", "POST"])
@support_required
def ticket_note(request: PersonRequest, number: int) -> HttpResponse:
    """Write a note among support."""
    found = selectors.ticket_for(request.user, number)
    if request.method != "POST":
        return redirect("ticket", number=number)
    form = MessageForm(request.POST, ticket=found, auto_id="note_%s")
    return _carry_out(request, found, form, "note_form", services.note)


@require_http_methods(["GET", "HEAD", "POST"])
@support_required
def ticket_assign(request: PersonRequest, number: int) -> HttpResponse:
    """Give the ticket to a person, or to nobody."""
    found = selectors.ticket_for(request.user, number)
    if request.method != "POST":
        return redirect("ticket", number=number)
    form = AssignForm(request.POST, ticket=found, viewer=request.user)
    return _carry_out(request, found, form, "assign_form", services.assign, assignee="to")


@require_http_methods(["GET", "HEAD", "POST"])
@support_required
def ticket_state(request: PersonRequest, number: int) -> HttpResponse:
    """Move the ticket on; waiting names for whom."""
    found = selectors.ticket_for(request.user, number)
    if request.method != "POST":
        return redirect("ticket", number=number)
    form = StateForm(request.POST, ticket=found)
    return _carry_out(request, found, form, "state_form", services.change_state)


@require_http_methods(["GET", "HEAD", "POST"])
@support_required
def ticket_cause(request: PersonRequest, number: int) -> HttpResponse:
    """Name the cause that was confirmed; from a row of the queue one comes back to the queue."""
    found = selectors.ticket_for(request.user, number)
    if request.method != "POST":
        return redirect("ticket", number=number)
    form = CauseForm(request.POST, ticket=found)
    done = _carry_out(request, found, form, "cause_form", services.confirm_cause)
    back = request.POST.get("back", "")
    if done.status_code == 302 and back.partition("?")[0] == reverse("queue"):
        # The page begins again where one was.
        return redirect(f"{back.partition('#')[0]}#ticket-{number}")
    return done


@require_POST
@support_required
def ticket_examine(request: PersonRequest, number: int) -> HttpResponse:
    """Run the checks again; ``calls`` has the recipient's mail server called on."""
    found = selectors.ticket_for(request.user, number)
    if found.merged_into is not None:
        messages.error(request, f"Nothing was run: the ticket goes on in ticket {found.merged_into.number}.")
        return redirect("ticket", number=number)
    try:
        services.examine_again(found, by=request.user, calls="calls" in request.POST)
    except CallRefused as refusal:
        messages.error(request, str(refusal))
    return redirect(reverse("ticket", args=[number]) + "#findings")


def _carry_out(
    request: PersonRequest, found: Ticket, form: Any, name: str, service: Any, **renamed: str
) -> HttpResponse:
    """Do what a form asks and say what was done, or show it again with what was typed and why it was not done."""
    if found.merged_into is not None:
        return _goes_on(request, found, found.merged_into.number, form, name)
    if not form.is_valid():
        return render(request, "tickets/queue/ticket.html", _context(request, found, **{name: form}), status=400)
    values = {renamed.get(key, key): value for key, value in form.cleaned_data.items()}
    try:
        event, found = _do(request, found, service, values)
    except services.TicketChangedError:
        return _changed_meanwhile(request, found.number, form, name, version=values["version"])
    messages.success(request, deed_of(event, found))
    return redirect("ticket", number=found.number)


def _do(request: PersonRequest, found: Ticket, service: Any, values: dict[str, Any]) -> tuple[Event | None, Ticket]:
    """Do it; where nothing was changed meanwhile that this person sees, on the ticket as it is now."""
    try:
        return service(found, by=request.user, **values), found
    except services.TicketChangedError:
        now = selectors.ticket_for(request.user, found.number)
        if selectors.missed_since(request.user, now, version=values["version"]):
            raise
        return service(now, by=request.user, **values | {"version": now.version}), now


def _changed_meanwhile(request: PersonRequest, number: int, form: Any, name: str, *, version: int) -> HttpResponse:
    """Nothing was written: who changed what stands at the top, and the form carries the new version.

    Sending it again is then a decision made in knowledge of what was missed, and goes through.
    """
    found = selectors.ticket_for(request.user, number)
    if found.merged_into is not None:
        return _goes_on(request, found, found.merged_into.number, form, name)
    form.data = form.data.copy()
    form.data["version"] = str(found.version)
    conflict = {"missed": selectors.missed_since(request.user, found, version=version), "conflicting": form}
    context = _context(request, found, **{name: form}) | conflict
    return render(request, "tickets/queue/ticket.html", context, status=409)


def _goes_on(request: PersonRequest, merged: Ticket, number: int, form: Any, name: str) -> HttpResponse:
    """The ticket went into another: the branch's answer is written there, as one by mail is.

    All else is not written, for it was decided on the ticket that went, or is meant for its reporter alone: the page of
    the other takes what was typed, and sending it there is a decision. What was sent before is not sent again.
    """
    found = selectors.ticket_for(request.user, number)
    if isinstance(form, MessageForm) and form.is_valid():
        event = selectors.sent_by_form(merged, form.cleaned_data["submission"]) or _reply_there(request, found, form)
        if event is not None:
            messages.success(request, f"{_leads_on(merged, found)} {deed_of(event, event.ticket)}")
            return redirect("ticket", number=number)
        found = selectors.ticket_for(request.user, number)
    form.data = form.data.copy()
    form.data["version"] = str(found.version)
    context = _context(request, found, **{name: form}) | {"came_from": merged}
    return render(request, "tickets/queue/ticket.html", context, status=409)


def _reply_there(request: PersonRequest, found: Ticket, form: MessageForm) -> Event | None:
    """Write the branch's answer on the ticket that stays; None where it is another's or says more than an answer."""
    if request.user.is_support or not isinstance(form, ReplyForm) or form.cleaned_data["state"]:
        return None
    try:
        return services.reply(found, by=request.user, **form.cleaned_data | {"version": found.version})
    except services.TicketChangedError:
        return None


def _leads_on(merged: Ticket, found: Ticket) -> str:
    return f"Ticket {merged.number} was merged into ticket {found.number} and goes on there."
