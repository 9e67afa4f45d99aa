"""Forward-confirmed reverse DNS (RFC 8601 §2.7.3, "iprev"): the name of an address, and whether it leads back to it.

Receiving servers look the connecting address up and distrust one that has no name, or whose name belongs to somebody
else. A dropped answer is a temporary error: it never means that the name is missing.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum

from diagnostics.engine.ip import reverse_name
from diagnostics.engine.path import together
from diagnostics.engine.resolver import Answer, Resolver

MAX_NAMES = 10  # RFC 7208 §4.6.4 bounds the names of one address so; more are no help to anybody.


class IPRev(StrEnum):
    PASS = "pass"  # noqa: S105 - a result of RFC 8601.
    FAIL = "fail"  # There are names, and none leads back.
    MISSING = "missing"  # There is no name.
    TEMPERROR = "temperror"


@dataclass(frozen=True, slots=True)
class Reverse:
    """What was found for one address: the result, its names, and the one that leads back."""

    address: str
    result: IPRev
    names: tuple[str, ...]
    confirmed: str
    answers: tuple[Answer, ...]


async def look_up(address: str, resolver: Resolver) -> Reverse:
    """The names of ``address`` and whether one of them leads back to it."""
    pointer = await resolver.query(reverse_name(address), "PTR")
    if pointer.is_unknown:
        return Reverse(address, IPRev.TEMPERROR, (), "", (pointer,))
    names = pointer.records[:MAX_NAMES]
    if not names:
        return Reverse(address, IPRev.MISSING, (), "", (pointer,))
    wanted = ipaddress.ip_address(address)
    kind = "AAAA" if wanted.version == 6 else "A"
    answers = await together(*(resolver.query(name, kind) for name in names))
    for name, answer in zip(names, answers, strict=True):
        if any(_same(record, wanted) for record in answer.records):
            return Reverse(address, IPRev.PASS, names, name, (pointer, answer))
    unknown = any(answer.is_unknown for answer in answers)
    return Reverse(address, IPRev.TEMPERROR if unknown else IPRev.FAIL, names, "", (pointer, *answers))


def _same(record: str, wanted: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return ipaddress.ip_address(record) == wanted
    except ValueError:
        return False


_GENERIC_WORD = re.compile(
    r"(?:^|[.\-])(?:dyn|dynamic|dhcp|pool|ppp|dsl|adsl|cable|dialup|client|cust|customer|ip)[.\-\d]"
)


def is_generic(name: str, address: str) -> bool:
    """``name`` looks made from the address, as of a home connection; many receivers distrust such names."""
    ip = ipaddress.ip_address(address)
    if ip.version == 4:
        octets = address.split(".")
        forms = ("-".join(octets), "-".join(octets[::-1]), ".".join(octets), ".".join(octets[::-1]), "".join(octets))
        if any(form in name for form in forms):
            return True
    elif ip.exploded.replace(":", "")[-16:] in name.replace("-", "").replace(".", ""):
        return True
    return bool(_GENERIC_WORD.search(name)) and any(character.isdecimal() for character in name)
