"""Where a domain takes its mail (RFC 5321 §5.1): MX records by preference, else the address of the domain itself.

A single MX of ``0 .`` is the domain's word that it takes no mail at all (RFC 7505). Facts only; what they mean for a
recipient is judged by the checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from diagnostics.engine.path import together
from diagnostics.engine.resolver import Answer, Resolver


class Route(StrEnum):
    """How the domain takes mail, if it does."""

    MX = "mx"
    IMPLICIT = "implicit"  # RFC 5321 §5.1: no MX, but an address: the domain is its own MX.
    NULL = "null"  # RFC 7505 §3
    NONE = "none"
    NO_DOMAIN = "no_domain"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Mailroute:
    """``hosts`` by preference, then by name; ``answers`` are the questions that showed it."""

    route: Route
    hosts: tuple[str, ...]
    answers: tuple[Answer, ...]
    has_null_beside_others: bool = False


async def mail_route(domain: str, resolver: Resolver) -> Mailroute:
    """How ``domain`` (A-labels) takes mail."""
    answer = await resolver.query(domain, "MX")
    if answer.is_unknown:
        return Mailroute(Route.UNKNOWN, (), (answer,))
    if answer.is_ok:
        return _from_records(answer)
    v4, v6 = await together(resolver.query(domain, "A"), resolver.query(domain, "AAAA"))
    answers = (answer, v4, v6)
    if v4.is_ok or v6.is_ok:
        return Mailroute(Route.IMPLICIT, (domain,), answers)
    if v4.is_unknown or v6.is_unknown:
        return Mailroute(Route.UNKNOWN, (), answers)
    # RFC 8020: NXDOMAIN means that neither the name nor anything below it exists.
    gone = answer.status.value == "nxdomain"
    return Mailroute(Route.NO_DOMAIN if gone else Route.NONE, (), answers)


def _from_records(answer: Answer) -> Mailroute:
    records: list[tuple[int, str]] = []
    for record in answer.records:
        preference, _, host = record.partition(" ")
        records.append((int(preference) if preference.isdecimal() else 65536, host.rstrip(".")))
    hosts = tuple(host for _, host in sorted(records) if host)
    if not hosts:
        return Mailroute(Route.NULL, (), (answer,))
    return Mailroute(Route.MX, hosts, (answer,), has_null_beside_others=len(hosts) < len(records))
