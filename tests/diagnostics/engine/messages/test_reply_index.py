"""The index finds what trying all rules one after the other finds, and nothing else."""

from __future__ import annotations

import tomllib
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as some

from diagnostics.engine.messages.reply import rules
from diagnostics.engine.messages.reply_index import Index
from diagnostics.engine.messages.reply_rule import Rule, Said, said

HERE = Path(__file__).parent
TEXTS = [
    line["text"]
    for name in ("replies.toml", "rates.toml", "titles.toml", "languages.toml")
    for line in tomllib.loads((HERE / name).read_text(encoding="utf-8"))["line"]
]
INDEX = Index(rules())


def tried(reply: Said) -> tuple[int, Rule] | None:
    return next(((at, rule) for at, rule in enumerate(rules()) if rule.holds(reply)), None)


def test_it_answers_as_if_all_had_been_tried() -> None:
    for text in TEXTS:
        assert INDEX.first(said(text)) == tried(said(text))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(some.lists(some.sampled_from([word for text in TEXTS for word in text.split()]), max_size=12))
def test_it_does_so_for_words_in_any_order(words: list[str]) -> None:
    reply = said(" ".join(words))
    assert INDEX.first(reply) == tried(reply)


def test_the_first_of_two_is_taken_and_a_long_reply_is_not_remembered() -> None:
    index = Index((Rule("a.1", "spam_content", any=("zorp",)), Rule("a.2", "no_such_user", any=("zorp zorp",))))
    found = index.first(said("550 zorp zorp"))
    assert found is not None
    assert (found[0], found[1].id) == (0, "a.1")
    assert index.first(said("550 " + "x" * 2_000)) is None
    assert Index(()).first(said("550 zorp")) is None
