"""Is the mail from a domain to itself? Gateways take such mail from outside for a forgery, whatever SPF and DKIM say.

The vendor sends notifications to and from the branch's own address, so this is its most common refusal: the server that
hands the mail over is not the domain's own.
"""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.engine.check import Check
from diagnostics.engine.findings import Actor, Code, Evidence, Finding, Source, Verdict
from diagnostics.engine.names import Address, is_under, parse_address, shown
from diagnostics.engine.protocols.mx import Route, mail_route
from diagnostics.engine.receivers import receiver_of
from diagnostics.engine.resolver import Resolver
from diagnostics.engine.subject import Subject

#: What DMARC is for. What a product does by itself beyond that stands in its own instructions, named with the finding.
RULE = (Source("RFC 9989"),)
APART = Code(
    "self.apart", Verdict.NOT_APPLICABLE, Actor.NOBODY, "Sender and recipient have different domains",
    "So no gateway takes the mail for a forgery of its own domain.", "", RULE,
)  # fmt: skip
OWN_SERVER = Code(
    "self.own_server", Verdict.OK, Actor.NOBODY, "The mail of {domain} to itself comes from its own server",
    "The sending server belongs to the domain.", "", RULE,
)  # fmt: skip
CONFIRMED = Code(
    "self.confirmed", Verdict.OK, Actor.NOBODY, "{domain} has allowed our server to send as itself",
    "Its IT has confirmed an allow-list entry.", "", RULE,
)  # fmt: skip
LIKELY_REFUSED = Code(
    "self.gateway", Verdict.PROBLEM, Actor.RECIPIENT_IT, "{name} is likely to take this for a forgery of {domain}",
    "Sender and recipient are both {domain}, but the mail comes from our server. {name} treats such mail as a forgery "
    "unless it was told otherwise, and SPF or DKIM alone do not always change that.",
    "The IT of {domain} allows the sending server there: {steps}",
    RULE,
)  # fmt: skip
POSSIBLE = Code(
    "self.possible", Verdict.NOTICE, Actor.RECIPIENT_IT, "{domain} may take this mail for a forgery of itself",
    "Sender and recipient are both {domain}, but the mail comes from our server. Some mail servers refuse that.",
    "If such mail goes missing, the IT of {domain} allows the sending server's addresses: {addresses}.",
    RULE,
)  # fmt: skip
UNKNOWN = Code(
    "self.unknown", Verdict.UNKNOWN, Actor.SUPPORT, "Could not find out who filters the mail of {domain}",
    "Its name servers did not answer.", "Run the checks again in a few minutes.", RULE,
)  # fmt: skip
CODES = (APART, OWN_SERVER, CONFIRMED, LIKELY_REFUSED, POSSIBLE, UNKNOWN)


async def look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
    """Compare the domains; for one domain, see whose server sends and who filters."""
    parsed = parse_address(subject.recipient)
    server = subject.sending_server
    if not isinstance(parsed, Address) or server is None:
        return []
    domain, sender = parsed.domain, subject.sender_domain.lower()
    if domain != sender:
        return [APART.found()]
    name = shown(domain)
    route = await mail_route(domain, resolver)
    if is_under(server.host, domain) or server.host in route.hosts:
        return [OWN_SERVER.found(*route.answers, domain=name)]
    if confirmed := _confirmed(subject, domain):
        return [CONFIRMED.found(Evidence.record("our allow-list record", confirmed), domain=name)]
    if route.route is Route.UNKNOWN:
        return [UNKNOWN.found(*route.answers, domain=name)]
    known = receiver_of(route.hosts)
    addresses = list(server.addresses)
    if known is not None and known.self_to_self:
        steps = " ".join(known.allow)
        facts = {"domain": name, "name": known.name, "steps": steps, "instructions": known.source}
        return [LIKELY_REFUSED.found(*route.answers, **facts, addresses=addresses)]
    return [POSSIBLE.found(*route.answers, domain=name, addresses=addresses)]


def _confirmed(subject: Subject, domain: str) -> str:
    """What stands in our records of a confirmation that covers all sending addresses and has not run out."""
    server = subject.sending_server
    newest = max((item for item in subject.allow_list if item.domain == domain), key=lambda item: item.at, default=None)
    if newest is None or newest.state != "confirmed" or server is None:
        return ""
    if newest.addresses and not set(server.addresses) <= set(newest.addresses):
        return ""
    if newest.has_expired(subject.now) or newest.was_refused_since(subject.refused_at):
        return ""
    return f"confirmed at {newest.at}"


CHECK = Check(
    slug="self-to-self",
    question="Does the mail go from a domain to itself?",
    needs=frozenset({"recipient", "sender_domain", "sending_server"}),
    codes=CODES,
    look=look,
    sources=RULE,
)
