"""Reading people; only admins ask."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404

from portal.accounts.models import User


def people() -> QuerySet[User]:
    """Everybody, with the branches they belong to."""
    return User.objects.prefetch_related("memberships__branch")


def person_for(pk: int) -> User:
    """The person ``pk``; else Http404."""
    found = User.objects.filter(pk=pk).first()
    if found is None:
        raise Http404("Nobody of that number.")
    return found
