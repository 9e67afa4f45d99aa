"""The critical path counts what had to wait for something else, and nothing that went on beside it."""

from __future__ import annotations

import asyncio

import pytest

from diagnostics.engine import path
from diagnostics.engine.path import together
from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Zone

SLOW = Zone({}, delay={f"{name}.example": ms / 1000 for name, ms in {"a": 10, "b": 20, "c": 40}.items()})


async def in_a_row(recording: Recording, *names: str) -> float:
    for name in names:
        await recording.query(f"{name}.example", "TXT")
    return path.path_ms()


def test_questions_in_a_row_add_up() -> None:
    recording = Recording(SLOW)
    assert asyncio.run(in_a_row(recording, "a", "b", "c")) == pytest.approx(70)
    assert recording.critical_path_ms == pytest.approx(70)


def test_the_longest_of_several_counts() -> None:
    async def run(recording: Recording) -> float:
        await recording.query("a.example", "A")
        short, long = await together(in_a_row(recording, "a", "b"), in_a_row(recording, "c"))
        assert (short, long) == (pytest.approx(40), pytest.approx(50))
        await recording.query("a.example", "MX")
        return path.path_ms()

    recording = Recording(SLOW)
    assert asyncio.run(run(recording)) == pytest.approx(60)
    assert recording.critical_path_ms == pytest.approx(60)


def test_an_answer_that_is_already_there_costs_nothing() -> None:
    recording = Recording(SLOW)
    assert asyncio.run(in_a_row(recording, "c", "c", "c")) == pytest.approx(40)


def test_who_joins_a_question_waits_for_its_end_only() -> None:
    async def run(recording: Recording) -> tuple[float, ...]:
        return await together(in_a_row(recording, "c"), in_a_row(recording, "a", "c"))

    assert asyncio.run(run(Recording(SLOW))) == (pytest.approx(40), pytest.approx(40))


def test_the_path_is_never_longer_than_the_clock() -> None:
    async def run(recording: Recording) -> float:
        began = asyncio.get_running_loop().time()
        await together(*(in_a_row(recording, *order) for order in ("abc", "cab", "bca", "cba")))
        return (asyncio.get_running_loop().time() - began) * 1000

    recording = Recording(SLOW)
    assert recording.critical_path_ms <= asyncio.run(run(recording)) + 1


def test_an_exception_leaves_nothing_behind() -> None:
    ended: list[str] = []

    async def fails() -> None:
        raise LookupError

    async def waits() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("waits")

    async def run() -> None:
        with pytest.raises(LookupError):
            await together(waits(), fails())
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(run())
    assert ended == ["waits"]


def test_nothing_together_is_nothing() -> None:
    async def run() -> tuple[object, ...]:
        return await together()

    assert asyncio.run(run()) == ()
