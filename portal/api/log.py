"""Pushing the message log and case notes, and reading deliveries."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.errors import HttpError

from portal.accounts.models import User
from portal.api.desk import TokenRequest, answered, takes_key, viewer_of
from portal.api.models import Scope
from portal.api.shapes import After, DeliveryOut, DeliveryPage, LogPush, LogPushed, Number, OfBranch, Problem, Unfit
from portal.branches.access import branch_for, branches_of
from portal.maillog.addresses import normal
from portal.maillog.erased import erased_for
from portal.maillog.importers import IMPORTERS
from portal.maillog.importers.event import Item, Rejected, RejectedLine
from portal.maillog.models import Delivery
from portal.maillog.selectors import deliveries_of, delivery_for
from portal.maillog.services import Zones, ingest
from portal.web.pages import page_of

router = Router(tags=["message log"])
PAGE = 100
#: A push is stored in one go, so it is kept small enough not to hold up the others.
MOST_OCTETS = 4 << 20
#: What is wrong with an event of which nothing says whose it is.
NO_BRANCH = ("missing", "branch")


@router.post(
    "/log",
    response={200: LogPushed, 400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Unfit},
    summary="Push events and case notes",
    openapi_extra=takes_key(must=False),
)
def push(request: HttpRequest, response: HttpResponse, data: LogPush) -> Any:
    """Events that were told before change nothing, with or without an Idempotency-Key."""
    asker = _asker(request)
    viewer = viewer_of(asker, Scope.LOG)
    _only_own(viewer, data)
    return answered(asker, response, lambda: (200, _ingest(data)))


def _ingest(data: LogPush) -> dict[str, Any]:
    lines = "\n".join(json.dumps(event) for event in data.events).encode()
    events = map(_worded, IMPORTERS["jsonl"](BytesIO(lines), data.branch, Zones()))
    batch = ingest(events, source="api", name="push")
    counts = {"lines": batch.lines, "events": batch.new + batch.duplicate}
    return {**counts, "new": batch.new, "duplicate": batch.duplicate, "rejected": batch.rejected}


def _worded(item: Item) -> Item:
    """``item``; where it lacks what a command is given by an option, it is said how a push gives it."""
    if isinstance(item, RejectedLine) and item.problem and (item.problem.code, item.problem.name) == NO_BRANCH:
        return Rejected(item.line, "branch is missing: name it in the event, or in the push for all of them.")
    return item


def _only_own(viewer: User, data: LogPush) -> None:
    """Let a branch's token tell of that branch alone."""
    if viewer.is_support:
        if data.branch:
            branch_for(viewer, data.branch)
        return
    named = {str(event.get("branch") or data.branch) for event in data.events}
    own = set(branches_of(viewer).values_list("code", flat=True))
    if not named <= own:
        raise HttpError(403, f"This token may tell of {', '.join(sorted(own)) or 'no branch'} only; name it as branch.")


@router.get(
    "/deliveries",
    response={200: DeliveryPage, 401: Problem, 403: Problem, 404: Problem, 422: Unfit},
    summary="List deliveries",
)
def deliveries(request: HttpRequest, branch: OfBranch, recipient: str = "", after: After = "") -> Any:
    """Deliveries of a branch, newest first; with a recipient, those to this address."""
    viewer = viewer_of(_asker(request), Scope.READ)
    of = branch_for(viewer, branch)
    rows = deliveries_of(viewer).filter(branch=of).select_related("branch", "message")
    if recipient:
        rows = rows.filter(recipient_normal=normal(recipient))
    page = page_of(rows, {"after": after}, by="at", size=PAGE)
    erased = erased_for(viewer, of, recipient) if recipient else None
    return {"rows": [_out(row) for row in page.rows], "next": page.older, "erased": erased}


@router.get(
    "/deliveries/{pk}",
    response={200: DeliveryOut, 401: Problem, 403: Problem, 404: Problem, 422: Unfit},
    summary="Read a delivery",
)
def delivery(request: HttpRequest, pk: Number) -> Any:
    """One delivery."""
    return _out(delivery_for(viewer_of(_asker(request), Scope.READ), pk))


def _out(row: Delivery) -> dict[str, Any]:
    own = ("at", "recipient", "state", "state_at", "cause", "reply", "reply_code", "status", "remote_host", "provider")
    told = {name: getattr(row, name) for name in (*own, "module", "attempts")}
    message = {name: getattr(row.message, name) for name in ("function", "message_id", "queue_id")}
    return {"id": row.pk, "branch": row.branch.code, **told, **message}


def _asker(request: HttpRequest) -> TokenRequest:
    assert hasattr(request, "auth")  # The desk lets nobody in without a token.
    return request  # type: ignore[return-value]
