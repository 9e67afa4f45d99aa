"""What the spam filters on the way wrote into the header, in a person's words.

Every filter keeps notes of its own: ``SCL:5;SFV:SPM;CAT:SPOOF`` means that Microsoft took the message for a forgery,
``X-Mimecast-Spam-Score: 6`` that Mimecast holds it back with most settings. The table is data
(``data/spam_headers.toml``) with the source and its date; a value that is not in it is not explained, never guessed at.

As with all fields, a sender may have written these. Microsoft puts them below the sender's own, so that their place
tells nothing; what contradicts the believed results should not be believed either.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from diagnostics.engine.findings import Verdict, filled
from diagnostics.engine.messages.headers.authentication_results import Results
from diagnostics.engine.messages.headers.fields import Field

TABLE = Path(__file__).parents[2] / "data" / "spam_headers.toml"
FORMS: Final = ("colon", "equals", "semicolon", "rspamd", "whole")
MAX_VALUE: Final = 16_384
#: Of one header no more values than this are explained, and of one value no more characters shown.
MAX_EXPLAINED: Final = 60
MAX_SHOWN: Final = 200

_NUMBER = re.compile(r"[+-]?\d{1,9}(?:\.\d{1,9})?")
_RSPAMD = re.compile(
    r"\s*[\w.-]{1,60}:\s*(True|False)\s*\[\s*(-?[\d.]{1,12})\s*/\s*(-?[\d.]{1,12})\s*\]", re.IGNORECASE
)
_SYMBOL = re.compile(r"\s*([A-Z0-9_]{2,80})\s*\(")


@dataclass(frozen=True, slots=True)
class Row:
    """What one value means. All that is given must hold; with nothing given it holds for every number."""

    verdict: Verdict
    meaning: str
    key: str = ""
    exact: tuple[str, ...] = ()
    begins: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    hundred: int | None = None
    is_note: bool = False

    def holds(self, value: str) -> bool:
        folded = value.casefold()
        if self.exact and folded not in self.exact:
            return False
        if self.begins and not (folded and folded.startswith(self.begins)):
            return False
        if self.has and not any(part in folded for part in self.has):
            return False
        if self.hundred is not None and not (re.fullmatch(r"\d{3}", value) and int(value[0]) == self.hundred):
            return False
        if self.least is None and self.most is None:
            return True
        if not _NUMBER.fullmatch(value):
            return False
        number = float(value)
        return (self.least is None or number >= self.least) and (self.most is None or number <= self.most)


@dataclass(frozen=True, slots=True)
class Header:
    """One kind of header. ``is_observed``: no public text of the maker describes it; it is explained as it is met."""

    names: tuple[str, ...]
    filter: str
    form: str
    source: str
    date: str
    rows: tuple[Row, ...]
    is_observed: bool = False


@dataclass(frozen=True, slots=True)
class Explained:
    """What one value of one header means. ``key`` is empty where the header has but one value.

    ``is_note``: it informs, and judges nothing. ``position`` is the field's place in the header. ``source`` and
    ``date`` say where the meaning is described, and how old that is; ``is_observed`` that the maker describes it
    nowhere in public.
    """

    filter: str
    header: str
    key: str
    value: str
    verdict: Verdict
    meaning: str
    source: str
    date: str
    position: int
    is_observed: bool = False
    is_note: bool = False


def explain(fields: Sequence[Field], believed: Sequence[Results] = ()) -> tuple[Explained, ...]:
    """What the filters' headers among ``fields`` mean, and Microsoft's ``compauth`` in the ``believed`` results."""
    found: list[Explained] = []
    for field in fields:
        header = _by_name().get(field.key)
        if header is not None:
            pairs = _pairs(field.value[:MAX_VALUE], header.form)
            found += _explained(header, field.name, field.position, list(_first(pairs)))
    for item in believed:
        for result in item.all("compauth"):
            pairs = iter((("result", result.result), ("reason", result.reason)))
            found += _explained(_by_name()["compauth"], "compauth", item.position, list(pairs))
    return tuple(found)


def _first(pairs: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for _, pair in zip(range(MAX_EXPLAINED), pairs, strict=False):
        yield pair


def _explained(header: Header, name: str, position: int, pairs: Sequence[tuple[str, str]]) -> Iterator[Explained]:
    for key, given in pairs:
        value = given.strip()[:MAX_SHOWN]
        row = next((row for row in header.rows if row.key == key.casefold() and value and row.holds(value)), None)
        if row is not None:
            meaning = filled(row.meaning, {"value": value})
            yield Explained(
                header.filter,
                name,
                key,
                value,
                row.verdict,
                meaning,
                header.source,
                header.date,
                position,
                header.is_observed,
                row.is_note,
            )


def _pairs(text: str, form: str) -> Iterator[tuple[str, str]]:
    """The values in a header of this form, each with its key; a key may come more than once."""
    if form == "colon":
        for part in text.split(";"):
            key, colon, value = part.partition(":")
            if colon:
                yield key.strip(), value.strip()
    elif form == "semicolon":
        for part in text.split(";"):
            key, equals, value = part.partition("=")
            if equals:
                yield " ".join(key.split()), value.strip()
    elif form == "equals":
        yield from _words(text)
    elif form == "rspamd":
        yield from _symbols(text)
    else:
        yield "", text.strip()


def _words(text: str) -> Iterator[tuple[str, str]]:
    """``Yes, score=7.1 tests=A,B``: the first word has no key, and a list may go on behind a comma and a space."""
    key, value = "", ""
    for at, word in enumerate(text.split()):
        name, equals, rest = word.partition("=")
        if key and value.endswith(","):
            value += word
        elif equals:
            yield from _split(key, value)
            key, value = name.strip(",;"), rest
        elif at == 0:
            value = word
    yield from _split(key, value)


def _split(key: str, value: str) -> Iterator[tuple[str, str]]:
    value = value.strip("[]")
    if key.casefold() == "tests":
        for test in value.split(","):
            yield key, test.partition("=")[0]
    elif value:
        yield key, value.rstrip(",;")


def _symbols(text: str) -> Iterator[tuple[str, str]]:
    """``default: False [-2.10 / 15.00]; R_SPF_ALLOW(-0.20)[+ip4:192.0.2.1]``, as rspamd writes it."""
    head, *rest = text.split(";")
    if match := _RSPAMD.match(head):
        yield "", match[1]
        yield "score", match[2]
        yield "required", match[3]
    for part in rest:
        if match := _SYMBOL.match(part):
            yield "tests", match[1]


@cache
def _by_name() -> dict[str, Header]:
    return {name.lower(): header for header in headers() for name in header.names}


@cache
def headers() -> tuple[Header, ...]:
    """The table, read once."""
    document = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return tuple(_header(row) for row in document["header"])


def _header(row: dict[str, Any]) -> Header:
    if row["form"] not in FORMS:
        raise ValueError(f"{row['names'][0]} has the form {row['form']!r}, which nobody reads.")
    if not row["source"].startswith("https://") or not re.match(r"20\d\d-\d\d", row["date"]):
        raise ValueError(f"{row['names'][0]} has no source, or none with a date.")
    return Header(
        names=tuple(row["names"]),
        filter=row["filter"],
        form=row["form"],
        source=row["source"],
        date=row["date"],
        rows=tuple(_row(value) for value in row["value"]),
        is_observed=row.get("observed", False),
    )


def _row(value: dict[str, Any]) -> Row:
    return Row(
        verdict=Verdict(value["verdict"]),
        meaning=value["meaning"],
        key=value.get("key", "").casefold(),
        exact=tuple(item.casefold() for item in value.get("is", ())),
        begins=tuple(item.casefold() for item in value.get("begins", ())),
        has=tuple(item.casefold() for item in value.get("has", ())),
        least=value.get("least"),
        most=value.get("most"),
        hundred=value.get("is_hundred"),
        is_note=value.get("note", False),
    )
