"""The lab runs once: everything is sent, and what is left of it is the server's log and the reports that came back."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from shutil import copy, copytree
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings

from diagnostics.engine.zone import Zone
from portal.branches.models import BranchProfile
from tests import make
from tests.lab import postfix, receivers
from tests.lab.scenarios import RETURNED, SCENARIOS, messages

#: What the checks of the desk are told of the world.
ZONE: dict[str, Any] = {
    "xenegrade.net": {"TXT": ["v=spf1 ip4:192.0.2.10 -all"]},
    "smtp.xenegrade.net": {"A": ["192.0.2.10"]},
    "10.2.0.192.in-addr.arpa": {"PTR": ["smtp.xenegrade.net"]},
    **{item.domain: {"MX": [[10, f"mx.{item.domain}"]]} for item in SCENARIOS},
    **{f"mx.{item.domain}": {"A": ["203.0.113.25"]} for item in SCENARIOS},
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the sending server told: its log and its reports, whole, and as they were before it gave anything up."""

    log: Path
    reports: Path
    log_before: Path
    reports_before: Path


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Send everything by a real Postfix, and wait until nothing is on its way any more."""
    if why := postfix.why_not():
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("lab")
    answering = receivers.running({item.domain: item.receiver for item in SCENARIOS})
    with answering as ports, postfix.running(ports) as server:
        for message, recipients in messages():
            server.send(message, sender=RETURNED, recipients=recipients)
        postfix.wait_until(server.is_empty, "Mail is still on its way.")
        copy(server.log, folder / "mail.log")
        copytree(server.maildir, folder / "Maildir")
    return _parted(folder)


def _parted(folder: Path) -> Told:
    told = Told(folder / "mail.log", folder / "Maildir", folder / "before.log", folder / "before")
    lines = told.log.read_text().splitlines(keepends=True)
    until = next(at for at, line in enumerate(lines) if "status=expired" in line)
    told.log_before.write_text("".join(lines[:until]))
    told.reports_before.mkdir()
    for file in (told.reports / "new").iterdir():
        if not _is_of_the_end(file):
            copy(file, told.reports_before)
    return told


def _is_of_the_end(file: Path) -> bool:
    """Whether it reports that a message is given up that was tried again before."""
    text = message_from_bytes(file.read_bytes()).as_string()
    ends = [f"Final-Recipient: rfc822; {item.recipient}\n" for item in SCENARIOS if item.is_tried_again]
    return "Action: failed" in text and any(end in text for end in ends)


def said(command: str, *arguments: str, **options: Any) -> dict[str, Any]:
    """What a command of the desk prints for other programs."""
    out = io.StringIO()
    call_command(command, *arguments, **options, json=True, stdout=out)
    return json.loads(out.getvalue())  # type: ignore[no-any-return]


def ingested(log: Path, *reports: Path) -> list[dict[str, Any]]:
    """Read a log and folders of reports, as whoever runs the desk does."""
    given = [("postfix", log), *(("dsn", item) for item in reports)]
    return [said("ingest", source, str(path), branch="north") for source, path in given]


@contextmanager
def a_desk(blocker: Any) -> Iterator[BranchProfile]:
    """A desk with North College and nothing else, in a transaction that is never committed.

    Reading takes seconds, so many tests look at one; what a test does besides is undone when it is over.
    """
    with pytest.MonkeyPatch.context() as patch, blocker.unblock(), transaction.atomic():
        patch.setattr("portal.cases.desk.resolver_from_settings", lambda: Zone(ZONE))
        with override_settings(BOUNCE_ADDRESSES=[RETURNED]):
            yield make.branch("north", "North College", "north.example")
        transaction.set_rollback(True)
