"""The tokens, for admins: who has one, what it may do, when it was last used."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.access import admin_required, person_required
from portal.api import selectors, services
from portal.api.forms import TokenForm
from portal.api.reference import operations
from portal.web.http import PersonRequest
from portal.web.pages import page_of


@require_safe
@person_required
def reference(request: PersonRequest) -> HttpResponse:
    """The API as people read it."""
    return render(request, "api/reference.html", {"operations": operations()})


@csrf_exempt
def no_such_address(request: HttpRequest, rest: str = "") -> HttpResponse:
    """A program that asks for what is not there is answered as a program, not with a page."""
    return JsonResponse({"detail": f"There is nothing here. What is there: {reverse('api:openapi-json')}"}, status=404)


@require_safe
@admin_required
def tokens(request: PersonRequest) -> HttpResponse:
    """All tokens, newest first."""
    page = page_of(selectors.tokens(request.user), request.GET, by="created")
    return render(request, "api/tokens.html", {"page": page})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
def token_add(request: PersonRequest) -> HttpResponse:
    """Make a token and show it, this once."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        row, text = services.make_token(**form.cleaned_data, by=request.user)
        return render(request, "api/token_made.html", {"token": row, "text": text})
    return render(request, "api/token_form.html", {"form": form}, status=400 if form.is_bound else 200)


@require_POST
@admin_required
def token_revoke(request: PersonRequest, pk: int) -> HttpResponse:
    """End a token at once."""
    token = selectors.token_for(request.user, pk)
    services.revoke(token)
    messages.success(request, f"{token.name} can do nothing with that token any more.")
    return redirect("tokens")
