"""Having a domain, an address or a bounce looked at."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.errors import HttpError

from diagnostics.engine.messages.bounce import classify
from diagnostics.forms import BenchForm
from diagnostics.models import Run
from diagnostics.selectors import findings_of, run_for
from diagnostics.services import start_run
from portal.api.desk import TokenRequest, answered, takes_key, viewer_of
from portal.api.models import Scope
from portal.api.shapes import CheckIn, ClassifiedOut, Problem, RunOut, Unfit
from portal.maillog.replies import named_rules

router = Router(tags=["checks"])
#: More of a message is not looked at: what a bounce says stands at its beginning.
MOST_OCTETS = 4 << 20


@router.post(
    "/runs",
    response={202: RunOut, 400: Problem, 401: Problem, 403: Problem, 409: Problem, 422: Unfit},
    summary="Have a domain or an address examined",
    openapi_extra=takes_key(),
)
def start(request: HttpRequest, response: HttpResponse, data: CheckIn) -> Any:
    """The examination begins at once; ask for the run until its state is done or failed."""
    asker: TokenRequest = request  # type: ignore[assignment]
    viewer = viewer_of(asker, Scope.CHECK, must_have_key=True)
    texts = {"target": data.target, "sender": data.sender}
    form = BenchForm({**texts, "addresses": ",".join(data.addresses), "selectors": ",".join(data.selectors)})
    if not form.is_valid():
        name, errors = next(iter(form.errors.as_data().items()))
        raise HttpError(400, f"{name}: {errors[0].messages[0]}")
    return answered(asker, response, lambda: (202, _out(start_run(form.subject(), by=viewer))))


@router.get(
    "/runs/{code}",
    response={200: RunOut, 401: Problem, 403: Problem, 404: Problem, 422: Unfit},
    summary="Read an examination",
)
def run(request: HttpRequest, code: UUID) -> Any:
    """A run and what was found so far, in the order people read it."""
    asker: TokenRequest = request  # type: ignore[assignment]
    return _out(run_for(viewer_of(asker, Scope.READ), str(code)))


def _out(found: Run) -> dict[str, Any]:
    return {
        "code": str(found.code),
        "state": found.state,
        "target": found.target,
        "queries": found.queries,
        "wall_ms": found.wall_ms,
        "critical_path_ms": found.critical_path_ms,
        "findings": [
            {
                "code": item.code,
                "check": item.check,
                "verdict": item.verdict,
                "actor": item.actor,
                "title": item.title,
                "remedy": item.remedy,
                "evidence": [
                    {"question": proof.question, "lines": list(proof.lines), "note": proof.note}
                    for proof in item.evidence
                ],
            }
            for item in findings_of(found)
        ],
    }


@router.post(
    "/bounces/classify",
    response={200: ClassifiedOut, 400: Problem, 401: Problem, 403: Problem, 422: Unfit},
    summary="Say of a returned mail what it is, for whom, and why",
    openapi_extra={
        "requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
    },
)
def classify_bounce(request: HttpRequest) -> Any:
    """The body is the mail as it was received (octets, whatever type they are said to be). Nothing is stored."""
    asker: TokenRequest = request  # type: ignore[assignment]
    viewer_of(asker, Scope.CHECK)
    octets = request.body
    if not octets.strip():
        raise HttpError(400, "The body is empty: send the mail as it was received.")
    found = classify(octets[:MOST_OCTETS], extra=named_rules())
    names = ("address", "cause", "permanence", "status", "reply_code", "diagnostic", "remote_host", "rule")
    return {
        "kind": found.kind,
        "recipients": [{name: getattr(row, name) for name in names} for row in found.recipients],
    }
