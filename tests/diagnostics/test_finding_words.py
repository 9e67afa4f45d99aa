"""What a page says beside a record to be copied, and how it writes times of servers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diagnostics.engine.findings import Actor, Record, Verdict
from diagnostics.selectors import ReadFinding
from diagnostics.templatetags.finding import advice
from diagnostics.templatetags.message import moment

FINDING = ReadFinding(
    check="sender-spf",
    question="May it send?",
    code="spf.fail",
    verdict=Verdict.PROBLEM,
    actor=Actor.BRANCH_IT,
    title="",
    meaning="",
    remedy="Publish this record at north.example: v=spf1 -all",
    sources=(),
    evidence=(),
    arguments={},
    publish=Record("north.example", "TXT", "v=spf1 -all"),
)


@pytest.mark.parametrize(
    ("remedy", "publish", "told"),
    [
        (FINDING.remedy, FINDING.publish, "Publish this record at north.example:"),
        ("Publish an alias to v=spf1 -all", FINDING.publish, "Publish an alias to:"),
        ("Publish `v=spf1 -all`.", FINDING.publish, "Publish `v=spf1 -all`."),
        (FINDING.remedy, None, FINDING.remedy),
    ],
)
def test_a_record_that_stands_below_is_not_said_twice(remedy: str, publish: Record | None, told: str) -> None:
    assert advice(replace(FINDING, remedy=remedy, publish=publish)) == told


def test_a_key_in_a_sentence_is_cut_short() -> None:
    finding = replace(FINDING, remedy=f"Publish v=DKIM1; p={'A' * 300}. Then all is well.", publish=None)
    assert advice(finding) == "Publish v=DKIM1; p=AAAAAAAAAA… (in full with the key itself). Then all is well."


def test_a_time_as_a_server_noted_it() -> None:
    assert moment("2026-03-04T06:02:11-08:00") == "4 Mar 2026, 14:02:11 UTC"
    assert moment("never") == "never"
