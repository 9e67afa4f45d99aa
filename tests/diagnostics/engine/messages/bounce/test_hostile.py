"""64 KB of what is slow for a careless program end soon, whatever they are made of."""

from __future__ import annotations

import pytest

from diagnostics.engine.messages.bounce import classify
from tests.diagnostics.engine.messages.bounce.hostile import CASES, SIZE
from tests.soon import ends_soon


@pytest.mark.parametrize("name", CASES)
def test_it_is_read_soon(name: str) -> None:
    assert len(CASES[name]) == SIZE
    with ends_soon():
        classify(CASES[name])


def test_hundreds_of_recipients_are_told_apart() -> None:
    found = classify(CASES["groups"])
    assert len(found.recipients) > 300
    assert {row.cause for row in found.recipients} == {"no_such_user"}
