"""The lists we ask, read from data (``data/lists.toml``): each with its own table of answers."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from diagnostics.engine.protocols.dnsbl import AddressList, Meaning

#: In the place of a zone: no list is to be asked.
NO_LIST = "none"
TABLE = Path(__file__).parent / "data" / "lists.toml"


@cache
def lists() -> tuple[AddressList, ...]:
    """All lists, in the order of the file."""
    document: dict[str, Any] = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return tuple(_list(row) for row in document["list"])


def _list(row: dict[str, Any]) -> AddressList:
    codes = tuple((code, Meaning(meaning), words) for code, meaning, words in row["codes"])
    return AddressList(**{**row, "codes": codes})


def lists_called(zones: tuple[str, ...]) -> tuple[AddressList, ...]:
    """The lists of those zones; all of them where nothing is named, and none where :data:`NO_LIST` is."""
    return tuple(item for item in lists() if not zones or item.zone in zones)
