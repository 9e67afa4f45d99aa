"""An ended report is told by its own case: who acts, and what is left to do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from diagnostics.engine.findings import Actor
from portal.maillog.models import State
from portal.suppression.models import Reason
from tests import make
from tests.portal.suppression.conftest import suppressed
from tests.tickets.wizard.conftest import LEE
from tickets.models import Exit, Report
from tickets.wizard.endings import BY_CLIENT, RESENT, suppressed_remedy, told_ending
from tickets.wizard.known import suppression_about
from tickets.wizard.outcomes import ENDINGS


def ended(report: Report, exit_: str, cause: str = "", **answers: object) -> Report:
    report.exit, report.cause, report.answers = exit_, cause, answers
    return report


@pytest.mark.parametrize(("function", "is_theirs"), [("Forgot password", True), ("Registration", False), ("", False)])
def test_what_only_the_client_can_send_is_not_for_staff_to_send(report: Report, function: str, is_theirs: bool) -> None:
    report.function = function
    assert (told_ending(ended(report, Exit.NOT_SENT), []).remedy == BY_CLIENT) is is_theirs


@pytest.mark.parametrize("resent", [True, False])
def test_what_was_sent_again_is_not_asked_for_twice(report: Report, resent: bool) -> None:
    told = told_ending(ended(report, Exit.ADDRESS_CORRECTED, address={"resent": resent}), [])
    assert (told.remedy == RESENT) is resent
    assert (told.remedy == ENDINGS[Exit.ADDRESS_CORRECTED].remedy) is not resent


@pytest.mark.parametrize("reason", [Reason.OPT_OUT, Reason.HARD_BOUNCE])
def test_the_list_tells_the_reason_of_this_entry(report: Report, reason: Reason) -> None:
    suppressed(report.branch, LEE, since=make.NOON - timedelta(days=3), reason=reason)
    told = told_ending(ended(report, Exit.EXPLAINED, "suppressed"), [])
    entry = suppression_about(report, None)
    assert entry is not None
    assert told.remedy == suppressed_remedy(entry)
    assert reason.label.lower() in told.meaning


def test_an_entry_that_has_ended_is_not_told_as_one(report: Report) -> None:
    assert told_ending(ended(report, Exit.EXPLAINED, "suppressed"), []).remedy


@pytest.mark.parametrize(
    ("cause", "actor"),
    [
        ("still_trying", Actor.NOBODY),
        ("greylisted", Actor.NOBODY),
        ("rate_limited", Actor.SUPPORT),
        ("mailbox_full", Actor.RECIPIENT),
    ],
)
def test_while_it_waits_it_is_the_turn_of_whom_the_reply_names(report: Report, cause: str, actor: Actor) -> None:
    report.delivery = make.delivery(report.branch, LEE, State.DEFERRED, cause=cause)
    told = told_ending(ended(report, Exit.STILL_TRYING, cause), [])
    assert told.turn == actor
    assert [item.actor for item in told.remedies] == [Actor.NOBODY, *([actor] if actor is not Actor.NOBODY else [])]
    assert told.remedies[0].text == ENDINGS[Exit.STILL_TRYING].remedy


def test_a_suspension_is_the_branchs_to_answer(report: Report) -> None:
    assert told_ending(ended(report, Exit.SUSPENDED), []).turn == Actor.BRANCH


@pytest.mark.parametrize("cause", ["mailbox_full", "network_or_timeout", "remote_system_error"])
def test_nobody_is_asked_to_send_again_what_is_still_tried(report: Report, cause: str) -> None:
    waiting = told_ending(ended(report, Exit.STILL_TRYING, cause), []).remedies[1]
    refused = told_ending(ended(report, Exit.ANSWERED, cause), []).remedies[0]
    assert waiting.actor is refused.actor
    assert "send again" in refused.text
    assert "send again" not in waiting.text
