"""Which branches a person may see. Every selector that reads what belongs to a branch starts here."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404

from portal.accounts.models import User
from portal.branches.models import BranchProfile


def branches_of(viewer: User) -> QuerySet[BranchProfile]:
    """The branches ``viewer`` may see: all for support and admins, their own for staff."""
    if viewer.is_support:
        return BranchProfile.objects.all()
    return BranchProfile.objects.filter(memberships__user=viewer)


#: The same for a branch that is not there and for one that is not theirs.
NO_BRANCH = (
    "There is no branch of that code here, or it is not open to you. The code stands in the address of the branch's "
    "page: /branches/CODE/."
)


def branch_for(viewer: User, code: str) -> BranchProfile:
    """The branch ``code`` if ``viewer`` may see it; else Http404, the same whether it exists or not."""
    branch = branches_of(viewer).filter(code=code).first()
    if branch is None:
        raise Http404(NO_BRANCH)
    return branch
