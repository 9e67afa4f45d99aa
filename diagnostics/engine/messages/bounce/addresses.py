"""Finding addresses in what a stranger's program wrote, and bringing them into one form."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

MAX_ADDRESS: Final = 320  # RFC 5321 §4.5.3.1: 64 for the local part, 255 for the domain, and the sign between.

# Begins only where a word begins, so that a line without any address is passed in one go.
_LOCAL = r'(?:"(?:[^"\\\r\n]|\\.){1,64}"|[^\s<>()\[\]:;,"@\'`=|]{1,64}(?:=[^\s<>()\[\]:;,"@\'`|]{1,64})?)'
_LETTER = r"[A-Za-z0-9\u0080-\uffff]"
# Two dots in a row end it: "lee@corp.example...User unknown" goes on with what is said of the address.
_DOMAIN = rf"(?:{_LETTER}(?:(?:[A-Za-z0-9\u0080-\uffff_-]|\.(?!\.)){{0,253}}{_LETTER})?|\[[0-9A-Fa-f.:IPv]{{3,45}}\])"
ADDRESS: Final = re.compile(r"(?<![^\s<>()\[\]:;,'\"`=|])" + f"({_LOCAL}@{_DOMAIN})")
# In a field of its own an address may hold what would end it in running text.
# Nor need its domain be one: "lee@#corp.example" failed because it is none.
_WHOLE: Final = re.compile(r"(?:\"[^\"\r\n]{1,64}\"|[^\s<>@\"(),;]{1,128})@(?:" + _DOMAIN + r"|[^\s<>@\"(),;:]{1,255})")
# RFC 3464 §2.1.2: the type of an address before a semicolon.
_TYPE: Final = re.compile(r"\s*[A-Za-z0-9][A-Za-z0-9_-]{0,30}\s*;")
# RFC 5321 §4.1.1.3: a source route, obsolete.
_ROUTE: Final = re.compile(r"@[^\s:@]{1,255}(?:,@[^\s:@]{1,255}){0,5}:")
# RFC 6533 §3: letters beyond ASCII in an address that had to be.
_ESCAPED: Final = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")


def found(text: str) -> tuple[str, ...]:
    """The addresses in ``text`` in their order, each once."""
    matches = (_without_kind(match[1]) for match in ADDRESS.finditer(text) if len(match[1]) <= MAX_ADDRESS)
    return tuple(dict.fromkeys(matches))


def _without_kind(address: str) -> str:
    """``lee@corp.example`` of ``SMTP=lee@corp.example``, as X.400 gateways write it (RFC 2156 §4.3)."""
    return address[5:] if address[:5].lower() == "smtp=" else address


def typed(value: str) -> str:
    """The address in ``rfc822; lee@corp.example``; empty where it is none (a pipe, a file, a local name)."""
    match = _TYPE.match(value)
    if match:
        value = value[match.end() :]
    value = _ESCAPED.sub(_letter, value.strip()[:1_000]).strip("<>").strip()
    route = _ROUTE.match(value)
    if route:
        value = value[route.end() :]
    if value.startswith("|") or value.startswith("/"):
        return ""
    # A name without a domain cannot be written to from outside.
    if _WHOLE.fullmatch(value) and len(value) <= MAX_ADDRESS:
        return value
    return next(iter(found(value)), "")


def _letter(match: re.Match[str]) -> str:
    number = int(match[1], 16)
    return chr(number) if 0x80 <= number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else match[0]


def key(address: str) -> str:
    """For comparing. Nobody makes a difference between Lee and lee, though RFC 5321 §2.4 lets them."""
    return address.replace('"', "").lower().rstrip(".")


def unique(addresses: Iterable[str]) -> tuple[str, ...]:
    """Each once, as first written."""
    kept: dict[str, str] = {}
    for address in addresses:
        if address:
            kept.setdefault(key(address), address)
    return tuple(kept.values())
