"""Cutting a structured field into its pieces, whatever is opened and never closed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.engine.messages.headers import tokens as module
from diagnostics.engine.messages.headers.tokens import Kind, parts, tokens, written

W, Q, C, S = Kind.WORD, Kind.QUOTED, Kind.COMMENT, Kind.SEMICOLON


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a b;c", [(W, "a"), (W, "b"), (S, ";"), (W, "c")]),
        ("a(b (c) d)e", [(W, "a"), (C, "b (c) d"), (W, "e")]),
        ('r="x; \\"y\\""z', [(W, "r="), (Q, 'x; "y"'), (W, "z")]),
        ('(a "b) c', [(C, 'a "b'), (W, "c")]),
        ("(a \\) b) c", [(C, "a ) b"), (W, "c")]),
        ('"a (b" c)', [(Q, "a (b"), (W, "c")]),
        ("a (b c; d", [(W, "a"), (W, "b"), (W, "c"), (S, ";"), (W, "d")]),
        ("a (b (c) d", [(W, "a"), (W, "b"), (C, "c"), (W, "d")]),
        ('a "b c', [(W, "a"), (W, "b"), (W, "c")]),
        ("a) b", [(W, "a"), (W, "b")]),
        ("", []),
        ("()", []),
    ],
)
def test_pieces(text: str, pieces: list[tuple[Kind, str]]) -> None:
    assert [(token.kind, token.text) for token in tokens(text)] == pieces


def test_parts_and_back() -> None:
    cut = parts(tokens("a (b;c); ;d e"))
    assert [written(part) for part in cut] == ["a (b;c)", "", "d e"]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='ab ()";\\', max_size=60))
def test_no_word_holds_a_special_character(text: str) -> None:
    for token in tokens(text):
        if token.kind is W:
            assert token.text
            assert not set(token.text) & set(' ();"')


class Counting:
    """Stands in for a pattern and counts how many characters its searches passed over."""

    def __init__(self, pattern: object) -> None:
        self.pattern = pattern
        self.work = 0

    def search(self, text: str, at: int) -> object:
        match = self.pattern.search(text, at)  # type: ignore[attr-defined]
        self.work += (match.end() if match else len(text)) - at + 1
        return match

    def match(self, text: str, at: int) -> object:
        match = self.pattern.match(text, at)  # type: ignore[attr-defined]
        self.work += (match.end() if match else len(text)) - at
        return match


@pytest.mark.parametrize("unit", ["(", ")", '"', ";", "()", '"\\', "\\", '\\"', '("', "a ", '";"', "(\\)"])
def test_work_grows_with_the_length_and_no_faster(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    work: list[int] = []
    for size in (8_000, 16_000):
        special, quoted = Counting(module._SPECIAL), Counting(module._QUOTED)
        with monkeypatch.context() as patch:
            patch.setattr(module, "_SPECIAL", special)
            patch.setattr(module, "_QUOTED", quoted)
            tokens((unit * size)[:size])
        work.append(special.work + quoted.work)
    assert work[1] <= 2.1 * work[0] + 100
    assert work[1] <= 5 * 16_000
