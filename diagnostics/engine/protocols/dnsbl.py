"""Lists in DNS (RFC 5782): is an address on a blocklist or an allow-list, and can the list be believed.

The question is the address backwards under the list's name: is 192.0.2.10 on ``list.example``? ask for
``10.2.0.192.list.example``, type A. An answer within 127.0.0.0/8 means something, and what it means each list says for
itself: one code is a listing, another the refusal to answer a resolver that asks too much. A list that is shut down may
answer everything; so a list is believed only while it lists 127.0.0.2 and does not list 127.0.0.1 (§5).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from diagnostics.engine.ip import reversed_labels
from diagnostics.engine.path import together
from diagnostics.engine.resolver import Answer, Resolver


class Meaning(StrEnum):
    """What a list's code means. REFUSED and INVALID say nothing about the address."""

    LISTED = "listed"
    POLICY = "policy"  # Not a misdeed: an address that should not send mail directly, or a list of low weight.
    ALLOWED = "allowed"
    KNOWN = "known"  # On an allow-list, and not trusted much for it.
    REFUSED = "refused"
    INVALID = "invalid"


class Standing(StrEnum):
    LISTED = "listed"
    POLICY = "policy"
    ALLOWED = "allowed"
    KNOWN = "known"
    ABSENT = "absent"
    REFUSED = "refused"
    INVALID = "invalid"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressList:
    """One list. ``codes`` map an answer to what it means there, the most exact first: ``127.0.0.2``, or ``127.255.``
    for all that begin so, or ``127.0.*.3`` for any number in that place.

    ``default`` is for an answer within 127.0.0.0/8 that no code names.
    """

    zone: str
    name: str
    codes: tuple[tuple[str, Meaning, str], ...]
    default: Meaning = Meaning.INVALID
    has_ipv6: bool = False
    is_allow_list: bool = False
    delisting: str = ""
    terms: str = ""

    def meaning(self, record: str) -> tuple[Meaning, str]:
        """What the answer ``record`` means, and the list's own words for it."""
        try:
            address = ipaddress.ip_address(record)
        except ValueError:
            return Meaning.INVALID, "not an address"
        # RFC 5782 §2.1: answers are within 127.0.0.0/8; 127.0.0.1 must never be one (§2.1). What lies outside comes
        # from a resolver that rewrites "no such name".
        if address not in ipaddress.ip_network("127.0.0.0/8") or record == "127.0.0.1":
            return Meaning.INVALID, "an answer no list gives"
        for code, meaning, words in self.codes:
            if _fits(record, code):
                return meaning, words
        return self.default, "a code the list does not explain"


def _fits(record: str, code: str) -> bool:
    given, wanted = record.split("."), code.rstrip(".").split(".")
    is_whole = code.endswith(".") or len(given) == len(wanted)
    return is_whole and all(one in ("*", other) for one, other in zip(wanted, given, strict=False))


@dataclass(frozen=True, slots=True)
class Listing:
    """What one list says about one address."""

    address: str
    list: AddressList
    standing: Standing
    words: tuple[str, ...]
    reason: str
    answers: tuple[Answer, ...]


#: The standing of several codes at once: the worst that says something wins, a refusal wins over all.
_ORDER = (
    *(Meaning.REFUSED, Meaning.LISTED, Meaning.POLICY),
    *(Meaning.KNOWN, Meaning.ALLOWED, Meaning.INVALID),
)


async def ask(address: str, wanted: AddressList, resolver: Resolver) -> Listing:
    """Whether ``address`` is on the list; the reason (TXT) is asked for with it and may be missing."""
    name = f"{reversed_labels(address)}.{wanted.zone}"
    answer = await resolver.query(name, "A")
    if answer.is_unknown:
        return Listing(address, wanted, Standing.UNKNOWN, (), "", (answer,))
    if answer.is_absent:
        return Listing(address, wanted, Standing.ABSENT, (), "", (answer,))
    meanings = [wanted.meaning(record) for record in answer.records]
    worst = min((meaning for meaning, _ in meanings), key=_ORDER.index)
    words = tuple(dict.fromkeys(text for meaning, text in meanings if meaning is worst))
    reason = ""
    answers: tuple[Answer, ...] = (answer,)
    if worst in (Meaning.LISTED, Meaning.POLICY):
        text = await resolver.query(name, "TXT")
        reason, answers = (text.records[0] if text.is_ok else ""), (answer, text)
    return Listing(address, wanted, Standing(worst.value), words, reason, answers)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a list can be believed; None where that could not be found out."""

    is_healthy: bool | None
    answers: tuple[Answer, ...]


#: RFC 5782 §5: what every list must hold, and what none may; the second pair is for lists of IPv6 addresses.
_HELD, _NOT_HELD = ("127.0.0.2", "::ffff:7f00:2"), ("127.0.0.1", "::ffff:7f00:1")


async def health(wanted: AddressList, resolver: Resolver, *, of_ipv6: bool = False) -> Health:
    """Whether the list holds the one test address and not the other; ``of_ipv6`` asks for those of IPv6 too.

    Of the two that it must hold one is enough, since some lists of IPv6 hold that of IPv4 alone.
    """
    count = 2 if of_ipv6 and wanted.has_ipv6 else 1

    async def asked(addresses: Sequence[str]) -> tuple[Answer, ...]:
        names = [f"{reversed_labels(address)}.{wanted.zone}" for address in addresses[:count]]
        return await together(*(resolver.query(name, "A") for name in names))

    yes, no = await together(asked(_HELD), asked(_NOT_HELD))
    answers = (*yes, *no)
    lists_test = any(_is_listing(wanted, answer) for answer in yes)
    if any(answer.is_ok for answer in no):
        return Health(False, answers)
    if any(answer.is_unknown for answer in no) or (not lists_test and any(answer.is_unknown for answer in yes)):
        return Health(None, answers)
    # An allow-list need not hold the test address.
    return Health(lists_test or wanted.is_allow_list, answers)


def _is_listing(wanted: AddressList, answer: Answer) -> bool:
    return any(wanted.meaning(record)[0] in (Meaning.LISTED, Meaning.POLICY) for record in answer.records)
