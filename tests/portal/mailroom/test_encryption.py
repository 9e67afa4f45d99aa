"""STARTTLS: offered with a certificate, never demanded, told to who takes the mail; and files that cannot be used."""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from portal.inbound import Mail
from portal.mailroom.encryption import Certificate
from portal.mailroom.system_checks import mailroom_can_work
from tests.portal.mailroom.certificates import make_certificate
from tests.portal.mailroom.conftest import Running, running

MAIL = b"From: lee@corp.example\r\nSubject: Hello\r\n\r\nText\r\n"
HERE = "returned@desk.example"


def trusting(certificate: str) -> ssl.SSLContext:
    """A client that checks the certificate as a careful server does, but for the name of loopback."""
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    return context


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    return make_certificate(tmp_path)


@pytest.fixture(params=["smtp", "lmtp"])
def mailroom(request: pytest.FixtureRequest, files: tuple[str, str], taken: list[Mail]) -> Iterator[Running]:
    with running(protocol=request.param, certificate=files[0], key=files[1]) as listening:
        yield listening


def test_a_mail_comes_encrypted(mailroom: Running, files: tuple[str, str], taken: list[Mail]) -> None:
    with mailroom.client() as client:
        client.ehlo()
        assert client.has_extn("starttls")
        assert client.starttls(context=trusting(files[0]))[0] == 220
        client.ehlo()
        assert not client.has_extn("starttls")
        client.sendmail("lee@corp.example", [HERE], MAIL)
    (mail,) = taken
    assert (mail.octets, mail.sender, mail.peer) == (MAIL, "lee@corp.example", "127.0.0.1")
    assert mail.tls in {"TLSv1.2", "TLSv1.3"}


def test_who_cannot_encrypt_may_come_all_the_same(mailroom: Running, taken: list[Mail]) -> None:
    mailroom.send(MAIL, HERE)
    assert [mail.tls for mail in taken] == [""]


def test_what_was_said_before_is_forgotten(mailroom: Running, files: tuple[str, str]) -> None:
    """RFC 3207 §4.2: what a stranger slipped into the plain part counts for nothing."""
    with mailroom.client() as client:
        client.ehlo()
        client.mail("evil@corp.example")
        client.rcpt(HERE)
        client.starttls(context=trusting(files[0]))
        client.ehlo()
        assert client.docmd("DATA")[0] == 503


def test_commands_in_one_breath_with_starttls_are_not_obeyed(
    mailroom: Running, files: tuple[str, str], taken: list[Mail]
) -> None:
    """What came in plain text behind STARTTLS was not encrypted, and may be somebody else's."""
    with mailroom.client() as client:
        client.ehlo()
        client.send("STARTTLS\r\nMAIL FROM:<evil@corp.example>\r\n")
        assert client.getreply()[0] == 220
        client.sock = trusting(files[0]).wrap_socket(client.sock)
        client.file = None
        client.ehlo()
        assert client.docmd(f"RCPT TO:<{HERE}>")[0] == 503
    assert taken == []


def test_a_full_mailroom_lets_who_is_in_encrypt(
    files: tuple[str, str], taken: list[Mail], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.mailroom.server.MOST_CONNECTIONS", 1)
    with running(certificate=files[0], key=files[1]) as mailroom, mailroom.client() as client:
        client.ehlo()
        client.starttls(context=trusting(files[0]))
        assert client.sendmail("", [HERE], MAIL) == {}


def test_without_a_certificate_it_is_not_offered(taken: list[Mail]) -> None:
    with running() as mailroom, mailroom.client() as client:
        client.ehlo()
        assert not client.has_extn("starttls")
        with pytest.raises(smtplib.SMTPNotSupportedError):
            client.starttls()


def test_a_renewed_certificate_counts_at_once(tmp_path: Path, files: tuple[str, str]) -> None:
    kept = Certificate(*files)
    first = kept.context()
    assert kept.context() is first
    make_certificate(tmp_path, name="new.example")
    for file in files:
        os.utime(file, ns=(1, 1))
    assert kept.context() is not first


def test_a_renewal_that_cannot_be_used_changes_nothing(files: tuple[str, str]) -> None:
    kept = Certificate(*files)
    first = kept.context()
    Path(files[0]).write_text("half of it")
    assert kept.context() is first


def _no_file(folder: Path, files: tuple[str, str]) -> tuple[str, str]:
    return str(folder / "away.pem"), files[1]


def _no_pem(folder: Path, files: tuple[str, str]) -> tuple[str, str]:
    Path(files[0]).write_bytes(b"\x30\x82\x01\x00")
    return files


def _key_is_none(folder: Path, files: tuple[str, str]) -> tuple[str, str]:
    return files[0], files[0]


def _other_key(folder: Path, files: tuple[str, str]) -> tuple[str, str]:
    return files[0], make_certificate(folder / "other")[1]


def _locked_key(folder: Path, files: tuple[str, str]) -> tuple[str, str]:
    return make_certificate(folder / "locked", password=b"secret")


def _one_alone(folder: Path, files: tuple[str, str]) -> tuple[str, str]:
    return files[0], ""


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (_no_file, "MAILROOM_TLS_CERT"),
        (_no_pem, "MAILROOM_TLS_CERT"),
        (_key_is_none, "MAILROOM_TLS_KEY"),
        (_other_key, "MAILROOM_TLS_KEY"),
        (_locked_key, "MAILROOM_TLS_KEY"),
        (_one_alone, "MAILROOM_TLS_KEY"),
    ],
)
def test_files_that_cannot_be_used(
    spoil: Any, named: str, tmp_path: Path, files: tuple[str, str], settings: Any
) -> None:
    certificate, key = spoil(tmp_path, files)
    with pytest.raises(ValueError, match=named):
        Certificate(certificate, key)
    settings.MAILROOM, settings.MAILROOM_TLS_CERT, settings.MAILROOM_TLS_KEY = "127.0.0.1:8025", certificate, key
    assert "mailroom.E003" in [item.id for item in mailroom_can_work(None)]
    with pytest.raises(CommandError, match=named):
        call_command("mailroom", "--listen", "127.0.0.1:1", skip_checks=True)
    # Who does not listen need not be able to read the key.
    settings.MAILROOM = ""
    assert "mailroom.E003" not in [item.id for item in mailroom_can_work(None)]


@pytest.mark.parametrize(("days", "ids"), [(60, []), (5, ["mailroom.W003"]), (-1, ["mailroom.W003"])])
def test_a_certificate_that_runs_out(days: int, ids: list[str], tmp_path: Path, settings: Any) -> None:
    settings.MAILROOM, settings.BOUNCE_ADDRESSES = "127.0.0.1:8025", [HERE]
    settings.MAILROOM_TLS_CERT, settings.MAILROOM_TLS_KEY = make_certificate(tmp_path, days=days)
    assert [item.id for item in mailroom_can_work(None) if "00" in str(item.id) and item.id != "mailroom.W002"] == ids
