"""A log read by a process of its own tells what it tells here, and the process never stays behind."""

from __future__ import annotations

import gzip
import multiprocessing
import os
import signal
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from portal.branches.models import BranchProfile
from portal.maillog.importers import SERVER_LOGS, apart
from portal.maillog.importers.apart import Apart, ApartError, is_worthwhile
from portal.maillog.importers.event import Item, Rejected
from portal.maillog.importers.server_log import Queue
from portal.maillog.models import DeliveryEvent, IngestBatch, MessageLog

SAMPLES = Path(__file__).parent / "samples"
DENVER = ZoneInfo("America/Denver")
NAMED = "2026-03-04T14:02:10Z out1 postfix/cleanup[1]: 4jbgK90c8HzKWXP: message-id=<m1@north.example>\n"
SENDER = "2026-03-04T14:02:10Z out1 postfix/qmgr[1]: 4jbgK90c8HzKWXP: from=<b@north.example>, size=9, nrcpt=1 (queue)\n"
SENT = (
    "2026-03-04T14:02:11Z out1 postfix/smtp[1]: 4jbgK90c8HzKWXP: to=<Lee@Corp.example>, "
    "relay=mx.corp.example[192.0.2.7]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 OK)\n"
)
BROKEN = "2026-03-04T14:02:11Z out1 postfix/smtp[1]: 4jbgK90c8HzKWXP: to=<lee@corp.example>, status=sent\n"


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """A message that goes on in the next file, and lines that cannot be read."""
    (tmp_path / "mail.log.1.gz").write_bytes(gzip.compress((NAMED + SENDER).encode()))
    (tmp_path / "mail.log").write_bytes((SENT + BROKEN).encode() + b"\xc3\x28\n")
    return [str(tmp_path / "mail.log.1.gz"), str(tmp_path / "mail.log")]


def told(items: list[Item]) -> list[object]:
    """What ``items`` say; a rejected line is the same whether or not it holds the line."""
    return [(item.line, item.why) if isinstance(item, Rejected) else item for item in items]


@pytest.mark.parametrize("source", SERVER_LOGS)
def test_it_tells_what_is_told_here(source: str) -> None:
    path = SAMPLES / f"{source}.log"
    with path.open("rb") as file:
        here = list(SERVER_LOGS[source](file, "north", lambda _: DENVER))
    with Apart(source, [str(path)], "north", DENVER) as reading:
        assert told(list(reading.read())) == told(here)
    assert len(here) > 3


def test_where_a_process_cannot_be_copied_it_is_started_anew(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As on every system but Linux."""
    with Apart("postfix", files, "", DENVER) as reading:
        copied = [list(reading.read()) for _ in files]
    monkeypatch.setattr(apart, "_processes", multiprocessing.get_context("spawn"))
    with Apart("postfix", files, "", DENVER) as reading:
        assert [list(reading.read()) for _ in files] == copied


def test_several_files_are_one_log(files: list[str]) -> None:
    queue, here = Queue(), []
    for name in files:
        with open(name, "rb") as file:
            here.append(list(SERVER_LOGS["postfix"](file, "", lambda _: DENVER, queue)))
    with Apart("postfix", files, "", DENVER) as reading:
        there = [list(reading.read()) for _ in files]
    assert [told(items) for items in there] == [told(items) for items in here]
    assert [len(items) for items in there] == [1, 4]


def test_a_file_that_is_not_there() -> None:
    with Apart("postfix", ["no-such-file"], "", DENVER) as reading, pytest.raises(FileNotFoundError) as error:
        list(reading.read())
    assert error.value.filename == "no-such-file"


def test_it_is_said_when_the_process_ends_before_the_log(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log")
    with Apart("postfix", [str(tmp_path / "log")], "", DENVER) as reading:
        os.kill(reading.pid, signal.SIGKILL)
        with pytest.raises(ApartError, match="-9"):
            list(reading.read())


def test_it_ends_when_nobody_reads_it_any_more(tmp_path: Path) -> None:
    """As when whoever started it was killed: only the pipe tells."""
    path = tmp_path / "log"
    path.write_text((NAMED + SENDER + SENT) * 20_000)
    reading = Apart("postfix", [str(path)], "", DENVER)
    next(reading.read())
    reading.pipe.close()
    assert reading.ended(60) == 0


def test_it_is_gone_when_it_is_not_needed_any_more(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log")
    with Apart("postfix", [str(tmp_path / "log")], "", DENVER) as reading:
        pass
    with pytest.raises(ProcessLookupError):
        os.kill(reading.pid, 0)


def test_what_is_worthwhile(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert not is_worthwhile(files)
    monkeypatch.setattr(apart, "LARGE", 1000)
    assert is_worthwhile(files)
    assert not is_worthwhile([*files, "-"])
    assert not is_worthwhile(["no-such-file"])
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert not is_worthwhile(files)


class TestCommand:
    """``manage.py ingest`` where the log is large."""

    @pytest.fixture(autouse=True)
    def everything_is_large(self, monkeypatch: pytest.MonkeyPatch, north: BranchProfile) -> None:
        monkeypatch.setattr(apart, "LARGE", 1)
        monkeypatch.setattr(os, "cpu_count", lambda: 2)

    def test_it_stores_what_the_process_reads(self, files: list[str]) -> None:
        for _ in range(2):
            call_command("ingest", "postfix", *files, verbosity=0)
        assert MessageLog.objects.get().key == "<m1@north.example>"
        event = DeliveryEvent.objects.get()
        assert (event.delivery.recipient, event.delivery.recipient_normal) == ("Lee@Corp.example", "lee@corp.example")
        batches = IngestBatch.objects.order_by("pk").values_list("name", "lines", "new", "duplicate", "rejected_count")
        older, newer = files
        assert list(batches) == [
            (older, 2, 0, 0, 0),
            (newer, 3, 1, 0, 2),
            (older, 2, 0, 0, 0),
            (newer, 3, 0, 1, 2),
        ]

    def test_it_fails_when_the_process_does(self, files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(apart, "main", lambda *_: sys.exit(1))
        with pytest.raises(CommandError) as error:
            call_command("ingest", "postfix", *files, verbosity=0)
        assert error.value.returncode == 2
        assert not MessageLog.objects.exists()
