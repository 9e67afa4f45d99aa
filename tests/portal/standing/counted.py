"""What a branch sent, as the log would have counted it, for the tests of this room. All of it is of the last days."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from portal.branches.models import BranchProfile
from tests import make


def day(
    branch: BranchProfile,
    recipients: int,
    *,
    state: str = "accepted",
    cause: str = "",
    complaints: int = 0,
    ago: int = 1,
) -> None:
    """What a branch sent on one day, in one state."""
    on = (timezone.now() - timedelta(days=ago)).date()
    make.day_count(branch, on, state, recipients, cause=cause, complaints=complaints)


def bad_list(branch: BranchProfile) -> None:
    """A quarter of a mailing goes to addresses that are gone: far beyond the bound."""
    day(branch, 300)
    day(branch, 100, state="refused", cause="no_such_user")
