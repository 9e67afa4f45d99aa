"""Reading a case file: what may be missing, and which key a broken one names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from portal.cases.answering import answer
from portal.cases.reading import A_DAY, ABOUT, CaseProblem, case_of, read_case

BARE = {"branch": {"code": "north"}, "report": {"recipient": "lee@corp.example"}}
AT = "2026-03-04T14:00:00Z"
LEE = "lee@corp.example"
STRANGE = "Mar  4 14:02:11 smtp postfix/smtp[4]: 4Bq1x: to=<a@b.example>, status=x"


def test_nearly_everything_may_be_missing() -> None:
    case = case_of({"branch": {}, "report": {}}, name="x")
    assert (case.code, case.report.recipient, case.report.around, case.zone) == ("branch", "", None, {})
    assert case.report.symptom == "not_received"


def test_what_is_not_known_is_empty() -> None:
    told = case_of({**BARE, "report": {"in_junk": "unknown", "case_note_seen": None, "around": ""}}, name="x").report
    assert (told.in_junk, told.case_note_seen, told.around) == ("", "", None)


@pytest.mark.parametrize(
    ("text", "expected", "span"),
    [
        (AT, datetime(2026, 3, 4, 14, tzinfo=UTC), ABOUT),
        ("2026-03-04T07:00:00-07:00", datetime(2026, 3, 4, 14, tzinfo=UTC), ABOUT),
        ("2026-03-04T14:00:00", datetime(2026, 3, 4, 14, tzinfo=UTC), ABOUT),
        # A day without a time is any time of it.
        ("2026-03-04", datetime(2026, 3, 4, 12, tzinfo=UTC), A_DAY),
    ],
)
def test_times(text: str, expected: datetime, span: timedelta) -> None:
    told = case_of({**BARE, "report": {"around": text}}, name="x").report
    assert (told.around, told.span) == (expected, span)


def test_the_suspension_may_stand_beside_now() -> None:
    beside = case_of({**BARE, "suspended_since": AT}, name="x")
    inside = case_of({**BARE, "branch": {"suspended_since": AT}}, name="x")
    assert beside.suspended_since == inside.suspended_since == datetime(2026, 3, 4, 14, tzinfo=UTC)


def test_without_now_the_story_ends_with_its_last_record() -> None:
    told = {**BARE, "case_notes": [{"at": AT}], "log_covers": [["2026-03-01T00:00:00Z", "2026-03-05T00:00:00Z"]]}
    assert case_of(told, name="x").now == datetime(2026, 3, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("document", "key"),
    [
        ([], "The file"),
        ({"report": {}}, "branch"),
        ({"branch": {}}, "report"),
        ({"branch": [], "report": {}}, "branch"),
        ({**BARE, "now": "yesterday"}, "case.now"),
        ({**BARE, "zone": []}, None),
        ({**BARE, "zone": ["x"]}, "zone"),
        ({**BARE, "report": {"in_junk": "perhaps"}}, "report.in_junk"),
        ({**BARE, "report": {"symptom": "gone"}}, "report.symptom"),
        ({**BARE, "report": {"around": "noon"}}, "report.around"),
        ({**BARE, "report": {"around": "9999-12-31T23:59:59Z"}}, "report.around"),
        ({**BARE, "report": {"recipient": ["a"]}}, "report.recipient"),
        ({**BARE, "report": {"client": "x" * 400}}, "report.client"),
        ({**BARE, "message_log": [{"at": "noon"}]}, "message_log[0].at"),
        ({**BARE, "branch": {"organisation": "\ud800"}}, "branch.organisation"),
    ],
)
def test_the_key_that_is_wrong_is_named(document: Any, key: str | None) -> None:
    if key is None:
        assert case_of(document, name="x").zone == {}
        return
    with pytest.raises(CaseProblem) as caught:
        case_of(document, name="x")
    assert str(caught.value).startswith(key)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"message_log": {}}, "message_log"),
        ({"message_log": [5]}, "message_log[0]"),
        ({"message_log": [{"recipient": "lee@corp.example"}]}, "message_log[0].at"),
        ({"log_covers": ["x"]}, "log_covers[0]"),
        ({"bounces": [5]}, "bounces[0]"),
        ({"postfix_log": [{}]}, "postfix_log[0]"),
        ({"postfix_log": ["x", "Mar 44 14:02:11 smtp postfix/smtp[1]: 4Bq1x: to=<a@b.example>, status=sent"]},
         "postfix_log[1]"),
        ({"suppressed": [{"reason": "opt_out"}]}, "suppressed[0].address"),
        ({"suppressed": [{"address": "a@b.example", "reason": "mood"}]}, "suppressed[0].reason"),
        ({"allow_list": [{"domain": "b.example", "state": "perhaps"}]}, "allow_list[0].state"),
        ({"allow_list": [{"domain": "b.example", "state": "asked", "addresses": "x"}]}, "allow_list"),
        ({"sending_servers": [{"addresses": []}]}, "sending_servers[0].host"),
        ({"branch": {"code": "north", "time_zone": "Mars/Olympus"}}, "branch.time_zone"),
        ({"branch": {"code": "north", "from_domains": "x"}}, "branch.from_domains"),
        ({"branch": {"notification_address": "a@b.example", "from_domains": [{"domain": "a b"}]}},
         "branch.from_domains[0].domain"),
        ({"zone": {"corp.example": {"MX": 5}}}, "zone"),
        ({"zone": {"corp.example": {"MX": [["9" * 5_000, "mx.corp.example"]]}}}, "zone: corp.example MX"),
        ({"zone": {"corp.example": {"MX": [["mx.corp.example"]]}}}, "zone: corp.example MX"),
        ({"message_log": [{"at": AT, "recipient": LEE}, {"at": AT}]}, "message_log[1]"),
        ({"case_notes": [{"at": AT, "client": "x" * 400, "text": "sent"}]}, "case_notes[0]"),
        ({"log_covers": [["yesterday", AT]]}, "log_covers[0]"),
        ({"postfix_log": ["nothing of note", STRANGE]}, "postfix_log[1]"),
        ({"postfix_log": [f"one\ntwo\n{STRANGE}"]}, "postfix_log[0]"),
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_so_is_one_that_the_world_cannot_hold(more: dict[str, Any], key: str) -> None:
    with pytest.raises(CaseProblem) as caught:
        answer(case_of({**BARE, **more}, name="x"))
    assert str(caught.value).startswith(key)


def test_a_key_that_nothing_reads_is_told_and_what_was_probably_meant() -> None:
    told = {"branch": {"codes": "north"}, "report": {"colour": "red"}, "postfix_logs": [], "clients": [{"mail": LEE}]}
    unread = case_of(told, name="x").unread
    assert [line.partition(" ")[0] for line in unread] == [
        "postfix_logs",
        "report.colour",
        "branch.codes",
        "clients[0].mail",
    ]
    assert [line for line in unread if "did you mean postfix_log?" in line or "did you mean code?" in line]
    assert "recipient, around" in unread[1]
    assert case_of({**BARE, "title": "x", "expected": {}}, name="x").unread == ()


@pytest.mark.parametrize("name", sorted(path.stem for path in Path(__file__).parent.glob("*.json")))
def test_every_key_of_these_cases_is_read(name: str) -> None:
    assert read_case(str(Path(__file__).parent / f"{name}.json")).unread == ()


@pytest.mark.parametrize("text", ["", "{", "5", "\xff"])
def test_a_file_that_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "case.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(CaseProblem):
        read_case(str(path))
    with pytest.raises(CaseProblem):
        read_case(str(tmp_path / "not there.json"))
