"""``manage.py ingest``: the document other programs read, and what it refuses."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from portal.branches.models import BranchProfile

GOOD = '{"kind":"message","key":"m1","recipient":"a@b.example","at":"2026-03-04T14:02:10Z"}\n'


def test_the_document(north: BranchProfile, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(GOOD + "{\n" + GOOD)
    out = StringIO()
    call_command("ingest", "jsonl", str(path), "--branch", "north", "--json", stdout=out)
    document = json.loads(out.getvalue())
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


@pytest.mark.parametrize(
    "arguments", [("smoke", "-"), ("jsonl", "no-such-file"), ("jsonl", "-", "--branch", "nowhere")]
)
def test_what_it_refuses(db: None, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as error:
        call_command("ingest", *arguments)
    assert error.value.returncode == 2
