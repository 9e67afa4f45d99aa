"""``manage.py classify_bounce``: one JSON line a file, whatever the files are, and the exit status for those unread."""

from __future__ import annotations

import json
import sys
from io import BytesIO, StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.diagnostics.engine.messages.bounce.own_mails import own_mail

EACH_KIND = {
    "postfix-user-unknown": "bounce",
    "arf-abuse": "complaint",
    "vacation": "auto_reply",
    "dsn-relayed": "delivered",
    "person-quotes-a-report": "not_a_bounce",
}
NEGATIVES = (
    *("person-quotes-a-report", "person-forwards-a-report", "person-attaches-a-report", "newsletter-about-bounces"),
    *("dmarc-report", "postmaster-writes", "order-confirmation", "vacation", "exchange-out-of-office", "arf-hidden"),
)


def put(folder: Path, name: str, octets: bytes | None = None) -> str:
    path = folder / f"{name}.eml"
    path.write_bytes(own_mail(name) if octets is None else octets)
    return str(path)


def run(*files: str) -> list[dict[str, Any]]:
    out = StringIO()
    call_command("classify_bounce", *files, "--json", stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_bounce_is_told_whole(tmp_path: Path) -> None:
    file = put(tmp_path, "postfix-user-unknown")
    assert run(file) == [
        {
            "file": file,
            "kind": "bounce",
            "recipients": [
                {
                    "address": "lee@corp.example",
                    "cause": "no_such_user",
                    "permanence": "hard",
                    "status": "5.1.1",
                    "reply_code": "550",
                    "diagnostic": "550 5.1.1 <lee@corp.example>: Recipient address rejected: "
                    "User unknown in virtual mailbox table",
                    "remote_host": "mx.corp.example",
                    "rule": "generic.no-user",
                }
            ],
        }
    ]


def test_each_file_has_a_line_in_its_order(tmp_path: Path) -> None:
    files = [put(tmp_path, name) for name in EACH_KIND]
    found = run(*files)
    assert [row["file"] for row in found] == files
    assert [row["kind"] for row in found] == list(EACH_KIND.values())


@pytest.mark.parametrize("name", NEGATIVES)
def test_what_is_no_bounce_never_becomes_one(tmp_path: Path, name: str) -> None:
    assert run(put(tmp_path, name))[0]["kind"] != "bounce"


@pytest.mark.parametrize("name", EACH_KIND)
def test_copies_with_other_line_ends_give_the_same_answer(tmp_path: Path, name: str) -> None:
    octets = own_mail(name)
    copies = [put(tmp_path, name, octets.replace(b"\n", end)) for end in (b"\n", b"\r\n", b"\r")]
    assert len({json.dumps(run(file)) for file in copies}) == 1


def test_a_missing_file_and_a_folder_are_told_and_the_others_done(tmp_path: Path) -> None:
    file, missing = put(tmp_path, "vacation"), str(tmp_path / "missing.eml")
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError) as stopped:
        call_command("classify_bounce", missing, file, str(tmp_path), stdout=out, stderr=err)
    assert stopped.value.returncode == 2
    assert [json.loads(line)["file"] for line in out.getvalue().splitlines()] == [file]
    assert missing in err.getvalue()
    assert str(tmp_path) in err.getvalue()


def test_an_empty_file_and_noise_are_no_bounces(tmp_path: Path) -> None:
    files = [put(tmp_path, "empty", b""), put(tmp_path, "noise", bytes(range(256)) * 40)]
    assert [row["kind"] for row in run(*files)] == ["not_a_bounce", "not_a_bounce"]


def test_a_message_may_come_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=BytesIO(own_mail("arf-abuse"))))
    (found,) = run("-")
    assert (found["file"], found["kind"]) == ("-", "complaint")


def test_no_file_at_all_is_refused() -> None:
    with pytest.raises(CommandError):
        call_command("classify_bounce")
