"""The way of a message: every server that takes it writes a ``Received`` field on top (RFC 5321 §4.4).

The standard's form is ``from <who> by <whom> via <link> with <protocol> id <id> for <whom>; <date>``. What stands
behind ``from`` is what the other side *called itself*; the receiving server adds in brackets what it saw: the address,
and the name that the address has in DNS. No two programs write this alike, and some (qmail, Exchange, Google's inner
hops) keep little of the form, so :func:`hop` takes what it can find and keeps the rest as it stood.

Only what the servers one trusts have written is proved; what stands below came with the message.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from diagnostics.engine.messages.headers.dates import Stamp, read_date
from diagnostics.engine.messages.headers.fields import Field
from diagnostics.engine.messages.headers.tokens import Token, parts, tokens, written

CLAUSES: Final = ("from", "by", "via", "with", "id", "for")
#: More of one field is never read: no server writes as much.
MAX_VALUE: Final = 8_192
#: RFC 5321 §6.3 takes a hundred for a loop.
MAX_HOPS: Final = 500

_VERSION = re.compile(r"\b(TLS|SSL)v?\s?([123](?:[._]\d)?)(?![\d])", re.IGNORECASE)
_SPEAKS_OF_TLS = re.compile(r"tls|ssl", re.IGNORECASE)
# RFC 3848 and RFC 6531 §4.3: an S after the name of the protocol says that the connection was encrypted.
_ENCRYPTED = re.compile(r"(?:UTF8)?(?:ESMTP|SMTP|LMTP|HTTP)SA?", re.IGNORECASE)
_HELO = re.compile(r"(?:HELO|EHLO)[ =:]+(\S+)", re.IGNORECASE)
_HELO_WITHIN = re.compile(r"\bhelo=(\S+)", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\[([^\[\]\s]{2,60})\]")
_NAMED = re.compile(r"([^\s\[\]=]{1,255})\s*\[")
_LOCAL = re.compile(r"(?:invoked by |from )((?:uid|userid) \w{1,20})|invoked (by alias|for bounce)|^from (\S+@\S+)$")


@dataclass(frozen=True, slots=True)
class Hop:
    """One server's note that it took the message.

    ``from_helo`` is what the sending side called itself, which it may choose freely; ``from_name`` the name that the
    receiving server found for ``from_ip``, the address it saw. ``with_`` is the protocol, ``tls`` its version ("TLS
    1.3"), or the protocol's name where only that says that the connection was encrypted, or empty. ``local`` names the
    account that handed the message in on the server itself. ``position`` is the field's place in the header.
    """

    raw: str
    position: int = 0
    from_name: str = ""
    from_helo: str = ""
    from_ip: str = ""
    by: str = ""
    via: str = ""
    with_: str = ""
    id: str = ""
    for_: str = ""
    tls: str = ""
    local: str = ""
    at: datetime | None = None
    is_zone_assumed: bool = False

    @property
    def source(self) -> str:
        """From whom, in one word: the name that was found, else the one that was claimed, else the address."""
        return self.from_name or self.from_helo or self.from_ip or self.local

    @property
    def is_from_outside(self) -> bool:
        """It came over the public internet: not from the server itself, nor from the network behind it."""
        if not self.from_ip:
            return False
        ip = ipaddress.ip_address(self.from_ip)
        return not any(ip.version == network.version and ip in network for network in _INNER)


#: Addresses that nobody has on the public internet (RFC 1918, RFC 6598, RFC 3927, RFC 4193, loopback).
_INNER = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"),
        *("::1/128", "fe80::/10", "fc00::/7"),
    )
)


@dataclass(frozen=True, slots=True)
class Step:
    """One hop on the way. ``delay`` is in seconds, since the last hop before it that noted a time."""

    hop: Hop
    delay: float | None = None

    @property
    def is_clock_skew(self) -> bool:
        """It arrived before it was sent: one of the two clocks is wrong, and so is the delay beside it."""
        return self.delay is not None and self.delay < 0


@dataclass(frozen=True, slots=True)
class Chain:
    """The way, oldest hop first. ``total`` is in seconds, from the first noted time to the last."""

    steps: tuple[Step, ...] = ()
    total: float | None = None

    @property
    def slowest(self) -> Step | None:
        """The step that took longest, where any took time."""
        timed = [step for step in self.steps if step.delay is not None and step.delay > 0]
        return max(timed, key=lambda step: step.delay or 0.0, default=None)

    @property
    def last(self) -> Hop | None:
        """Who took it last."""
        return self.steps[-1].hop if self.steps else None


def chain(fields: Sequence[Field]) -> Chain:
    """The way that the ``Received`` fields among ``fields`` tell."""
    # The nearest to the receiver are kept: what lies further back anybody may have written.
    received = [field for field in fields if field.key == "received"][:MAX_HOPS]
    # A mail that goes round in a circle repeats its notes; each is read once.
    known: dict[str, Hop] = {}
    for field in received:
        if field.value not in known:
            known[field.value] = hop(field)
    hops = [replace(known[field.value], position=field.position) for field in reversed(received)]
    steps: list[Step] = []
    first: datetime | None = None
    last: datetime | None = None
    for item in hops:
        delay = None
        if item.at is not None:
            delay = (item.at - last).total_seconds() if last is not None else None
            first, last = first or item.at, item.at
        steps.append(Step(item, delay))
    total = (last - first).total_seconds() if first is not None and last is not None else None
    return Chain(tuple(steps), total if sum(item.at is not None for item in hops) > 1 else None)


def hop(field: Field) -> Hop:
    """What one ``Received`` field tells."""
    cut = parts(tokens(field.value[:MAX_VALUE]))
    stamp, clauses_end = _dated(cut)
    found = [token for part in cut[:clauses_end] for token in part]
    clauses = _clauses(found)
    name, helo, ip = _sender(clauses["from"])
    protocol = _words(clauses["with"])
    local = _local(found)
    if protocol.lower() == "local" and not ip:
        local, helo = local or helo, ""  # Exim: what stands behind "from" is an account.
    return Hop(
        raw=field.value,
        position=field.position,
        from_name=name,
        from_helo=helo,
        from_ip=ip,
        by=_bare(_first(clauses["by"])),
        via=_words(clauses["via"]),
        with_=protocol,
        id=_first(clauses["id"]).strip("<>"),
        for_=_addressee(clauses["for"]),
        tls=_tls(found if _SPEAKS_OF_TLS.search(field.value) else (), protocol),
        local=local,
        at=stamp.at if stamp else None,
        is_zone_assumed=stamp.is_zone_assumed if stamp else False,
    )


def _dated(cut: list[list[Token]]) -> tuple[Stamp | None, int]:
    """The date, and how many parts stand before it. Text between two semicolons that is no date is passed over."""
    for at in range(len(cut) - 1, 0, -1):
        if stamp := read_date(written(cut[at])):
            return stamp, at
        if at < len(cut) - 4:
            break
    # Without a semicolon (RFC 5321 §4.4 demands one) the date stands at the end.
    return read_date(written(cut[-1][-24:])), len(cut)


def _clauses(found: Sequence[Token]) -> dict[str, list[Token]]:
    """The pieces behind each clause's word; what stands before the first, such as qmail's comment, is in none."""
    clauses: dict[str, list[Token]] = {name: [] for name in CLAUSES}
    seen: set[str] = set()
    current: list[Token] = []
    for token in found:
        word = token.text.lower() if token.is_word else ""
        if word in clauses and word not in seen:
            seen.add(word)
            current = clauses[word]
        else:
            current.append(token)
    return clauses


def _first(clause: Sequence[Token]) -> str:
    return clause[0].text if clause and not clause[0].is_comment else ""


def _words(clause: Sequence[Token]) -> str:
    """The words up to the first comment, and no further than four, so that a date without a semicolon stays out."""
    words: list[str] = []
    for token in clause:
        if not token.is_word or len(words) == 4 or token.text.rstrip(",") in _DAYS:
            break
        words.append(token.text)
    return " ".join(words)


_DAYS = frozenset(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))


def _addressee(clause: Sequence[Token]) -> str:
    found = next((token.text for token in clause if not token.is_comment and "@" in token.text), _first(clause))
    return found.strip("<>,;")


def _sender(clause: Sequence[Token]) -> tuple[str, str, str]:
    """The name that was found, the name that was claimed, and the address that was seen."""
    word = _first(clause)
    name = helo = ip = ""
    for comment in (token.text for token in clause if token.is_comment):
        if match := _HELO.match(comment) or _HELO_WITHIN.search(comment):
            # qmail and Exim: the claimed name is told apart, so the word before was found.
            helo, name = _bare(match[1]), name or _bare(word)
        if _HELO.match(comment):
            continue
        ip = ip or _address_in(comment)
        match = _NAMED.match(comment)
        if match and not comment.startswith("["):
            name = _bare(match[1])
    ip = ip or next((seen for token in clause[:3] if token.is_word and (seen := _address(_bare(token.text)))), "")
    if not helo:
        helo = _bare(word)
    return ("" if name.lower() == "unknown" or _address(name) else name), helo, ip


def _address_in(comment: str) -> str:
    """The address in a comment such as ``mx.example [192.0.2.1] (may be forged)`` or ``192.0.2.1 with plain``."""
    match = _IN_BRACKETS.search(comment)
    words = comment[:300].split(None, 1)
    return (_address(match[1]) if match else "") or (_address(_bare(words[0])) if words else "")


def _address(text: str) -> str:
    """The IP address that ``text`` is, or nothing; RFC 5321 §4.1.3 puts ``IPv6:`` before one of the newer kind."""
    text = text[5:] if text[:5].lower() == "ipv6:" else text
    if text.count(":") == 1:
        text = text.partition(":")[0]  # An address with a port.
    if ":" not in text and not text.replace(".", "").isdecimal():
        return ""
    try:
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return ""


def _bare(word: str) -> str:
    """``word`` without the brackets, the question marks (qmail) and the final dot (Google) that stand around names."""
    return word.strip("[]?<>,;").rpartition("@")[2].removesuffix(".")


def _tls(found: Sequence[Token], protocol: str) -> str:
    for token in found:
        if match := _VERSION.search(token.text[:500]):
            return f"{match[1].upper()} {match[2].replace('_', '.')}"
    if any(token.text.strip().upper() == "TLS" for token in found):
        return "TLS"
    return next((word.upper() for word in protocol.split() if _ENCRYPTED.fullmatch(word)), "")


def _local(found: Sequence[Token]) -> str:
    for token in found[:8]:
        if token.is_comment and (match := _LOCAL.search(token.text[:300])):
            return match[1] or match[2] or match[3] or ""
    return ""
