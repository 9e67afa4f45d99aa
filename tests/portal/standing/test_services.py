"""What people decide: warned, taken back, suspended, let back; each step written down and told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from portal.accounts.models import User
from portal.branches import services as branches
from portal.branches.models import BranchEvent, BranchProfile
from portal.branches.templatetags.branches import changes_of
from portal.standing import notify, rounds, services
from portal.standing.counting import count
from portal.standing.models import Standing, StandingEvent
from portal.watch.models import Notice
from tests import make
from tests.portal.standing.counted import bad_list


def told() -> list[tuple[str, str, str, str]]:
    return [
        (item.before, item.after, item.reason, item.by.email if item.by else "")
        for item in StandingEvent.objects.order_by("pk").select_related("by")
    ]


def test_the_whole_way_down_and_back(north: BranchProfile, ada: User) -> None:
    bad_list(north)
    services.warn(north, reason="Clean the list.", by=ada)
    services.suspend(north, reason="It was sent again.", by=ada)
    north.refresh_from_db()
    assert (north.is_suspended, north.suspended_reason) == (True, "It was sent again.")
    services.resume(north, reason="The list was shown.", by=ada)
    north.refresh_from_db()
    assert not north.is_suspended
    assert told() == [
        ("good", "warned", "Clean the list.", ada.email),
        ("warned", "suspended", "It was sent again.", ada.email),
        ("suspended", "watched", "The list was shown.", ada.email),
    ]
    assert StandingEvent.objects.order_by("pk")[0].numbers["addresses"] == 100
    assert list(BranchEvent.objects.order_by("pk").values_list("kind", flat=True)) == ["suspended", "resumed"]
    # What was sent before is over: it is judged by what it sends from tomorrow on.
    assert count(Standing.objects.get()).sent == 0
    # Nothing is beyond a bound any more, so nobody is told that something is.
    assert not Notice.objects.filter(closed=None).exists()
    # The numbers that led to it stand there still.
    assert count(Standing.objects.get(), is_whole=True).addresses == 100


def test_the_profile_tells_why_it_was_switched_on_and_why_it_had_been_off(north: BranchProfile, ada: User) -> None:
    services.suspend(north, reason="It was sent again.", by=ada)
    services.resume(north, reason="The list was shown.", by=ada)
    changes = {item.word: item.before or item.after for item in changes_of(BranchEvent.objects.get(kind="resumed"))}
    assert changes == {"Reason": "The list was shown.", "It was suspended because": "It was sent again."}
    once = BranchEvent(branch=north, kind="resumed", changes={"reason": ["It was sent again.", ""]})
    assert [item.word for item in changes_of(once)] == ["It was suspended because"]


def test_a_warning_is_taken_back(north: BranchProfile, ida: User) -> None:
    services.warn(north, reason="Clean the list.", by=ida)
    services.withdraw(north, reason="It is clean.", by=ida)
    assert [item[1] for item in told()] == ["warned", "watched"]


@pytest.mark.parametrize("deed", ["withdraw", "resume"])
def test_what_does_not_fit_changes_nothing(north: BranchProfile, ada: User, deed: str) -> None:
    with pytest.raises(services.StandingProblem):
        getattr(services, deed)(north, reason="So.", by=ada)
    assert told() == []


def test_who_comes_second_is_told(north: BranchProfile, ada: User) -> None:
    services.suspend(north, reason="A bought list.", by=ada)
    for deed in (services.warn, services.suspend):
        with pytest.raises(services.StandingProblem):
            deed(north, reason="So.", by=ada)
    assert len(told()) == 1


def test_what_was_switched_elsewhere_comes_first_into_the_story(north: BranchProfile, ada: User) -> None:
    branches.suspend(north, reason="A bought list.", by=ada)
    services.resume(north, reason="It was shown.", by=ada)
    assert [item[:3] for item in told()] == [
        ("good", "suspended", "A bought list."),
        ("suspended", "watched", "It was shown."),
    ]


def test_the_members_are_told_once(north: BranchProfile, nora: User, sven: User, ida: User) -> None:
    make.person("gone@north.example", "Gone", "staff", north, is_active=False)
    bad_list(north)
    event = services.warn(north, reason="Clean\nthe list.", by=ida)
    assert notify.tell(event.pk)
    assert not notify.tell(event.pk)
    assert [item.bcc for item in mail.outbox] == [[nora.email]]
    assert "the list." in mail.outbox[0].body
    assert "/branches/north/standing/" in mail.outbox[0].body
    assert mail.outbox[0].extra_headers["Auto-Submitted"] == "auto-generated"


def test_a_mail_that_is_not_taken_is_tried_again(
    north: BranchProfile, nora: User, ida: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = services.warn(north, reason="Clean the list.", by=ida)

    def refuse(self: Any) -> None:
        raise OSError("no route")

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", refuse)
        assert not notify.tell(event.pk)
    StandingEvent.objects.filter(pk=event.pk).update(at=make.NOON)
    assert notify.untold() == []
    assert notify.tell(event.pk)


def test_a_branch_without_members_is_no_fault(north: BranchProfile, ida: User) -> None:
    assert not notify.tell(services.warn(north, reason="Clean the list.", by=ida).pk)
    assert mail.outbox == []


def test_a_suspended_branch_asks_to_be_let_back(north: BranchProfile, ada: User, nora: User) -> None:
    with pytest.raises(services.StandingProblem):
        services.ask_back(north, text="It is done.", by=nora)
    services.suspend(north, reason="A bought list.", by=ada)
    services.ask_back(north, text="The list is gone.", by=nora)
    assert told()[-1] == ("suspended", "suspended", "The list is gone.", nora.email)
    notice = Notice.objects.get(key__startswith="standing.asked", closed=None)
    assert (notice.actor, notice.link) == ("support", "/branches/north/standing/")
    for _ in range(services.MOST_ASKED_A_DAY - 1):
        services.ask_back(north, text="Once more.", by=nora)
    with pytest.raises(services.StandingProblem):
        services.ask_back(north, text="Once too often.", by=nora)
    assert Notice.objects.filter(key__startswith="standing.asked").count() == 1
    services.resume(north, reason="It was shown.", by=ada)
    assert not Notice.objects.filter(closed=None).exists()


def test_what_was_switched_on_the_branchs_page_is_told_of_whoever_did_it_and_when(
    north: BranchProfile, ada: User
) -> None:
    began = timezone.now() - timedelta(days=2)
    branches.suspend(north, reason="A bought list.", by=ada)
    BranchProfile.objects.update(suspended_since=began)
    rounds.review()
    step = StandingEvent.objects.get()
    assert (step.by, step.at, step.after) == (ada, began, "suspended")
    assert Notice.objects.get(key__startswith="standing.suspended").opened == began
    north.refresh_from_db()
    branches.resume(north, by=ada)
    Standing.objects.update(looked_at=None)
    rounds.review()
    step = StandingEvent.objects.latest("pk")
    assert (step.by, step.at, step.after) == (ada, BranchEvent.objects.get(kind="resumed").at, "watched")
