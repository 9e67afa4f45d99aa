"""The causes: whole, named alike in code and documents, each with somebody who acts and something to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from diagnostics.engine.causes import CAUSES, Cause, cause_for
from diagnostics.engine.findings import Actor
from diagnostics.engine.messages.reply import WORDS, rules

DOCUMENT = Path(__file__).resolve().parents[4] / "docs" / "causes.md"


def test_code_and_document_name_the_same() -> None:
    named = re.findall(r"^\| `([a-z_]+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.M)
    # Once for what each means, once for by what it is judged.
    assert named == [*CAUSES, *CAUSES]


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda cause: cause.id)
def test_each_says_what_and_what_to_do(cause: Cause) -> None:
    assert cause.title
    assert cause.meaning
    assert cause.remedy


def test_replies_name_causes_only() -> None:
    assert set(WORDS) <= set(CAUSES)
    assert {rule.cause for rule in rules()} <= set(CAUSES)


@pytest.mark.parametrize("ident", ["sender_ip_blocked", "rdns_missing", "relay_denied", "rate_limited", "tls_required"])
def test_an_own_server_is_the_turn_of_the_branchs_it(ident: str) -> None:
    own, ours = cause_for(ident, own_server=True), cause_for(ident, own_server=False)
    assert own is not None
    assert ours is not None
    assert (own.actor, ours.actor) == (Actor.BRANCH_IT, Actor.SUPPORT)
    assert "upport" not in own.remedy


def test_what_the_application_does_stays_with_support() -> None:
    assert cause_for("send_error", own_server=True) is CAUSES["send_error"]
    assert cause_for("no_such_id", own_server=True) is None


def test_who_writes_to_itself_has_one_it() -> None:
    theirs, own = (cause_for("recipient_policy", own_server=False, within=within) for within in (False, True))
    assert theirs is not None
    assert own is not None
    assert (theirs.actor, own.actor) == (Actor.RECIPIENT_IT, Actor.BRANCH_IT)
