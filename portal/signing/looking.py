"""What the name servers of a domain have of a key: first the resolvers that receivers ask, then each of its servers.

A change reaches one server after the other, and old answers are remembered for a while. So "it is published" is said of
each server by itself, and one that could not be asked is told as that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from diagnostics.engine.connect import is_public
from diagnostics.engine.names import parents
from diagnostics.engine.protocols.dkim import KeyProblem, first_difference, parse_key
from diagnostics.engine.resolver import Answer, DNSResolver, Resolver

#: Servers of a zone that are asked, and addresses of each.
MOST_SERVERS = 8
SECONDS = 2.0
#: What a server can have.
RIGHT, NONE, OTHER, REVOKED = "right", "none", "other", "revoked"
BROKEN, SEVERAL, UNKNOWN = "broken", "several", "unknown"


@dataclass(frozen=True, slots=True)
class Seen:
    """What one server has: ``what`` is one of the words above, ``detail`` says more, ``text`` is the record itself."""

    server: str
    what: str
    detail: str = ""
    text: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


async def look(name: str, public_key: str, resolver: Resolver) -> list[Seen]:
    """What is seen of the key record at ``name``: through our resolver, then at each server of its zone."""
    found = [_judged("receivers' view", await resolver.query(name, "TXT"), public_key)]
    for host in await _servers_of(name, resolver):
        found.append(await _at(host, name, public_key, resolver))
    return found


async def _servers_of(name: str, resolver: Resolver) -> Sequence[str]:
    """The name servers of the zone that ``name`` lies in."""
    for zone in parents(name)[1:]:
        answer = await resolver.query(zone, "NS")
        if answer.is_ok:
            return answer.records[:MOST_SERVERS]
        if answer.is_unknown:
            return ()
    return ()


async def _at(host: str, name: str, public_key: str, resolver: Resolver) -> Seen:
    addresses: list[str] = []
    for kind in ("A", "AAAA"):
        answer = await resolver.query(host, kind)
        addresses += answer.records if answer.is_ok else []
    # A stranger names these servers: none within our own network is ever asked.
    reachable = [address for address in addresses if is_public(address)]
    if not reachable:
        return Seen(host, UNKNOWN, "it has no address that can be asked")
    direct = DNSResolver([reachable[0]], seconds=SECONDS, tries=1)
    return _judged(host, await direct.query(name, "TXT"), public_key)


def _judged(server: str, answer: Answer, public_key: str) -> Seen:
    if answer.is_unknown:
        return Seen(server, UNKNOWN, answer.note or answer.status.value)
    if not answer.is_ok:
        # A revoked key needs no record: where there is none, nobody can verify with it either.
        return Seen(server, NONE, "there is no such record yet") if public_key else Seen(server, RIGHT, "it is gone")
    if len(answer.records) > 1:
        return Seen(server, SEVERAL, f"there are {len(answer.records)} records; one of them must go", answer.records[0])
    text = answer.records[0]
    try:
        record = parse_key(text)
    except KeyProblem as problem:
        return Seen(server, BROKEN, problem.text, text[:600])
    if not record.key:
        return Seen(server, REVOKED if public_key else RIGHT, "the record says that the key is revoked", text[:600])
    place = first_difference(record.key, public_key)
    if place is None:
        return Seen(server, RIGHT, "", text[:600])
    return Seen(server, OTHER, f"the key differs from character {place} on", text[:600])


def is_published(seen: Sequence[Seen]) -> bool:
    """Receivers see the right record, and no server that could be asked has another."""
    return bool(seen) and seen[0].what == RIGHT and all(item.what in (RIGHT, UNKNOWN) for item in seen)
