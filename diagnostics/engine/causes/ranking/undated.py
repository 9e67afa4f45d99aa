"""Which message is meant, where nobody said when it was sent and nobody chose a record.

Records that stand in the log are evidence all the same. One alone is the only mail that can be meant, and several that
come to the same say the same; where they differ, the newest is told first, and never as more than possible.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from diagnostics.engine.causes.case import Case, DeliveryFact
from diagnostics.engine.causes.ranking.claims import Confidence, Place, Ranked, least

#: Without a time, mail of so many days may be what somebody misses.
REMEMBERED = timedelta(days=30)
#: A log that ends no longer ago than this still knows about all mail that somebody misses.
ENDS = timedelta(days=1)
#: And one that ends this near to now is not said to end.
NOW = timedelta(hours=1)
#: So many different fates are looked at; where there are more, they differ.
MOST_FATES = 8
#: So many messages that fared otherwise are named.
MOST_NAMED = 3
NOT_WHOLE = "Missing: the log is not known to hold all mail to this address, so another message may be meant."
WHICH = "Which message is meant is not known: say about when it was sent."
Ranking = Callable[[Case], tuple[Ranked, ...]]


def by_candidates(case: Case, ranking: Ranking) -> tuple[Ranked, ...]:
    """The ranking of the newest candidate, with what the others say of it; ``ranking`` ranks one message."""
    first, *beside = ranking(case)
    others = [(item, ranking(replace(case, delivery=item))[0]) for item in _fates(case.candidates[1:])]
    differing = [(item, lead) for item, lead in others if lead.cause != first.cause]
    if differing:
        return _unsettled(case, first, beside, differing)
    return (_settled(case, first), *beside)


def _fates(deliveries: Sequence[DeliveryFact]) -> list[DeliveryFact]:
    """One message of each fate, the newest first: what was told of many in the same words is judged once."""
    found = {(item.state, item.cause, item.reply, item.recipient): item for item in reversed(deliveries)}
    return sorted(found.values(), key=lambda item: item.at, reverse=True)[:MOST_FATES]


def _settled(case: Case, first: Ranked) -> Ranked:
    count, what = len(case.candidates), _what(case)
    if count == 1:
        line = f"It is the only {what} to this address {_when(case)}."
    else:
        line = f"All {count} that may be meant came to the same: {what} to this address {_when(case)}."
    link = case.candidates[0].link
    found = replace(first, for_=(*first.for_, line), links=(*first.links, (line, link)) if link else first.links)
    if _is_whole(case):
        return found
    return replace(found, confidence=least(found.confidence, Confidence.LIKELY), against=(*found.against, NOT_WHOLE))


def _is_whole(case: Case) -> bool:
    """The log is complete from before the oldest candidate up to about now."""
    if case.whole is None:
        return False
    begins, ends = case.whole
    return begins <= case.candidates[-1].at and case.now - ends <= ENDS


def _what(case: Case) -> str:
    """Mail of any kind, or, where other mail was set aside, mail of the function that was named."""
    is_one_kind = any(case.now - item.at <= REMEMBERED for item in case.others if item not in case.candidates)
    return "mail of that kind" if is_one_kind else "mail"


def _when(case: Case) -> str:
    if case.whole is None or case.whole[0] > case.candidates[-1].at:
        return "that the log holds"
    begins, ends = case.whole
    until = "" if case.now - ends <= NOW else f" until {case.exact(ends)}"
    return f"since {case.day(begins)}; the log is complete from then on{until}"


def _unsettled(
    case: Case, first: Ranked, beside: Sequence[Ranked], differing: Sequence[tuple[DeliveryFact, Ranked]]
) -> tuple[Ranked, ...]:
    lines = [(_fared(case, item.at, lead), item.link) for item, lead in differing[:MOST_NAMED]]
    doubt = (WHICH, *(text for text, _ in lines))
    links = (*first.links, *((text, link) for text, link in lines if link))
    found = [_doubted(replace(first, against=(*doubt, *first.against), links=links))]
    seen = {first.cause}
    for _, lead in differing:
        if lead.cause not in seen:
            found.append(_doubted(replace(lead, against=(WHICH, *lead.against), place=int(Place.BESIDE))))
            seen.add(lead.cause)
    return (*found, *(_doubted(item) for item in beside if item.cause not in seen))


def _doubted(item: Ranked) -> Ranked:
    return replace(item, confidence=Confidence.POSSIBLE)


def _fared(case: Case, at: datetime, lead: Ranked) -> str:
    return f"The mail of {case.exact(at)} fared otherwise: {lead.title}."
