"""The one text form of DNS records that the whole engine reads, whoever gave them: a server, a zone, a transcript."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from diagnostics.engine.names import NameProblem, normalised

#: Questions that a server is asked and not DNS (see ``outside``): an MTA-STS policy, a dialogue with a mail server.
STS_POLICY = "STS-POLICY"
SMTP = "SMTP"
DIALOGUES = frozenset((STS_POLICY, SMTP))

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
    if rdtype in DIALOGUES:
        return text
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
    if rdtype in DIALOGUES:
        return tuple(records)
    if rdtype in ("MX", "SRV", "HTTPS", "SVCB"):
        return tuple(sorted(records, key=_by_number))
    return tuple(sorted(records))


def _by_number(record: str) -> tuple[int, str]:
    first, _, rest = record.partition(" ")
    # A number of 16 bits; a longer one is none (and Python refuses to read it).
    return (int(first) if first.isdecimal() and len(first) <= 5 else 0, rest)
