"""The form of a recipient's address by which the log is searched."""

from __future__ import annotations

from diagnostics.engine.names import Address, parse_address


def normal(address: str) -> str:
    """The form of an address that is searched by: the domain in A-labels, all in lower case.

    Servers may tell the case of a local part apart, but no mailbox provider does, and people do not (RFC 5321 §2.4).
    """
    parsed = parse_address(address)
    text = parsed.text if isinstance(parsed, Address) else address.strip()
    return text.lower()


def domain_of(normal_address: str) -> str:
    return normal_address.rpartition("@")[2][:255]
