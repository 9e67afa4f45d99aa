"""Filters that people keep under a name. Each is its owner's alone, of one branch or of all of them."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.http import Http404

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import SavedFilter

#: More of them than these in one place nobody finds again.
MOST = 50


class NameTakenError(ValueError):
    """The person has kept another filter under this name."""


class TooManyError(ValueError):
    """The person keeps :data:`MOST` filters in this place already."""


def saved_filters_of(viewer: User, branch: BranchProfile | None) -> list[SavedFilter]:
    """The filters ``viewer`` keeps for this branch, or for all branches, by name."""
    return list(SavedFilter.objects.filter(owner=viewer, branch=branch).order_by("name")[:MOST])


def saved_filter_for(viewer: User, pk: int) -> SavedFilter:
    """The filter ``pk`` if it is the viewer's own; else Http404."""
    found = SavedFilter.objects.filter(owner=viewer, pk=pk).select_related("branch").first()
    if found is None:
        raise Http404("No saved filter of that number.")
    return found


def save_filter(branch: BranchProfile | None, *, by: User, name: str, query: str) -> SavedFilter:
    """Keep ``query`` (a query string) under ``name``. Raises :class:`NameTakenError` or :class:`TooManyError`."""
    if SavedFilter.objects.filter(owner=by, branch=branch).count() >= MOST:
        raise TooManyError
    try:
        with transaction.atomic():
            return SavedFilter.objects.create(owner=by, branch=branch, name=name, query=query)
    except IntegrityError as error:
        raise NameTakenError from error


def delete_filter(saved: SavedFilter) -> None:
    """Forget a filter."""
    saved.delete()
