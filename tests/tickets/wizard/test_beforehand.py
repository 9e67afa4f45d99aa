"""What is known already, beside each question: who takes the recipient's mail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from diagnostics.engine.findings import Actor, Evidence, Verdict
from diagnostics.engine.receivers import UNNAMED
from diagnostics.models import RunState
from diagnostics.selectors import ReadFinding
from tickets.models import Report
from tickets.wizard.beforehand import known_already
from tickets.wizard.known import DescribeKnown


def found(code: str, verdict: Verdict, *lines: str) -> ReadFinding:
    evidence = (Evidence(question="corp.example MX", status="ok", lines=lines),) if lines else ()
    return ReadFinding("recipient-mx", "", code, verdict, Actor.NOBODY, "A title", "", "", (), evidence, {})


def who(report: Report, findings: Sequence[ReadFinding]) -> str:
    told = {line.word: line.text for line in known_already(report, DescribeKnown(), findings)}
    return told["Who takes its mail"]


@pytest.mark.parametrize(
    ("findings", "part"),
    [
        ([found("mx.fine", Verdict.OK, "10 mx1.corp.example")], f"{UNNAMED}: mx1.corp.example"),
        ([found("mx.fine", Verdict.OK, "10 us-smtp-inbound-1.mimecast.com")], "Mimecast"),
        ([found("mx.no_domain", Verdict.PROBLEM)], "Nobody: A title"),
        ([found("mx.no_domain", Verdict.NOTICE)], "Not known"),
        ([], "Not known"),
    ],
)
def test_who_takes_the_mail(report: Report, findings: list[ReadFinding], part: str) -> None:
    assert who(report, findings) == part


def test_while_the_checks_look_it_is_not_known_yet(report: Report) -> None:
    assert report.run is not None
    report.run.state = RunState.RUNNING
    assert who(report, []) not in ("Not known", UNNAMED)


def test_what_is_no_address_is_taken_by_nobody(report: Report) -> None:
    report.recipient = "lee at corp"
    assert who(report, []).startswith("Nobody")


@pytest.mark.parametrize(
    ("shown", "choice", "part"),
    [
        ({"is_covered": True}, "unknown", "Most likely it was not sent"),
        ({"is_covered": True, "until": "2026-03-04T12:00:00+00:00"}, "unknown", "complete until 4 Mar 2026, 12:00 UTC"),
        ({"is_covered": True}, "seen", "somebody saw"),
        ({"is_covered": True, "elsewhere": [[1, "accepted"]]}, "unknown", "no record of it was chosen"),
        ({"is_covered": False}, "unknown", "the log that we hold has no record"),
    ],
)
def test_what_the_first_step_showed_is_kept(report: Report, shown: dict[str, Any], choice: str, part: str) -> None:
    report.evidence, report.answers = {"sent": shown}, {"sent": {"choice": choice}}
    line = next(line for line in known_already(report, DescribeKnown(), []) if line.word == "How far it got")
    assert part in line.text
    assert line.slug == "sent"
