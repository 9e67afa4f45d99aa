"""The conversation: what is taken, what is refused with which code, and that 250 is said only of what is stored."""

from __future__ import annotations

import smtplib
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from portal.inbound import Door, Mail, Refused
from portal.mailroom import server
from tests.portal.mailroom.conftest import WAIT, one_door, running

MAIL = b"From: lee@corp.example\r\nSubject: Hello\r\n\r\nText\r\n"
HERE = "returned@desk.example"


def code_of(error: pytest.ExceptionInfo[BaseException]) -> int:
    value = error.value
    if isinstance(value, smtplib.SMTPRecipientsRefused):
        return next(iter(value.recipients.values()))[0]
    assert isinstance(value, smtplib.SMTPResponseException)
    return int(value.smtp_code)


def test_a_mail_is_taken_as_it_is(taken: list[Mail]) -> None:
    with running() as mailroom:
        assert mailroom.send(MAIL, HERE) == {}
    (mail,) = taken
    assert (mail.octets, mail.recipient, mail.sender, mail.source) == (MAIL, HERE, "", "mailroom")
    assert (mail.peer, mail.helo) == ("127.0.0.1", "mx.test")


def test_dots_and_long_lines_and_eight_bits(taken: list[Mail]) -> None:
    body = MAIL + b".\r\n..\r\n.hidden\r\n" + b"x" * 60_000 + b"\r\n" + "Größe".encode() + b"\xff\r\n"
    with running() as mailroom:
        mailroom.send(body, HERE, sender="lee@corp.example")
    assert (taken[0].octets, taken[0].sender) == (body, "lee@corp.example")


def test_an_address_that_nobody_knows(taken: list[Mail]) -> None:
    with running() as mailroom:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as error:
            mailroom.send(MAIL, "nobody@corp.example")
        assert code_of(error) == 550
        assert set(mailroom.send(MAIL, HERE, "nobody@corp.example")) == {"nobody@corp.example"}
    assert [mail.recipient for mail in taken] == [HERE]


def test_what_is_too_large(taken: list[Mail]) -> None:
    large = MAIL + b"x" * 70 + b"\r\n" + (b"y" * 998 + b"\r\n") * 2000
    with running(most_octets=1 << 20) as mailroom:
        # Whoever says how large it is going to be is spared the sending.
        with pytest.raises(smtplib.SMTPSenderRefused) as error:
            mailroom.send(large, HERE)
        assert code_of(error) == 552
        with mailroom.client() as client:
            client.helo()
            client.mail("")
            client.rcpt(HERE)
            assert client.data(large)[0] == 552
        mailroom.send(MAIL, HERE)
    assert len(taken) == 1


def test_a_room_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def take(mail: Mail) -> None:
        raise Refused("This test address has been used.", code="550 5.7.1")

    one_door(monkeypatch, Door("x", lambda address: True, take))
    with running() as mailroom, pytest.raises(smtplib.SMTPDataError) as error:
        mailroom.send(MAIL, HERE)
    assert code_of(error) == 550
    assert b"has been used" in error.value.smtp_error  # type: ignore[operator]


@pytest.mark.parametrize("protocol", ["smtp", "lmtp"])
def test_what_cannot_be_stored_is_put_off(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, protocol: str
) -> None:
    def take(mail: Mail) -> None:
        raise RuntimeError("the disk is full")

    one_door(monkeypatch, Door("x", lambda address: True, take))
    with running(protocol=protocol) as mailroom, mailroom.client() as client:
        client.ehlo_or_helo_if_needed()
        client.mail("")
        client.rcpt(HERE)
        assert client.data(MAIL)[0] == 451
        # The conversation goes on.
        assert client.noop()[0] == 250
    assert "disk is full" in caplog.text


def test_where_nobody_can_be_asked_it_is_put_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def knows(address: str) -> bool:
        raise RuntimeError("the database is away")

    one_door(monkeypatch, Door("x", knows, lambda mail: None))
    with running() as mailroom, pytest.raises(smtplib.SMTPRecipientsRefused) as error:
        mailroom.send(MAIL, HERE)
    assert code_of(error) == 451


def test_too_many_in_a_minute_are_put_off(taken: list[Mail]) -> None:
    with running(a_minute=3) as mailroom, mailroom.client() as client:
        for _ in range(3):
            client.sendmail("", [HERE], MAIL)
        with pytest.raises(smtplib.SMTPSenderRefused) as error:
            client.sendmail("", [HERE], MAIL)
    assert code_of(error) == 450
    assert len(taken) == 3


def test_too_many_recipients_are_put_off(taken: list[Mail]) -> None:
    with running() as mailroom:
        refused = mailroom.send(MAIL, *(f"p{number}@desk.example" for number in range(server.MOST_RECIPIENTS + 2)))
    assert [code for code, _ in refused.values()] == [452, 452]
    assert len(taken) == server.MOST_RECIPIENTS


