"""The suppression list for the sending application: ask before sending, tell of opt-outs, end what was a mistake."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.errors import HttpError

from diagnostics.engine.names import Malformed, parse_address
from portal.api.desk import TokenRequest, answered, takes_key, viewer_of
from portal.api.models import Scope
from portal.api.shapes import (
    After,
    Because,
    MaySend,
    Number,
    OfBranch,
    Problem,
    SuppressionIn,
    SuppressionOut,
    SuppressionPage,
    Unfit,
)
from portal.branches.access import branch_for
from portal.suppression import selectors, services
from portal.suppression.models import Suppression
from portal.web.pages import page_of

router = Router(tags=["suppression"])
PAGE = 100


@router.get(
    "/suppressions/check",
    response={200: MaySend, 400: Problem, 401: Problem, 403: Problem, 404: Problem, 422: Unfit},
    summary="Ask whether a branch may write to an address",
)
def check(request: HttpRequest, branch: OfBranch, address: str) -> Any:
    """Whether the branch may write to the address now. Of what cannot be an address nothing is said."""
    asker: TokenRequest = request  # type: ignore[assignment]
    viewer = viewer_of(asker, Scope.READ)
    asked = branch_for(viewer, branch)
    parsed = parse_address(address)
    if isinstance(parsed, Malformed):
        raise HttpError(400, parsed.text)
    held = selectors.suppression_of(viewer, asked, address)
    if held is None:
        return {"may_send": True, "reason": "", "since": None, "until": None}
    return {"may_send": False, "reason": held.reason, "since": held.since, "until": held.until}


@router.get(
    "/suppressions",
    response={200: SuppressionPage, 401: Problem, 403: Problem, 404: Problem, 422: Unfit},
    summary="List the addresses that a branch does not write to",
)
def listing(request: HttpRequest, branch: OfBranch, address: str = "", after: After = "") -> Any:
    """The entries of a branch that hold now, newest first."""
    asker: TokenRequest = request  # type: ignore[assignment]
    viewer = viewer_of(asker, Scope.READ)
    rows = selectors.suppressions(viewer, branch=branch_for(viewer, branch), address=address)
    page = page_of(rows, {"after": after}, by="since", size=PAGE)
    return {"rows": [_out(row) for row in page.rows], "next": page.older}


@router.post(
    "/suppressions",
    response={201: SuppressionOut, 400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Unfit},
    summary="Have a branch not write to an address",
    openapi_extra=takes_key(must=False),
)
def add(request: HttpRequest, response: HttpResponse, data: SuppressionIn) -> Any:
    """An address that is on the list already stays on it with the stronger reason. The note stands with the entry."""
    asker: TokenRequest = request  # type: ignore[assignment]
    viewer = viewer_of(asker, Scope.SUPPRESS)
    branch = branch_for(viewer, data.branch)

    def work() -> tuple[int, dict[str, Any]]:
        source = f"API: {data.note}" if data.note else "API"
        row = services.suppress(
            branch, address=data.address, reason=data.reason, until=data.until, source=source, by=viewer
        )
        return 201, _json(row)

    try:
        return answered(asker, response, work)
    except services.SuppressionProblem as error:
        raise HttpError(400, str(error)) from error


@router.delete(
    "/suppressions/{pk}",
    response={200: SuppressionOut, 400: Problem, 401: Problem, 403: Problem, 404: Problem, 422: Unfit},
    summary="Have the branch write to the address again",
)
def end(request: HttpRequest, pk: Number, data: Because) -> Any:
    """The entry stays in the list's story, with the reason. Ending it twice is once."""
    asker: TokenRequest = request  # type: ignore[assignment]
    viewer = viewer_of(asker, Scope.SUPPRESS)
    try:
        return _out(services.end(selectors.suppression_for(viewer, pk), because=data.because, by=viewer))
    except services.SuppressionProblem as error:
        raise HttpError(400, str(error)) from error


def _out(row: Suppression) -> dict[str, Any]:
    names = ("address", "reason", "since", "until", "is_in_force")
    return {"id": row.pk, "branch": row.branch.code, **{name: getattr(row, name) for name in names}}


def _json(row: Suppression) -> dict[str, Any]:
    """The same with times as text, so that the answer can be kept."""
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in _out(row).items()}
