"""The form of a recipient's address by which the log is searched."""

from __future__ import annotations

import re

from diagnostics.engine.names import Address, parse_address

#: What most addresses look like: nothing to leave out, to unquote or to encode.
_PLAIN = re.compile(r"[a-z0-9_+=-]+(?:\.[a-z0-9_+=-]+)*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,63}")


def normal(address: str) -> str:
    """The form of an address that is searched by: the domain in A-labels, all in lower case.

    Servers may tell the case of a local part apart, but no mailbox provider does, and people do not (RFC 5321 §2.4).
    """
    plain = address.lower()
    if len(plain) < 200 and "--" not in plain and _PLAIN.fullmatch(plain):
        return plain
    parsed = parse_address(address)
    text = parsed.text if isinstance(parsed, Address) else address.strip()
    return text.lower()


def domain_of(normal_address: str) -> str:
    return normal_address.rpartition("@")[2][:255]
