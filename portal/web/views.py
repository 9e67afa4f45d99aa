"""The style page, for whoever writes a page and for the tests, and the page that says what the words for sure mean."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.web import specimens, words
from portal.web.forms import SpecimenForm


@require_safe
def style(request: HttpRequest) -> HttpResponseBase:
    """For admins; for everybody while developing. ``?errors`` shows the form as it comes back.

    The decorators of ``portal.accounts.access`` stand one room up, so this page asks for the role itself.
    """
    if not settings.DEBUG and not getattr(request.user, "is_admin", False):
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        raise PermissionDenied
    form = SpecimenForm({}) if "errors" in request.GET else SpecimenForm()
    return render(request, "web/style.html", {**specimens.context(), "form": form})


@require_safe
def confidence(request: HttpRequest) -> HttpResponseBase:
    """What the words for how sure a cause is mean. It tells nothing of anybody, so it is for whoever comes by."""
    return render(request, "web/confidence.html", {"signs": words.CONFIDENCES.items()})
