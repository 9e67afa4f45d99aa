"""``ingest --complete``: for which time a log counts as complete, read once or followed, and what takes that away."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from portal.branches.models import BranchProfile
from portal.maillog.management.commands import ingest
from portal.maillog.models import LogCoverage


def line(minute: int, recipient: str = "a@b.example") -> str:
    """A message handed over so many minutes after two."""
    told = {"kind": "message", "key": f"m{minute}", "recipient": recipient, "at": f"2026-03-04T14:{minute:02d}:00Z"}
    return json.dumps(told) + "\n"


#: What cannot be used, since it is no address.
LOST = line(5, "nobody")


def spans() -> list[tuple[str, int, int]]:
    rows = LogCoverage.objects.select_related("branch").order_by("begins")
    return [(row.branch.code if row.branch else "", row.begins.minute, row.ends.minute) for row in rows]


@pytest.mark.django_db
@pytest.mark.parametrize(("lost", "expected"), [("", [("north", 1, 9)]), (LOST, [])])
def test_a_file_with_a_line_that_could_not_be_used_is_not(
    north: BranchProfile, tmp_path: Path, lost: str, expected: list[Any]
) -> None:
    (tmp_path / "log").write_text(line(1) + lost + line(9))
    told = StringIO()
    call_command("ingest", "jsonl", str(tmp_path / "log"), "--branch", "north", "--complete", stderr=told, stdout=told)
    assert spans() == expected
    assert ("not count as complete" in told.getvalue()) == bool(lost)


@pytest.mark.django_db(transaction=True)
class TestFollowed:
    """With ``--follow`` it grows with the log, stands still where a line was lost, and goes on after a restart."""

    @pytest.fixture
    def log(self, tmp_path: Path, settings: Any, north: BranchProfile) -> Path:
        settings.DATA_DIR = tmp_path / "data"
        path = tmp_path / "mail.jsonl"
        path.write_text("")
        return path

    def followed(self, log: Path, *texts: str) -> list[tuple[str, int, int]]:
        """The spans there are after ``log`` was followed while these were written to it; then somebody says stop."""
        coming = iter(texts)
        command = ingest.Command()

        def wait(seconds: float) -> bool:
            text = next(coming, None)
            with log.open("a") as file:
                file.write(text or "")
            return text is None

        command.wait = wait
        call_command(
            command, "jsonl", str(log), "--follow", "--complete", "--branch", "north", stdout=StringIO(),
            stderr=StringIO(),
        )  # fmt: skip
        return spans()

    def test_it_grows_with_the_log(self, log: Path) -> None:
        assert self.followed(log, line(1) + line(2), line(7)) == [("north", 1, 7)]

    def test_it_goes_on_after_a_restart(self, log: Path) -> None:
        self.followed(log, line(1) + line(2))
        assert self.followed(log, line(9)) == [("north", 1, 9)]

    def test_it_begins_anew_after_a_line_that_could_not_be_used(self, log: Path) -> None:
        expected = [("north", 1, 2), ("north", 7, 9)]
        assert self.followed(log, line(1) + line(2), LOST, line(7) + line(9)) == expected
        # A later start reads a little of it again, and takes nothing back.
        assert self.followed(log) == expected
