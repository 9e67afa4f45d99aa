"""Macros of SPF (RFC 7208 §7): ``%{i}`` in a record stands for the address that sends, ``%{d}`` for the domain.

:func:`read_macros` reads a macro-string once into literal text and macros; :meth:`MacroString.expand` fills it from the
:class:`Facts` of one evaluation. Reading is separate from filling because a bad macro spoils its record even where the
term that holds it is never tried.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from diagnostics.engine.ip import IPAddress
from diagnostics.engine.names import MAX_NAME

LETTERS = frozenset("slodiphcrtv")
#: §7.2: these three may stand only in the text of an explanation.
EXPLAINING = frozenset("crt")
_ESCAPES = {"%": "%", "_": " ", "-": "%20"}
_MACRO = re.compile(r"%(?:\{([A-Za-z])([0-9]*)([rR]?)([.\-+,/_=]*)\}|([%_-]))")


class MacroProblem(ValueError):
    """A text that is no macro-string; ``text`` says why."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True)
class Macro:
    """One ``%{…}``: which value, how many of its right parts, whether reversed, split at which characters."""

    letter: str
    parts: int = 0
    is_reversed: bool = False
    delimiters: str = "."
    is_escaped: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What macros stand for. ``validated`` (``%{p}``) is asked of DNS only where a macro needs it."""

    ip: IPAddress
    sender: str
    domain: str
    helo: str
    validated: str = "unknown"
    receiver: str = "unknown"
    now: int = 0

    def value(self, letter: str) -> str:
        """The text of a macro letter, lower-case (§7.2)."""
        local, _, origin = self.sender.rpartition("@")
        values = {
            "s": self.sender,
            "l": local,
            "o": origin,
            "d": self.domain,
            "i": self._dotted(),
            "p": self.validated,
            "v": "in-addr" if self.ip.version == 4 else "ip6",
            "h": self.helo,
            "c": str(self.ip),
            "r": self.receiver,
            "t": str(self.now),
        }
        return values[letter]

    def _dotted(self) -> str:
        if self.ip.version == 4:
            return str(self.ip)
        return ".".join(self.ip.exploded.replace(":", "").upper())


@dataclass(frozen=True, slots=True)
class MacroString:
    """A macro-string, read: literal texts and macros in turn."""

    parts: tuple[str | Macro, ...]
    ends_in_macro: bool = False

    @property
    def letters(self) -> frozenset[str]:
        """The macro letters in it."""
        return frozenset(part.letter for part in self.parts if isinstance(part, Macro))

    def expand(self, facts: Facts) -> str:
        """The text with every macro filled."""
        return "".join(part if isinstance(part, str) else _filled(part, facts) for part in self.parts)


def read_macros(text: str, *, explains: bool = False) -> MacroString:
    """The macro-string ``text``; MacroProblem where it is none. ``explains`` allows what only explanations may hold."""
    parts: list[str | Macro] = []
    at = 0
    ends_in_macro = False
    while at < len(text):
        start = text.find("%", at)
        literal = text[at : start if start >= 0 else len(text)]
        if bad := re.search(r"[^\x20-\x7e]" if explains else r"[^\x21-\x7e]", literal):
            raise MacroProblem(f"{bad[0]!r} may not stand here.")
        if literal:
            parts.append(literal)
            ends_in_macro = False
        if start < 0:
            break
        match = _MACRO.match(text, start)
        if not match:
            raise MacroProblem(f"{text[start : start + 20]!r} is no macro; a percent sign itself is written %%.")
        parts.append(_ESCAPES[match[5]] if match[5] else _macro(match, explains=explains))
        ends_in_macro = True
        at = match.end()
    return MacroString(parts=tuple(parts), ends_in_macro=ends_in_macro)


def _macro(match: re.Match[str], *, explains: bool) -> Macro:
    letter, digits = match[1].lower(), match[2]
    if letter not in LETTERS:
        raise MacroProblem(f"There is no macro {match[0][:20]}.")
    if letter in EXPLAINING and not explains:
        raise MacroProblem(f"{match[0][:20]} may stand only in an explanation.")
    if digits and not int(digits[:9]):
        # §7.3: the number of parts must not be zero.
        raise MacroProblem(f"{match[0][:20]} asks for no parts at all.")
    return Macro(
        letter=letter,
        # A name has 127 labels at most, so any longer number means all of them.
        parts=int(digits) if digits and len(digits) < 4 else 0,
        is_reversed=bool(match[3]),
        delimiters=match[4] or ".",
        is_escaped=match[1].isupper(),
    )


def _filled(macro: Macro, facts: Facts) -> str:
    value = facts.value(macro.letter)
    if macro.parts or macro.is_reversed or macro.delimiters != ".":
        labels = re.split("[" + re.escape(macro.delimiters) + "]", value)
        if macro.is_reversed:
            labels.reverse()
        value = ".".join(labels[-macro.parts :] if macro.parts else labels)
    # §7.3: a capital letter asks for the URL's escapes, for all but unreserved characters.
    return quote(value, safe="-._~") if macro.is_escaped else value


def shortened(name: str) -> str:
    """``name`` without its final dot, and cut from the left, label by label, to what DNS carries (§7.3)."""
    name = name.removesuffix(".")
    while len(name) > MAX_NAME and "." in name:
        name = name.partition(".")[2]
    return name
