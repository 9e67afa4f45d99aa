"""Several recipients in one form: what people paste, as single addresses.

A mail client copies a list with commas, semicolons or line breaks, with names around the addresses, and commas in the
names. A single address that is mistyped may hold such a mark too; it is not cut, for its mistake is what is reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parseaddr

from diagnostics.engine.names import Address, Malformed, parse_address

#: So many are taken at once; a whole mailing is looked at as one.
MOST = 20
#: The longest text that is looked through: so many addresses with what may stand around them.
MOST_TYPED = MOST * 400
#: The longest name of a client that is kept.
MOST_NAME = 160
#: What mail clients put around an address when it is copied from them.
PASTED = frozenset({"display_name", "brackets", "mailto"})
#: A mark between two addresses, outside of quotation marks and angle brackets.
_PIECE = re.compile(r'(?:"(?:[^"\\\n]|\\.)*"|<[^<>\n]*>|[^,;\n])+')


@dataclass(frozen=True, slots=True)
class Named:
    """One recipient: the address as it is kept, and the name that stood beside it, if any."""

    address: str
    name: str = ""


def named_in(typed: str) -> tuple[Named, ...]:
    """The recipients in ``typed``, each once; one where it does not hold at least two addresses."""
    pieces = _pieces(typed)
    if sum("@" in piece for piece in pieces) < 2:
        return (named(" ".join(typed.split())),)
    found: dict[str, Named] = {}
    for piece in pieces:
        item = named(piece)
        found.setdefault(item.address.lower(), item)
    return tuple(found.values())


def named(typed: str) -> Named:
    """One recipient; what a mail client put around the address is left out, anything else stays as it was typed."""
    typed = typed.strip()
    parsed = parse_address(typed)
    if not isinstance(parsed, Address) or not PASTED & set(parsed.cleaned):
        return Named(typed)
    return Named(parsed.shown, _name_beside(typed) if "display_name" in parsed.cleaned else "")


def _name_beside(typed: str) -> str:
    """The name before the address or, as a comment, behind it (RFC 5322 §3.4); mail clients forget to quote commas."""
    before, bracket, _ = typed.rpartition("<")
    name = before if bracket else parseaddr(typed)[0]
    quoted = re.fullmatch(r'"((?:[^"\\]|\\.)*)"', name.strip())
    return (re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else name).strip()[:MOST_NAME]


def unreadable(recipients: tuple[Named, ...]) -> tuple[str, ...]:
    """Those that are no addresses, as they were typed."""
    return tuple(item.address for item in recipients if isinstance(parse_address(item.address), Malformed))


def _pieces(typed: str) -> list[str]:
    """The pieces between the marks; a name with a comma in it goes with its address, and blanks part bare addresses."""
    found: list[str] = []
    held = ""
    for match in _PIECE.finditer(typed.replace("\r", "\n")):
        piece = match[0].strip()
        if not piece:
            continue
        if "@" not in piece and "<" not in piece and not held:
            held = piece
            continue
        if held and "<" in piece:
            piece, held = f"{held}, {piece}", ""
        elif held:
            found.append(held)
            held = piece if "@" not in piece else ""
            if held:
                continue
        words = piece.split()
        is_bare = "<" not in piece and sum("@" in word.strip("@") for word in words) > 1
        found += words if is_bare else [piece]
    return [*found, held] if held else found
