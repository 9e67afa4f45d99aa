"""Which findings of a ticket stand first, which are folded, and how what is sound is counted."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.engine.causes import Confidence, Ranked
from diagnostics.engine.findings import Actor, Verdict
from diagnostics.selectors import ReadFinding
from tickets.selectors.bearing import bears_on, by_bearing


def read(code: str, check: str, verdict: Verdict = Verdict.PROBLEM, actor: Actor = Actor.BRANCH_IT) -> ReadFinding:
    return ReadFinding(
        check=check,
        question=f"{check}?",
        code=code,
        verdict=verdict,
        actor=actor,
        title=code,
        meaning="",
        remedy="",
        sources=(),
        evidence=(),
        arguments={},
    )


SPF = read("spf.fail", "sender-spf")
LISTED = read("list.listed", "sending-ip-listed", actor=Actor.SUPPORT)
NULL = read("mx.null", "recipient-mx", actor=Actor.RECIPIENT_IT)
LOGO = read("bimi.broken", "sender-bimi", Verdict.NOTICE)
SILENT = read("sts.unknown", "recipient-mta-sts", Verdict.UNKNOWN, Actor.SUPPORT)
SOUND = [read("ptr.fine", "sending-ip-reverse", Verdict.OK), read("mx.fine", "recipient-mx", Verdict.OK)]


def ranked(cause: str, confidence: Confidence = Confidence.LIKELY) -> Ranked:
    return Ranked(cause, confidence)


def codes(told: dict[str, Any]) -> tuple[list[str], list[str], list[str]]:
    """Those that bear on it, those that explain it otherwise, those aside."""
    bearing, otherwise = ([f.code for group in told[name] for f in group.findings] for name in ("bearing", "otherwise"))
    both = sorted(finding.code for group in told["by_actor"] for finding in group.findings)
    assert both == sorted([*bearing, *otherwise])
    return bearing, otherwise, [finding.code for finding in told["aside"]]


@pytest.mark.parametrize(
    ("lead", "others", "is_confirmed", "expected"),
    [
        (
            ranked("auth_failure"),
            [ranked("sender_ip_blocked")],
            False,
            (["spf.fail"], ["list.listed"], ["bimi.broken"]),
        ),
        (ranked("auth_failure"), [], False, (["spf.fail"], [], ["list.listed", "bimi.broken"])),
        (
            ranked("auth_failure", Confidence.CERTAIN),
            [ranked("sender_ip_blocked")],
            False,
            (["spf.fail"], [], ["list.listed", "bimi.broken"]),
        ),
        (
            ranked("sender_ip_blocked"),
            [ranked("auth_failure")],
            True,
            (["list.listed"], [], ["spf.fail", "bimi.broken"]),
        ),
        (ranked("mailbox_full"), [], False, ([], [], ["spf.fail", "list.listed", "bimi.broken"])),
        (None, [], False, ([], ["spf.fail", "bimi.broken", "list.listed"], [])),
        (ranked("unknown"), [], False, ([], ["spf.fail", "bimi.broken", "list.listed"], [])),
    ],
)
def test_by_the_cause_that_leads(
    lead: Ranked | None, others: list[Ranked], is_confirmed: bool, expected: tuple[list[str], list[str], list[str]]
) -> None:
    found = [SPF, LISTED, LOGO, SILENT, *SOUND]
    assert codes(by_bearing(found, lead, others, is_confirmed=is_confirmed)) == expected


@pytest.mark.parametrize(
    ("cause", "expected"), [("domain_or_dns", True), ("no_such_user", True), ("auth_failure", False)]
)
def test_what_is_wrong_with_the_address(cause: str, expected: bool) -> None:
    assert bears_on(NULL, cause) is expected


def test_what_could_not_be_found_out_is_named_once() -> None:
    told = by_bearing([SILENT, SILENT, SPF], None, [])
    assert told["open"] == ["recipient-mta-sts?"]


@pytest.mark.parametrize(
    ("found", "sound"),
    [
        (SOUND, 2),
        ([*SOUND, SPF, SILENT], 2),
        # A check that has found something wrong beside what is right is not sound.
        ([*SOUND, NULL], 1),
        ([*SOUND, read("ptr.unknown", "sending-ip-reverse", Verdict.UNKNOWN)], 1),
        ([read("dnssec.none", "signed-dns", Verdict.NOTICE, Actor.NOBODY)], 1),
        ([], 0),
    ],
)
def test_how_many_checks_found_nothing_wrong(found: list[ReadFinding], sound: int) -> None:
    assert by_bearing(found, ranked("auth_failure"), [])["sound"] == sound
