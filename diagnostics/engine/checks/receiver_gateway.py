"""Who takes the recipient's mail? The provider or gateway behind the MX, and with it what exactly is to be clicked."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.engine.check import Check
from diagnostics.engine.findings import Actor, Code, Finding, Source, Verdict
from diagnostics.engine.names import Address, parse_address, shown
from diagnostics.engine.protocols.mx import Route, mail_route
from diagnostics.engine.receivers import Kind, Receiver, receiver_of, receiver_of_domain, receivers
from diagnostics.engine.resolver import Resolver
from diagnostics.engine.subject import Subject

MAILBOX = Code(
    "receiver.mailbox", Verdict.OK, Actor.NOBODY, "{domain} has its mail at {name}",
    "The MX records lead to {name}, so the junk folder and the allow-list are found as that provider has them.",
    "", (Source("RFC 5321", "5.1"),),
)  # fmt: skip
GATEWAY = Code(
    "receiver.gateway", Verdict.NOTICE, Actor.RECIPIENT_IT, "{name} filters the mail of {domain}",
    "A gateway stands in front of the mailboxes. It may refuse or hold back mail from third-party senders, and the "
    "recipient cannot see what it holds.",
    "If mail goes missing, their IT allows the sending server: {steps}",
    (Source("RFC 5598", "5.5"),),
)  # fmt: skip
MIXED = Code(
    "receiver.mixed", Verdict.NOTICE, Actor.RECIPIENT_IT, "Some mail of {domain} may go past its gateway",
    "The MX records name {name} and also {others}. Mail to the latter is not filtered by the former, and each has an "
    "allow-list of its own.",
    "Their IT allows the sending server in both, or takes the second out of the MX record.",
    (Source("RFC 5321", "5.1"),),
)  # fmt: skip
OTHER = Code(
    "receiver.other", Verdict.OK, Actor.NOBODY, "{domain} has mail servers of its own, or of a provider we do not know",
    "The MX records lead to {hosts}.", "", (Source("RFC 5321", "5.1"),),
)  # fmt: skip
UNKNOWN = Code(
    "receiver.unknown", Verdict.UNKNOWN, Actor.SUPPORT, "Could not find out who takes the mail of {domain}",
    "Its name servers did not answer.", "Run the checks again in a few minutes.", (Source("RFC 5321", "5.1"),),
)  # fmt: skip
CODES = (MAILBOX, GATEWAY, MIXED, OTHER, UNKNOWN)


async def look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
    """Name the product behind the MX hosts; a consumer provider's own domain is known without asking."""
    parsed = parse_address(subject.recipient)
    if not isinstance(parsed, Address) or not parsed.domain:
        return []
    domain = shown(parsed.domain)
    route = await mail_route(parsed.domain, resolver)
    known = receiver_of(route.hosts) or receiver_of_domain(parsed.domain)
    if known is not None:
        found = [_named(known, domain, route.answers)]
        beside = [item for item in receivers() if item.id != known.id and any(map(item.serves, route.hosts))]
        if known.kind is Kind.GATEWAY and beside:
            others = [item.name for item in beside]
            found.append(MIXED.found(*route.answers, domain=domain, name=known.name, others=others))
        return found
    if route.route is Route.UNKNOWN:
        return [UNKNOWN.found(*route.answers, domain=domain)]
    if not route.hosts:
        return []
    return [OTHER.found(*route.answers, domain=domain, hosts=list(route.hosts))]


def _named(known: Receiver, domain: str, answers: Sequence[object]) -> Finding:
    code = GATEWAY if known.kind is Kind.GATEWAY else MAILBOX
    return code.found(
        *answers,  # type: ignore[arg-type]
        domain=domain,
        name=known.name,
        receiver=known.id,
        kind=known.kind.value,
        guide=known.guide or ("gateway" if known.kind is Kind.GATEWAY else ""),
        steps=" ".join(known.allow),
        instructions=known.source,
    )


CHECK = Check(
    slug="receiver-gateway",
    question="Who takes the recipient's mail?",
    needs=frozenset({"recipient"}),
    codes=CODES,
    look=look,
    sources=(Source("RFC 5321", "5.1"),),
)
