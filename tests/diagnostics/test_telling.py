"""Whose turn a finding is, and its words, for one subject."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.engine.findings import Actor, Verdict
from diagnostics.telling import Teller

ITSELF: dict[str, Any] = {"recipient": "registrar@north.example", "sender_domain": "north.example"}
OWN: dict[str, Any] = {"sender_domain": "north.example", "sending_server": {"host": "mx.north.example", "is_own": True}}
OTHER: dict[str, Any] = {"recipient": "lee@corp.example", "sender_domain": "north.example"}


@pytest.mark.parametrize(
    ("subject", "actor", "check", "verdict", "expected"),
    [
        (ITSELF, Actor.RECIPIENT_IT, "self-to-self", Verdict.PROBLEM, Actor.BRANCH_IT),
        (OTHER, Actor.RECIPIENT_IT, "recipient-mx", Verdict.PROBLEM, Actor.RECIPIENT_IT),
        (OWN, Actor.SUPPORT, "sending-ip-reverse", Verdict.PROBLEM, Actor.BRANCH_IT),
        (OWN, Actor.SUPPORT, "sending-ip-reverse", Verdict.UNKNOWN, Actor.SUPPORT),
        (OTHER, Actor.SUPPORT, "sending-ip-reverse", Verdict.PROBLEM, Actor.SUPPORT),
        ({}, Actor.SUPPORT, "sending-ip-reverse", Verdict.PROBLEM, Actor.SUPPORT),
    ],
)
def test_whose_turn(subject: dict[str, Any], actor: Actor, check: str, verdict: Verdict, expected: Actor) -> None:
    assert Teller.of(subject).actor(actor, check=check, verdict=verdict) is expected


@pytest.mark.parametrize(
    "text",
    ["We sign mail in the name of x.", "Our server is not on it", "SPF of our own envelope domain x"],
)
def test_what_is_not_ours_is_not_called_so(text: str) -> None:
    assert Teller.of(OTHER).text(text) == text
    assert not {"we", "our"} & set(Teller.of(OWN).text(text).lower().split())


def test_a_name_that_does_not_exist_gets_no_advice() -> None:
    codes = frozenset({"mx.no_domain", "spf.no_record"})
    assert Teller.of(ITSELF).is_moot("sender-spf", codes)
    assert not Teller.of(ITSELF).is_moot("recipient-mx", codes)
    assert not Teller.of(OTHER).is_moot("sender-spf", codes)
    assert not Teller.of(ITSELF).is_moot("sender-spf", frozenset({"spf.no_record"}))
