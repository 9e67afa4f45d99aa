"""The grammar of an SPF record (RFC 7208 §12), read whole before anything of it is evaluated.

A record is ``v=spf1`` and terms. A term is a mechanism with a qualifier (``-all``, ``include:_spf.example.org``), which
may match, or a modifier (``redirect=…``), which says what to do when none did. A record with one fault anywhere is
worth nothing (§4.6), so :func:`parse_record` gives the whole record or raises :class:`RecordProblem`, which points at
the term and says what is wrong with it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from diagnostics.engine.protocols.spf.macros import MacroProblem, read_macros

VERSION = "v=spf1"
#: RFC 7208 §4.6.4: the terms that make a receiver ask DNS, of which it evaluates ten.
ASKING = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
#: A record has no upper length of its own, but a TXT record's data ends at 65535 octets.
MAX_RECORD = 65535

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(.*)", re.DOTALL)
_MECHANISM = re.compile(r"([+?~-]?)([A-Za-z][A-Za-z0-9_.-]*)(.*)", re.DOTALL)
_DUAL_CIDR = re.compile(r"(?:/(\d+))?(?://(\d+))?")
#: §7.1: toplabel, which keeps ``a:192.0.2.1`` and a name without a dot from being a domain-spec.
_TOP_LABEL = re.compile(r"(?=[A-Za-z0-9-]*[A-Za-z-])[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")


class RecordProblem(ValueError):
    """A record that breaks the grammar. ``term`` is the one at fault, empty where it is the record as a whole."""

    def __init__(self, term: str, text: str) -> None:
        super().__init__(f"{term[:200]}: {text}" if term else text)
        self.term = term
        self.text = text


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One mechanism. ``domain`` is its domain-spec before macros are expanded, empty where the term names none."""

    text: str
    qualifier: str
    name: str
    domain: str = ""
    network: IPNetwork | None = None
    prefix4: int = 32
    prefix6: int = 128

    @property
    def asks(self) -> bool:
        """It counts toward the ten terms that ask DNS."""
        return self.name in ASKING


@dataclass(frozen=True, slots=True)
class Modifier:
    """One modifier. Those with other names than ``redirect`` and ``exp`` mean nothing and harm nothing (§6)."""

    text: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class SPFRecord:
    """A record that keeps the grammar, its mechanisms in the order in which they are tried."""

    text: str
    mechanisms: tuple[Mechanism, ...] = ()
    modifiers: tuple[Modifier, ...] = ()

    @property
    def all(self) -> Mechanism | None:
        """The first ``all``; nothing after it is ever tried (§5.1)."""
        return next((item for item in self.mechanisms if item.name == "all"), None)

    @property
    def redirect(self) -> Modifier | None:
        """What is asked when nothing matches; not looked at in a record that has an ``all`` (§6.1)."""
        return None if self.all else self._modifier("redirect")

    @property
    def exp(self) -> Modifier | None:
        """Where the explanation of a failure stands (§6.2)."""
        return self._modifier("exp")

    @property
    def unreachable(self) -> tuple[Mechanism, ...]:
        """The mechanisms after ``all``, which somebody meant to count and which do not (P57)."""
        last = self.all
        return () if last is None else self.mechanisms[self.mechanisms.index(last) + 1 :]

    def _modifier(self, name: str) -> Modifier | None:
        return next((item for item in self.modifiers if item.name == name), None)


def select_records(texts: Iterable[str]) -> tuple[str, ...]:
    """Of all TXT records of a name, those that are SPF (§4.5): ``v=spf1`` in any case, then a space or the end."""
    return tuple(text for text in texts if text.lower() == VERSION or text.lower().startswith(VERSION + " "))


def parse_record(text: str) -> SPFRecord:
    """The record in ``text``; RecordProblem where it breaks the grammar."""
    if len(text) > MAX_RECORD:
        raise RecordProblem("", "The record is longer than DNS can carry.")
    if not select_records([text]):
        raise RecordProblem("", f"An SPF record begins with {VERSION} and a space.")
    if bad := re.search(r"[^\x20-\x7e]", text):
        raise RecordProblem("", f"The record holds {bad[0]!r}; only printable ASCII may stand in it.")
    mechanisms: list[Mechanism] = []
    modifiers: dict[str, Modifier] = {}
    others: list[Modifier] = []
    # A record that says one thing ten thousand times is read in the time of a sound one.
    read: dict[str, Mechanism] = {}
    for term in text[len(VERSION) :].split(" "):
        if not term:
            continue
        if term in read:
            mechanisms.append(read[term])
            continue
        if not (match := _MODIFIER.fullmatch(term)):
            read[term] = _mechanism(term)
            mechanisms.append(read[term])
            continue
        modifier = _modifier(term, match[1].lower(), match[2])
        if modifier.name not in ("redirect", "exp"):
            others.append(modifier)
        elif modifiers.setdefault(modifier.name, modifier) is not modifier:
            # §6: each of the two may stand once.
            raise RecordProblem(term, f"{modifier.name}= stands twice.")
    return SPFRecord(text=text, mechanisms=tuple(mechanisms), modifiers=(*modifiers.values(), *others))


