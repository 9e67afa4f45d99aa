"""Looking at how branches stand by itself. A look may have a branch watched, and let it go again; more it never does:
warning and suspending are proposed to people, who know what the numbers do not."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from portal.branches.models import BranchProfile
from portal.standing.counting import count
from portal.standing.judging import CALM, Numbers, grounds, proposal, reason_of
from portal.standing.models import Standing, State
from portal.standing.moving import announce, move, propose

#: How often each branch is looked at, and how many in one round, so that a round is over within seconds.
EVERY = timedelta(hours=6)
MOST_A_ROUND = 100
MOST_ENROLLED = 500


def review(now: datetime | None = None) -> int:
    """Look at the branches that are due, the longest overdue first; how many were looked at."""
    now = now or timezone.now()
    enrol()
    due = Standing.objects.filter(Q(looked_at=None) | Q(looked_at__lte=now - EVERY))
    numbers = list(due.order_by("looked_at", "id").values_list("pk", flat=True)[:MOST_A_ROUND])
    return sum(look(pk, now) for pk in numbers)


def enrol() -> None:
    """Have a standing for every branch."""
    known = Standing.objects.values("branch")
    fresh = BranchProfile.objects.exclude(pk__in=known).order_by("pk").values_list("pk", flat=True)[:MOST_ENROLLED]
    # Two rounds at once: who comes second finds it done.
    Standing.objects.bulk_create([Standing(branch_id=pk) for pk in fresh], ignore_conflicts=True)


@transaction.atomic
def look(pk: int, now: datetime) -> bool:
    """Look at one branch; False when another round was faster."""
    claimed = Standing.objects.filter(Q(looked_at=None) | Q(looked_at__lte=now - EVERY), pk=pk).update(looked_at=now)
    if not claimed:
        return False
    standing = Standing.objects.select_for_update(of=("self",)).select_related("branch").get(pk=pk)
    numbers = count(standing, now)
    follow(standing, numbers)
    _judge(standing, numbers, now)
    if standing.state != State.SUSPENDED:
        # While nothing is sent, the numbers it was suspended for are the ones that tell what it has to show.
        Standing.objects.filter(pk=pk).update(numbers=numbers.as_json())
    found = proposal(State(standing.state), standing.since, numbers, now)
    propose(standing, f"{found.words} {reason_of(grounds(numbers))}".strip() if found else "")
    return True


def follow(standing: Standing, numbers: Numbers) -> None:
    """Write down that the e-mail function was switched on the branch's page, where it was: by whom, and when."""
    if standing.shown == standing.state:
        return
    is_off = standing.branch.is_suspended
    why = standing.branch.suspended_reason if is_off else "The e-mail function was switched on again."
    to = State.SUSPENDED if is_off else State.WATCHED
    switched = standing.branch.events.filter(kind="suspended" if is_off else "resumed").select_related("by").first()
    at = standing.branch.suspended_since if is_off else (switched.at if switched else None)
    by = switched.by if switched else None
    move(standing, to, reason=why, numbers=numbers, by=by, anew=not is_off, at=at)


def _judge(standing: Standing, numbers: Numbers, now: datetime) -> None:
    """Have it watched when a bound is passed; let it go when none was passed for a while."""
    found = grounds(numbers)
    if standing.state == State.GOOD and found:
        move(standing, State.WATCHED, reason=reason_of(found), numbers=numbers, by=None)
    elif standing.state == State.WATCHED and found:
        standing.reason = reason_of(found)
        standing.save(update_fields=["reason"])
        announce(standing, is_beyond=True)
    elif standing.state == State.WATCHED and not found and now - standing.since >= CALM:
        why = f"Nothing is beyond a bound any more, after {CALM.days} days at least."
        move(standing, State.GOOD, reason=why, numbers=numbers, by=None)
