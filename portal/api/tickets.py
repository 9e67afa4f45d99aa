"""Opening tickets, reading them, replying to them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.errors import HttpError

from diagnostics.engine.names import Address, parse_address
from portal.accounts.models import User
from portal.api.desk import TokenRequest, answered, takes_key, viewer_of
from portal.api.models import Scope
from portal.api.shapes import After, Number, Problem, ReplyIn, TicketIn, TicketOut, TicketPage, TicketStory, Unfit
from portal.branches.access import branch_for
from portal.maillog.models import Module
from portal.web.pages import page_of
from tickets.models import Ticket
from tickets.selectors.tickets import events_of, ticket_for, tickets_of
from tickets.services import reports, tickets

router = Router(tags=["tickets"])
PAGE = 50


@router.get("/tickets", response={200: TicketPage, 401: Problem, 403: Problem, 422: Unfit}, summary="List tickets")
def listing(request: HttpRequest, is_open: bool = True, after: After = "") -> Any:
    """Tickets the person may see, the latest activity first."""
    asker: TokenRequest = request  # type: ignore[assignment]
    rows = tickets_of(viewer_of(asker, Scope.READ)).filter(is_open=is_open).select_related("branch", "merged_into")
    page = page_of(rows, {"after": after}, by="last_activity", size=PAGE)
    return {"rows": [_out(row) for row in page.rows], "next": page.older}


@router.get(
    "/tickets/{number}",
    response={200: TicketStory, 401: Problem, 403: Problem, 404: Problem, 422: Unfit},
    summary="Read a ticket",
)
def story(request: HttpRequest, number: Number) -> Any:
    """One ticket with its story; notes among support only for support."""
    asker: TokenRequest = request  # type: ignore[assignment]
    viewer = viewer_of(asker, Scope.READ)
    found = ticket_for(viewer, number)
    events = [
        {"at": event.at, "by": str(event.by or ""), "kind": event.kind, "body": event.body}
        for event in events_of(viewer, found)
    ]
    return {**_out(found), "events": events}


@router.post(
    "/tickets",
    response={201: TicketOut, 400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Unfit},
    summary="Open a ticket",
    openapi_extra=takes_key(),
)
def add(request: HttpRequest, response: HttpResponse, data: TicketIn) -> Any:
    """The checks begin at once, and the suggested cause is what the records say now."""
    asker: TokenRequest = request  # type: ignore[assignment]
    viewer = viewer_of(asker, Scope.TICKETS, must_have_key=True)
    branch = branch_for(viewer, data.branch)
    recipient = parse_address(data.recipient)
    if not isinstance(recipient, Address):
        raise HttpError(400, "recipient is not an e-mail address: write it as name@domain.")
    if data.module and data.module not in Module.values:
        raise HttpError(400, f"module must be one of {', '.join(Module.values)}.")
    message = reports.Message(recipient=recipient.text, around=data.around, module=data.module, function=data.function)
    described = {
        "symptom": data.symptom,
        "other_domain": data.other_domain_tried,
        "description": data.description,
    }

    def work() -> tuple[int, dict[str, Any]]:
        report = reports.open_report(branch, by=viewer, message=message, submission=None)
        reports.answer(report, step="describe", data=described, version=report.version)
        return 201, _json(reports.submit_report(report, by=viewer, version=report.version))

    return answered(asker, response, work)


@router.post(
    "/tickets/{number}/replies",
    response={201: TicketOut, 400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Unfit},
    summary="Reply to a ticket",
    openapi_extra=takes_key(),
)
def reply(request: HttpRequest, response: HttpResponse, number: Number, data: ReplyIn) -> Any:
    """An answer that the branch sees; told by mail as one from the page is."""
    asker: TokenRequest = request  # type: ignore[assignment]
    viewer: User = viewer_of(asker, Scope.TICKETS, must_have_key=True)
    found = ticket_for(viewer, number)

    def work() -> tuple[int, dict[str, Any]]:
        if found.merged_into is not None:
            raise HttpError(409, f"The ticket goes on in ticket {found.merged_into.number}: reply to that one.")
        try:
            tickets.reply(found, body=data.body, by=viewer, version=found.version, submission=uuid4())
        except tickets.TicketChangedError:
            raise HttpError(409, "The ticket was changed at this moment: read it, and send the reply again.") from None
        return 201, _json(ticket_for(viewer, number))

    return answered(asker, response, work)


def _out(row: Ticket) -> dict[str, Any]:
    names = (
        "number", "recipient", "state", "waiting_on", "symptom", "suggested_cause", "suggested_confidence", "cause",
        "created", "last_activity", "version",
    )  # fmt: skip
    goes_on = row.merged_into.number if row.merged_into else None
    return {"branch": row.branch.code, "merged_into": goes_on, **{name: getattr(row, name) for name in names}}


def _json(row: Ticket) -> dict[str, Any]:
    """The same with times as text, so that the answer can be kept."""
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in _out(row).items()}
