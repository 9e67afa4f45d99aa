"""What a returned mail makes of a delivery and of the suppression list, and how it is taken back."""

from __future__ import annotations

from typing import Any

import pytest

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.importers.event import Kind
from portal.maillog.models import Delivery, DeliveryEvent, HourCount
from portal.returned import services
from portal.returned.models import ReturnedMail
from portal.returned.runner import perform
from portal.suppression.models import Suppression
from tests.portal.returned.conftest import LEE, MINUTE, NOON, came, complaint, dsn, log, only, out_of_office

NO_USER = {"status": "5.1.1", "diagnostic": "550 5.1.1 User unknown"}
FULL = {"status": "5.2.2", "diagnostic": "552 5.2.2 Mailbox full"}


def counts() -> dict[str, int]:
    return {row.state: row.recipients for row in HourCount.objects.exclude(recipients=0)}


@pytest.mark.parametrize(
    ("octets", "state", "cause"),
    [
        (dsn(**NO_USER), "refused", "no_such_user"),
        (dsn(**FULL), "refused", "mailbox_full"),
        (dsn(action="delayed", status="4.4.1", diagnostic="connect to mx.corp.example: timed out"), "deferred", None),
        (dsn(status="4.4.7", diagnostic="421 4.7.28 unusual rate of mail"), "expired", "rate_limited"),
        (dsn(action="delivered", status="2.0.0", diagnostic="250 2.0.0 OK"), "accepted", ""),
        (dsn(action="relayed", status="2.0.0", diagnostic="250 2.0.0 OK"), "accepted", ""),
        (complaint(), "submitted", ""),
        (complaint(feedback="not-spam"), "submitted", ""),
        (complaint(feedback="auth-failure"), "submitted", ""),
        (complaint(feedback="opt-out"), "submitted", ""),
        (out_of_office(), "submitted", ""),
    ],
)
def test_where_the_delivery_stands_then(north: BranchProfile, octets: bytes, state: str, cause: str | None) -> None:
    delivery = log(north)
    came(octets)
    came(octets)
    delivery.refresh_from_db()
    assert delivery.state == state
    assert cause is None or delivery.cause == cause
    assert counts() == {state: 1}


def test_a_complaint_is_counted_as_one(north: BranchProfile) -> None:
    delivery = log(north, kind=Kind.ACCEPTED)
    came(complaint())
    delivery.refresh_from_db()
    assert (delivery.state, delivery.complained_at) == ("accepted", NOON)


def test_the_cause_is_that_of_the_whole_mail(north: BranchProfile) -> None:
    """The reply alone says less than the text around it."""
    delivery = log(north)
    octets = dsn(status="5.0.0", diagnostic="Sorry").replace(
        b"host mx.corp.example said: Sorry", b"host mx.corp.example said: 550 5.1.1 no such user here"
    )
    row = only(came(octets))
    delivery.refresh_from_db()
    assert delivery.cause == row.cause


def test_what_came_after_the_server_had_accepted_it_counts(north: BranchProfile) -> None:
    delivery = log(north, kind=Kind.ACCEPTED, reply="250 OK")
    came(dsn(**NO_USER))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.cause) == ("refused", "no_such_user")


def test_a_report_is_never_older_than_what_it_is_about(north: BranchProfile) -> None:
    delivery = log(north)
    came(dsn(at=NOON - 5 * MINUTE))
    event = DeliveryEvent.objects.get(state="refused")
    delivery.refresh_from_db()
    assert (event.at, delivery.at) == (NOON, NOON)


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (dsn(**NO_USER, at=NOON), "hard_bounce"),
        (dsn(**NO_USER, to="bounce+8f1c@desk.example", message_id="x@y"), "hard_bounce"),
        (dsn(**NO_USER, message_id="", queue_id="4XkT2p3b1zz9"), "hard_bounce"),
        (dsn(**FULL), ""),
        (dsn(action="delayed", status="4.4.1"), ""),
        # Anybody can write one of these about anybody.
        (dsn(**NO_USER, message_id=""), ""),
        (dsn(**NO_USER, message_id="", to="bounce-lee=corp.example@desk.example"), ""),
        (complaint(), "complaint"),
        (complaint(""), "complaint"),
        (complaint(feedback="fraud"), "complaint"),
        (complaint(feedback="opt-out"), "opt_out"),
        (complaint(feedback="not-spam"), ""),
        (complaint(feedback="auth-failure"), ""),
        (complaint(LEE, message_id="x@y"), ""),
        (out_of_office(), ""),
    ],
)
def test_what_follows_for_the_suppression_list(north: BranchProfile, settings: Any, octets: bytes, reason: str) -> None:
    settings.SUPPRESS_HARD_DAYS = 3650
    log(north, queue_id="4XkT2p3b1zz9")
    mail = came(octets)
    found = [(row.address, row.reason, row.source) for row in Suppression.objects.all()]
    assert found == ([(LEE, reason, f"Returned mail {mail.pk}")] if reason else [])


