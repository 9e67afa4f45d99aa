"""``/api/v1/``: who is let in, how errors are told, and how a repeated push is known again.

Every error is ``{"detail": "…"}`` with a sentence that says what to do next; input that does not fit its description is
``{"detail": [{"loc", "msg"}]}`` with status 422.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Status
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.operation import Operation
from ninja.security import HttpBearer

from portal.accounts.models import User
from portal.api.answers import KeyReused, once
from portal.api.models import Scope, Token
from portal.api.services import token_of

#: A part of a route that is taken from the address, ``<int:number>``.
_CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")
#: What is said of input that does not fit, by what is wrong with it; ``ctx`` of the error fills the gaps.
SENTENCES = {
    "missing": "This is needed. Add it and send it again.",
    "too_long": "Send at most {max_length} at once, and the rest in another request.",
    "too_short": "Send at least {min_length}.",
    "string_too_long": "Use at most {max_length} characters.",
    "string_too_short": "Use at least {min_length} character(s).",
    "literal_error": "Use one of {expected}.",
    "enum": "Use one of {expected}.",
    "bool_parsing": "Use true or false.",
}
#: Longest ``Idempotency-Key``.
MOST_KEY = 200


class TokenRequest(HttpRequest):
    """A request that came with a token; ``auth`` is the token."""

    auth: Token


class Bearer(HttpBearer):
    """``Authorization: Bearer dd_…``, with a token that an admin has made."""

    def authenticate(self, request: HttpRequest, token: str) -> Token | None:
        return token_of(token)


class DeskAPI(NinjaAPI):
    """The API, whose operations are named by what they are about and what they do: ``tickets_add``."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        view = operation.view_func
        return f"{view.__module__.rpartition('.')[2]}_{view.__name__}"


desk = DeskAPI(
    title="Delivery Desk",
    version="1.0",
    description=(
        "What a mail-sending program tells the desk, and what it may ask. A token acts as a person and sees what that "
        "person sees. Creating things takes an Idempotency-Key: the same push sent again is answered as the first time "
        "(for two days) and done once."
    ),
    auth=Bearer(),
    docs_url=None,
    urls_namespace="api",
)


def takes_key(*, must: bool = True) -> dict[str, Any]:
    """For ``openapi_extra``: the operation takes an ``Idempotency-Key``; ``must``: and does nothing without one."""
    about = "A name of your own for this push. The same push sent again with it is answered as the first time."
    schema = {"type": "string", "minLength": 1, "maxLength": MOST_KEY}
    return {
        "parameters": [
            {"name": "Idempotency-Key", "in": "header", "required": must, "description": about, "schema": schema}
        ]
    }


def viewer_of(request: TokenRequest, scope: Scope, *, must_have_key: bool = False) -> User:
    """The person the token acts as; 403 when the token may not do what ``scope`` names.

    ``must_have_key``: 400 where no ``Idempotency-Key`` came with it, before anything is looked for.
    A parameter that the address does not take is refused: a filter that is passed over would answer with what was not
    asked for.
    """
    _refuse_unknown(request)
    if scope not in request.auth.scopes:
        raise HttpError(403, f"This token may not: {scope.label}. An admin can make one that may.")
    if must_have_key and not _key_of(request):
        raise HttpError(400, "Send an Idempotency-Key header, a name of your own for this push: so it is done once.")
    return request.auth.user


def _key_of(request: HttpRequest) -> str:
    return request.headers.get("Idempotency-Key", "").strip()


def _refuse_unknown(request: HttpRequest) -> None:
    route = request.resolver_match.route if request.resolver_match else ""
    known = _parameters().get((request.method or "", "/" + _CONVERTER.sub(r"{\1}", route)))
    if known is None:
        return
    takes = f"It takes {', '.join(known)}." if known else "It takes none."
    wrong = [name for name in request.GET if name not in known]
    if wrong:
        raise ValidationError(
            [{"type": "unknown_parameter", "loc": ["query", name], "msg": f"There is no such parameter. {takes}"}
             for name in wrong]
        )  # fmt: skip


@cache
def _parameters() -> dict[tuple[str, str], list[str]]:
    """What each address takes in its query, by method and path, as the OpenAPI document says."""
    return {
        (method.upper(), path): [item["name"] for item in told.get("parameters", []) if item["in"] == "query"]
        for path, methods in desk.get_openapi_schema()["paths"].items()
        for method, told in methods.items()
    }


def answered(
    request: TokenRequest, response: HttpResponse, work: Callable[[], tuple[int, dict[str, Any]]]
) -> Status[dict[str, Any]]:
    """What ``work`` answers, done once for each ``Idempotency-Key``, and each time without one."""
    key = _key_of(request)
    if len(key) > MOST_KEY:
        raise HttpError(400, f"The Idempotency-Key is longer than {MOST_KEY} characters.")
    asked = f"{request.method} {request.get_full_path()}\n".encode() + request.body
    try:
        status, body, is_known = once(request.auth, key=key, asked=asked, work=work)
    except KeyReused:
        raise HttpError(409, "This Idempotency-Key came before with something else. Use a new one.") from None
    if is_known:
        response["Idempotent-Replayed"] = "true"
    return Status(status, body)


@desk.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return JsonResponse({"detail": str(error) or "There is nothing here."}, status=404)


@desk.exception_handler(PermissionDenied)
def _denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return JsonResponse({"detail": str(error) or "This person may not do that."}, status=403)


@desk.exception_handler(AuthenticationError)
def _stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    told = (
        "No token that is good was sent. Send the header Authorization: Bearer dd_… with a token that is neither "
        "revoked nor over; an admin makes one on the page Tokens."
    )
    return JsonResponse({"detail": told}, status=401, headers={"WWW-Authenticate": "Bearer"})


@desk.exception_handler(HttpError)
def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    told = str(error)
    if told.startswith("Cannot parse request body"):
        told = "The body is not JSON in UTF-8. Send JSON as /api/v1/openapi.json describes it."
    return JsonResponse({"detail": told}, status=error.status_code)


@desk.exception_handler(ValidationError)
def _unfit(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return JsonResponse({"detail": [{**item, "msg": _sentence(item)} for item in error.errors]}, status=422)


def _sentence(item: dict[str, Any]) -> str:
    """What is wrong with one value, and what to do: a sentence."""
    sentence = SENTENCES.get(item.get("type", ""))
    if sentence is not None:
        try:
            return sentence.format(**item.get("ctx", {}))
        except KeyError:
            pass
    told = str(item.get("msg", "This does not fit.")).rstrip(".")
    return told + ("." if item.get("type") == "unknown_parameter" else ". See /api/v1/openapi.json for what fits.")
