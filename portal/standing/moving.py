"""One step of a standing: the row, the story and the notice, together or not at all."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from diagnostics.engine.findings import Actor
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.standing.judging import Numbers, grounds
from portal.standing.models import Standing, StandingEvent, State
from portal.watch.services import close_notices, open_notice

#: What the keys of this room's notices begin with.
PREFIX = "standing."
TITLES = {
    State.WATCHED: "Its mail is beyond a bound; the branch is watched",
    State.WARNED: "The branch was warned",
    State.SUSPENDED: "The e-mail function is suspended",
}


def held(branch: BranchProfile) -> Standing:
    """The standing of ``branch``, made where the next round has not made it yet, and locked until the commit."""
    Standing.objects.get_or_create(branch=branch)
    return Standing.objects.select_for_update(of=("self",)).select_related("branch").get(branch=branch)


@transaction.atomic
def move(
    standing: Standing,
    to: State,
    *,
    reason: str,
    numbers: Numbers,
    by: User | None,
    tell: bool = False,
    anew: bool = False,
    at: datetime | None = None,
) -> StandingEvent:
    """Have the branch stand as ``to``, and write the step down.

    ``tell``: the branch's members are written to. ``anew``: what was sent until today does not count any more. ``at``
    is when it came so, where that was not now.
    """
    now = at or timezone.now()
    event = StandingEvent.objects.create(
        branch=standing.branch, at=now, by=by, before=standing.state, after=to, reason=reason[:1000],
        numbers=numbers.as_json(), is_told=not tell,
    )  # fmt: skip
    standing.state, standing.since, standing.reason, standing.numbers = to, now, reason[:1000], numbers.as_json()
    if anew:
        standing.counted_from = _tomorrow(standing.branch, timezone.now())
    standing.save(update_fields=["state", "since", "reason", "numbers", "counted_from"])
    # Whoever asked to be let back has been answered by the step.
    close_notices([_key("asked", standing.branch)])
    announce(standing, is_beyond=bool(grounds(numbers)) and not anew, at=at)
    return event


def ask(standing: Standing, text: str, *, by: User) -> StandingEvent:
    """Write down that a suspended branch asks to be switched on again, and open the notice of it for support."""
    event = StandingEvent.objects.create(
        branch=standing.branch, by=by, before=standing.state, after=standing.state, reason=text[:1000],
        numbers=standing.numbers,
    )  # fmt: skip
    open_notice(
        _key("asked", standing.branch), about=standing.branch.organisation, title="It asks to be switched on again",
        actor=Actor.SUPPORT.value, reason=f"{by.name}: {text}", link=link_to(standing.branch),
    )  # fmt: skip
    return event


def announce(standing: Standing, *, is_beyond: bool, at: datetime | None = None) -> None:
    """Open the notice of the state the branch stands in (``at``: since when), and close those of the others.

    One that is watched since a warning was withdrawn or sending was switched on again is beyond nothing, so of it
    nobody is told.
    """
    branch, state = standing.branch, State(standing.state)
    close_notices(_key(item, branch) for item in (*TITLES, "proposed") if item != state)
    if state in TITLES and (state != State.WATCHED or is_beyond):
        open_notice(
            _key(state, branch), about=branch.organisation, title=TITLES[state], actor=Actor.BRANCH.value,
            reason=standing.reason, link=link_to(branch), at=at,
        )  # fmt: skip


def propose(standing: Standing, words: str) -> None:
    """Tell support that something is to be decided; "" takes it back."""
    key = _key("proposed", standing.branch)
    if not words:
        close_notices([key])
        return
    title = "Its standing is to be decided on"
    about, link = standing.branch.organisation, link_to(standing.branch)
    open_notice(key, about=about, title=title, actor=Actor.SUPPORT.value, reason=words, link=link)


def link_to(branch: BranchProfile) -> str:
    """The page of a branch's standing."""
    return reverse("standing", args=[branch.code])


def _key(state: str, branch: BranchProfile) -> str:
    return f"{PREFIX}{state} branch:{branch.pk}"


def _tomorrow(branch: BranchProfile, now: datetime) -> date:
    return now.astimezone(ZoneInfo(branch.time_zone)).date() + timedelta(days=1)