def test_whoever_had_it_passed_on_is_not_suppressed(north: BranchProfile, settings: Any) -> None:
    """It is the address it was passed on to that is gone, and nobody writes to that one."""
    settings.SUPPRESS_HARD_DAYS = 3650
    log(north)
    came(dsn("on@home.example", reporting="mx.corp.example", **NO_USER))
    assert Delivery.objects.get().state == "refused"
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("act", [services.mark_not_a_bounce, services.read_again])
def test_taking_it_back_leaves_the_delivery_as_it_was(north: BranchProfile, ida: User, settings: Any, act: Any) -> None:
    settings.SUPPRESS_HARD_DAYS = 3650
    delivery = log(north, kind=Kind.ACCEPTED, reply="250 OK")
    mail = came(dsn(**NO_USER))
    act(mail, by=ida)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.cause, counts()) == ("accepted", "", {"accepted": 1})
    assert not Suppression.objects.filter(ended=None).exists()
    assert DeliveryEvent.objects.count() == 1


def test_reading_it_again_ends_where_it_was(north: BranchProfile, ida: User, settings: Any) -> None:
    settings.SUPPRESS_HARD_DAYS = 3650
    delivery = log(north)
    mail = came(dsn(**NO_USER))
    services.mark_not_a_bounce(mail, by=ida)
    services.read_again(mail, by=ida)
    perform(mail.pk)
    mail.refresh_from_db()
    delivery.refresh_from_db()
    assert (mail.kind, mail.marked_by, delivery.state) == ("bounce", None, "refused")
    assert Suppression.objects.get(ended=None).address == LEE


def test_what_is_marked_stays_marked(north: BranchProfile, ida: User, ada: User) -> None:
    mail = came(dsn(**NO_USER))
    services.mark_not_a_bounce(mail, by=ida)
    perform(mail.pk)
    log(north)
    perform(mail.pk)
    assert services.mark_not_a_bounce(mail, by=ada).marked_by == ida
    assert DeliveryEvent.objects.count() == 1
    mail.refresh_from_db()
    assert (mail.kind, mail.unmatched, mail.next_try) == ("not_a_bounce", 0, None)


def test_by_hand(north: BranchProfile, ida: User, settings: Any) -> None:
    settings.SUPPRESS_HARD_DAYS = 3650
    wrong, right = log(north), log(north, "kim@corp.example", key="kim", message_id="")
    mail = came(dsn(**NO_USER))
    assert services.match_by_hand(only(mail), delivery=right, by=ida)
    assert services.match_by_hand(only(mail), delivery=right, by=ida)
    row = only(mail)
    assert (row.how, row.is_sure, row.matched_by, row.delivery) == ("by_hand", True, ida, right.pk)
    assert dict(Delivery.objects.values_list("pk", "state")) == {wrong.pk: "submitted", right.pk: "refused"}
    assert [row.address for row in Suppression.objects.filter(ended=None)] == ["kim@corp.example"]
    perform(mail.pk)
    assert only(mail).delivery == right.pk


def test_by_hand_to_what_is_not_there(north: BranchProfile, ida: User) -> None:
    delivery = log(north)
    mail = came(dsn())
    gone = Delivery.objects.get(pk=delivery.pk)
    gone.pk += 1000
    assert not services.match_by_hand(only(mail), delivery=gone, by=ida)
    assert only(mail).delivery == delivery.pk
    assert DeliveryEvent.objects.count() == 2


def test_a_mail_is_never_lost_with_its_delivery(north: BranchProfile) -> None:
    delivery = log(north)
    mail = came(dsn())
    delivery.delete()
    perform(mail.pk)
    assert ReturnedMail.objects.get().recipients.count() == 1
