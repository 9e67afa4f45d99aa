"""What became of the messages that were still being tried when their reports ended: whoever waits is told.

Such a report ends with "wait", and the log goes on: the server accepts the message, refuses it, or ours gives it up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from diagnostics.engine.causes import Cause, cause_for
from portal.accounts.models import User
from portal.maillog.models import Delivery, State
from portal.maillog.onward import give_onward
from portal.maillog.replies import cause_now
from tickets.models import AT_AN_END, Exit, Report, ReportState
from tickets.selectors.reports import reports_of

#: A server gives up after five days or so; the rest of the time is to read what became of it.
TOLD_FOR = timedelta(days=14)
#: As many as one form opens together: among so many of the latest it is looked which have come to an end.
MOST_LOOKED_AT = 50
#: Causes that say no more than how far it got.
VAGUE = frozenset({"still_trying", "unknown"})


@dataclass(frozen=True, slots=True)
class Waited:
    """A report that ended with "wait". ``leg`` is where its message stands now; None: the log has no record any more.

    That is its delivery, or the one by which it went on to the address behind an alias. ``cause`` is why it was not
    accepted, where that is known.
    """

    report: Report
    leg: Delivery | None
    cause: Cause | None

    @property
    def is_over(self) -> bool:
        """No later try changes it."""
        return self.leg is not None and self.leg.state in AT_AN_END

    @property
    def at(self) -> datetime | None:
        """Since when it stands so."""
        return self.leg.state_at if self.leg else None


def waited_for(report: Report) -> Waited | None:
    """What became of the message of ``report``; None where it did not end with "wait"."""
    return next(iter(_told([report])), None) if report.exit == Exit.STILL_TRYING else None


def own_waited(viewer: User) -> list[Waited]:
    """What ``viewer`` reported of late and waits for: what has come to an end first, the latest first, at most fifty.

    Three queries at most, however many there are.
    """
    since = timezone.now() - TOLD_FOR
    rows = (
        reports_of(viewer)
        .filter(by=viewer, state=ReportState.SOLVED, exit=Exit.STILL_TRYING, created__gte=since)
        .select_related("branch", "delivery", "run")
        .defer("answers", "evidence", "past_exits", "run__transcript")
        .order_by("-created", "-id")
    )
    found = _told(list(rows[:MOST_LOOKED_AT]))
    return sorted(found, key=lambda item: (item.is_over, item.at or item.report.created), reverse=True)


def _told(reports: Sequence[Report]) -> list[Waited]:
    rows = [report.delivery for report in reports if report.delivery is not None]
    give_onward(rows)
    return [_of(report, report.delivery) for report in reports]


def _of(report: Report, delivery: Delivery | None) -> Waited:
    leg = (delivery.onward or delivery) if delivery else None
    ident = cause_now(leg) if leg and leg.state != State.ACCEPTED else ""
    if ident in VAGUE:
        return Waited(report, leg, None)
    own_server = report.branch.sends_through_own_server
    return Waited(report, leg, cause_for(ident, own_server=own_server, within=report.is_within))
