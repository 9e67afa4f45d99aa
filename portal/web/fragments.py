"""A page, or just the part of it that is refreshed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def page_or_fragment(
    request: HttpRequest, page: str, fragment: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Render ``fragment`` for htmx and ``page`` (which includes the fragment) for everybody else.

    The only code that looks at the ``HX-Request`` header. A boosted or history-restoring request wants the whole page.
    """
    htmx = getattr(request, "htmx", None)
    wants_fragment = htmx is not None and bool(htmx) and not htmx.boosted and not htmx.history_restore_request
    response = render(request, fragment if wants_fragment else page, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response
