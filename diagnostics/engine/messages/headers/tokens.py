"""The pieces of a structured field: words, quoted strings, comments and semicolons (RFC 5322 §3.2).

Comments are nested, quoted strings hold anything, and both may hold the very characters that end a clause elsewhere. So
a field is cut into :class:`Token` first and understood afterwards. The cut is made in one pass, in time proportional to
the length: a bracket or quotation mark that is never closed is passed over, as if it did not stand there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a piece is."""

    WORD = "word"
    QUOTED = "quoted"
    COMMENT = "comment"
    SEMICOLON = ";"


@dataclass(frozen=True, slots=True)
class Token:
    """One piece; ``text`` is without the quotation marks or the outer brackets."""

    kind: Kind
    text: str

    @property
    def is_word(self) -> bool:
        return self.kind is Kind.WORD

    @property
    def is_comment(self) -> bool:
        return self.kind is Kind.COMMENT


# Empty comments say nothing, however many stand in a row; they are passed over in one step.
_SPECIAL = re.compile(r'(?:\(\))++|[()"]|\\.', re.DOTALL)
# Possessive, so that a string that is never closed is given up after one look.
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_PLAIN = re.compile(r';|[^\s;()"]+')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def tokens(text: str) -> list[Token]:
    """The pieces of ``text`` in their order."""
    found: list[Token] = []
    start = 0
    for begin, end in _spans(text):
        if begin > start:
            found.extend(_plain(text[start:begin]))
        kind = Kind.QUOTED if text[begin] == '"' else Kind.COMMENT
        inner = text[begin + 1 : end - 1]
        found.append(Token(kind, _ESCAPED.sub(r"\1", inner) if "\\" in inner else inner))
        start = end
    found.extend(_plain(text[start:]))
    return found


def _plain(text: str) -> Iterator[Token]:
    for match in _PLAIN.finditer(text):
        yield Token(Kind.SEMICOLON if match[0] == ";" else Kind.WORD, match[0])


def _spans(text: str) -> list[tuple[int, int]]:
    """Where the outermost comments and the quoted strings outside of comments begin and end."""
    opened: list[int] = []
    closed: list[tuple[int, int]] = []
    at = 0
    while match := _SPECIAL.search(text, at):
        at = match.end()
        if match[0] == "(":
            opened.append(match.start())
        elif match[0] == ")" and opened:
            closed.append((opened.pop(), at))
        elif match[0] == '"' and not opened and (quoted := _QUOTED.match(text, match.start())):
            closed.append(quoted.span())
            at = quoted.end()
    outermost: list[tuple[int, int]] = []
    for begin, end in sorted(closed):
        if not outermost or begin >= outermost[-1][1]:
            outermost.append((begin, end))
    return outermost


def parts(found: Sequence[Token]) -> list[list[Token]]:
    """``found`` cut at its semicolons."""
    cut: list[list[Token]] = [[]]
    for token in found:
        if token.kind is Kind.SEMICOLON:
            cut.append([])
        else:
            cut[-1].append(token)
    return cut


def written(found: Sequence[Token]) -> str:
    """``found`` as text again, on one line, comments in brackets."""
    return " ".join(f"({token.text})" if token.is_comment else token.text for token in found)
