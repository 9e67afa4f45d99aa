"""The tables of words speak of every value the rooms above store, and of no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnostics.engine.causes import Confidence
from diagnostics.engine.findings import Actor, Verdict
from portal.maillog.models import State
from portal.navigation import ENTRIES
from portal.web import drawn, words
from tickets.models import TicketState

TONES = {"ok", "notice", "problem", "unknown", "neutral", "accent"}
TABLES = [words.VERDICTS, words.DELIVERY_STATES, words.TICKET_STATES, words.ACTORS, words.CONFIDENCES]


@pytest.mark.parametrize(
    ("table", "values"),
    [
        (words.VERDICTS, Verdict),
        (words.DELIVERY_STATES, State),
        (words.TICKET_STATES, TicketState),
        (words.ACTORS, Actor),
    ],
)
def test_every_value_has_a_sign(table: dict[str, words.Sign], values: type) -> None:
    assert set(table) == {str(item.value) for item in values}


def test_every_confidence_has_a_sign() -> None:
    assert set(words.CONFIDENCES) == {*Confidence, "confirmed"}


@pytest.mark.parametrize("table", TABLES)
def test_every_sign_has_a_word_an_icon_and_a_known_tone(table: dict[str, words.Sign]) -> None:
    for sign in table.values():
        assert sign.word
        assert sign.tone in TONES
        assert drawn.icon(sign.icon)


def test_signs_of_one_table_differ_in_their_words() -> None:
    for table in TABLES:
        assert len({sign.word for sign in table.values()}) == len(table)


def test_unknown_is_never_the_tone_of_a_problem() -> None:
    assert words.VERDICTS["unknown"].tone == "unknown"


def test_navigation_asks_for_picked_icons() -> None:
    for entry in ENTRIES:
        assert drawn.icon(entry.icon)


def test_templates_ask_for_picked_icons_alone() -> None:
    import re

    templates = Path(__file__).resolve().parents[3] / "templates"
    for file in templates.rglob("*.html"):
        for name in re.findall(r'(?<!verdict_)icon(?: |=)"([^"]+)"', file.read_text(encoding="utf-8")):
            assert drawn.icon(name), file
