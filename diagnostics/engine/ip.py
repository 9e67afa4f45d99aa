"""IP addresses: their reverse names, and which of them mail can come from.

Documentation addresses (RFC 5737, RFC 3849) stand for public ones in the demo, the tests and the cases.
"""

from __future__ import annotations

import contextlib
import ipaddress

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

#: RFC 5737 and RFC 3849: for documentation. Mail never comes from there, and lists are never asked about it.
DOCUMENTATION = tuple(
    ipaddress.ip_network(net)
    for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")
)


def unmapped(address: str) -> str:
    """``address``, or the IPv4 address that it is in IPv6's clothes: ``::ffff:192.0.2.10`` (RFC 4291 §2.5.5.2)."""
    with contextlib.suppress(ValueError):
        return str(ipaddress.IPv6Address(address).ipv4_mapped or address)
    return address


def reversed_labels(address: str | IPAddress) -> str:
    """``address`` as DNS lists spell it: octets (or nibbles) from last to first (RFC 5782 §2.1, §2.4)."""
    return reverse_name(address).rsplit(".", 2)[0]


def reverse_name(address: str | IPAddress) -> str:
    """The name whose PTR record names ``address`` (RFC 1035 §3.5, RFC 3596 §2.5); ValueError when it is none."""
    return ipaddress.ip_address(address).reverse_pointer


def is_documentation(address: str | IPAddress) -> bool:
    """``address`` is reserved for documentation."""
    ip = ipaddress.ip_address(address)
    return any(ip in network for network in DOCUMENTATION)


def documentation_address_in(name: str) -> bool:
    """``name`` asks about a documentation address: in its reverse zone, or of a list (``10.2.0.192.list.example``)."""
    labels = name.split(".")
    octets, nibbles = labels[:4][::-1], "".join(labels[:32][::-1])
    groups = ":".join(nibbles[at : at + 4] for at in range(0, len(nibbles), 4))
    for text in (".".join(octets), groups):
        with contextlib.suppress(ValueError):
            if is_documentation(text):
                return True
    return False


def is_public(address: str | IPAddress) -> bool:
    """The world can reach ``address``: it is for no private network, and no host's own. Documentation stands for it."""
    ip = ipaddress.ip_address(address)
    return ip.is_global or is_documentation(ip)
