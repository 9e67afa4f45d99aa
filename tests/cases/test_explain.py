"""``manage.py explain``: whole cases in a database of its own, and the desk's own records."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from diagnostics.engine.zone import Zone
from portal.branches.models import BranchProfile
from portal.maillog.models import LogCoverage, State
from tests import make

ROOT = Path(__file__).resolve().parents[2]
CASES = Path(__file__).parent
LEE = "lee@corp.example"


def test_cases_are_answered_one_by_one_and_the_desk_is_not_opened(tmp_path: Path) -> None:
    broken, desk = tmp_path / "broken.json", tmp_path / "desk.sqlite3"
    broken.write_text('{"branch": {"code": "north"}, "report": {"in_junk": "perhaps"}}')
    slip = tmp_path / "slip.json"
    slip.write_text('{"branch": {"code": "north"}, "report": {"recipient": "lee@corp.example"}, "bounce": []}')
    files = [str(CASES / "mailbox_full_552.json"), str(broken), str(slip)]
    done = subprocess.run(
        [sys.executable, "manage.py", "explain", "--json", "--case", *files],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": f"sqlite://{desk}", "SECRET_KEY": "x", "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 2, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["file"] for row in told] == files
    assert [row["causes"][0]["cause"] if row["causes"] else "" for row in told] == ["mailbox_full", "", "unknown"]
    assert set(told[0]["causes"][0]) == {"cause", "confidence", "actor", "for", "against", "remedy"}
    assert "report.in_junk" in done.stderr
    assert f"{slip}: bounce is no key of a case" in done.stderr
    assert not desk.exists()


@pytest.fixture
def _zone(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {
        "corp.example": {"MX": [[10, "mx.corp.example"]]},
        "mx.corp.example": {"A": ["203.0.113.25"]},
        "xenegrade.net": {"TXT": ["v=spf1 ip4:192.0.2.10 -all"]},
        "smtp.xenegrade.net": {"A": ["192.0.2.10"]},
        "10.2.0.192.in-addr.arpa": {"PTR": ["smtp.xenegrade.net"]},
    }
    monkeypatch.setattr("portal.cases.desk.resolver_from_settings", lambda: Zone(names))


def explained(capsys: pytest.CaptureFixture[str], **more: Any) -> dict[str, Any]:
    call_command("explain", branch="north", recipient=LEE, json=True, **more)
    return json.loads(capsys.readouterr().out)


@pytest.mark.django_db
@pytest.mark.usefixtures("_zone")
def test_the_desks_own_records(north: BranchProfile, capsys: pytest.CaptureFixture[str]) -> None:
    at = timezone.now() - timedelta(hours=1)
    make.delivery(north, LEE, State.REFUSED, at, reply="552 5.2.2 mailbox full", reply_code="552", cause="mailbox_full")
    make.case_note(north, LEE, at)
    found = explained(capsys, around=at.isoformat())
    assert set(found) == {"deliveries", "case_notes", "causes"}
    assert [row["cause"] for row in found["deliveries"]] == ["mailbox_full"]
    assert [row["email"] for row in found["case_notes"]] == [LEE]
    assert (found["causes"][0]["cause"], found["causes"][0]["confidence"]) == ("mailbox_full", "certain")


@pytest.mark.django_db
@pytest.mark.usefixtures("_zone")
def test_nothing_is_known(north: BranchProfile, capsys: pytest.CaptureFixture[str]) -> None:
    found = explained(capsys)
    assert (found["deliveries"], found["case_notes"]) == ([], [])
    assert found["causes"][0]["cause"] == "unknown"


@pytest.mark.django_db
@pytest.mark.usefixtures("_zone")
@pytest.mark.parametrize("around", [None, timedelta(days=3)])
def test_a_log_without_it_is_judged_as_in_a_report(
    north: BranchProfile, capsys: pytest.CaptureFixture[str], around: timedelta | None
) -> None:
    """The log ends a little before now, as one that is read in now and then does."""
    now = timezone.now()
    LogCoverage.objects.create(branch=north, begins=now - timedelta(days=40), ends=now - timedelta(minutes=25))
    found = explained(capsys, **({"around": (now - around).isoformat()} if around else {}))
    lead = found["causes"][0]
    assert (lead["cause"], lead["confidence"]) == ("not_sent", "likely" if around else "possible")


@pytest.mark.django_db
@pytest.mark.usefixtures("_zone")
def test_for_people_it_is_told_in_words(north: BranchProfile, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("explain", branch="north", recipient="a\x1b[2J@corp.example")
    told = capsys.readouterr().out
    assert "address_malformed" in told
    assert "\x1b[2J" not in told


@pytest.mark.django_db
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"branch": "north"},
        {"recipient": LEE},
        {"branch": "nowhere", "recipient": LEE},
        {"branch": "north", "recipient": LEE, "around": "noon"},
        {"branch": "north", "recipient": LEE, "case": ["x.json"]},
    ],
)
def test_what_cannot_be_asked(north: BranchProfile, options: dict[str, Any]) -> None:
    with pytest.raises(CommandError) as caught:
        call_command("explain", **options)
    assert caught.value.returncode == 2
