"""The plan asks everything at once, holds it to its time, and never lets one check hide the others."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence

import pytest

from diagnostics.engine.check import Check
from diagnostics.engine.findings import Actor, Code, Finding, Verdict
from diagnostics.engine.plan import CHECKS, CODES, DEADLINE, FAILED, NOT_APPLICABLE, Result, codes_of, examine
from diagnostics.engine.resolver import Resolver
from diagnostics.engine.subject import Subject
from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Zone

FINE = Code("test.fine", Verdict.OK, Actor.NOBODY, "Fine", "It is.")
DARK = Code("test.dark", Verdict.UNKNOWN, Actor.NOBODY, "Dark", "Nobody answered.")


def check(slug: str, name: str, *, needs: frozenset[str] = frozenset()) -> Check:
    """A check that asks one question, or breaks down when it is about ``broken.example``."""

    async def look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
        if name == "broken.example":
            raise LookupError("a fault of ours")
        answer = await resolver.query(name, "TXT")
        return [(DARK if answer.is_unknown else FINE).found(answer)]

    return Check(slug=slug, question=f"{slug}?", needs=needs, codes=(FINE, DARK), look=look)


def results(
    *checks: Check, zone: Zone, subject: Subject | None = None, check_seconds: float = 5.0, run_seconds: float = 5.0
) -> list[Result]:
    async def run() -> list[Result]:
        return [
            result
            async for result in examine(
                subject or Subject(),
                Recording(zone),
                checks=checks,
                check_seconds=check_seconds,
                run_seconds=run_seconds,
            )
        ]

    return asyncio.run(run())


def codes(found: list[Result]) -> list[tuple[str, str]]:
    in_order = sorted(found, key=lambda result: result.position)
    return [(result.check.slug, finding.code.id) for result in in_order for finding in result.findings]


def test_results_come_as_checks_end_and_know_their_place() -> None:
    zone = Zone({}, delay={"slow.example": 0.03})
    found = results(check("slow", "slow.example"), check("quick", "quick.example"), zone=zone)
    assert [(result.check.slug, result.position) for result in found] == [("quick", 1), ("slow", 0)]


def test_a_check_whose_needs_are_not_known_does_not_apply() -> None:
    needy = check("needy", "a.example", needs=frozenset({"recipient", "sender_domain"}))
    found = results(needy, zone=Zone({}), subject=Subject(recipient="lee@corp.example"))
    assert codes(found) == [("needy", NOT_APPLICABLE.id)]
    assert found[0].findings[0].arguments == {"missing": ["sender domain"]}


def test_p04_a_deadline_is_unknown_and_hides_nobody() -> None:
    zone = Zone({}, delay={"slow.example": 60})
    found = results(check("slow", "slow.example"), check("quick", "q.example"), zone=zone, check_seconds=0.02)
    assert codes(found) == [("slow", DEADLINE.id), ("quick", FINE.id)]


def test_after_the_runs_deadline_nothing_goes_on() -> None:
    zone = Zone({}, delay={"slow.example": 60})
    found = results(check("slow", "slow.example"), check("quick", "q.example"), zone=zone, run_seconds=0.3)
    assert codes(found) == [("slow", DEADLINE.id), ("quick", FINE.id)]


def test_a_check_that_cannot_be_stopped_is_given_up() -> None:
    async def stubborn(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(0.05)
        return [FINE.found()]

    slow = Check(slug="slow", question="?", needs=frozenset(), codes=(FINE,), look=stubborn)
    found = results(slow, check("quick", "q.example"), zone=Zone({}), run_seconds=0.3)
    assert codes(found) == [("slow", DEADLINE.id), ("quick", FINE.id)]


def test_a_broken_check_is_unknown_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        found = results(check("broken", "broken.example"), check("fine", "a.example"), zone=Zone({}))
    assert codes(found) == [("broken", FAILED.id), ("fine", FINE.id)]
    assert FAILED.verdict is Verdict.UNKNOWN
    assert "a fault of ours" in caplog.text


def test_a_consumer_that_leaves_takes_the_checks_with_it() -> None:
    async def run() -> int:
        found = examine(
            Subject(),
            Zone({}, delay={"slow.example": 60}),
            checks=(check("slow", "slow.example"), check("quick", "q.example")),
        )
        async for _ in found:
            break
        await found.aclose()  # type: ignore[attr-defined]
        return len(asyncio.all_tasks())

    assert asyncio.run(run()) == 1


def test_p03_p30_no_network_means_unknown_everywhere() -> None:
    dead = Zone(dict.fromkeys(("a.example", "b.example"), "TIMEOUT"))
    found = results(check("a", "a.example"), check("b", "b.example"), zone=dead)
    assert codes(found) == [("a", DARK.id), ("b", DARK.id)]


def test_two_codes_may_not_share_an_id() -> None:
    other = Code("test.fine", Verdict.PROBLEM, Actor.NOBODY, "Other", "Other.")
    first = check("a", "a.example")
    second = Check(slug="b", question="?", needs=frozenset(), codes=(other,), look=first.look)
    with pytest.raises(ValueError, match=r"test\.fine"):
        codes_of((first, second))
    assert codes_of((first, first))["test.fine"] is FINE


def test_the_plan_is_sound() -> None:
    slugs = [item.slug for item in CHECKS]
    assert len(set(slugs)) == len(slugs)
    for item in CHECKS:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", item.slug)
        assert item.question.endswith("?")
        assert item.needs <= {*Subject.__dataclass_fields__, "person"}
        assert item.codes
        assert all(code.sources or item.sources for code in item.codes), item.slug


@pytest.mark.parametrize("code", CODES.values(), ids=CODES.keys())
def test_every_code_says_who_does_what(code: Code) -> None:
    assert re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", code.id)
    assert code.title
    assert code.meaning
    assert code.remedy or code.actor is Actor.NOBODY
