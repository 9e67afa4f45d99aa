"""Reading the tokens. They are for admins alone."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404

from portal.accounts.models import Role, User
from portal.api.models import Token


def tokens(viewer: User) -> QuerySet[Token]:
    """All tokens, also those that are over."""
    if viewer.role != Role.ADMIN:
        raise PermissionDenied
    return Token.objects.select_related("user", "created_by")


def token_for(viewer: User, pk: int) -> Token:
    """The token of that number; else Http404."""
    found = tokens(viewer).filter(pk=pk).first()
    if found is None:
        raise Http404("No token of that number.")
    return found
