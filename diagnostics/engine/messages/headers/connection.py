"""Who brought a message to us, where we are its receiver and so saw the connection.

Of SPF only the receiver knows (RFC 7208 §2.1): it alone saw the address. For a message that somebody hands in the notes
of its receiver have to be believed; for one that came to the desk itself we ask SPF and are the witness.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from diagnostics.engine.ip import unmapped
from diagnostics.engine.messages.headers.alignment import Voucher, Witness
from diagnostics.engine.messages.headers.authentication_results import Results
from diagnostics.engine.messages.headers.fields import Field
from diagnostics.engine.messages.headers.received import hop
from diagnostics.engine.names import NameProblem, normalised
from diagnostics.engine.protocols import spf
from diagnostics.engine.resolver import Resolver


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The connection by which a message came in from outside.

    ``helo`` is what the other side called itself, empty where that is no name. ``domain`` is whom SPF is asked about:
    the envelope's domain, or HELO's where the envelope is empty (RFC 7208 §2.4).
    """

    address: str
    helo: str = ""
    domain: str = ""


def connection_of(fields: Sequence[Field], *, sender: str = "") -> Connection | None:
    """The connection that the topmost note of one from outside tells of; None where all came from within.

    Above it stand only the notes of our own servers, which hand a message to each other inside. ``sender`` is the
    address of the envelope.
    """
    entry = next((item for item in map(hop, _received(fields)) if item.is_from_outside), None)
    if entry is None:
        return None
    helo = name_in(entry.from_helo)
    domain = name_in(sender.rpartition("@")[2]) if sender else helo
    return Connection(address=str(ipaddress.ip_address(unmapped(entry.from_ip))), helo=helo, domain=domain)


def _received(fields: Sequence[Field]) -> list[Field]:
    return [field for field in fields if field.key == "received"]


def name_in(text: str) -> str:
    """``text`` as the name of a host or domain; empty where it is none, or an address in brackets."""
    try:
        name = normalised(text.strip()) if text.strip() else ""
    except NameProblem:
        return ""
    return "" if name.startswith("[") or name.replace(".", "").isdigit() else name


def noted_by_us(results: Sequence[Results], fields: Sequence[Field]) -> tuple[Results, ...]:
    """The results that our own servers noted: all others came with the message, whatever name they carry."""
    entry = next((field.position for field in _received(fields) if hop(field).is_from_outside), 0)
    return tuple(item for item in results if item.position < entry)


async def witnessed(connection: Connection | None, resolver: Resolver) -> tuple[Voucher, ...]:
    """What SPF says of the connection, as far as there is somebody to ask about."""
    if connection is None or not connection.domain:
        return ()
    sender = f"postmaster@{connection.domain}"
    found = await spf.check_host(resolver, connection.address, connection.domain, sender, connection.helo)
    return (Voucher("spf", connection.domain, found.result.value, Witness.US),)
