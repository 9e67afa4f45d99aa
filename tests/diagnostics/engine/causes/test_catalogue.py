"""The causes: whole, named alike in code and documents, each with somebody who acts and something to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from diagnostics.engine.causes import CAUSES, Cause
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
