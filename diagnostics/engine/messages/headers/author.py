"""Who a message says it is from: the ``From`` field (RFC 5322 §3.6.2), on whose domain DMARC looks.

There is one From field with one address in it, nearly always. None, two fields, several addresses, or a group
(``Undisclosed: ;``, RFC 6854) are all possible, and with each of them receivers differ in what they take for the
author: most refuse the message, since a person may be shown another address than the one that was checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, islice
from typing import Final

from diagnostics.engine.messages.headers.fields import Field, decoded
from diagnostics.engine.messages.headers.tokens import Kind, tokens
from diagnostics.engine.names import NameProblem, normalised

MAX_VALUE: Final = 16_384
MAX_AUTHORS: Final = 50

_PIECE = re.compile(r"[,:<>]|[^,:<>]+")


class Shape(StrEnum):
    """How the From of a message is built; only ONE is sound."""

    ONE = "one"
    NONE = "none"
    SEVERAL_FIELDS = "several_fields"
    SEVERAL_ADDRESSES = "several_addresses"
    GROUP = "group"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Author:
    """One address. ``domain`` is in A-labels, empty where it is none; ``name`` is a stranger's words."""

    address: str
    domain: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Authors:
    """What the From fields of a message hold."""

    shape: Shape
    authors: tuple[Author, ...] = ()
    fields: tuple[Field, ...] = ()

    @property
    def domain(self) -> str:
        """The one domain that all addresses have; empty where there is none or more than one."""
        domains = {author.domain for author in self.authors}
        return domains.pop() if len(domains) == 1 and self.shape is not Shape.SEVERAL_FIELDS else ""


def read_authors(fields: Sequence[Field]) -> Authors:
    """The authors that the From fields among ``fields`` name."""
    own = tuple(field for field in fields if field.key == "from")
    if not own:
        return Authors(Shape.NONE)
    found: list[Author] = []
    is_group = False
    for field in own[:10]:
        # A From of many thousand commas is nobody's: what stands behind the last author that is kept is not read.
        pieces = _Seen(_pieces(field.value[:MAX_VALUE]))
        found += islice(_mailboxes(pieces), MAX_AUTHORS - len(found))
        is_group = is_group or pieces.has_group
    authors = tuple(found[:MAX_AUTHORS])
    if len(own) > 1:
        shape = Shape.SEVERAL_FIELDS
    elif is_group:
        shape = Shape.GROUP
    elif not authors or not all(author.domain for author in authors):
        shape = Shape.UNREADABLE
    else:
        shape = Shape.ONE if len(authors) == 1 else Shape.SEVERAL_ADDRESSES
    return Authors(shape, authors, own)


_TEXT, _QUOTED, _ANGLE, _COMMA, _GROUP, _END = range(6)


def _pieces(value: str) -> Iterator[tuple[int, str]]:
    """The words of an address list, and the signs that part them; a colon within angle brackets is no sign."""
    is_inside = False
    for token in tokens(value):
        if token.is_comment:
            continue
        if token.kind is not Kind.WORD:
            yield (_END, ";") if token.kind is Kind.SEMICOLON else (_QUOTED, token.text)
            continue
        for match in _PIECE.finditer(token.text):
            piece = match[0]
            if piece in "<>":
                is_inside = piece == "<"
                yield _ANGLE, piece
            elif is_inside or piece not in ",:":
                yield _TEXT, piece
            else:
                yield (_COMMA, piece) if piece == "," else (_GROUP, piece)


class _Seen:
    """The pieces as they are read, and whether a group was among them."""

    def __init__(self, pieces: Iterator[tuple[int, str]]) -> None:
        self._pieces = pieces
        self.has_group = False

    def __iter__(self) -> Iterator[tuple[int, str]]:
        for piece in self._pieces:
            self.has_group = self.has_group or piece[0] == _GROUP
            yield piece


def _mailboxes(pieces: Iterable[tuple[int, str]]) -> Iterator[Author]:
    words: list[str] = []
    inside: list[str] | None = None
    angle = ""
    for kind, text in chain(pieces, [(_END, ";")]):
        if kind == _ANGLE:
            if inside is not None:
                angle = "".join(inside)
            inside = [] if text == "<" else None
        elif kind in (_TEXT, _QUOTED) and inside is not None:
            inside.append(f'"{text}"' if kind == _QUOTED else text)
        elif kind == _TEXT and text.startswith("@") and words:
            words[-1] = f'"{words[-1]}"{text}'  # The word before it was quoted.
        elif kind in (_TEXT, _QUOTED):
            words.append(text)
        else:
            if inside is not None:
                angle, inside = "".join(inside), None  # Opened and never closed.
            if kind != _GROUP and (author := _author(words, angle)):
                yield author
            words, angle = [], ""


def _author(words: Sequence[str], angle: str) -> Author | None:
    address = angle or next((word for word in reversed(words) if "@" in word), "")
    if not address and not words:
        return None
    if "[" not in address:
        address = address.rpartition(":")[2]  # RFC 5322 §4.4: a route before the address means nothing.
    name = decoded(" ".join(words)) if angle else ""
    return Author(address[:400], _domain(address), name[:400])


def _domain(address: str) -> str:
    local, at, domain = address.rpartition("@")
    try:
        return normalised(domain) if at and local and not domain.startswith("[") else ""
    except NameProblem:
        return ""
