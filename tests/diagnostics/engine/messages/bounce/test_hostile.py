"""64 KB of what is slow for a careless program are read in the time of their length, whatever they are made of."""

from __future__ import annotations

import time

import pytest

from diagnostics.engine.messages.bounce import classify
from tests.diagnostics.engine.messages.bounce.hostile import CASES, SIZE

#: Far above what reading takes, and far below what it would take if it grew with the square.
MOST_SECONDS = 1.0


@pytest.mark.parametrize("name", CASES)
def test_it_is_read_soon(name: str) -> None:
    assert len(CASES[name]) == SIZE
    began = time.process_time()
    classify(CASES[name])
    assert time.process_time() - began < MOST_SECONDS


def test_hundreds_of_recipients_are_told_apart() -> None:
    found = classify(CASES["groups"])
    assert len(found.recipients) > 300
    assert {row.cause for row in found.recipients} == {"no_such_user"}
