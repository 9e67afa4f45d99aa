"""What the checks say would stop such a message, and what earlier ones met. A record of this one says more."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, replace

from diagnostics.engine.causes.case import Case, DeliveryFact, FindingFact
from diagnostics.engine.causes.ranking.claims import Claim, Confidence, Kind, Line, Place
from diagnostics.engine.causes.ranking.replies import VAGUE, said
from diagnostics.engine.causes.remedies import Remedy
from diagnostics.engine.findings import Actor, Verdict

LIKELY, POSSIBLE = Confidence.LIKELY, Confidence.POSSIBLE


@dataclass(frozen=True, slots=True)
class _Foretold:
    """The cause that a code foretells; ``most`` is how sure that can be where the message surely went out.

    ``is_everywhere``: it is the sender's own trouble, so other domains are likely to have met it too.
    """

    cause: str
    most: Confidence = LIKELY
    is_everywhere: bool = False


_SENDER = _Foretold("auth_failure", POSSIBLE, is_everywhere=True)
FORETELLS = {
    "mx.no_domain": _Foretold("domain_or_dns"),
    "mx.none": _Foretold("domain_or_dns"),
    "mx.null": _Foretold("domain_or_dns"),
    "mx.dead_hosts": _Foretold("domain_or_dns"),
    "mx.literal": _Foretold("domain_or_dns"),
    "mx.private": _Foretold("domain_or_dns"),
    "dnssec.bogus_recipient": _Foretold("domain_or_dns", POSSIBLE),
    "self.gateway": _Foretold("self_to_self_blocked"),
    "self.possible": _Foretold("self_to_self_blocked", POSSIBLE),
    "dmarc.nothing_aligns": _Foretold("auth_failure", is_everywhere=True),
    "spf.fail": _Foretold("auth_failure", is_everywhere=True),
    "spf.envelope_fail": _SENDER,
    "spf.several": _SENDER,
    "spf.syntax": _SENDER,
    "spf.include_broken": _SENDER,
    "spf.include_lacks": _SENDER,
    "spf.too_many_lookups": _SENDER,
    "spf.too_many_voids": _SENDER,
    "spf.too_many_servers": _SENDER,
    "dnssec.bogus": _SENDER,
    "list.listed": _Foretold("sender_ip_blocked", is_everywhere=True),
    "list.policy": _Foretold("sender_ip_blocked", POSSIBLE, is_everywhere=True),
    "ptr.missing": _Foretold("rdns_missing", is_everywhere=True),
    "ptr.unconfirmed": _Foretold("rdns_missing", is_everywhere=True),
    "allow.refused": _Foretold("recipient_policy", POSSIBLE),
    "allow.changed": _Foretold("recipient_policy", POSSIBLE),
    "sts.not_covered": _Foretold("tls_required", POSSIBLE),
    "dane.stale": _Foretold("tls_required", POSSIBLE),
}
#: The checks of an address and its domain, and the causes that what is wrong there amounts to.
ABOUT_ADDRESS = frozenset({"recipient-address", "recipient-mx"})
OF_ADDRESS = frozenset({"address_typo", "address_malformed", "domain_or_dns", "no_such_user"})
#: What a sending server meets that was led to no server, or to a wrong one, by what DNS says of the domain.
OF_ROUTE = frozenset({"network_or_timeout", "relay_denied"})
#: Findings by which DNS names no mail server for the domain.
UNROUTED = ("mx.implicit", "mx.none", "mx.null", "mx.no_domain", "mx.dead_hosts")
#: Those by which the domain takes no mail at all.
NOWHERE = ("mx.none", "mx.null", "mx.no_domain")
#: The checks of what vouches for the sender: each may be a part of why a server did not believe it.
ABOUT_SENDER = frozenset({"sender-spf", "sender-dkim", "sender-dmarc"})
#: Of an accepted message only this still says something: it was taken, and may have been put aside.
STILL_AFTER = frozenset({"dmarc.nothing_aligns"})
#: What another message met that this one would meet as well.
LASTING = frozenset(
    {
        "no_such_user", "mailbox_full", "mailbox_disabled", "domain_or_dns", "auth_failure", "self_to_self_blocked",
        "recipient_policy", "sender_address_rejected", "sender_ip_blocked", "rdns_missing", "relay_denied",
    }
)  # fmt: skip


def explained_by(check: str) -> frozenset[str]:
    """The causes that a check of the recipient's address or domain may explain."""
    return OF_ADDRESS | OF_ROUTE if check == "recipient-mx" else OF_ADDRESS


