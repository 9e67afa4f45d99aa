"""``manage.py ingest``: the document other programs read, what it refuses, and what the rooms above add to it."""

from __future__ import annotations

import json
import signal
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError

from portal.branches.models import BranchProfile
from portal.maillog import sources
from portal.maillog.management.commands import ingest
from portal.maillog.models import Delivery, IngestBatch, LogCoverage
from portal.maillog.sources import Source, register

GOOD = '{"kind":"message","key":"m1","recipient":"a@b.example","at":"2026-03-04T14:02:10Z"}\n'
SENDER = "2026-03-04T14:02:10Z out1 postfix/qmgr[1]: 4jbgK90c8HzKWXP: from=<b@north.example>, size=9, nrcpt=1 (queue)\n"
SENT = (
    "2026-03-04T14:02:11Z out1 postfix/smtp[1]: 4jbgK90c8HzKWXP: to=<lee@corp.example>, "
    "relay=mx.corp.example[192.0.2.7]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 OK)\n"
)


def ran(*arguments: str) -> dict[str, Any]:
    """The document that the command prints."""
    out = StringIO()
    call_command("ingest", *arguments, "--json", stdout=out)
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def test_the_document(north: BranchProfile, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(GOOD + "{\n" + GOOD)
    document = ran("jsonl", str(path), "--branch", "north")
    assert list(document) == ["lines", "events", "new", "duplicate", "rejected"]
    assert (document["lines"], document["events"], document["new"], document["duplicate"]) == (3, 2, 1, 1)
    assert [set(item) for item in document["rejected"]] == [{"line", "why"}]
    assert document["rejected"][0]["line"] == 2


def test_in_words(north: BranchProfile, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(GOOD + "{\n" * 30)
    out = StringIO()
    call_command("ingest", "jsonl", str(path), "--branch", "north", stdout=out)
    assert "line 2" in out.getvalue()
    assert "10 more" in out.getvalue()


def test_standard_input(north: BranchProfile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(GOOD.encode())))
    assert ran("jsonl", "-", "--branch", "north")["new"] == 1


def test_a_message_that_goes_on_in_the_next_file(north: BranchProfile, tmp_path: Path) -> None:
    """Without --branch the sender tells it, and who that was stands in the older file."""
    (tmp_path / "mail.log.1").write_text(SENDER)
    (tmp_path / "mail.log").write_text(SENT + "x: to=<a@b>, status=\n")
    document = ran("postfix", str(tmp_path / "mail.log.1"), str(tmp_path / "mail.log"))
    assert (document["lines"], document["new"]) == (3, 1)
    assert [(Path(item["file"]).name, item["line"]) for item in document["rejected"]] == [("mail.log", 2)]
    assert [batch.name for batch in IngestBatch.objects.order_by("pk")] == [
        str(tmp_path / "mail.log.1"),
        str(tmp_path / "mail.log"),
    ]


@pytest.mark.parametrize(
    ("source", "zone", "hour"),
    [("postfix", "", 14), ("postfix", "America/Denver", 21), ("csv", "", 21), ("csv", "UTC", 14)],
)
def test_the_time_zone_of_times_that_name_none(
    north: BranchProfile, tmp_path: Path, source: str, zone: str, hour: int
) -> None:
    """A server's log is in UTC until something else is said; an application's is in its branch's zone."""
    north.time_zone = "America/Denver"
    north.save()
    path = tmp_path / "log"
    path.write_text(
        SENT.replace("Z ", " ") if source == "postfix" else "id,to,time\n1,a@b.example,2026-03-04 14:02:10\n"
    )
    ran(source, str(path), "--branch", "north", *(["--time-zone", zone] if zone else []))
    assert Delivery.objects.get().at.hour == hour


@pytest.mark.parametrize(
    "arguments",
    [
        ("smoke", "-"),
        ("jsonl", "no-such-file"),
        ("jsonl", "-", "--branch", "nowhere"),
        ("csv", "x.csv", "--follow"),
        ("postfix", "x", "--complete"),
        ("postfix", "-", "--time-zone", "Mars/Olympus"),
        ("postfix", "-", "--follow"),
        ("postfix", "a", "b", "--follow"),
        ("postfix", "no-such-file", "--follow"),
    ],
)
def test_what_it_refuses(db: None, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as error:
        call_command("ingest", *arguments)
    assert error.value.returncode == 2


@pytest.mark.parametrize("complete", [True, False])
def test_a_log_that_is_said_to_be_complete(north: BranchProfile, tmp_path: Path, complete: bool) -> None:
    for number, hour in enumerate((14, 18), 1):
        (tmp_path / f"log{number}").write_text(GOOD.replace("T14", f"T{hour}").replace("m1", f"m{number}"))
    files = [str(tmp_path / "log1"), str(tmp_path / "log2")]
    ran("jsonl", *files, "--branch", "north", *(["--complete"] if complete else []))
    spans = [(row.branch, row.begins.hour, row.ends.hour) for row in LogCoverage.objects.all()]
    assert spans == ([(north, 14, 18)] if complete else [])


@pytest.mark.parametrize(("is_migrated", "error"), [(False, CommandError), (True, ProgrammingError)])
def test_a_database_without_tables_is_told_in_a_sentence(
    north: BranchProfile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_migrated: bool, error: type[Exception]
) -> None:
    def no_such_table(*_: Any, **__: Any) -> IngestBatch:
        raise ProgrammingError("no such table")

    monkeypatch.setattr(ingest, "ingest", no_such_table)
    monkeypatch.setattr(ingest, "is_migrated", lambda: is_migrated)
    (tmp_path / "log").write_text(GOOD)
    with pytest.raises(error):
        ran("jsonl", str(tmp_path / "log"), "--branch", "north")


def test_ctrl_c_says_what_to_do(north: BranchProfile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> IngestBatch:
        raise KeyboardInterrupt

    monkeypatch.setattr(ingest, "ingest", interrupted)
    (tmp_path / "log").write_text(GOOD)
    with pytest.raises(CommandError) as error:
        call_command("ingest", "jsonl", str(tmp_path / "log"))
    assert error.value.returncode == 130


@pytest.mark.django_db(transaction=True)
class TestFollowing:
    @pytest.fixture
    def log(self, tmp_path: Path, settings: Any, north: BranchProfile) -> Path:
        settings.DATA_DIR = tmp_path / "data"
        path = tmp_path / "mail.log"
        path.write_text(SENDER)
        return path

    def followed(self, log: Path, *texts: str) -> dict[str, Any]:
        """What came of following ``log`` while these were written to it; then somebody says stop."""
        coming = iter(texts)
        command = ingest.Command()

        def wait(seconds: float) -> bool:
            text = next(coming, None)
            with log.open("a") as file:
                file.write(text or "")
            return text is None

        command.wait = wait
        out = StringIO()
        call_command(command, "postfix", str(log), "--follow", "--json", stdout=out)
        document: dict[str, Any] = json.loads(out.getvalue())
        return document

    def test_what_is_written_later_is_read(self, log: Path) -> None:
        document = self.followed(log, "", SENT[:60], SENT[60:], "x: to=<a@b>, status=\n")
        assert (document["lines"], document["new"]) == (3, 1)
        assert [item["line"] for item in document["rejected"]] == [3]
        assert Delivery.objects.get().branch.code == "north"

    def test_it_is_one_batch(self, log: Path) -> None:
        self.followed(log, SENT, SENT.replace("lee@", "bo@"))
        batch = IngestBatch.objects.get()
        assert (batch.lines, batch.new, batch.duplicate) == (3, 2, 0)

    def test_a_restart_goes_on_and_still_knows_the_message(self, log: Path) -> None:
        self.followed(log)
        (kept,) = (log.parent / "data" / "follow").iterdir()
        assert json.loads(kept.read_text())["offset"] == len(SENDER)
        assert self.followed(log, SENT)["new"] == 1
        assert self.followed(log) == {**self.followed(log), "new": 0, "duplicate": 1}

    def test_a_position_that_is_damaged_is_read_from_the_beginning(self, log: Path) -> None:
        self.followed(log, SENT)
        (kept,) = (log.parent / "data" / "follow").iterdir()
        kept.write_text("{")
        assert self.followed(log)["duplicate"] == 1


def test_a_signal_ends_what_goes_on_and_a_second_breaks_it_off() -> None:
    before = signal.getsignal(signal.SIGINT)
    told: list[int] = []
    with ingest.stopping() as stopped:
        stopped.calls.append(lambda: told.append(1))
        signal.raise_signal(signal.SIGINT)
        assert stopped.wait(0)
        assert told == [1]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGINT) is before


class TestSourcesOfOtherRooms:
    @pytest.fixture(autouse=True)
    def _own_registry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sources, "_sources", dict(sources._sources))

    def test_what_another_room_reads(self, north: BranchProfile, tmp_path: Path) -> None:
        given: list[Any] = []

        def take(what: Path | BinaryIO, *, branch: str, name: str) -> IngestBatch:
            given.append((what, branch, name))
            return IngestBatch.objects.create(source="smoke", name=name, lines=7, new=5, duplicate=1)

        register(Source(name="smoke", what="signals", take=take, has_folders=True))
        assert ran("smoke", str(tmp_path), "--branch", "north")["events"] == 6
        assert given == [(tmp_path, "north", str(tmp_path))]

    def test_a_folder_for_a_source_of_files(self, db: None, tmp_path: Path) -> None:
        register(Source(name="smoke", what="signals", take=lambda what, *, branch, name: IngestBatch()))
        with pytest.raises(CommandError) as error:
            call_command("ingest", "smoke", str(tmp_path))
        assert error.value.returncode == 2

    def test_two_of_one_name(self) -> None:
        source = Source(name="smoke", what="signals")
        register(source)
        register(source)
        with pytest.raises(ValueError, match="two sources"):
            register(Source(name="smoke", what="other signals"))
