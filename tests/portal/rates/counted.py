"""Counts as a log would have left them, one row each, for the tests of this room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from portal.branches.models import BranchProfile
from portal.maillog.models import AttemptCount, HourCount
from tests import make

#: A Wednesday afternoon, a quarter of an hour into the hour.
NOW = datetime(2026, 3, 4, 14, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)
SERVER = "smtp.xenegrade.net"


def hour(ago: int = 0) -> datetime:
    """The hour that began so many hours before the present one."""
    return NOW.replace(minute=0) - HOUR * ago


def attempts(
    ago: int, *, server: str = SERVER, provider: str = "gmail", accepted: int = 0, deferred: int = 0, refused: int = 0
) -> None:
    """What was tried in one hour by one server at one provider."""
    for state, count in (("accepted", accepted), ("deferred", deferred), ("refused", refused)):
        if count:
            AttemptCount.objects.create(hour=hour(ago), server=server, provider=provider, state=state, recipients=count)


def four_weeks(
    *, server: str = SERVER, provider: str = "gmail", accepted: int = 98, deferred: int = 2, refused: int = 0
) -> None:
    """The same six hours of each of the four preceding weeks, all alike."""
    counts = {"accepted": accepted, "deferred": deferred, "refused": refused}
    for week in range(1, 5):
        for ago in range(6):
            attempts(week * 168 + ago, server=server, provider=provider, **counts)


def handed(branch: BranchProfile, ago: int, **states: int) -> None:
    """What a branch handed over in one hour, by how far it got."""
    for state, count in states.items():
        HourCount.objects.create(branch=branch, hour=hour(ago), state=state, recipients=count)


def day(
    branch: BranchProfile,
    recipients: int,
    *,
    state: str = "accepted",
    provider: str = "gmail",
    cause: str = "",
    complaints: int = 0,
    ago: int = 0,
) -> None:
    """What a branch sent to one provider on one day, in one state."""
    on = (NOW - timedelta(days=ago)).date()
    make.day_count(branch, on, state, recipients, server=SERVER, provider=provider, cause=cause, complaints=complaints)
