"""Who may open which kind of page. Which *rows* a person sees is a matter of the selectors, which take the viewer."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from portal.accounts.models import Role, User

View = Callable[..., HttpResponseBase]


def role_required(*roles: Role) -> Callable[[View], View]:
    """Let only ``roles`` in: a stranger is sent to sign in, another role gets 403. Admins may do what support may."""
    allowed = set(roles) | ({Role.ADMIN} if Role.SUPPORT in roles else set())

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = request.user
            if not isinstance(user, User) or user.role not in allowed:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return login_required(guarded)

    return decorate


support_required = role_required(Role.SUPPORT)
admin_required = role_required(Role.ADMIN)
person_required = role_required(Role.STAFF, Role.SUPPORT)