def unrouted(case: Case, claim: Claim) -> Claim:
    """A server that was not reached, or was the wrong one, is told with what DNS says of the domain."""
    found = next((item for item in case.findings if item.code in UNROUTED), None)
    if found is None or claim.cause not in OF_ROUTE:
        return claim
    told = f"By DNS, {found.title}: it may take no mail any more. Ask the client for another address."
    return replace(claim, remedies=(*claim.remedies, Remedy(Actor.BRANCH, told)))


def may_explain(code: str, check: str, causes: Container[str]) -> bool:
    """What a check found, by its code, may be why one of ``causes`` happened."""
    if check in ABOUT_ADDRESS:
        return any(cause in causes for cause in explained_by(check))
    if check in ABOUT_SENDER and "auth_failure" in causes:
        return True
    foretold = FORETELLS.get(code)
    return foretold is not None and foretold.cause in causes


def _by_checks(case: Case) -> Iterator[Claim]:
    if case.state == "error" or case.errors:
        return
    for item in case.findings:
        foretold = FORETELLS.get(item.code)
        if foretold is None or (_is_with_them(case) and item.code not in STILL_AFTER):
            continue
        if foretold.cause != "domain_or_dns" and _meets_nobody(case, foretold):
            continue
        if item.code == "mx.dead_hosts" and case.has("receiver.mailbox", "receiver.gateway"):
            yield from _half_seen(case, item, foretold)
            continue
        yield _claim(case, item, foretold)


def _meets_nobody(case: Case, foretold: _Foretold) -> bool:
    """No server was there to mind it: the domain has none, or a complete log shows that the message never left."""
    if case.state not in ("", "submitted") or case.was_had or case.is_traced:
        return False
    if any(item.code in NOWHERE and item.verdict is Verdict.PROBLEM for item in case.findings):
        return True
    return foretold.is_everywhere and case.is_absent and not case.was_sent


def _half_seen(case: Case, item: FindingFact, foretold: _Foretold) -> Iterator[Claim]:
    """A large provider's servers have addresses. Where we see none of them, that may be our view of its DNS."""
    claim = _claim(case, item, foretold)
    yield replace(claim, place=Place.BESIDE)
    if claim.place is Place.FORETOLD:
        yield Claim(
            "unknown", (Line(Kind.CHECK, f"{item.title}, though they are a large provider's."),), Place.UNDECIDED
        )


def _is_with_them(case: Case) -> bool:
    return case.state == "accepted" or case.is_traced


def _claim(case: Case, item: FindingFact, foretold: _Foretold) -> Claim:
    is_open = case.state in ("", "submitted", "handed") and not case.is_traced
    is_sure = item.verdict is Verdict.PROBLEM and case.was_sent and is_open and not case.is_absent
    most = foretold.most if is_sure else POSSIBLE
    lines = [Line(Kind.CHECK, item.title, most)]
    against: list[str] = []
    if case.other_domain_tried == "arrived":
        text = "The same mail arrived at another address of the recipient, on another domain."
        if foretold.is_everywhere:
            against.append(text)
        else:
            lines.append(Line(Kind.ANSWER, text))
    elif case.other_domain_tried == "did_not" and foretold.is_everywhere:
        lines.append(Line(Kind.ANSWER, "It did not arrive at another domain either.", most))
    is_vague = case.delivery is not None and case.state == "refused" and case.delivery.cause in ("", "unknown")
    place = Place.FORETOLD if is_open or is_vague else Place.BESIDE
    if case.is_absent and not case.was_sent:
        place = Place.BESIDE
    return Claim(foretold.cause, tuple(lines), place, against=tuple(against), remedies=item.remedies)


def _elsewhere(case: Case) -> Iterator[Claim]:
    """The other address took it: then it is something at this domain."""
    if case.other_domain_tried != "arrived" or case.state in ("refused", "error") or case.errors or case.was_had:
        return
    line = "The same mail arrived at another address of the recipient, on another domain."
    yield Claim("recipient_policy", (Line(Kind.ANSWER, line),), Place.BESIDE)


def _earlier(case: Case) -> Iterator[Claim]:
    """What another message to the same address met, where nothing is known of this one."""
    if case.delivery is not None or case.is_absent or case.errors or case.was_had or case.is_traced:
        return
    for other in sorted(case.others, key=lambda item: item.at, reverse=True)[:1]:
        if other.state in ("refused", "expired") and other.cause in LASTING - VAGUE:
            yield Claim(other.cause, (Line(Kind.EARLIER, _told(other, case)),), Place.BESIDE)


def _told(other: DeliveryFact, case: Case) -> str:
    return f"Another message, of {case.exact(other.at)}. {said(other)}"


RULES = (_by_checks, _elsewhere, _earlier)
