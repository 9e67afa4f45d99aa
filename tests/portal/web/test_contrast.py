"""The tokens against WCAG 2.2: 4.5 to 1 for words, 3 to 1 for what has to be seen to be used, in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[3] / "portal" / "static" / "portal" / "tokens.css"
PAIR = re.compile(r"--dd-([a-z-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\);")
TOKENS = {name: (light, dark) for name, light, dark in PAIR.findall(SOURCE.read_text(encoding="utf-8"))}
GROUNDS = ("canvas", "side", "surface", "sunken", "hover")
TONES = ("ok", "notice", "problem", "unknown", "neutral", "accent")

WORDS = [
    *((word, ground) for word in ("text", "muted", "link") for ground in GROUNDS),
    *((f"{tone}-fg", f"{tone}-bg") for tone in TONES),
    # Words of a tone also stand on panels (figures, errors of fields), body text on every tone (messages).
    *((f"{tone}-fg", ground) for tone in TONES for ground in ("surface", "canvas", "hover")),
    *(("text", f"{tone}-bg") for tone in TONES),
    *(("muted", f"{tone}-bg") for tone in TONES),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
]
SHAPES = [
    *(("border-strong", ground) for ground in ("surface", "sunken", "canvas")),
    *(("focus", ground) for ground in GROUNDS),
    *(("accent", ground) for ground in ("surface", "canvas")),
    *((f"chart-{tone}", "surface") for tone in ("ok", "accent", "notice", "problem", "neutral")),
]


def luminance(colour: str) -> float:
    # WCAG 2.2, "relative luminance".
    parts = [int(colour[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_black_on_white_is_21() -> None:
    assert round(contrast("000000", "ffffff"), 2) == 21


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("word", "ground"), WORDS)
def test_words_are_readable(word: str, ground: str, theme: int) -> None:
    assert contrast(TOKENS[word][theme], TOKENS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("shape", "ground"), SHAPES)
def test_shapes_can_be_seen(shape: str, ground: str, theme: int) -> None:
    assert contrast(TOKENS[shape][theme], TOKENS[ground][theme]) >= 3
