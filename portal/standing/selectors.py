"""Reading how branches stand. Staff see their own branch, support and admins all."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from portal.accounts.models import User
from portal.branches.access import branch_for, branches_of
from portal.branches.models import BranchProfile, EmailFunction
from portal.standing.judging import Measure, grounds, numbers_of
from portal.standing.models import Standing, StandingEvent, State

#: So many steps back a ground is looked for.
MOST_STEPS = 20
#: The lists of the page, by what they are called in its address.
LISTS = {"": "In question", "suspended": "Suspended", "warned": "Warned", "watched": "Watched", "good": "Good"}


def standings(viewer: User, *, state: str = "") -> QuerySet[Standing]:
    """The standings ``viewer`` may see in ``state``; "" are all that are not good."""
    rows = Standing.objects.filter(branch__in=branches_of(viewer)).select_related("branch")
    is_off = Q(branch__email_function=EmailFunction.SUSPENDED)
    if state == State.SUSPENDED:
        return rows.filter(is_off)
    if state == State.WATCHED:
        # One that was let back on its page a moment ago is watched.
        return rows.filter(~is_off, state__in=[State.WATCHED, State.SUSPENDED])
    if state in {State.WARNED, State.GOOD}:
        return rows.filter(~is_off, state=state)
    return rows.filter(is_off | ~Q(state=State.GOOD))


def standing_for(viewer: User, code: str) -> Standing:
    """The standing of the branch ``code`` if ``viewer`` may see it, else Http404; of a new branch a good one."""
    return standing_of(branch_for(viewer, code))


def standing_of(branch: BranchProfile) -> Standing:
    """The standing of a branch that the viewer may see; an unsaved, good one before the first look."""
    found = Standing.objects.select_related("branch").filter(branch=branch).first()
    return found or Standing(branch=branch, since=branch.created)


def grounds_then(branch: BranchProfile) -> list[Measure]:
    """What the branch was beyond at the latest step that had a ground: what it has to show while nothing is sent.

    A branch that was warned today and is suspended today has no numbers since the warning; those of the warning tell.
    """
    steps = StandingEvent.objects.filter(branch=branch).order_by("-at", "-pk").values_list("numbers", flat=True)
    return next((found for stored in steps[:MOST_STEPS] if (found := grounds(numbers_of(stored)))), [])


def asked_back(standing: Standing) -> StandingEvent | None:
    """The latest step by which a branch that is suspended asked to be switched on again, since it was suspended."""
    if standing.shown != State.SUSPENDED:
        return None
    rows = StandingEvent.objects.filter(branch=standing.branch, before=State.SUSPENDED, after=State.SUSPENDED)
    since = standing.branch.suspended_since or standing.since
    return rows.filter(at__gte=since).select_related("by").order_by("-at", "-pk").first()


def story(standing: Standing) -> QuerySet[StandingEvent]:
    """The steps of a branch's standing; the caller takes a keyset page of them by ``at``."""
    return StandingEvent.objects.filter(branch=standing.branch).select_related("by")
