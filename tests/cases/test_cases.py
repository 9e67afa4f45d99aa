"""Every whole case of this folder, built, examined and ranked as the command does it, against what an expert expects.

A new case is one more file here. Its expectation is written from what ``docs/causes.md`` means, never from an answer.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django.plugin import DjangoDbBlocker

from diagnostics.engine.causes import CAUSES, Ranked, cause_for
from diagnostics.engine.causes.ranking.claims import SURE, Confidence
from portal.cases.answering import answer
from portal.cases.reading import case_of, read_case

FILES = sorted(Path(__file__).parent.glob("*.json"))
WHOLE: dict[str, dict[str, Any]] = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FILES}
EXPECTED: dict[str, dict[str, Any]] = {name: case["expected"] for name, case in WHOLE.items()}
OWN_SERVER = {name: case["branch"].get("sending") == "own" for name, case in WHOLE.items()}
Answers = dict[str, tuple[Ranked, ...]]


@pytest.fixture(scope="module")
def answers(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Answers]:
    """Each file's answer. Every one is built in a transaction that is rolled back."""
    with django_db_blocker.unblock():
        yield {path.stem: answer(read_case(str(path))).causes for path in FILES}


def test_there_are_enough_of_them() -> None:
    by_cause = Counter(row["cause"] for row in EXPECTED.values())
    assert len(FILES) >= 120
    assert {cause for cause in CAUSES if by_cause[cause] < 3} == set()
    assert sum(name.startswith("misleading_") for name in EXPECTED) >= 10


@pytest.mark.parametrize("name", EXPECTED)
def test_each_expects_what_can_be(name: str) -> None:
    row = EXPECTED[name]
    cause = cause_for(row["cause"], own_server=OWN_SERVER[name])
    assert cause is not None
    assert row["actor"] == cause.actor
    assert row["confidence"] in list(Confidence)


def test_the_first_cause_is_right(answers: Answers) -> None:
    wrong = {name: answers[name][0].cause for name, row in EXPECTED.items() if answers[name][0].cause != row["cause"]}
    assert len(wrong) <= 0.05 * len(FILES), wrong


def test_whose_turn_it_is_is_right(answers: Answers) -> None:
    wrong = {name: answers[name][0].actor for name, row in EXPECTED.items() if answers[name][0].actor != row["actor"]}
    assert len(wrong) <= 0.05 * len(FILES), wrong


def test_what_is_certain_is_never_wrong(answers: Answers) -> None:
    certain = {name: row for name, row in answers.items() if row[0].confidence is Confidence.CERTAIN}
    assert {name: row[0].cause for name, row in certain.items() if row[0].cause != EXPECTED[name]["cause"]} == {}
    assert certain


def test_nothing_is_surer_than_the_data_allow(answers: Answers) -> None:
    assert {name for name, row in answers.items() if _overclaims(row[0], EXPECTED[name])} == set()


def _overclaims(first: Ranked, expected: dict[str, Any]) -> bool:
    is_right = first.cause == expected["cause"]
    return is_right and SURE.index(first.confidence) < SURE.index(Confidence(expected["confidence"]))


def test_every_answer_says_why_and_what_to_do(answers: Answers) -> None:
    for row in answers.values():
        assert all(item.for_ and item.remedy for item in row)
        assert row[0].confidence is Confidence.CERTAIN or row[0].against or row[0].for_


@pytest.mark.django_db
def test_what_is_expected_is_never_read() -> None:
    document = json.loads(FILES[0].read_text(encoding="utf-8"))
    told = answer(case_of(document, name="x")).causes
    assert answer(case_of({**document, "expected": {"cause": "junked"}}, name="x")).causes == told
    assert "expected" not in case_of(document, name="x").document


@pytest.mark.django_db
def test_the_clock_of_the_machine_changes_nothing(time_machine: Any) -> None:
    path = next(path for path in FILES if path.stem == "misleading_year_of_the_log")
    told = answer(read_case(str(path))).causes
    time_machine.move_to("2027-07-01T00:00:00Z")
    assert answer(read_case(str(path))).causes == told


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    [
        "mailbox_full_552",
        "not_sent_registration",
        "no_such_user_qmail_text",
        "self_to_self_mimecast",
        "still_trying_delay_warning",
        "suppressed_complaint_until",
        "self_to_self_allowance_ran_out",
        "misleading_hole_in_the_log",
    ],
)
def test_a_case_of_years_to_come_is_judged_by_its_own_clock(name: str) -> None:
    path = next(path for path in FILES if path.stem == name)
    text = path.read_text(encoding="utf-8")
    told = [(item.cause, item.confidence) for item in answer(read_case(str(path))).causes]
    for year in ("2033", "2199"):
        # 1 January 2026, 2032 and 2099 fall on other days of the week, which nothing is decided by.
        later = json.loads(text.replace("2026", year).replace("2025", str(int(year) - 1)))
        found = answer(case_of(later, name="x")).causes
        assert [(item.cause, item.confidence) for item in found] == told


@pytest.mark.django_db
def test_what_lies_after_the_cases_now_has_not_happened_yet() -> None:
    path = next(path for path in FILES if path.stem == "mailbox_full_552")
    document = json.loads(path.read_text(encoding="utf-8"))
    told = [(item.cause, item.confidence) for item in answer(case_of(document, name="x")).causes]
    later = {"at": "2027-03-04T14:02:10Z", "recipient": document["report"]["recipient"]}
    document["message_log"] = [*document.get("message_log", []), {**later, "message_id": "<later@north.example>"}]
    document["case_notes"] = [*document.get("case_notes", []), {"at": later["at"], "text": "later"}]
    document["postfix_log"] = [
        *document.get("postfix_log", []),
        "2027-03-04T14:02:11Z smtp postfix/smtp[1]: 4Bq9xk: to=<lee@corp.example>, status=sent (250 2.0.0 Ok)",
    ]
    document["log_covers"] = [*document.get("log_covers", []), ["2027-01-01T00:00:00Z", "2027-03-05T00:00:00Z"]]
    assert [(item.cause, item.confidence) for item in answer(case_of(document, name="x")).causes] == told
