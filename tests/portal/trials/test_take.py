"""What comes to a test address: taken once, looked at twice, refused when the address has had its time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from diagnostics.engine.messages.headers.fields import read_message
from diagnostics.engine.messages.headers.received import chain
from diagnostics.models import ReceivedMessage, Run
from portal.branches.models import BranchProfile, DKIMEntry
from portal.inbound import Mail, Refused, door_for
from portal.trials.addresses import address_of
from portal.trials.models import MOST_MESSAGES, OPEN_FOR, Trial, TrialMessage
from portal.trials.selectors import report_of
from portal.trials.services import noted, take
from tests.portal.trials.conftest import GOOD, KEY, OURS, by_our_server, mail, signed

pytestmark = pytest.mark.django_db


def sent(trial: Trial, octets: bytes = b"", **fields: str) -> Mail:
    given = {"recipient": address_of(trial), "sender": OURS, "source": "mailroom", "peer": "127.0.0.1", **fields}
    return Mail(octets=octets or by_our_server(mail()), at=timezone.now(), **given)  # type: ignore[arg-type]


def test_the_mailroom_asks_this_door(trial: Trial) -> None:
    for address in (address_of(trial), address_of(trial).upper()):
        door = door_for(address)
        assert door is not None
        assert door.name == "test messages"
    assert door_for("test+0000@desk.example") is None


def test_two_runs_look_at_it(trial: Trial, arrived: Callable[..., TrialMessage]) -> None:
    message = arrived()
    assert (message.address, message.helo, message.peer) == (GOOD, "smtp.xenegrade.example", "127.0.0.1")
    assert message.connection is not None
    assert message.connection.subject["sending_server"]["envelope_domain"] == "north.example"
    assert [item["selector"] for item in message.connection.subject["selectors"]] == ["xen1"]
    assert (message.inspection.is_message, message.connection.is_message) == (True, False)
    assert message.size == len(by_our_server(signed(mail())))


def test_the_issued_key_is_compared(north: BranchProfile, arrived: Callable[..., TrialMessage]) -> None:
    DKIMEntry.objects.update(public_key=KEY)
    codes = {finding.code for finding in report_of(arrived()).posture.findings}
    assert "dkim.present" not in codes


def test_what_our_records_hold_is_looked_at_too(arrived: Callable[..., TrialMessage]) -> None:
    message = arrived(signed(mail(), "s=other"))
    assert message.connection is not None
    assert [item["selector"] for item in message.connection.subject["selectors"]] == ["other", "xen1"]
    unsigned = report_of(arrived(mail()))
    assert "dkim.no_selectors" not in {finding.code for finding in unsigned.posture.findings}


@pytest.mark.parametrize(("tls", "protocol"), [("TLSv1.3", "ESMTPS (version=TLSv1.3)"), ("", "ESMTP;")])
def test_whether_it_came_encrypted_is_kept_and_noted(trial: Trial, tls: str, protocol: str) -> None:
    taken = sent(trial, tls=tls)
    take(taken)
    assert TrialMessage.objects.get().tls == tls
    assert protocol in noted(taken).decode()
    hop = chain(read_message(noted(taken)).fields).last
    assert hop is not None
    assert hop.tls == ("TLS 1.3" if tls else "")


def test_the_same_message_is_one(trial: Trial) -> None:
    octets = by_our_server(mail())
    for _ in range(3):
        take(sent(trial, octets))
    assert (TrialMessage.objects.count(), Run.objects.count()) == (1, 2)


def test_a_few_messages_and_no_more(trial: Trial) -> None:
    for number in range(MOST_MESSAGES):
        take(sent(trial, by_our_server(mail(subject=str(number)))))
    with pytest.raises(Refused):
        take(sent(trial, by_our_server(mail(subject="one more"))))
    assert TrialMessage.objects.count() == MOST_MESSAGES


def test_an_address_that_has_expired(trial: Trial) -> None:
    Trial.objects.update(expires=timezone.now() - timedelta(seconds=1))
    with pytest.raises(Refused):
        take(sent(trial))
    assert not TrialMessage.objects.exists()


def test_an_address_that_is_none(trial: Trial) -> None:
    with pytest.raises(Refused):
        take(sent(trial, recipient="test+0000@desk.example"))


def test_who_connects_from_outside_is_told_by_our_own_note(trial: Trial) -> None:
    take(sent(trial, mail(), peer=GOOD, helo="smtp.xenegrade.example"))
    message = TrialMessage.objects.get()
    assert (message.address, message.helo, message.peer) == (GOOD, "smtp.xenegrade.example", GOOD)
    raw = bytes(ReceivedMessage.objects.get(run=message.inspection).raw)
    assert raw.startswith(b"Received: from smtp.xenegrade.example ([192.0.2.10])")


def test_what_comes_from_inside_has_no_address(trial: Trial) -> None:
    take(sent(trial, mail()))
    message = TrialMessage.objects.get()
    assert (message.address, message.connection, message.peer) == ("", None, "127.0.0.1")


@pytest.mark.parametrize("helo", ["evil.example])\r\nX-Forged: yes", "\x00", "", "é" * 50, "[192.0.2.10]"])
def test_the_note_cannot_be_forged(trial: Trial, helo: str) -> None:
    head = noted(sent(trial, mail(), peer="2001:db8::10", helo=helo)).removesuffix(mail())
    assert head.count(b"\n") == 3
    assert b"[IPv6:2001:db8::10]" in head


@pytest.mark.parametrize("octets", [b"", b"\x00", b"\xff" * 5000, b"DKIM-Signature: v=1; v=1\r\nFrom: <<<\r\n\r\n"])
def test_whatever_comes_is_taken(trial: Trial, arrived: Callable[..., TrialMessage], octets: bytes) -> None:
    take(sent(trial, by_our_server(octets), sender="\x00a@b.example", helo="\x00"))
    assert TrialMessage.objects.count() == 1


def test_an_address_works_for_a_day(trial: Trial) -> None:
    assert trial.expires - trial.opened == OPEN_FOR
    assert len(trial.token) >= 26
