"""The supervisor's parts: what it refuses with one sentence, and that no child outlives it."""

from __future__ import annotations

import socket
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from portal.management.commands import up


def test_a_port_in_use_is_told_with_a_way_out() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CommandError) as error:
            up.check_port("127.0.0.1", port)
    assert f"PORT={port + 1}" in str(error.value)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    up.check_folder(tmp_path / "new")
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(CommandError, match="DATA_DIR"):
        up.check_folder(blocked / "below")


def test_children_speak_and_end(capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    children = up.Children(said.append)
    children.begin("one", [sys.executable, "-c", "print('hello')"])
    children.running["one"].wait(10)
    assert "one process ended with 0" in children.ended()
    children.begin("two", [sys.executable, "-c", "import time; time.sleep(60)"])
    children.stop()
    assert children.running["two"].returncode is not None


def test_children_are_told_what_all_share() -> None:
    said: list[str] = []
    children = up.Children(said.append, {"BASE_URL": "http://127.0.0.1:8123"})
    children.begin("one", [sys.executable, "-c", "import os; print(os.environ['BASE_URL'])"])
    children.running["one"].wait(10)
    children.stop()
    assert [line.endswith("http://127.0.0.1:8123") for line in said] == [True]


def test_mails_link_to_where_the_desk_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BASE_URL", raising=False)
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    environment = up.environment_for("http://127.0.0.1:8123")
    assert environment["BASE_URL"] == "http://127.0.0.1:8123"
    assert environment["PYTHONWARNINGS"].startswith("error,ignore:")
    monkeypatch.setenv("BASE_URL", "https://desk.example")
    assert up.environment_for("http://127.0.0.1:8123")["BASE_URL"] == "https://desk.example"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("desk.example", "http://desk.example:8000"),
    ],
)
def test_the_address_is_one_to_go_to(host: str, address: str) -> None:
    assert up.web_address(host, 8000) == address


def test_the_desk_is_web_worker_and_beat() -> None:
    assert list(up.commands("127.0.0.1", 8000)) == ["web", "worker", "beat"]
    assert list(up.commands("127.0.0.1", 8000, mailroom=True)) == ["web", "worker", "beat", "mailroom"]


def test_the_mailroom_is_started_where_it_is_on_and_has_its_port(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAILROOM", raising=False)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        settings.MAILROOM = ""
        assert not up.Command().mailroom()
        other.listen()
        settings.MAILROOM = f"127.0.0.1:{port}"
        # Nobody asked for this port.
        assert not up.Command(stdout=StringIO()).mailroom()
        monkeypatch.setenv("MAILROOM", settings.MAILROOM)
        with pytest.raises(CommandError, match="MAILROOM"):
            up.Command().mailroom()
    assert up.Command().mailroom()
    settings.MAILROOM = "127.0.0.1:nothing"
    with pytest.raises(CommandError):
        up.Command().mailroom()
