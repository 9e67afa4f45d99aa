"""A recording asks each thing once and keeps it all; a replay comes to the same findings without any network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from diagnostics.engine.check import Check
from diagnostics.engine.findings import Actor, Code, Finding, Verdict
from diagnostics.engine.path import together
from diagnostics.engine.plan import DEADLINE, Result, examine
from diagnostics.engine.resolver import Answer, DNSResolver, Resolver, Status
from diagnostics.engine.subject import Subject
from diagnostics.engine.transcript import Recording, Replay, read_answer
from diagnostics.engine.zone import Zone
from tests.diagnostics.dns_server import DNSServer, zone_of

SAYS = Code("test.says", Verdict.OK, Actor.NOBODY, "{status}: {records}", "It says so.")
NAMES = ("north.example", "slow.example", "gone.example", "alias.example", "nul.example")
RECORDS = {
    "north.example": ['300 TXT "v=spf1 -all"'],
    "alias.example": ["60 CNAME north.example."],
    "nul.example": ['300 TXT "a\\000b"'],
}


async def _look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
    answers = await together(*(resolver.query(name, "TXT") for name in NAMES))
    return [SAYS.found(answer, status=answer.status.value, records=answer.records) for answer in answers]


ONE = Check("one", "What do they say?", frozenset(), (SAYS,), _look)
TWO = Check("two", "And now?", frozenset(), (SAYS,), _look)


async def _results(resolver: Resolver, **options: Any) -> list[Result]:
    found = [result async for result in examine(Subject(), resolver, checks=(ONE, TWO), **options)]
    return sorted(found, key=lambda result: result.position)


def test_record_then_replay_finds_the_same() -> None:
    with DNSServer(zone_of(RECORDS)) as server:
        recording = Recording(DNSResolver([server.address]))
        found = asyncio.run(_results(recording))
    stored = json.loads(json.dumps(recording.transcript))
    assert "\\u0000" not in json.dumps(stored)
    again = Recording(Replay(stored))
    assert asyncio.run(_results(again)) == found
    assert again.critical_path_ms == recording.critical_path_ms
    assert sorted(again.transcript, key=str) == sorted(recording.transcript, key=str)
    assert found[0].findings[4].arguments["records"] == ("a\x00b",)


def test_what_the_deadline_cut_off_is_cut_off_again_at_once() -> None:
    recording = Recording(Zone({}, delay={"slow.example": 60}))
    found = asyncio.run(_results(recording, check_seconds=0.02))
    assert [finding.code for result in found for finding in result.findings] == [DEADLINE, DEADLINE]
    assert recording.queries == len(NAMES)
    again = asyncio.run(_results(Replay(recording.transcript), check_seconds=0.02))
    assert again == found


class Counting:
    """Answers after everybody else has had a turn, and counts."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def query(self, name: str, rdtype: str) -> Answer:
        self.asked.append((name, rdtype))
        await asyncio.sleep(0)
        return Answer(name, rdtype, Status.OK, ("x",), elapsed_ms=5.0)


def test_p25_forty_askers_are_one_question() -> None:
    async def run(recording: Recording) -> tuple[Answer, ...]:
        return await together(*(recording.query("North.Example.", "txt") for _ in range(40)))

    inner = Counting()
    recording = Recording(inner)
    assert len(set(asyncio.run(run(recording)))) == 1
    assert inner.asked == [("north.example", "TXT")]
    assert (recording.queries, len(recording.transcript), recording.critical_path_ms) == (1, 1, 5.0)


def test_one_askers_deadline_does_not_take_the_answer_from_another() -> None:
    async def hasty(recording: Recording) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.005):
                await recording.query("a.example", "TXT")

    async def run(recording: Recording) -> Answer:
        _, answer = await together(hasty(recording), recording.query("a.example", "TXT"))
        return answer

    recording = Recording(Zone({"a.example": {"TXT": ["x"]}}, delay=0.05))
    assert asyncio.run(run(recording)).records == ("x",)
    assert recording.queries == 1


def test_a_run_has_only_so_many_questions() -> None:
    async def run(recording: Recording) -> list[Status]:
        return [(await recording.query(f"{number}.example", "A")).status for number in range(4)]

    recording = Recording(Counting(), max_questions=2)
    assert asyncio.run(run(recording)) == [Status.OK, Status.OK, Status.ERROR, Status.ERROR]
    assert recording.queries == 2


@pytest.mark.parametrize("resolver", [Recording(Counting()), Replay([])])
def test_a_name_that_cannot_be_asked_is_an_answer(resolver: Resolver) -> None:
    assert asyncio.run(resolver.query("a..b", "A")).status is Status.ERROR


def test_what_was_not_asked_then_is_unknown_and_not_absent() -> None:
    assert asyncio.run(Replay([]).query("north.example", "TXT")).is_unknown


def test_a_replay_knows_whether_a_zone_was_recorded() -> None:
    document = {"name": "10.2.0.192.list.example", "rdtype": "A", "status": "nxdomain"}
    assert Replay([document]).is_over_zone
    assert not Replay([]).is_over_zone


@pytest.mark.parametrize("document", [{}, {"name": "a", "rdtype": "A", "status": "fine"}, [], None, "x"])
def test_what_is_no_answer_is_refused(document: Any) -> None:
    with pytest.raises(ValueError):
        read_answer(document)
