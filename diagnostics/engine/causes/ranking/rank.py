"""The ranking of one case: all rules are asked, their claims joined, weighed, and put in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from diagnostics.engine.causes.case import Case
from diagnostics.engine.causes.catalogue import CAUSES, Arrival
from diagnostics.engine.causes.ranking import address, arrived, before, foretold, replies, surroundings, traced
from diagnostics.engine.causes.ranking.claims import SURE, Claim, Confidence, Kind, Line, Place, Ranked, least, surest
from diagnostics.engine.causes.ranking.grounds import GROUNDS
from diagnostics.engine.causes.ranking.undated import by_candidates

Rule = Callable[[Case], Iterator[Claim]]

RULES: tuple[Rule, ...] = (
    *before.RULES,
    *replies.RULES,
    *traced.RULES,
    *arrived.RULES,
    *address.RULES,
    *foretold.RULES,
    *surroundings.RULES,
)
FAR = "The message was sent more than half a day from the time that was reported; it may be another one."
#: Of causes at the same place and equally sure, the one that stands earlier here explains more.
FIRST = ("address_typo", "domain_or_dns", "self_to_self_blocked", "auth_failure", "junked")


def rank(case: Case) -> tuple[Ranked, ...]:
    """What most likely happened, the most sure and most narrow first; never empty, ``unknown`` where nothing proves."""
    return by_candidates(case, _ranked) if case.candidates else _ranked(case)


def _ranked(case: Case) -> tuple[Ranked, ...]:
    claims: dict[str, Claim] = {}
    for rule in RULES:
        for claim in rule(case):
            known = claims.get(claim.cause)
            claims[claim.cause] = known.joined(claim) if known else claim
    if not claims:
        nothing = Line(Kind.LOG, "Nothing that was looked at names a cause.")
        claims["unknown"] = Claim("unknown", (nothing,), Place.UNDECIDED)
    doubted = (surroundings.doubted(case, foretold.unrouted(case, claim)) for claim in claims.values())
    return tuple(sorted((_weighed(claim, case) for claim in doubted), key=_order))


def _weighed(claim: Claim, case: Case) -> Ranked:
    grounds = GROUNDS[claim.cause]
    sure = surest(least(grounds.weights.get(line.kind, Confidence.POSSIBLE), line.most) for line in claim.lines)
    far: tuple[str, ...] = ()
    if case.is_far and sure is Confidence.CERTAIN and any(line.kind is Kind.REPLY for line in claim.lines):
        # The reply is clear; that it is about the message that is asked about is not.
        sure, far = Confidence.LIKELY, (FAR,)
    if claim.against:
        sure = Confidence.POSSIBLE
    missing = () if sure is Confidence.CERTAIN else grounds.missing(case)
    against = tuple(dict.fromkeys([*claim.against, *claim.remarks, *far, *missing]))
    told = tuple(dict.fromkeys(line.text for line in claim.lines))
    links = (*((line.text, line.link) for line in claim.lines if line.link), *claim.links)
    return Ranked(
        claim.cause,
        sure,
        told,
        against,
        int(claim.place),
        claim.remedies,
        links,
        own_server=case.sends_through_own_server,
        within=case.is_within,
        arrival=_arrival(case),
        is_tried=case.state == "deferred",
    )


def _arrival(case: Case) -> Arrival:
    """How far the search is for what their server accepted."""
    if case.has_reached:
        return Arrival.REACHED
    is_searched = any(item.is_named and item.fate not in ("delivered", "unknown") for item in case.traced)
    return Arrival.LOOKED_FOR if case.in_junk == "no" or is_searched else Arrival.ACCEPTED


def _order(item: Ranked) -> tuple[int, int, int, int]:
    explains = FIRST.index(item.cause) if item.cause in FIRST else len(FIRST)
    return item.place, SURE.index(item.confidence), explains, _PLACES[item.cause]


_PLACES = {cause: at for at, cause in enumerate(CAUSES)}
