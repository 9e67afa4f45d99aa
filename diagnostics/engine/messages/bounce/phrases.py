"""By which words reports, answering machines and returned messages are known: ``phrases.toml``, read once."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path


@cache
def phrases(name: str) -> tuple[str, ...]:
    """The list of that name."""
    return _document()[name]


@cache
def _document() -> dict[str, tuple[str, ...]]:
    text = (Path(__file__).parent / "phrases.toml").read_text(encoding="utf-8")
    return {name: tuple(value) for name, value in tomllib.loads(text).items() if isinstance(value, list)}


def has_any(text: str, name: str) -> bool:
    """One of the fragments of that list stands in ``text``, which is in lower case."""
    return any(fragment in text for fragment in phrases(name))
