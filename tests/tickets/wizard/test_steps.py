"""Where each answer leads: the whole wizard as a table, without a database."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tickets.wizard.conftest import DESCRIBED, NOT_THERE, RIGHT
from tickets.wizard import steps
from tickets.wizard.outcomes import Continue, Escalate, Leave, Outcome, ending_of
from tickets.wizard.steps import Facts

NOTHING = Facts()


def sent(choice: str, stop: bool = False) -> dict[str, Any]:
    return {"sent": {"choice": choice, "stop": stop}}


@pytest.mark.parametrize(
    ("answers", "facts", "expected"),
    [
        (sent("seen"), NOTHING, Continue()),
        (sent("unknown"), NOTHING, Continue()),
        (sent("case_note-1"), NOTHING, Continue()),
        (sent("not_sent"), NOTHING, Leave("not_sent", "not_sent")),
        (sent("not_sent"), Facts(is_suspended=True), Leave("sending_suspended", "sending_suspended")),
        (sent("seen"), Facts(is_suspended=True), Continue()),
        (sent("not_sent"), Facts(is_suppressed=True), Leave("explained", "suppressed")),
        (sent("suppressed"), Facts(is_suppressed=True), Leave("explained", "suppressed")),
        (sent("suppressed"), NOTHING, Continue()),
        (sent("seen"), Facts(is_suppressed=True), Continue()),
        (sent("error"), NOTHING, Escalate("send_error")),
        (sent("delivery-1"), Facts(state="error"), Escalate("send_error")),
        (sent("delivery-1"), Facts(state="accepted"), Continue()),
        (sent("delivery-1", stop=True), Facts(state="accepted"), Continue()),
        (sent("delivery-1"), Facts(state="deferred"), Continue()),
        (sent("delivery-1", stop=True), Facts(state="deferred"), Leave("still_trying", "still_trying")),
        (sent("delivery-1"), Facts(state="refused", cause="mailbox_full"), Continue()),
        (
            sent("delivery-1", stop=True),
            Facts(state="refused", cause="mailbox_full"),
            Leave("answered", "mailbox_full"),
        ),
        (sent("delivery-1", stop=True), Facts(state="expired"), Leave("answered", "unknown")),
    ],
)
def test_sent(answers: dict[str, Any], facts: Facts, expected: Outcome) -> None:
    assert steps.decide_sent(answers, facts) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"choice": "right"}, Continue()),
        ({"choice": "unknown"}, Continue()),
        ({"choice": "wrong", "cause": "address_typo"}, Leave("address_corrected", "address_typo")),
        ({"choice": "wrong"}, Leave("address_corrected", "")),
        (
            {"choice": "not_on_profile", "cause": "address_not_on_profile"},
            Leave("address_corrected", "address_not_on_profile"),
        ),
    ],
)
def test_address(answer: dict[str, Any], expected: Outcome) -> None:
    assert steps.decide_address({"address": answer}, NOTHING) == expected


@pytest.mark.parametrize(
    ("choice", "expected"),
    [("found", Leave("found_in_junk", "junked")), ("not_there", Continue()), ("unknown", Continue())],
)
def test_junk(choice: str, expected: Outcome) -> None:
    assert steps.decide_junk({"junk": {"choice": choice}}, NOTHING) == expected


ALL = {**sent("seen"), "address": RIGHT, "junk": NOT_THERE, "describe": DESCRIBED}


@pytest.mark.parametrize(
    ("answers", "facts", "walked"),
    [
        ({}, NOTHING, ["open:sent"]),
        (sent("seen"), NOTHING, ["done:sent", "open:address"]),
        ({**sent("seen"), "address": RIGHT}, NOTHING, ["done:sent", "done:address", "open:junk"]),
        (ALL, NOTHING, ["done:sent", "done:address", "done:junk", "done:describe", "open:review"]),
        (sent("error"), NOTHING, ["done:sent", "not asked:address", "not asked:junk", "open:describe"]),
        (
            {**sent("delivery-1"), "address": RIGHT},
            Facts(state="refused"),
            ["done:sent", "done:address", "not asked:junk", "open:describe"],
        ),
        # Answers that were given before are kept but not asked for when an earlier one was changed to an error.
        (
            {**ALL, **sent("error")},
            NOTHING,
            ["done:sent", "not asked:address", "not asked:junk", "done:describe", "open:review"],
        ),
        # An answer that leads out of the wizard keeps its step open.
        ({**ALL, "junk": {"choice": "found"}}, NOTHING, ["done:sent", "done:address", "open:junk"]),
    ],
)
def test_path(answers: dict[str, Any], facts: Facts, walked: list[str]) -> None:
    told = []
    for place in steps.path(answers, facts):
        state = "not asked" if place.skipped else "done" if place.is_done else "open" if place.is_open else ""
        told += [f"{state}:{place.step.slug}"] if state else []
    assert told == walked


def test_every_path_has_exactly_one_open_step() -> None:
    for answers in ({}, sent("error"), ALL, {**ALL, **sent("not_sent")}):
        assert sum(place.is_open for place in steps.path(answers, NOTHING)) == 1


def test_the_words_are_the_vendors() -> None:
    assert [step.question for step in steps.STEPS[:4]] == [
        "Confirm that the email was sent.",
        "Confirm that the recipient's email is correct.",
        "Confirm that the email is not in the recipient's junk or spam folder.",
        "If none of the above are the cause, submit a detailed support ticket with this information.",
    ]


@pytest.mark.parametrize("exit_", ["not_sent", "sending_suspended", "still_trying", "address_corrected"])
def test_every_ending_says_what_to_do(exit_: str) -> None:
    assert ending_of(exit_, "").remedy
    assert Leave(exit_).remedy == ending_of(exit_, "").remedy  # type: ignore[arg-type]
