"""Which delivery a returned mail is about, how that was found, and that no order of arrival changes it."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
import time_machine

from portal.branches.models import BranchProfile
from portal.maillog.importers.event import Kind
from portal.maillog.models import Delivery, DeliveryEvent
from portal.returned import runner
from portal.returned.models import ReturnedMail
from tests.portal.returned.conftest import ID, LEE, MINUTE, NOON, came, complaint, dsn, log, only, out_of_office, tell

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
NOWHERE = "nowhere@else.example"


@pytest.mark.parametrize(
    ("mail", "how", "is_sure"),
    [
        ({"to": "bounce+8f1c@desk.example", "message_id": NOWHERE}, "verp", True),
        ({"to": "BOUNCE+8F1C@Desk.Example", "message_id": NOWHERE}, "verp", True),
        ({}, "message_id", True),
        ({"recipient": "passed.on@home.example", "reporting": "mx.corp.example"}, "message_id", False),
        # Our own server knows nothing of whom they have it passed on to: the log lacks that recipient.
        ({"recipient": "kim@corp.example", "reporting": "SMTP.Xenegrade.net."}, "", False),
        ({"message_id": "", "queue_id": "4XkT2p3b1zz9"}, "queue_id", True),
        ({"message_id": "", "returned": "Received: from a by b with ESMTP id 4XkT2p3b1zz9; x\n"}, "queue_id", True),
        (
            {"message_id": "", "to": "bounce-lee=corp.example@desk.example", "recipient": "on@home.example"},
            "verp",
            False,
        ),
        ({"message_id": "", "original": LEE, "recipient": "on@home.example"}, "recipient_and_time", False),
        ({"message_id": ""}, "recipient_and_time", False),
        ({"message_id": "", "recipient": "LEE@Corp.example"}, "recipient_and_time", False),
        ({"message_id": "", "recipient": "kim@corp.example"}, "", False),
        ({"message_id": NOWHERE}, "", False),
        ({"message_id": "", "at": NOON + 8 * DAY}, "", False),
        ({"message_id": "", "at": NOON - DAY}, "", False),
        ({"to": "bounce+other@desk.example", "message_id": NOWHERE}, "", False),
        ({"at": NOON + 40 * DAY}, "", False),
    ],
)
def test_how(north: BranchProfile, mail: dict[str, Any], how: str, is_sure: bool) -> None:
    delivery = log(north, queue_id="4XkT2p3b1zz9")
    row = only(came(dsn(**mail)))
    assert (row.how, row.is_sure, row.delivery) == (how, is_sure, delivery.pk if how else None)


def test_the_surest_way_goes_first(north: BranchProfile) -> None:
    by_address = log(north, key="one", message_id="<1@x.example>", queue_id="AAAAAAAAA1")
    by_id = log(north, key="two", message_id="<2@x.example>", queue_id="AAAAAAAAA2")
    by_queue = log(north, key="three", message_id="<3@x.example>", queue_id="AAAAAAAAA3")
    told = {"message_id": "2@x.example", "queue_id": "AAAAAAAAA3"}
    assert only(came(dsn(**told, to="bounce+one@desk.example"))).delivery == by_address.pk
    assert only(came(dsn(**told, at=NOON + 2 * MINUTE))).delivery == by_id.pk
    assert only(came(dsn(**told | {"message_id": NOWHERE}, at=NOON + 3 * MINUTE))).delivery == by_queue.pk


def test_of_many_recipients_the_one_that_is_named(north: BranchProfile) -> None:
    log(north)
    kim = log(north, "kim@corp.example")
    assert only(came(dsn("kim@corp.example"))).delivery == kim.pk
    # Whoever had it passed on to an address we never wrote to is not found out.
    assert only(came(dsn("on@home.example", reporting="mx.corp.example"))).how == ""


def test_a_recipient_whom_the_log_names_later(north: BranchProfile) -> None:
    """While the log names one recipient only, a report about another looks like one that was passed on."""
    with time_machine.travel(NOON + 2 * MINUTE, tick=False):
        lee = log(north)
        mail = came(dsn("kim@corp.example", reporting="mx.corp.example"))
        assert only(mail).delivery == lee.pk
        kim = log(north, "kim@corp.example")
    later()
    assert (only(mail).delivery, only(mail).is_sure) == (kim.pk, True)
    assert dict(Delivery.objects.values_list("pk", "state")) == {lee.pk: "submitted", kim.pk: "refused"}


def test_a_message_of_two_branches_is_that_of_its_recipient(north: BranchProfile, south: BranchProfile) -> None:
    log(north)
    kim = log(south, "kim@corp.example")
    assert only(came(dsn("kim@corp.example"))).delivery == kim.pk


def test_it_is_not_said_which_where_several_fit(north: BranchProfile, south: BranchProfile) -> None:
    log(north, message_id="", at=NOON - 10 * MINUTE)
    log(south, message_id="", at=NOON - 5 * MINUTE)
    mail = came(dsn(message_id=""))
    assert (only(mail).how, mail.unmatched) == ("", 1)


def test_the_branch_it_was_brought_in_for_narrows(north: BranchProfile, south: BranchProfile) -> None:
    log(north, message_id="")
    there = log(south, message_id="")
    assert only(came(dsn(message_id=""), branch=south)).delivery == there.pk


def test_the_subject_narrows(north: BranchProfile) -> None:
    log(north, key="one", message_id="")
    other = log(north, key="two", message_id="", subject="Class  CANCELLED")
    assert only(came(dsn(message_id="", subject="Class cancelled"))).delivery == other.pk


def test_what_was_sent_just_before_is_meant(north: BranchProfile) -> None:
    log(north, key="one", message_id="", at=NOON - DAY)
    latest = log(north, key="two", message_id="", at=NOON)
    assert only(came(dsn(message_id="", at=NOON + MINUTE))).delivery == latest.pk


def test_never_against_another_message_id(north: BranchProfile) -> None:
    log(north, message_id="<another@north.example>")
    assert only(came(dsn())).how == ""


@pytest.mark.parametrize("named", [LEE, ""])
def test_a_complaint_whose_recipient_is_blacked_out(north: BranchProfile, named: str) -> None:
    delivery = log(north)
    assert only(came(complaint(named))).delivery == delivery.pk


def test_a_complaint_about_one_of_many_is_not_guessed(north: BranchProfile) -> None:
    log(north)
    log(north, "kim@corp.example")
    mail = came(complaint(""))
    assert (only(mail).how, mail.unmatched) == ("", 1)


def test_an_absence_notice_is_matched_and_changes_nothing(north: BranchProfile) -> None:
    delivery = log(north)
    mail = came(out_of_office())
    assert (mail.kind, only(mail).delivery, mail.unmatched) == ("auto_reply", delivery.pk, 0)
    assert DeliveryEvent.objects.count() == 1


def later() -> None:
    """All that is to be tried again, until nothing is."""
    for days in range(len(runner.WAITS) + 1):
        with time_machine.travel(NOON + days * DAY + timedelta(hours=1), tick=False):
            for pk in runner.sweep():
                runner.perform(pk)


def test_a_log_that_comes_later(north: BranchProfile) -> None:
    with time_machine.travel(NOON + 2 * MINUTE, tick=False):
        mail = came(dsn())
        assert mail.unmatched == 1
        delivery = log(north)
    later()
    mail.refresh_from_db()
    assert (mail.unmatched, mail.next_try, only(mail).delivery) == (0, None, delivery.pk)
    assert DeliveryEvent.objects.filter(delivery=delivery, state="refused").count() == 1


def test_it_is_not_tried_for_ever(db: None) -> None:
    with time_machine.travel(NOON + 2 * MINUTE, tick=False):
        mail = came(dsn())
    later()
    mail.refresh_from_db()
    assert (mail.next_try, mail.tries, mail.unmatched) == (None, len(runner.WAITS), 1)


def test_a_guess_is_taken_back_when_the_log_shows_more(north: BranchProfile) -> None:
    with time_machine.travel(NOON + 2 * MINUTE, tick=False):
        guessed = log(north, key="one", message_id="")
        mail = came(dsn(queue_id="4XkT2p3b1zz9"))
        assert (only(mail).how, only(mail).delivery) == ("recipient_and_time", guessed.pk)
        meant = log(north, key="two", queue_id="4XkT2p3b1zz9")
    later()
    assert (only(mail).how, only(mail).delivery) == ("message_id", meant.pk)
    states = dict(Delivery.objects.values_list("message__key", "state"))
    assert states == {"one": "submitted", "two": "refused"}


@pytest.mark.slow
def test_every_order_ends_in_the_same(north: BranchProfile) -> None:
    """Two messages to the same person, an older one without ids, and three mails about them."""
    steps = [
        lambda: log(north, key="one", queue_id="4XkT2p3b1zz9"),
        lambda: log(north, key="two", message_id="", at=NOON - DAY),
        lambda: came(dsn()),
        lambda: came(dsn(message_id="", at=NOON - DAY + MINUTE, status="4.4.1", action="delayed")),
        lambda: came(dsn(message_id="", queue_id="4XkT2p3b1zz9", at=NOON + 2 * MINUTE)),
    ]
    ends = set()
    for order in list(permutations(steps))[::10]:
        with time_machine.travel(NOON + 3 * MINUTE, tick=False):
            for step in order:
                step()
                step()
        later()
        rows = ReturnedMail.objects.order_by("at").values_list("recipients__how", "recipients__is_sure", "unmatched")
        told = DeliveryEvent.objects.order_by("at", "state").values_list(
            "delivery__message__key", "state", "at", "cause"
        )
        stands = Delivery.objects.order_by("at").values_list("message__key", "state", "cause", "attempts", "state_at")
        ends.add((tuple(rows), tuple(told), tuple(stands)))
        ReturnedMail.objects.all().delete()
        DeliveryEvent.objects.all().delete()
        Delivery.objects.all().delete()
        north.messages.all().delete()
    assert len(ends) == 1


def test_a_message_that_is_put_together_with_another_keeps_what_came_back(north: BranchProfile) -> None:
    """The server's log knows only the queue id first, then the Message-ID, under which the application told of it."""
    told: dict[str, Any] = {"kind": Kind.HANDED, "mark": "smtp/postfix/4XkT2p3b1zz9", "queue_id": "4XkT2p3b1zz9"}
    tell(north, key="queue:smtp/postfix/4XkT2p3b1zz9", **told)
    mail = came(dsn(message_id="", queue_id="4XkT2p3b1zz9"))
    assert only(mail).how == "queue_id"
    log(north, key="8f1c")
    tell(north, key=f"<{ID}>", message_id=f"<{ID}>", **told | {"kind": Kind.DEFERRED, "at": NOON + 10 * SECOND})
    event = DeliveryEvent.objects.get(state="refused")
    assert event.delivery.message.key == "8f1c"
    assert only(mail).event == event.fingerprint
