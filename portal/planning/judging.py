"""Judging each address of a list: would the mail reach somebody, and if not, whose turn is it.

What needs only the address comes first; what needs our records comes for many addresses at once; what needs DNS comes
for each domain once.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from diagnostics.engine.checks.recipient_address import ROLES, nearest
from diagnostics.engine.names import Address, parse_address
from diagnostics.engine.protocols.mx import Mailroute, Route, mail_route
from diagnostics.engine.receivers import mailbox_domains, receiver_of_domain
from diagnostics.engine.resolver import Resolver
from portal.maillog.providers import provider_of
from portal.rates.places import place_of

#: So many domains are asked about: the largest of the list. What is left is not looked at, and said to be.
MOST_DOMAINS = 3_000
#: So many questions are on their way at once, and so long all of it may take, in seconds.
AT_ONCE = 100
SECONDS = 90


class Verdict(StrEnum):
    """What an address is good for. All but the last four would be written to in vain, or must not be.

    ``ALIKE``: its domain is nearly a well-known one, and exists or could not be found out.
    """

    MALFORMED = "malformed"
    MISTYPED = "mistyped"
    SUPPRESSED = "suppressed"
    FAILED_BEFORE = "failed_before"
    NO_MAIL = "no_mail"
    DUPLICATE = "duplicate"
    ALIKE = "alike"
    ROLE = "role"
    NOT_KNOWN = "not_known"
    FINE = "fine"


#: What is left out of the list that is safe to send to.
LEFT_OUT = frozenset(
    [Verdict.MALFORMED, Verdict.MISTYPED, Verdict.SUPPRESSED, Verdict.FAILED_BEFORE, Verdict.NO_MAIL, Verdict.DUPLICATE]
)


@dataclass(slots=True)
class Judged:
    """One line: the address as it was written, its normal form, what was found, and what was probably meant."""

    line: int
    written: str
    normal: str
    domain: str
    verdict: Verdict
    why: str = ""
    suggestion: str = ""


def judge_alone(line: int, written: str, seen: dict[str, int], typos: dict[str, str], known: Sequence[str]) -> Judged:
    """What an address tells by itself. ``seen`` and ``typos`` remember over the whole list; both are added to."""
    parsed = parse_address(written)
    if not isinstance(parsed, Address) or not parsed.domain:
        why = "there is no address" if not written else getattr(parsed, "text", "an address literal is no mailbox's")
        return Judged(line, written, "", "", Verdict.MALFORMED, why, getattr(parsed, "suggestion", ""))
    normal, domain = parsed.text.lower(), parsed.domain
    found = Judged(line, written, normal, domain, Verdict.FINE)
    if normal in seen:
        found.verdict, found.why = Verdict.DUPLICATE, f"the same as in line {seen[normal]}"
        return found
    seen[normal] = line
    if domain not in typos:
        typos[domain] = "" if domain in mailbox_domains() or domain in known else nearest(domain, tuple(known))
    if typos[domain]:
        found.suggestion = f"{parsed.local}@{typos[domain]}"
    if parsed.local.lower() in ROLES:
        found.verdict, found.why = Verdict.ROLE, "a role, not a person: some complain, and one opt-out ends it for all"
    return found


@dataclass(frozen=True, slots=True)
class Domains:
    """What DNS says of the domains of a list: how each takes mail; those that were not asked are not in it."""

    routes: dict[str, Mailroute]
    not_asked: int
    seconds: float


async def ask_domains(domains: Iterable[str], resolver: Resolver, *, seconds: float = SECONDS) -> Domains:
    """How each of ``domains`` takes mail, the most frequent first, as far as the time goes."""
    counted = Counter(domains)
    wanted = [domain for domain, _ in counted.most_common(MOST_DOMAINS)]
    began, routes = time.monotonic(), dict[str, Mailroute]()
    turns = asyncio.Semaphore(AT_ONCE)

    async def ask(domain: str) -> None:
        async with turns:
            routes[domain] = await mail_route(domain, resolver)

    try:
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(ask(domain) for domain in wanted))
    except TimeoutError:
        # What came until then is used; for the rest nothing is said.
        pass
    return Domains(dict(routes), len(counted) - len(routes), time.monotonic() - began)


def judge_by_dns(found: Judged, route: Mailroute | None) -> None:
    """Add to ``found`` what its domain's DNS says. What could not be found out is never a fault."""
    if route is None:
        if found.suggestion:
            found.verdict, found.why = Verdict.MISTYPED, f"{found.domain} is nearly a well-known domain"
        return
    if route.route in (Route.NULL, Route.NONE, Route.NO_DOMAIN):
        words = {
            Route.NULL: "says that it takes no mail",
            Route.NONE: "has no mail server",
            Route.NO_DOMAIN: "does not exist",
        }[route.route]
        found.verdict = Verdict.MISTYPED if found.suggestion else Verdict.NO_MAIL
        found.why = f"{found.domain} {words}"
    elif found.suggestion:
        # It may well be meant; but somebody else's look-alike domain takes mail too.
        is_there = "could not be looked up, and" if route.route is Route.UNKNOWN else "exists, but"
        found.verdict, found.why = Verdict.ALIKE, f"{found.domain} {is_there} is nearly a well-known domain"
    elif route.route is Route.UNKNOWN and found.verdict is Verdict.FINE:
        found.verdict, found.why = Verdict.NOT_KNOWN, f"what {found.domain} says could not be found out"


def taken_by(domain: str, route: Mailroute | None) -> tuple[str, str]:
    """Who takes the mail of a domain, by its first mail server: a provider and "", or "" and what it is told by."""
    known = receiver_of_domain(domain)
    if known is not None:
        return known.id, ""
    host = route.hosts[0] if route and route.hosts else ""
    provider = provider_of(host, domain)
    return provider, "" if provider else place_of(host, domain)
