"""Asking DNS, and telling its answers apart.

"No such name", "no such record", "the server failed" and "nobody answered" are four different facts, and only the first
two say anything about the domain. So a resolver *returns* every outcome as an :class:`Answer` and raises for none of
them; a check that has not looked at ``status`` has not looked at the answer.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from diagnostics.engine.names import NameProblem, normalised


class Status(StrEnum):
    """How a question ended. Only NXDOMAIN and NODATA mean absence; the last five mean that we could not find out."""

    OK = "ok"
    NXDOMAIN = "nxdomain"
    NODATA = "nodata"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    BOGUS = "bogus"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one question.

    ``name`` is absolute, lower-case, an A-label, without the trailing dot. ``records`` is in DNS presentation form,
    names lower-case without the trailing dot, in a stable order: TXT strings joined without a space and decoded as
    Latin-1 (one octet, one character), MX as ``10 mx.example.org``. ``chain`` lists the CNAME targets followed.
    ``ttl`` is in seconds, ``elapsed_ms`` in milliseconds; ``authenticated`` is the AD flag of a resolver we trust.
    """

    name: str
    rdtype: str
    status: Status
    records: tuple[str, ...] = ()
    ttl: int | None = None
    chain: tuple[str, ...] = ()
    authenticated: bool = False
    elapsed_ms: float = 0.0
    note: str = ""

    @property
    def is_ok(self) -> bool:
        """There is at least one record."""
        return self.status is Status.OK

    @property
    def is_absent(self) -> bool:
        """DNS says that there is no such record (NXDOMAIN or NODATA)."""
        return self.status in (Status.NXDOMAIN, Status.NODATA)

    @property
    def is_unknown(self) -> bool:
        """We could not find out; says nothing about the domain."""
        return not (self.is_ok or self.is_absent)


class Resolver(Protocol):
    """Anything that answers questions: DNS itself, a zone in memory, a stored transcript."""

    async def query(self, name: str, rdtype: str) -> Answer:
        """The answer for ``name`` (any case, U- or A-labels, always taken as absolute) and ``rdtype``."""
        ...


def failed(name: str, rdtype: str, status: Status, note: str, *, elapsed_ms: float = 0.0) -> Answer:
    """An answer that says nothing about the domain, and why."""
    return Answer(name=name, rdtype=rdtype, status=status, note=note, elapsed_ms=elapsed_ms)


#: Where in a record's text, counted in words, a domain name stands.
_NAME_AT = {"MX": 1, "CNAME": 0, "DNAME": 0, "PTR": 0, "NS": 0, "SRV": 3, "HTTPS": 1, "SVCB": 1}


def record_text(rdtype: str, text: str) -> str:
    """``text``, one record of ``rdtype``, in the one form that :attr:`Answer.records` promises."""
    if rdtype in ("TXT", "SPF"):
        # What is no octet already is written as DNS carries it, in UTF-8.
        return text if all(ord(letter) < 256 for letter in text) else text.encode().decode("latin-1")
    if rdtype in ("A", "AAAA"):
        try:
            return str(ipaddress.ip_address(text.strip()))
        except ValueError:
            return text.strip()
    words = text.split()
    at = _NAME_AT.get(rdtype)
    if at is not None and at < len(words):
        try:
            words[at] = "." if words[at] == "." else normalised(words[at])
        except NameProblem:
            words[at] = words[at].lower()
    return " ".join(words)


def in_order(rdtype: str, records: Iterable[str]) -> tuple[str, ...]:
    """``records`` in an order that does not depend on the order in which a server shuffled them."""
    if rdtype in ("MX", "SRV", "HTTPS", "SVCB"):
        return tuple(sorted(records, key=_by_number))
    return tuple(sorted(records))


def _by_number(record: str) -> tuple[int, str]:
    first, _, rest = record.partition(" ")
    return (int(first) if first.isdecimal() else 0, rest)
