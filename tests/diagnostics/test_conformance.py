"""``manage.py conformance``: counts, what failed, and exit codes."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

SUITE = Path(__file__).parent / "spf_suite.yml"
WRONG = """
description: Wrong
tests:
  bad: {helo: h.example, host: 192.0.2.1, mailfrom: a@a.example, result: fail}
  worse: {helo: h.example, host: 192.0.2.9, mailfrom: a@a.example, result: fail, explanation: No.}
  good: {helo: h.example, host: 192.0.2.1, mailfrom: a@a.example, result: [pass, fail]}
zonedata:
  a.example: [{TXT: "v=spf1 ip4:192.0.2.1 -all"}]
"""


def run(path: Path) -> dict[str, Any]:
    out = StringIO()
    call_command("conformance", "spf", str(path), "--json", stdout=out)
    return dict(json.loads(out.getvalue()))


def test_our_own_suite_passes() -> None:
    assert run(SUITE) == {"cases": 9, "passed": 9, "failed": []}


def test_what_failed_is_told_and_the_exit_status_is_one(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yml"
    path.write_text(WRONG)
    out = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("conformance", "spf", str(path), "--json", stdout=out)
    assert stopped.value.code == 1
    assert json.loads(out.getvalue()) == {
        "cases": 3,
        "passed": 1,
        "failed": [
            {"scenario": "Wrong", "case": "bad", "expected": "fail", "got": "pass"},
            {"scenario": "Wrong", "case": "worse", "expected": "fail: No.", "got": "fail: "},
        ],
    }


def test_without_json_people_read_it() -> None:
    out = StringIO()
    call_command("conformance", "spf", str(SUITE), stdout=out)
    assert "9 of 9" in out.getvalue()


@pytest.mark.parametrize("text", ["{", "- 1", "tests: 3", None], ids=["not-yaml", "a-list", "no-cases", "no-file"])
def test_what_is_no_suite_is_refused(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "suite.yml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(CommandError) as stopped:
        run(path)
    assert stopped.value.returncode == 2
