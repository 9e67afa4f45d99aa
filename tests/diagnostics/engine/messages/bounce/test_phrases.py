"""The words by which reports are known: in lower case, each once in its list, long enough to mean something."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from diagnostics.engine.messages.bounce import phrases

FILE = Path(phrases.__file__).with_name("phrases.toml")
LISTS = {
    key: value for key, value in tomllib.loads(FILE.read_text(encoding="utf-8")).items() if isinstance(value, list)
}


@pytest.mark.parametrize("name", LISTS)
def test_phrases_can_be_found_in_lower_case_text(name: str) -> None:
    for phrase in LISTS[name]:
        assert phrase == phrase.lower()
        assert len(phrase) >= 2
    assert len(set(LISTS[name])) == len(LISTS[name])


def test_the_lists_are_those_that_are_asked_for() -> None:
    assert phrases.has_any("the mailer-daemon writes", "senders")
    assert not phrases.has_any("nora writes", "senders")
    assert phrases.phrases("returned") == tuple(LISTS["returned"])