def _modifier(term: str, name: str, value: str) -> Modifier:
    if name in ("redirect", "exp"):
        _domain_spec(term, value)
    else:
        _macro_string(term, value)
    return Modifier(text=term, name=name, value=value)


def _mechanism(term: str) -> Mechanism:
    match = _MECHANISM.fullmatch(term)
    if not match:
        raise RecordProblem(term, "This is neither a mechanism nor a modifier.")
    qualifier, name, rest = match[1] or "+", match[2].lower(), match[3]
    if name == "all":
        if rest:
            raise RecordProblem(term, "Nothing may follow the word all.")
        return Mechanism(term, qualifier, name)
    if name in ("ip4", "ip6"):
        return Mechanism(term, qualifier, name, network=_network(term, name, rest))
    if name in ("a", "mx"):
        domain, prefix4, prefix6 = _domain_and_prefixes(term, rest)
        return Mechanism(term, qualifier, name, domain, prefix4=prefix4, prefix6=prefix6)
    if name == "ptr" and not rest:
        return Mechanism(term, qualifier, name)
    if name in ("include", "exists", "ptr"):
        if not rest.startswith(":"):
            raise RecordProblem(term, f"After {name} a colon and a domain must follow.")
        return Mechanism(term, qualifier, name, _domain_spec(term, rest[1:]))
    raise RecordProblem(term, f"There is no mechanism {name[:40]}.")


def _domain_and_prefixes(term: str, rest: str) -> tuple[str, int, int]:
    """What may follow ``a`` and ``mx`` (§5.3): ``[":" domain-spec] [ "/" bits ] [ "//" bits ]``."""
    # A slash may be part of a domain-spec (macro-literal), so the lengths are read from the end.
    at = len(rest)
    while at and (rest[at - 1].isdecimal() or rest[at - 1] == "/"):
        at -= 1
    suffix = rest[at:]
    suffix = suffix[suffix.find("/") :] if "/" in suffix else ""
    head = rest[: len(rest) - len(suffix)]
    match = _DUAL_CIDR.fullmatch(suffix)
    if not match:
        raise RecordProblem(term, "A prefix length is written /24 for IPv4 and //64 for IPv6.")
    if head and not head.startswith(":"):
        raise RecordProblem(term, "Between the mechanism and its domain a colon must stand.")
    domain = _domain_spec(term, head[1:]) if head else ""
    prefix4 = 32 if match[1] is None else _prefix(term, match[1], 32)
    prefix6 = 128 if match[2] is None else _prefix(term, match[2], 128)
    return domain, prefix4, prefix6


def _prefix(term: str, digits: str, most: int) -> int:
    if not re.fullmatch(r"0|[1-9][0-9]{0,2}", digits) or int(digits) > most:
        raise RecordProblem(
            term, f"/{digits[:20]} is no prefix length: it goes from 0 to {most}, without leading zeros."
        )
    return int(digits)


def _network(term: str, name: str, rest: str) -> IPNetwork:
    """The network of ``ip4:`` or ``ip6:`` (§5.6). Bits after the prefix are ignored, as receivers do (P52)."""
    address, slash, digits = rest.removeprefix(":").partition("/")
    if not rest.startswith(":") or not address:
        raise RecordProblem(term, f"After {name} a colon and an address must follow.")
    try:
        if name == "ip4":
            prefix = _prefix(term, digits, 32) if slash else 32
            return ipaddress.IPv4Network((ipaddress.IPv4Address(address), prefix), strict=False)
        prefix = _prefix(term, digits, 128) if slash else 128
        if "%" in address:
            raise ValueError("an interface has no place here")
        return ipaddress.IPv6Network((ipaddress.IPv6Address(address), prefix), strict=False)
    except RecordProblem:
        raise
    except ValueError as error:
        kind = "IPv4" if name == "ip4" else "IPv6"
        raise RecordProblem(term, f"{address[:60]!r} is no {kind} address.") from error


def _macro_string(term: str, text: str) -> bool:
    """Whether ``text``, a macro-string, ends in a macro; RecordProblem where it is none (§7.1)."""
    try:
        return read_macros(text).ends_in_macro
    except MacroProblem as problem:
        raise RecordProblem(term, problem.text) from problem


def _domain_spec(term: str, text: str) -> str:
    """``text`` when it is a domain-spec (§7.1): a macro-string that ends in a macro or in a top label."""
    if not text:
        raise RecordProblem(term, "A domain is missing.")
    if _macro_string(term, text):
        return text
    _, dot, top = text.removesuffix(".").rpartition(".")
    if not dot or not _TOP_LABEL.fullmatch(top):
        raise RecordProblem(term, f"{text[:80]!r} is no domain name: it must end in a dot and a top-level domain.")
    return text
