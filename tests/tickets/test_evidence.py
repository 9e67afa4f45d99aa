"""Putting a case together: which records belong to what is asked, and what is known only by what came back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from portal.accounts.models import Role, User
from portal.branches.models import BranchProfile, SendingMode
from portal.maillog.models import DeliveryEvent, LogCoverage, State
from portal.returned.models import How, Kind, ReturnedMail, ReturnedRecipient
from portal.suppression.models import Suppression
from tests import make
from tickets.selectors.evidence import Asked, facts_of, gathered
from tickets.selectors.returned import answers_to, story_of

NOON, HOUR, MINUTE = make.NOON, timedelta(hours=1), timedelta(minutes=1)
LEE, HOME = "lee@corp.example", "lee@home.example"


@pytest.fixture
def asked(north: BranchProfile) -> Asked:
    return Asked(viewer=User(role=Role.SUPPORT), branch=north, recipient=LEE, now=NOON + 3 * HOUR, around=NOON)


@pytest.mark.parametrize(
    ("begins", "ends", "expected"),
    [(-HOUR, 3 * HOUR, True), (-HOUR, HOUR, True), (-HOUR, 5 * MINUTE, False), (HOUR, 3 * HOUR, False)],
)
@pytest.mark.django_db
def test_the_log_covers_about_the_time(asked: Asked, begins: timedelta, ends: timedelta, expected: bool) -> None:
    LogCoverage.objects.create(branch=asked.branch, begins=NOON + begins, ends=NOON + ends)
    assert gathered(asked).case.is_covered is expected


@pytest.mark.django_db
def test_the_nearest_message_is_the_one_and_the_others_are_known(asked: Asked) -> None:
    make.delivery(asked.branch, LEE, State.REFUSED, NOON - 2 * HOUR)
    make.delivery(asked.branch, "LEE@corp.example", State.ACCEPTED, NOON + MINUTE)
    make.delivery(asked.branch, HOME, State.ACCEPTED, NOON)
    found = gathered(asked)
    assert (found.case.state, [item.state for item in found.case.others]) == ("accepted", ["refused"])
    assert [item.state for item in found.deliveries] == ["accepted", "refused"]


@pytest.mark.django_db
def test_what_lies_after_now_is_not_known_yet(asked: Asked) -> None:
    make.delivery(asked.branch, LEE, State.ACCEPTED, NOON + 5 * HOUR)
    assert gathered(asked).case.delivery is None


@pytest.mark.parametrize(
    ("at", "other", "expected"),
    [(MINUTE, None, True), (5 * HOUR, None, False), (2 * HOUR, 2 * HOUR, False), (2 * HOUR, HOUR, True)],
)
@pytest.mark.django_db
def test_a_case_note_belongs_to_one_message(
    asked: Asked, at: timedelta, other: timedelta | None, expected: bool
) -> None:
    make.case_note(asked.branch, LEE, NOON + at)
    for sent in (timedelta(), other) if other else ():
        make.delivery(asked.branch, LEE, State.ACCEPTED, NOON + sent)
    assert gathered(asked).case.has_case_note is expected


@pytest.mark.django_db
def test_a_forgotten_password_went_to_the_profiles_address(asked: Asked) -> None:
    make.delivery(asked.branch, HOME, State.ACCEPTED, NOON)
    of_client = replace(asked, profile_addresses=(HOME,))
    assert gathered(of_client).case.to_profile is None
    found = gathered(replace(of_client, is_forgot=True)).case.to_profile
    assert found is not None


@pytest.mark.django_db
def test_suppressed_when_it_was_sent(asked: Asked) -> None:
    Suppression.objects.create(
        branch=asked.branch, address=LEE, address_normal=LEE, domain="corp.example", reason="opt_out",
        since=NOON - HOUR, ended=NOON + HOUR, ending="removed",
    )  # fmt: skip
    assert [item.reason for item in gathered(asked).case.suppressed] == ["opt_out"]
    assert gathered(replace(asked, around=NOON + 2 * HOUR)).case.suppressed == ()


@pytest.mark.django_db
def test_an_address_that_was_passed_on_has_the_fate_of_the_other(asked: Asked) -> None:
    alias = make.delivery(asked.branch, LEE, State.HANDED, NOON, reply=f"passed on to {HOME}")
    make.delivery(asked.branch, HOME, State.REFUSED, NOON, message=alias.message, cause="mailbox_full")
    found = facts_of([alias])[0]
    assert (found.state, found.cause, found.recipient) == ("refused", "mailbox_full", HOME)


@pytest.mark.django_db
def test_what_put_it_off_is_told_in_order(asked: Asked) -> None:
    row = make.delivery(asked.branch, LEE, State.ACCEPTED, NOON)
    for number, cause in enumerate(("rate_limited", "greylisted")):
        DeliveryEvent.objects.create(
            delivery=row, at=NOON - number * MINUTE, state=State.DEFERRED, cause=cause, source="x", fingerprint=cause
        )
    assert [item.cause for item in facts_of([row])[0].deferrals] == ["greylisted", "rate_limited"]


@pytest.mark.django_db
def test_what_the_branchs_own_server_took_is_on_its_way(asked: Asked) -> None:
    server = make.server("mail.north.example", is_vendor=False)
    BranchProfile.objects.filter(pk=asked.branch.pk).update(sending=SendingMode.OWN, sending_server=server)
    asked.branch.refresh_from_db()
    row = make.delivery(asked.branch, LEE, State.ACCEPTED, NOON, remote_host="mail.north.example")
    found = facts_of([row])[0]
    assert (found.state, found.is_by_own_server) == ("handed", True)


def came_back(to: BranchProfile | None, kind: str, **more: object) -> ReturnedRecipient:
    mail = ReturnedMail.objects.create(
        at=NOON + HOUR, kind=kind, source="x", fingerprint=kind, size=1, branch=to,
        raw=b"Arrival-Date: Wed, 4 Mar 2026 12:00:30 +0000\n",
    )  # fmt: skip
    return ReturnedRecipient.objects.create(
        mail=mail, position=0, address=LEE, address_normal=LEE, **{"action": "failed", **more}
    )


@pytest.mark.django_db
def test_a_bounce_that_belongs_to_no_message_speaks_for_itself(asked: Asked) -> None:
    came_back(asked.branch, Kind.BOUNCE, cause="mailbox_full", diagnostic="552 full", status="5.2.2")
    found = gathered(asked).case.delivery
    assert found is not None
    assert (found.state, found.cause, found.is_bounce, found.at) == (
        "refused",
        "mailbox_full",
        True,
        NOON + 30 * MINUTE / 60,
    )


@pytest.mark.django_db
def test_one_that_was_brought_to_a_message_is_that_ones_event(asked: Asked) -> None:
    came_back(asked.branch, Kind.BOUNCE, cause="mailbox_full", how="verp")
    assert gathered(asked).case.delivery is None


@pytest.mark.django_db
def test_anothers_mail_is_not_told_of(asked: Asked, south: BranchProfile) -> None:
    came_back(south, Kind.BOUNCE, cause="mailbox_full")
    assert gathered(asked).case.delivery is None


@pytest.mark.parametrize(
    ("kind", "state", "more"),
    [
        (Kind.DELIVERED, "accepted", {}),
        (Kind.COMPLAINT, "accepted", {}),
        (Kind.BOUNCE, "deferred", {"action": "delayed"}),
        (Kind.BOUNCE, "expired", {"status": "4.4.1"}),
    ],
)
@pytest.mark.django_db
def test_how_far_it_got_by_what_came_back(asked: Asked, kind: str, state: str, more: dict[str, str]) -> None:
    came_back(asked.branch, kind, **more)
    found = gathered(asked).case
    assert found.state == state
    assert (found.delivery is not None and found.delivery.complained_at is not None) is (kind == Kind.COMPLAINT)


@pytest.mark.django_db
def test_an_automatic_answer_shows_that_it_got_there(asked: Asked) -> None:
    came_back(asked.branch, Kind.AUTO_REPLY)
    assert gathered(asked).case.answered
    assert gathered(replace(asked, around=NOON + 2.5 * HOUR)).case.answered == ()


@pytest.mark.parametrize(
    ("how", "message_ids", "expected"),
    [
        (How.MESSAGE_ID, [], True),
        (How.RECIPIENT_AND_TIME, [], False),
        ("", ["a1@north.example"], True),
        ("", ["b2@north.example"], False),
    ],
)
@pytest.mark.django_db
def test_an_answer_to_this_very_message(asked: Asked, how: str, message_ids: list[str], expected: bool) -> None:
    message = make.message(asked.branch, key="m", message_id="<a1@north.example>")
    row = make.delivery(asked.branch, LEE, State.ACCEPTED, NOON, message=message)
    told = came_back(asked.branch, Kind.AUTO_REPLY, how=how, delivery=row.pk if how else None)
    ReturnedMail.objects.filter(pk=told.mail_id).update(message_ids=message_ids)
    assert gathered(replace(asked, delivery=row)).case.has_reached is expected
    assert (row.pk in answers_to([row])) is (how == How.MESSAGE_ID)


@pytest.mark.django_db
def test_an_answer_to_another_branch_is_none_to_this(asked: Asked, south: BranchProfile) -> None:
    came_back(None, Kind.AUTO_REPLY, how=How.VERP, delivery=1, branch=south)
    assert gathered(asked).case.answered == ()


@pytest.mark.django_db
def test_the_story_ends_with_what_the_mailbox_answered(asked: Asked) -> None:
    row = make.delivery(asked.branch, LEE, State.ACCEPTED, NOON)
    before = story_of(row)
    told = came_back(None, Kind.AUTO_REPLY, how=How.MESSAGE_ID, delivery=row.pk, branch=asked.branch)
    items = story_of(row)
    assert (items[-2].at, items[-2].state, items[-1].at) == (told.mail.at, "", None)
    assert before[-1] not in items
