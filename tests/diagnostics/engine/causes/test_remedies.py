"""Remedies stand each for itself, and none asks twice for the same."""

from __future__ import annotations

import pytest

from diagnostics.engine.causes import Remedy, told_once
from diagnostics.engine.findings import Actor

ASK = Remedy(Actor.BRANCH, "Ask the client whether the address is right. If it is, their provider mends the DNS.")
CORRECT = Remedy(Actor.BRANCH, "Correct the address on the profile and send again.")
EXACT = Remedy(Actor.BRANCH, "Correct the address to lee@corp.example on the profile and send again.")
OTHER = Remedy(Actor.BRANCH, "Ask the client for another address.")
WAIT = Remedy(Actor.NOBODY, "Wait: it goes on by itself.")


@pytest.mark.parametrize(
    ("remedies", "told"),
    [
        ((), ()),
        ((ASK,), (ASK,)),
        ((ASK, ASK), (ASK,)),
        ((WAIT, ASK, WAIT), (WAIT, ASK)),
        ((ASK, Remedy(Actor.SUPPORT, ASK.text)), (ASK, Remedy(Actor.SUPPORT, ASK.text))),
        ((ASK, Remedy(Actor.BRANCH, "Ask the client whether the address is right: it is a mistake.")), (ASK,)),
        ((ASK, OTHER), (ASK, OTHER)),
        ((CORRECT, EXACT), (EXACT,)),
        ((EXACT, CORRECT), (EXACT,)),
        ((WAIT, CORRECT, EXACT), (WAIT, EXACT)),
        ((Remedy(Actor.NOBODY, ""), Remedy(Actor.BRANCH, " ")), ()),
    ],
)  # fmt: skip
def test_what_another_says_already_is_not_told_again(remedies: tuple[Remedy, ...], told: tuple[Remedy, ...]) -> None:
    assert told_once(remedies) == told
