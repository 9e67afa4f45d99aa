"""The style page: every component of the interface in every state, for whoever writes a page and for the tests."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.web import specimens
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
