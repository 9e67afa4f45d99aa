"""From the wire into the database: a bounce is a row and an event when 250 is said, and not before."""

from __future__ import annotations

import smtplib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from portal.branches.models import BranchProfile
from portal.inbound import Door, Mail
from portal.maillog.models import Delivery
from portal.mailroom import delivering
from portal.mailroom.delivering import MOST_HOPS
from portal.returned import runner, services
from portal.returned.models import Kind, ReturnedMail
from tests.portal.mailroom.conftest import running
from tests.portal.returned.conftest import _addresses, by_a_person, complaint, dsn, log, out_of_office
from tickets.models import Ticket

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["_addresses"]


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Which mails the bell was rung for, and that each was committed by then."""
    rung: list[int] = []
    monkeypatch.setattr(services.tasks.read_returned, "apply_async", lambda args, **options: rung.append(args[0]))
    return rung


def read_all() -> None:
    for pk in ReturnedMail.objects.values_list("pk", flat=True):
        runner.perform(pk)


@pytest.mark.parametrize("protocol", ["smtp", "lmtp"])
def test_a_bounce(north: BranchProfile, rung: list[int], protocol: str) -> None:
    now = timezone.now()
    log(north, at=now - timedelta(hours=1))
    with running(protocol=protocol) as mailroom:
        assert mailroom.send(dsn(at=now), "bounce+8f1c@desk.example") == {}
        mail = ReturnedMail.objects.get()
    assert (mail.kind, mail.source, rung) == (Kind.UNREAD, "mailroom", [mail.pk])
    assert mail.sent_to[0] == "bounce+8f1c@desk.example"
    read_all()
    assert Delivery.objects.get().state == "refused"
    assert ReturnedMail.objects.get().recipients.get().how == "verp"


def test_a_mail_that_was_not_acknowledged_comes_again(north: BranchProfile) -> None:
    log(north)
    with running() as mailroom:
        for _ in range(3):
            mailroom.send(dsn(), "returned@desk.example")
    assert ReturnedMail.objects.count() == 1


def test_many_senders_at_once(north: BranchProfile) -> None:
    log(north)
    mails = [dsn(f"p{number}@corp.example") for number in range(12)]
    with running() as mailroom, ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda octets: mailroom.send(octets, "returned@desk.example"), mails * 2))
    assert ReturnedMail.objects.count() == len(mails)


@pytest.mark.parametrize("octets", [dsn(), complaint(), out_of_office(), by_a_person()])
def test_nothing_that_comes_opens_a_ticket(north: BranchProfile, octets: bytes) -> None:
    with running() as mailroom:
        mailroom.send(octets, "returned@desk.example")
    read_all()
    assert not Ticket.objects.exists()
    assert ReturnedMail.objects.count() == 1


def test_a_mail_of_300_kilobytes(north: BranchProfile) -> None:
    octets = dsn().replace(b"\n", b"\r\n") + b"\r\n" + (b"x" * 76 + b"\r\n") * 4000
    with running() as mailroom:
        mailroom.send(octets, "returned@desk.example")
    assert ReturnedMail.objects.get().size == len(octets)


def test_a_mail_that_goes_round(north: BranchProfile) -> None:
    octets = b"Received: by mx.example\r\n" * (MOST_HOPS + 1) + dsn()
    with running() as mailroom, pytest.raises(smtplib.SMTPDataError) as error:
        mailroom.send(octets, "returned@desk.example")
    assert error.value.smtp_code == 554
    assert not ReturnedMail.objects.exists()


def test_it_is_not_said_to_be_stored_before_it_is(north: BranchProfile, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit itself fails: the row is there inside the transaction, and the answer is that it is not stored."""

    def take(mail: Mail) -> None:
        services.take_mail(mail)
        assert ReturnedMail.objects.exists()
        transaction.set_rollback(True)
        raise DatabaseError("the disk is full")

    door = Door("returned mail", services.is_ours, take)
    with running() as mailroom:
        with monkeypatch.context() as patch:
            patch.setattr(delivering, "door_for", lambda address: door)
            with pytest.raises(smtplib.SMTPDataError) as error:
                mailroom.send(dsn(), "returned@desk.example")
        assert error.value.smtp_code == 451
        assert not ReturnedMail.objects.exists()
        mailroom.send(dsn(), "returned@desk.example")
    assert ReturnedMail.objects.count() == 1
