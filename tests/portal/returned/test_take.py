"""Taking mail in: once is enough, whatever way it came, and nothing is too odd to be kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from portal.branches.models import BranchProfile
from portal.returned import runner
from portal.returned.facts import MOST_KEPT
from portal.returned.models import Kind, ReturnedMail
from portal.returned.services import take
from tests.portal.returned.conftest import (
    LEE,
    MINUTE,
    NOON,
    by_a_person,
    came,
    complaint,
    dsn,
    log,
    only,
    out_of_office,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("octets", "kind", "recipients"),
    [
        (dsn(), "bounce", [LEE]),
        (dsn(action="delayed", status="4.4.1"), "bounce", [LEE]),
        (dsn(action="relayed", status="2.0.0", diagnostic="250 2.0.0 Ok: queued"), "delivered", [LEE]),
        (complaint(), "complaint", [LEE]),
        (complaint(""), "complaint", [""]),
        (out_of_office(), "auto_reply", [LEE]),
        (by_a_person(), "not_a_bounce", []),
    ],
)
def test_what_it_is(octets: bytes, kind: str, recipients: list[str]) -> None:
    mail = came(octets)
    assert mail.kind == kind
    assert [row.address for row in mail.recipients.all()] == recipients


WAYS = [
    dsn(),
    dsn().replace(b"\n", b"\r\n"),
    dsn().replace(b"\n", b"\r"),
    b"Return-Path: <>\nDelivered-To: bounce@desk.example\nReceived: by mx; Wed, 4 Mar 2026 12:02:00 +0000\n" + dsn(),
    b"From MAILER-DAEMON Wed Mar  4 12:01:00 2026\n" + dsn().replace(b"\nFrom: registrar", b"\n>From: registrar"),
    dsn() + b"\n\n",
    dsn().replace(b"Hello.\n", b"Hello.  \n"),
]


def test_the_same_mail_by_every_way_is_one(north: BranchProfile) -> None:
    log(north)
    mails = {take(octets, source="file", rings=False)[0].pk for octets in WAYS[:4] + WAYS[5:]}
    assert len(mails) == 1


def test_other_mails_are_others() -> None:
    others = [dsn(), dsn("kim@corp.example"), dsn(at=NOON), dsn(diagnostic="550 5.1.1 No"), complaint(), by_a_person()]
    assert len({take(octets, source="file", rings=False)[0].pk for octets in others}) == len(others)


def test_a_second_copy_may_tell_where_it_came_to(north: BranchProfile) -> None:
    delivery = log(north)
    octets = dsn(message_id="nowhere@else.example")
    assert came(octets).unmatched == 1
    mail = came(octets, recipient="bounce+8f1c@desk.example")
    assert (mail.unmatched, only(mail).delivery, only(mail).how) == (0, delivery.pk, "verp")


def test_it_is_read_once(north: BranchProfile) -> None:
    log(north)
    mail = came(dsn())
    for _ in range(3):
        runner.perform(mail.pk)
    assert came(dsn()).recipients.count() == 1


HOSTILE = [
    b"",
    b"\x00",
    b"\x00" * 5000,
    b"\xff\xfe\x00\x00",
    b"Subject: \x00\xed\xa0\x80 =?utf-8?b?AAAA?=\n\n\x00",
    b"Subject: " + b"=?utf-8?q?=00?= " * 3000 + b"\n\nx",
    b"From: " + b"<" * 50_000 + b"\n\nx",
    b"From: " + b"a@b.example, " * 20_000 + b"\nTo: " + b"c@d.example, " * 20_000 + b"\n\nx",
    b"Date: Thu, 99 Foo 9999 99:99:99 +9999\n\nx",
    b"Message-ID: " + b"<" + b"x" * 100_000 + b">\nIn-Reply-To: " + b"<x@y> " * 50_000 + b"\n\nx",
    b"Content-Type: multipart/report; boundary=x\n\n" + b"--x\n" * 20_000,
    dsn(recipient="\u202eevil@corp.example\x00"),
    dsn(recipient="a" * 400 + "@corp.example"),
    dsn(diagnostic="550 " + "x" * 100_000),
    dsn(status="9.9.999999999999999999999"),
    dsn(message_id="x" * 5000 + "@y"),
    dsn(queue_id="x" * 5000),
    dsn(to="bounce+" + "x" * 5000 + "@desk.example"),
    dsn(to="bounce-=@desk.example"),
    dsn(subject="\ud800"[:0] + "\x00\u202e<script>"),
    complaint(feedback="x" * 5000),
    dsn().replace(b"Final-Recipient: rfc822; lee", b"Final-Recipient: rfc822; \xed\xa0\x80lee"),
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_mail_is_kept_and_read(north: BranchProfile, number: int) -> None:
    log(north)
    mail = came(HOSTILE[number], recipient="bounce+\x00@desk.example")
    assert mail.kind != Kind.UNREAD


def test_a_large_mail(north: BranchProfile) -> None:
    delivery = log(north)
    octets = dsn() + b"x" * 70 + b"\n"
    octets += (b"y" * 70 + b"\n") * 5000
    mail = came(octets)
    assert (mail.size, len(bytes(mail.raw or b""))) == (len(octets), MOST_KEPT)
    assert only(mail).delivery == delivery.pk


def test_a_report_about_a_thousand(north: BranchProfile) -> None:
    groups = b"".join(
        b"Final-Recipient: rfc822; p%d@corp.example\nAction: failed\nStatus: 5.1.1\n\n" % number
        for number in range(3000)
    )
    mail = came(
        dsn().replace(
            b"Final-Recipient: rfc822; lee@corp.example", groups + b"Final-Recipient: rfc822; " + LEE.encode()
        )
    )
    assert mail.recipients.count() <= runner.MOST_RECIPIENTS


@pytest.mark.parametrize(
    ("written", "is_fresh", "believed"),
    [
        (NOON, True, True),
        (NOON - timedelta(days=4), True, True),
        (NOON - timedelta(days=6), True, False),
        (NOON - timedelta(days=600), False, True),
        (NOON + timedelta(days=2), True, False),
        (NOON + timedelta(days=30), False, False),
    ],
)
def test_which_time_is_believed(written: object, is_fresh: bool, believed: bool) -> None:
    with time_machine.travel(NOON + MINUTE, tick=False):
        mail, _ = take(dsn(at=written), source="file", is_fresh=is_fresh, rings=False)  # type: ignore[arg-type]
    assert mail.at == (written if believed else NOON + MINUTE)


def test_what_cannot_be_read_is_kept_and_tried_again(monkeypatch: pytest.MonkeyPatch, caplog: object) -> None:
    def broken(octets: bytes) -> None:
        raise RuntimeError("a mistake of the program")

    with monkeypatch.context() as patch:
        patch.setattr(runner, "classify", broken)
        mail = came(dsn())
        assert (mail.kind, mail.tries) == (Kind.UNREAD, 1)
        assert mail.next_try is not None
    with time_machine.travel(mail.next_try + MINUTE):
        assert runner.sweep() == [mail.pk]
        assert runner.sweep() == []
        runner.perform(mail.pk)
    mail.refresh_from_db()
    assert mail.kind == Kind.BOUNCE


def test_a_lost_bell_is_made_good() -> None:
    mail, _ = take(dsn(), source="file", rings=False)
    with time_machine.travel(mail.received + 2 * MINUTE):
        assert runner.sweep() == [mail.pk]


def test_a_mail_that_is_gone_is_no_error() -> None:
    runner.perform(4711)


def test_raw_text_is_forgotten_and_the_rest_stays(settings: object) -> None:
    settings.RETURNED_DAYS = 30  # type: ignore[attr-defined]
    mail = came(dsn())
    assert runner.forget_raw() == 0
    with time_machine.travel(mail.received + timedelta(days=31)):
        assert runner.forget_raw() == 1
    mail = ReturnedMail.objects.get()
    assert (mail.raw, mail.kind, mail.recipients.count()) == (None, Kind.BOUNCE, 1)
