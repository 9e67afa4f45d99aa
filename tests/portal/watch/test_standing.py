"""What has changed between two looks; what could not be found out changes nothing."""

from __future__ import annotations

from diagnostics.engine.findings import Actor, Verdict
from diagnostics.selectors import ReadFinding
from portal.watch.standing import compare


def finding(check: str, code: str, verdict: Verdict, actor: Actor = Actor.BRANCH_IT) -> ReadFinding:
    return ReadFinding(check, f"{check}?", code, verdict, actor, f"title of {code}", "", "", (), (), {})


GONE = finding("sender-dkim", "dkim.absent", Verdict.PROBLEM)
FINE = finding("sender-dkim", "dkim.ok", Verdict.OK, Actor.NOBODY)
DARK = finding("sender-dkim", "dkim.unknown", Verdict.UNKNOWN, Actor.SUPPORT)
TRIVIA = finding("sender-bimi", "bimi.no_certificate", Verdict.NOTICE, Actor.NOBODY)
KEY = "dkim.absent title of dkim.absent"


def test_what_began() -> None:
    change = compare({}, [GONE])
    assert (change.worse, change.better, list(change.standing)) == ((KEY,), (), [KEY])


def test_what_is_over() -> None:
    change = compare(compare({}, [GONE]).standing, [FINE])
    assert (change.worse, change.better, change.standing) == ((), (KEY,), {})


def test_what_goes_on_is_no_change() -> None:
    assert not compare(compare({}, [GONE]).standing, [GONE])


def test_what_could_not_be_found_out_stands_as_it_stood() -> None:
    before = compare({}, [GONE]).standing
    change = compare(before, [DARK])
    assert not change
    assert change.standing == before
    assert not compare({}, [DARK])


def test_a_check_that_is_half_blind_begins_nothing() -> None:
    assert not compare({}, [GONE, DARK])


def test_what_needs_nobody_is_not_kept() -> None:
    assert compare({}, [TRIVIA, FINE]).standing == {}
