"""Which name servers to ask: as configured, or as the system has them."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import socket
from dataclasses import dataclass
from pathlib import Path

RESOLV_CONF = Path("/etc/resolv.conf")


@dataclass(frozen=True, slots=True)
class NameServer:
    """Where to ask. ``host`` is an IP address, or a host name that the system knows (a container's, say)."""

    host: str
    port: int = 53


def read_nameserver(text: str) -> NameServer:
    """``address``, ``address:port``, ``[v6]:port`` or ``host:port``; ValueError where it is none of them."""
    text = text.strip()
    with contextlib.suppress(ValueError):
        return NameServer(str(ipaddress.ip_address(text)))
    match = re.fullmatch(r"\[([0-9A-Fa-f:.]+(?:%\w+)?)\](?::(\d{1,5}))?|([A-Za-z0-9._-]+)(?::(\d{1,5}))?", text)
    port = int((match[2] or match[4] or 53) if match else 0)
    if match is None or not 0 < port < 65536:
        raise ValueError(f"{text!r} is no name server: give address or address:port, such as 192.0.2.53:53.")
    if match[1]:
        ipaddress.IPv6Address(match[1])
    return NameServer(match[1] or match[3], port)


def system_nameservers(path: Path = RESOLV_CONF) -> tuple[tuple[NameServer, ...], bool]:
    """The system's name servers, and whether their AD flag is to be trusted (``options trust-ad``)."""
    try:
        lines = [line.split() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return (), False
    found = []
    for words in lines:
        if len(words) > 1 and words[0] == "nameserver":
            with contextlib.suppress(ValueError):
                found.append(NameServer(str(ipaddress.ip_address(words[1]))))
    return tuple(found), any(words[:1] == ["options"] and "trust-ad" in words for words in lines)


async def addresses_of(server: NameServer) -> list[NameServer]:
    """``server`` by its IP addresses; none where the system does not know its host name."""
    try:
        ipaddress.ip_address(server.host)
    except ValueError:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(server.host, server.port, type=socket.SOCK_DGRAM)
        except OSError:
            return []
        return [NameServer(str(item[4][0]), server.port) for item in found]
    return [server]
