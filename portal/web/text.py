"""A stranger's text made safe to look at: what would be invisible, or would turn the line round, is shown by name.

Escaping is the template's own work and is not done here; the functions return plain text.
"""

from __future__ import annotations

import re
import unicodedata

KEPT = frozenset("\n\t")
#: Joiners shape letters in some scripts and emoji; between ASCII characters they can only hide.
JOINERS = frozenset("\u200c\u200d")
#: Control, format, surrogate, private-use and unassigned characters, and the two odd line ends of Unicode.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


#: Where a line may break in an address or a host.
PLACES = re.compile(r"(?<=[^@.])(?=[@.])")


def visible(text: object) -> str:
    """``text`` with control and bidirectional characters shown visibly, such as ``[U+202E]``.

    A carriage return that ends a line is dropped. Unicode's pictures for controls are not used: few fonts have them.
    """
    if text is None:
        return ""
    value = str(text).replace("\r\n", "\n")
    if value.isascii() and value.isprintable():
        return value
    return "".join(_shown(value, position, character) for position, character in enumerate(value))


def _shown(value: str, position: int, character: str) -> str:
    if character in KEPT or unicodedata.category(character) not in UNSEEN:
        return character
    if character in JOINERS and not _beside(value, position).isascii():
        return character
    return f"[U+{ord(character):04X}]"


def _beside(value: str, position: int) -> str:
    before, after = value[max(position - 1, 0) : position], value[position + 1 : position + 2]
    # A joiner that touches ASCII on either side joins nothing, so ASCII wins.
    return next((item for item in (before, after) if not item or item.isascii()), before)


def pieces(address: object) -> list[str]:
    """An address or a host, made visible, in the pieces a line may break between: before the @ and before dots."""
    return PLACES.split(visible(address))


def initials(name: object) -> str:
    """At most two capitals for a name ("Nora Lind" is NL, "nora@north.example" is N); "?" without any letter."""
    words = [word for word in str(name or "").partition("@")[0].split() if any(map(str.isalnum, word))]
    picked = words[:1] + words[-1:] if len(words) > 1 else words
    letters = [next(character for character in word if character.isalnum()) for word in picked]
    return "".join(letters).upper() or "?"
