"""Lists in DNS (RFC 5782): is an address on a blocklist or an allow-list, and can the list be believed.

The question is the address backwards under the list's name: is 192.0.2.10 on ``list.example``? ask for
``10.2.0.192.list.example``, type A. An answer within 127.0.0.0/8 means something, and what it means each list says for
itself: one code is a listing, another the refusal to answer a resolver that asks too much. A list that is shut down may
answer everything; so a list is believed only while it lists 127.0.0.2 and does not list 127.0.0.1 (§5).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import StrEnum

from diagnostics.engine.names import reversed_labels
from diagnostics.engine.path import together
from diagnostics.engine.resolver import Answer, Resolver


class Meaning(StrEnum):
    """What a list's code means. REFUSED and INVALID say nothing about the address."""

    LISTED = "listed"
    POLICY = "policy"  # Not a misdeed: an address that should not send mail directly, or a list of low weight.
    ALLOWED = "allowed"
    REFUSED = "refused"
    INVALID = "invalid"


class Standing(StrEnum):
    LISTED = "listed"
    POLICY = "policy"
    ALLOWED = "allowed"
    ABSENT = "absent"
    REFUSED = "refused"
    INVALID = "invalid"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressList:
    """One list. ``codes`` map an answer (or its beginning, ending in a dot) to what it means there, most exact first.

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
            if record == code or (code.endswith(".") and record.startswith(code)):
                return meaning, words
        return self.default, "a code the list does not explain"


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
_ORDER = (Meaning.REFUSED, Meaning.LISTED, Meaning.POLICY, Meaning.ALLOWED, Meaning.INVALID)


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


async def health(wanted: AddressList, resolver: Resolver) -> Health:
    """RFC 5782 §5: 127.0.0.2 must be listed and 127.0.0.1 must not."""
    yes, no = await together(
        resolver.query(f"2.0.0.127.{wanted.zone}", "A"), resolver.query(f"1.0.0.127.{wanted.zone}", "A")
    )
    if yes.is_unknown or no.is_unknown:
        return Health(None, (yes, no))
    lists_test = any(wanted.meaning(record)[0] in (Meaning.LISTED, Meaning.POLICY) for record in yes.records)
    # An allow-list need not hold the test address.
    return Health((lists_test or wanted.is_allow_list) and no.is_absent, (yes, no))
