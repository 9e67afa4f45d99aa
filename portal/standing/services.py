"""What people decide about a branch: warn it, take a warning back, suspend its e-mail function, let it back.

Each gives a reason, which the branch reads. The numbers of that moment are written down with it.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.bell import ring
from portal.branches import services as branches
from portal.branches.models import BranchProfile
from portal.standing import tasks
from portal.standing.counting import count
from portal.standing.models import Standing, StandingEvent, State
from portal.standing.moving import ask, held, move
from portal.standing.rounds import follow

A_DAY = timedelta(days=1)
#: So often a branch may ask support in a day; each of it is a step in the story.
MOST_ASKED_A_DAY = 5


class StandingProblem(ValueError):
    """It cannot be done as the branch stands; the message says why and what to do."""


def warn(branch: BranchProfile, *, reason: str, by: User) -> StandingEvent:
    """Warn the branch. From tomorrow on it is judged by what it sends then."""
    return _step(branch, State.WARNED, frozenset({State.GOOD, State.WATCHED}), reason=reason, by=by)


def withdraw(branch: BranchProfile, *, reason: str, by: User) -> StandingEvent:
    """Take a warning back. The branch is watched for a while, and then stands well by itself."""
    return _step(branch, State.WATCHED, frozenset({State.WARNED}), reason=reason, by=by)


def suspend(branch: BranchProfile, *, reason: str, by: User) -> StandingEvent:
    """Switch the e-mail function off."""
    return _step(branch, State.SUSPENDED, frozenset({State.GOOD, State.WATCHED, State.WARNED}), reason=reason, by=by)


def resume(branch: BranchProfile, *, reason: str, by: User) -> StandingEvent:
    """Switch the e-mail function on again. The branch is watched, by what it sends from tomorrow on."""
    return _step(branch, State.WATCHED, frozenset({State.SUSPENDED}), reason=reason, by=by)


@transaction.atomic
def ask_back(branch: BranchProfile, *, text: str, by: User) -> StandingEvent:
    """Ask support to switch a suspended branch on again: ``text`` says what was done and where the proof is."""
    standing = held(branch)
    # What was switched on the branch's page goes first into the story.
    follow(standing, count(standing))
    if standing.state != State.SUSPENDED:
        raise StandingProblem(_why_not(standing))
    lately = StandingEvent.objects.filter(branch=branch, before=State.SUSPENDED, after=State.SUSPENDED)
    if lately.filter(at__gt=timezone.now() - A_DAY).count() >= MOST_ASKED_A_DAY:
        raise StandingProblem("Support was asked several times today already. Wait for its answer.")
    return ask(standing, text, by=by)


@transaction.atomic
def _step(branch: BranchProfile, to: State, allowed: frozenset[State], *, reason: str, by: User) -> StandingEvent:
    standing = held(branch)
    numbers = count(standing)
    # What was switched on the branch's page goes first into the story.
    follow(standing, numbers)
    if standing.state not in allowed:
        raise StandingProblem(_why_not(standing))
    if to == State.SUSPENDED:
        branches.suspend(standing.branch, reason=reason, by=by)
    elif standing.state == State.SUSPENDED:
        branches.resume(standing.branch, by=by, reason=reason)
    event = move(standing, to, reason=reason, numbers=numbers, by=by, tell=True, anew=to != State.SUSPENDED)
    ring(tasks.tell, event.pk)
    return event


def _why_not(standing: Standing) -> str:
    return (
        f"{standing.branch} is {standing.shown.label.lower()} by now: somebody was faster, or the page is old. "
        "Look at its story, then decide again."
    )
