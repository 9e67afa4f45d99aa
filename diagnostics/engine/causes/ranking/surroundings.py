"""What stands around a report without being a record of its message: mail that came back and names no message that is
known, what support confirmed of earlier tickets that are like this one, and how much the provider was given then.

None of it decides alone. It speaks for a cause, and where it fits it speaks against others (:func:`doubted`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from diagnostics.engine.causes.case import About, Case, ReturnedFact, TicketFact
from diagnostics.engine.causes.catalogue import CAUSES
from diagnostics.engine.causes.ranking.claims import Claim, Confidence, Kind, Line, Place, least
from diagnostics.engine.causes.ranking.grounds import GROUNDS
from diagnostics.engine.causes.ranking.replies import RULES as OF_REPLIES
from diagnostics.engine.causes.ranking.replies import VAGUE

LIKELY, POSSIBLE = Confidence.LIKELY, Confidence.POSSIBLE
#: Of this message no more is known than that it went out, if that.
OPEN = frozenset({"", "submitted", "handed"})
#: A record says how this message ended.
ENDED = frozenset({"error", "refused", "expired"})
#: What an earlier ticket may say of a message that got there.
AFTER_ARRIVAL = frozenset({"junked", "images_blocked", "badly_formatted", "accepted_by_recipient_server"})
#: For so long what was confirmed of the same address is likely to be so still.
STILL_SO = timedelta(days=30)
#: Kinds that show nothing of this very message.
INDIRECT = frozenset({Kind.CHECK, Kind.EARLIER, Kind.TICKET, Kind.ANSWER})
#: What cannot be so of an address from which somebody complained.
NO_ADDRESS = frozenset({"no_such_user", "mailbox_disabled", "domain_or_dns"})
#: So many tickets are named for or against one cause.
MOST_NAMED = 3
_LIKE = {
    About.RECIPIENT: "about the same address",
    About.DOMAIN: "about another address at the same domain",
    About.PROVIDER: "about mail of the same branch to the same provider",
}


def _came_back(case: Case) -> Iterator[Claim]:
    """Read as if it were about this message, and never sure of that."""
    for item in case.returned:
        if item.fact.complained_at is not None:
            yield Claim("junked", (Line(Kind.REPLY, _told(item, case), POSSIBLE, item.link),), Place.BESIDE)
            continue
        is_this = _is_open(case) and item.is_named and item.is_near and not item.is_other
        most = LIKELY if is_this else POSSIBLE
        as_this = replace(case, delivery=item.fact, returned=())
        for claim in (claim for rule in OF_REPLIES for claim in rule(as_this)):
            if claim.cause in VAGUE - {"recipient_refused_unspecified"}:
                continue
            lines = tuple(replace(line, most=least(line.most, most)) for line in claim.lines)
            told = Line(lines[0].kind, _told(item, case), most, item.link)
            place = claim.place if is_this else Place.BESIDE
            yield replace(claim, lines=(told, *lines), place=place)


def _is_open(case: Case) -> bool:
    return case.state in OPEN and not case.errors and not case.was_had and not case.is_traced


def _told(item: ReturnedFact, case: Case) -> str:
    at = item.fact.state_at or item.fact.at
    of = "from this address" if item.fact.complained_at else "about this address"
    what = f"A complaint {of}" if item.fact.complained_at else f"Mail {of}"
    if not item.is_named:
        what = "Mail that names no recipient, from the same sender and with the same subject,"
    which = "It names another message." if item.is_other else "Which message it is about is not known."
    return f"{what} came back on {case.exact(at)}. {which}"


def _confirmed(case: Case) -> Iterator[Claim]:
    """What was the cause before may be it again, until mail was accepted since."""
    told: dict[str, list[TicketFact]] = {}
    for ticket in sorted(case.tickets, key=lambda item: (list(About).index(item.about), -item.at.timestamp())):
        if Kind.TICKET in GROUNDS[ticket.cause].weights and _is_worth_a_thought(case, ticket.cause):
            told.setdefault(ticket.cause, []).append(ticket)
    of_recipient = {item.cause for item in case.tickets if item.about is About.RECIPIENT}
    for cause, tickets in told.items():
        is_still_so = len(of_recipient) == 1 and _is_still_so(case, tickets[0])
        most = LIKELY if is_still_so else POSSIBLE
        lines = tuple(
            Line(Kind.TICKET, _named(item, case), most if item.about is About.RECIPIENT else POSSIBLE, item.link)
            for item in tickets[:MOST_NAMED]
        )
        place = Place.FORETOLD if is_still_so else Place.BESIDE
        yield Claim(cause, lines, place, against=_mended(case, tickets))


def _is_worth_a_thought(case: Case, cause: str) -> bool:
    if case.state in ENDED or case.errors:
        return case.delivery is not None and case.delivery.cause == cause
    if case.state == "accepted" or case.was_had or case.is_traced:
        return cause in AFTER_ARRIVAL
    return True


def _is_still_so(case: Case, ticket: TicketFact) -> bool:
    """It is of the same address and not old, and this message went out and was not heard of."""
    is_new = ticket.about is About.RECIPIENT and (case.moment or case.now) - ticket.at <= STILL_SO
    return is_new and _is_open(case) and case.was_sent and not case.is_absent


def _named(ticket: TicketFact, case: Case) -> str:
    return f"{ticket.name}, {_LIKE[ticket.about]}, of {case.day(ticket.at)}: support confirmed this cause."


def _mended(case: Case, tickets: list[TicketFact]) -> tuple[str, ...]:
    """Mail to the same address was accepted since, which most of the causes forbid."""
    latest = max((item.at for item in tickets if item.about is About.RECIPIENT), default=None)
    if latest is None or case.accepted_at is None or case.accepted_at <= latest:
        return ()
    if tickets[0].cause in AFTER_ARRIVAL:
        return ()
    return (f"Since then their server accepted mail to this address, on {case.exact(case.accepted_at)}.",)


def _under_pressure(case: Case) -> Iterator[Claim]:
    """The provider was given much at the time. A limit is what somebody says it is, so this is only possible."""
    pressure = case.pressure
    if pressure is None or not pressure.is_tight or not pressure.text or case.was_had or case.errors:
        return
    if case.state not in OPEN | {"deferred"} and not (case.delivery and case.delivery.cause == "rate_limited"):
        return
    yield Claim("rate_limited", (Line(Kind.LOG, pressure.text, POSSIBLE, pressure.link),), Place.BESIDE)


RULES = (_came_back, _confirmed, _under_pressure)


def doubted(case: Case, claim: Claim) -> Claim:
    """``claim`` with what the surroundings say against it."""
    is_indirect = {line.kind for line in claim.lines} <= INDIRECT
    against, remarks, links = list(claim.against), list(claim.remarks), list(claim.links)
    for text, link in (*_bounced(case, claim), *(_otherwise(case, claim) if is_indirect else ())):
        against.append(text)
        links += [(text, link)] if link else []
    pressure = case.pressure
    if claim.cause == "rate_limited" and pressure is not None and pressure.is_calm and pressure.text:
        # What their server said of it itself stands, whatever anybody knows of its limit.
        (against if is_indirect else remarks).append(pressure.text)
        links += [(pressure.text, pressure.link)] if pressure.link else []
    return replace(claim, against=tuple(against), remarks=tuple(remarks), links=tuple(links))


def _bounced(case: Case, claim: Claim) -> Iterator[tuple[str, str]]:
    """Something about this address came back, so perhaps it was sent, and did not stay where it was accepted."""
    if claim.cause not in ("accepted_by_recipient_server", "not_sent"):
        return
    for item in case.returned:
        is_bounce = item.fact.complained_at is None and item.fact.state != "deferred"
        if is_bounce and item.is_named and item.is_near and not item.is_other:
            yield _told(item, case), item.link


def _otherwise(case: Case, claim: Claim) -> Iterator[tuple[str, str]]:
    """The same was suggested before, and it was something else; or somebody complained from that very address."""
    wrong = [item for item in case.tickets if item.suggested == claim.cause != item.cause]
    for item in [item for item in wrong if item.about is not About.PROVIDER][:MOST_NAMED]:
        title = CAUSES[item.cause].title
        yield f"{item.name}, {_LIKE[item.about]}: this was suggested, and support confirmed “{title}”.", item.link
    if claim.cause in NO_ADDRESS:
        for mail in case.returned:
            if mail.fact.complained_at is not None and mail.is_named:
                yield _told(mail, case), mail.link