def test_too_many_connections_are_turned_away(taken: list[Mail], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 2)
    with running() as mailroom:
        first, second = mailroom.client(), mailroom.client()
        with pytest.raises(smtplib.SMTPConnectError) as error:
            mailroom.client()
        assert code_of(error) == 421
        first.quit()
        second.quit()
        mailroom.send(MAIL, HERE)
    assert len(taken) == 1


def test_lmtp_answers_for_every_recipient(taken: list[Mail]) -> None:
    """RFC 2033 §4.2. A client that gets one answer for three would wait for the others for ever."""
    with running(protocol="lmtp") as mailroom, socket.create_connection(("127.0.0.1", mailroom.port), WAIT) as raw:
        file = raw.makefile("rb")

        def say(text: str) -> bytes:
            raw.sendall(text.encode() + b"\r\n")
            line = file.readline()
            while line[3:4] == b"-":
                line = file.readline()
            return line

        file.readline()
        assert say("EHLO mx.test").startswith(b"500")
        assert say("LHLO mx.test").startswith(b"250")
        assert say("MAIL FROM:<>").startswith(b"250")
        for number in range(3):
            assert say(f"RCPT TO:<p{number}@desk.example>").startswith(b"250")
        assert say("RCPT TO:<nobody@corp.example>").startswith(b"550")
        assert say("DATA").startswith(b"354")
        raw.sendall(MAIL + b".\r\n")
        assert [file.readline()[:3] for _ in range(3)] == [b"250"] * 3
        assert say("NOOP").startswith(b"250")
    assert len(taken) == 3


@pytest.mark.parametrize(
    "told",
    [
        b"\x00\xff\xfe\r\n",
        b"A" * 100_000 + b"\r\n",
        b"MAIL FROM:<>\r\n",
        b"EHLO x\r\nMAIL FROM:<\xff\xfe@x>\r\n",
        b"EHLO x\r\nRCPT TO:<a@desk.example>\r\n",
        b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<" + b"a" * 400 + b"@desk.example>\r\n",
        b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<\xed\xa0\x80@desk.example>\r\nDATA\r\nx\r\n.\r\n",
        b"EHLO x\r\nMAIL FROM:<> SIZE=99999999999\r\n",
        b"EHLO x\r\nAUTH PLAIN AGEAYg==\r\n",
        b"EHLO x\r\nSTARTTLS\r\n",
        b"EHLO x\r\nVRFY a@desk.example\r\nEXPN a\r\nHELP\r\nRSET x\r\n",
        b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@desk.example>\r\nDATA\r\nhalf a mail",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_nonsense_does_no_harm(taken: list[Mail], told: bytes) -> None:
    with running() as mailroom:
        with socket.create_connection(("127.0.0.1", mailroom.port), WAIT) as raw:
            raw.sendall(told)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(65536):
                pass
        taken.clear()
        mailroom.send(MAIL, HERE)
    assert [mail.octets for mail in taken] == [MAIL]


def test_a_smuggled_mail_stays_inside_the_first(taken: list[Mail]) -> None:
    """A line that ends in a bare LF ends nothing."""
    inside = MAIL + b"\n.\nMAIL FROM:<x@y.example>\nRCPT TO:<b@desk.example>\nDATA\nSubject: forged\n\n"
    with running() as mailroom, socket.create_connection(("127.0.0.1", mailroom.port), WAIT) as raw:
        raw.sendall(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@desk.example>\r\nDATA\r\n" + inside + b"\r\n.\r\nQUIT\r\n")
        while raw.recv(65536):
            pass
    assert [mail.recipient for mail in taken] == ["a@desk.example"]


def test_many_at_once(taken: list[Mail]) -> None:
    with running() as mailroom, ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: mailroom.send(MAIL, f"p{number}@desk.example"), range(64)))
    assert len({mail.recipient for mail in taken}) == 64


def test_stopping_finishes_what_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is in the midst of handing over gets the answer; who only stands there is told to come again."""
    inside, go_on = threading.Event(), threading.Event()
    taken: list[Mail] = []

    def take(mail: Mail) -> None:
        inside.set()
        assert go_on.wait(WAIT)
        taken.append(mail)

    one_door(monkeypatch, Door("x", lambda address: True, take))
    with running() as mailroom, ThreadPoolExecutor(1) as pool:
        idle = mailroom.client()
        sent = pool.submit(mailroom.send, MAIL, HERE)
        assert inside.wait(WAIT)
        mailroom.ask_to_stop()
        # It has been told to come again, so that the mailroom is stopping by now.
        assert idle.getreply()[0] == 421
        idle.close()
        with pytest.raises(OSError):
            mailroom.client()
        go_on.set()
        assert sent.result(WAIT) == {}
    assert len(taken) == 1
