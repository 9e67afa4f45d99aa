"""``/api/v1/``: who is let in, how errors are told, and how a repeated push is known again.

Every error is ``{"detail": "…"}`` with a sentence that says what to do next; input that does not fit its description is
``{"detail": [{"loc", "msg"}]}`` with status 422.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Status
from ninja.errors import HttpError
from ninja.security import HttpBearer

from portal.accounts.models import User
from portal.api.answers import KeyReused, once
from portal.api.models import Scope, Token
from portal.api.services import token_of

#: Longest ``Idempotency-Key``.
MOST_KEY = 200


class TokenRequest(HttpRequest):
    """A request that came with a token; ``auth`` is the token."""

    auth: Token


class Bearer(HttpBearer):
    """``Authorization: Bearer dd_…``, with a token that an admin has made."""

    def authenticate(self, request: HttpRequest, token: str) -> Token | None:
        return token_of(token)


desk = NinjaAPI(
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


def viewer_of(request: TokenRequest, scope: Scope) -> User:
    """The person the token acts as; 403 when the token may not do what ``scope`` names."""
    if scope not in request.auth.scopes:
        raise HttpError(403, f"This token may not: {scope.label}. An admin can make one that may.")
    return request.auth.user


def answered(
    request: TokenRequest, response: HttpResponse, work: Callable[[], tuple[int, dict[str, Any]]], *, must: bool = True
) -> Status[dict[str, Any]]:
    """What ``work`` answers, done once for each ``Idempotency-Key``; ``must``: without a key it is refused."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key and must:
        raise HttpError(400, "Send an Idempotency-Key header, a name of your own for this push: so it is done once.")
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
