"""Where the mailroom listens, what the settings must say, and the command that starts it."""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from portal.mailroom.listening import address_of
from portal.mailroom.system_checks import mailroom_can_work

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8025", ("127.0.0.1", 8025)),
        ("127.0.0.1", ("127.0.0.1", 8025)),
        ("[::1]:2525", ("::1", 2525)),
        ("[::1]", ("::1", 8025)),
        ("mail.desk.example:25", ("mail.desk.example", 25)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize("text", ["", ":25", "127.0.0.1:x", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:-1"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError):
        address_of(text)


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        ({}, []),
        ({"MAILROOM": ""}, []),
        ({"MAILROOM": "nowhere:at all"}, ["mailroom.E001"]),
        ({"MAILROOM": "", "TICKET_ADDRESS": "ticket@desk.example"}, ["mailroom.E002", "mailroom.W002"]),
        ({"TICKET_ADDRESS": "ticket"}, ["mailroom.E002"]),
        ({"TICKET_ADDRESS": "ticket+<token>@desk.example"}, []),
        ({"MAILROOM": "", "TICKET_ADDRESS": "t+<token>@desk.example"}, ["mailroom.W002"]),
        ({"MAILROOM": "", "TICKET_ADDRESS": "t+<token>@desk.example", "IMAP_HOST": "imap.desk.example"}, []),
        ({"BOUNCE_ADDRESSES": []}, ["mailroom.W001"]),
    ],
)
def test_what_the_settings_must_say(settings: Any, values: dict[str, Any], ids: list[str]) -> None:
    settings.MAILROOM, settings.TICKET_ADDRESS, settings.IMAP_HOST = "127.0.0.1:8025", "", ""
    settings.BOUNCE_ADDRESSES, settings.TRIAL_ADDRESS = ["returned@desk.example"], ""
    for name, value in values.items():
        setattr(settings, name, value)
    assert [item.id for item in mailroom_can_work(None)] == ids


def test_a_mailroom_that_is_off(settings: Any) -> None:
    settings.MAILROOM = ""
    with pytest.raises(CommandError) as error:
        call_command("mailroom")
    assert error.value.returncode == 2


def test_a_port_that_is_taken(settings: Any) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(CommandError, match="MAILROOM"):
            call_command("mailroom", "--listen", f"127.0.0.1:{other.getsockname()[1]}")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_greets_and_ends_when_it_is_told(tmp_path: Path, number: signal.Signals) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "PYTHONUNBUFFERED": "1", "SECRET_KEY": "x"}
    command = [sys.executable, "manage.py", "mailroom", "--listen", f"127.0.0.1:{port}", "--protocol", "smtp"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert str(port) in process.stdout.readline()
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            assert client.noop()[0] == 250
        process.send_signal(number)
        assert process.wait(10) == 0
