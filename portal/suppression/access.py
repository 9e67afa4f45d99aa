"""Who may see entries, and who may end one.

A branch may take back what was only noticed or entered: a mailbox that works again, a slip of its own. What the
recipient wanted (an opt-out, a complaint) is set aside by support alone, who have asked for the recipient's word: a
branch has an interest in writing on.
"""

from __future__ import annotations

from django.db.models import QuerySet

from portal.accounts.models import User
from portal.branches.access import branches_of
from portal.suppression.models import Suppression


def suppressions_of(viewer: User) -> QuerySet[Suppression]:
    """The entries ``viewer`` may see."""
    if viewer.is_support:
        return Suppression.objects.all()
    return Suppression.objects.filter(branch__in=branches_of(viewer))


def may_end(viewer: User, suppression: Suppression) -> bool:
    """Whether ``viewer``, who may see the entry, may end it."""
    return viewer.is_support or not suppression.is_own_will
