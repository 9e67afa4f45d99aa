"""Pages about one's own account that the sign-in package would let people change, and the desk does not."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.web.http import PersonRequest


@require_safe
@login_required
def account_email(request: PersonRequest) -> HttpResponse:
    """The address one signs in with is kept by admins: it decides what one may see."""
    return render(request, "account/email.html")
