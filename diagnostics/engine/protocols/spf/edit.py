"""Writing SPF records: what a domain has to publish so that one more server may send, as a record to copy.

The least is changed: what a domain's people wrote stays, in its order and spelling, and the new term goes where it is
reached, in front of ``all`` or ``redirect``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from diagnostics.engine.protocols.spf.parse import VERSION

#: What to end a first record with: "probably not ours", which harms nobody whose servers were forgotten.
SOFT_END = "~all"
_END = re.compile(r"[+?~-]?all|redirect=.*", re.IGNORECASE | re.DOTALL)
_MILD_END = re.compile(r"[-~?]all", re.IGNORECASE)


def terms_for(include: str, addresses: Iterable[str]) -> tuple[str, ...]:
    """The terms that authorise a server: its own include where it has one, else its addresses."""
    if include:
        return (f"include:{include}",)
    return tuple(f"{'ip6' if ':' in address else 'ip4'}:{address}" for address in addresses)


def with_terms(record: str, terms: Sequence[str]) -> str:
    """``record`` with ``terms`` in front of its end. An empty record becomes a new one."""
    held = [term for term in record.split(" ")[1:] if term]
    if not record:
        held = [SOFT_END]
    wanted = {term.lower() for term in terms}
    at = next((place for place, term in enumerate(held) if _is_end(term)), len(held))
    # A term that stands behind the end is never reached, and one with another qualifier says the contrary.
    kept = [term for term in held if term.lower().lstrip("+-~?") not in wanted]
    at -= sum(term.lower().lstrip("+-~?") in wanted for term in held[:at])
    return " ".join((VERSION, *kept[:at], *terms, *kept[at:]))


def merged(records: Sequence[str], terms: Sequence[str] = ()) -> str:
    """One record for several: all their terms once, then ``terms``, then the mildest of their ends."""
    # Each term once: a record that says one thing ten thousand times is no more work than a sound one.
    held = list(dict.fromkeys(term for record in records for term in record.split(" ")[1:] if term))
    bodies: dict[str, str] = {}
    for term in held:
        if not _is_end(term) and not term.lower().startswith("exp="):
            bodies.setdefault(term.lower(), term)
    for term in terms:
        bodies.setdefault(term.lower(), term)
    # A redirect cannot stand beside the other record's terms; as an include it means nearly the same.
    for term in held:
        if term.lower().startswith("redirect="):
            bodies.setdefault(f"include:{term[9:]}".lower(), f"include:{term[9:]}")
    ends = [term for term in held if _MILD_END.fullmatch(term)]
    end = min(ends, key=lambda term: "?~-".index(term[0]), default=SOFT_END)
    return " ".join((VERSION, *bodies.values(), end))


def _is_end(term: str) -> bool:
    return _END.fullmatch(term) is not None
