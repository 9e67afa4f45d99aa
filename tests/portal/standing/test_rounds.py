"""Looking by itself: watched and let go again, never warned or suspended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.accounts.models import User
from portal.branches import services as branches
from portal.branches.models import BranchProfile
from portal.maillog.models import DayPart
from portal.standing import rounds
from portal.standing.models import Standing, StandingEvent
from portal.watch.models import Notice
from tests.portal.standing.counted import bad_list, day

LATER = timedelta(hours=7)


def states() -> list[tuple[str, str]]:
    return list(StandingEvent.objects.order_by("pk").values_list("before", "after"))


def open_notices() -> set[str]:
    return {key.partition(" ")[0] for key in Notice.objects.filter(closed=None).values_list("key", flat=True)}


def test_a_good_branch_stays_good(north: BranchProfile) -> None:
    day(north, 1000)
    assert rounds.review() == 1
    assert Standing.objects.get(branch=north).numbers["sent"] == 1000
    assert states() == []
    assert open_notices() == set()


def test_each_branch_is_looked_at_once_in_six_hours(north: BranchProfile, south: BranchProfile) -> None:
    assert rounds.review() == 2
    assert rounds.review() == 0
    assert rounds.review(timezone.now() + LATER) == 2


def test_a_bound_is_passed(north: BranchProfile) -> None:
    bad_list(north)
    rounds.review()
    event = StandingEvent.objects.get()
    assert (event.before, event.after, event.by, event.is_told) == ("good", "watched", None, True)
    assert event.numbers["addresses"] == 100
    assert open_notices() == {"standing.watched", "standing.proposed"}


def test_it_never_goes_further_by_itself(north: BranchProfile) -> None:
    bad_list(north)
    for number in range(3):
        rounds.review(timezone.now() + LATER * number)
    assert states() == [("good", "watched")]
    north.refresh_from_db()
    assert not north.is_suspended


def test_what_is_in_order_again_is_let_go_after_a_while(north: BranchProfile) -> None:
    bad_list(north)
    rounds.review()
    DayPart.objects.all().delete()
    rounds.review(timezone.now() + LATER)
    assert states() == [("good", "watched")]
    assert open_notices() == {"standing.watched"}
    rounds.review(timezone.now() + timedelta(days=15))
    assert states() == [("good", "watched"), ("watched", "good")]
    assert open_notices() == set()


def test_it_follows_what_is_switched_on_the_branchs_page(north: BranchProfile, ada: User) -> None:
    branches.suspend(north, reason="A bought list.", by=ada)
    rounds.review()
    assert Standing.objects.get().reason == "A bought list."
    assert open_notices() == {"standing.suspended"}
    branches.resume(north, by=ada)
    rounds.review(timezone.now() + LATER)
    assert states() == [("good", "suspended"), ("suspended", "watched")]
    assert Standing.objects.get().counted_from is not None


def test_a_suspended_branch_keeps_the_numbers_of_its_suspension(north: BranchProfile, ada: User) -> None:
    bad_list(north)
    branches.suspend(north, reason="A bought list.", by=ada)
    rounds.review()
    DayPart.objects.all().delete()
    rounds.review(timezone.now() + LATER)
    assert Standing.objects.get().numbers["addresses"] == 100


def test_a_step_is_never_changed(north: BranchProfile) -> None:
    bad_list(north)
    rounds.review()
    event = StandingEvent.objects.get()
    event.reason = "Something else."
    with pytest.raises(TypeError):
        event.save()


def test_one_that_was_let_back_is_told_of_again_only_when_a_bound_is_passed(north: BranchProfile, ada: User) -> None:
    branches.suspend(north, reason="A bought list.", by=ada)
    rounds.review()
    branches.resume(north, by=ada)
    rounds.review(timezone.now() + LATER)
    assert open_notices() == set()
    Standing.objects.update(counted_from=None)
    bad_list(north)
    rounds.review(timezone.now() + LATER * 2)
    assert "standing.watched" in open_notices()


def test_the_story_tells_when_it_was_suspended(north: BranchProfile, ada: User) -> None:
    branches.suspend(north, reason="A bought list.", by=ada)
    two_days = timezone.now() - timedelta(days=2)
    BranchProfile.objects.update(suspended_since=two_days)
    rounds.review()
    assert StandingEvent.objects.get().at == two_days
    assert Standing.objects.get().since == two_days
