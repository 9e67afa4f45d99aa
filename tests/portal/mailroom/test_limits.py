"""How many mails a sender may bring in a minute."""

from __future__ import annotations

import pytest

from portal.mailroom import limits
from portal.mailroom.limits import Limits


def test_a_minute() -> None:
    now = [0.0]
    counted = Limits(2, lambda: now[0])
    assert [counted.allow("a") for _ in range(3)] == [True, True, False]
    assert counted.allow("b")
    now[0] = 59.9
    assert not counted.allow("a")
    now[0] = 60.0
    assert counted.allow("a")


def test_it_remembers_no_more_than_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_PEERS", 3)
    now = [0.0]
    counted = Limits(1, lambda: now[0])
    assert [counted.allow(name) for name in "abcd"] == [True, True, True, False]
    now[0] = 61.0
    assert counted.allow("d")
