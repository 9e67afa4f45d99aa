"""DMARC (RFC 9989): what a domain asks receivers to do with mail in its name that nothing vouches for.

Something vouches for a mail when SPF or DKIM passes for a domain that is *aligned* with the one in From:. The policy
stands in a TXT record at ``_dmarc`` below the From-domain or, where that has none, above it: a walk up the tree of
names, of eight questions at most, finds it and finds out which domains belong together. RFC 7489, which this replaces,
used a list of public suffixes instead.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from diagnostics.engine import path
from diagnostics.engine.names import NameProblem, is_under, normalised
from diagnostics.engine.resolver import Answer, Resolver, Status

MAX_QUESTIONS = 8  # RFC 9989 §4.10
MAX_RECORD = 65535
#: RFC 9989 removed these; receivers that know RFC 7489 alone may still follow them.
HISTORIC = ("pct", "rf", "ri")
KNOWN = frozenset(("v", "p", "sp", "np", "adkim", "aspf", "rua", "ruf", "fo", "psd", "t", *HISTORIC))

# The version's value is case-sensitive, its tag is not (RFC 9989 §4.7).
_BEGIN = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^,;\s!]+")


class Policy(StrEnum):
    """What is asked to be done with mail that nothing vouches for."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"

    @property
    def milder(self) -> Policy:
        """One step down, as a domain that only tests its policy asks for (``t=y``)."""
        return Policy.QUARANTINE if self is Policy.REJECT else Policy.NONE


class RecordProblem(ValueError):
    """A record that receivers do not apply; ``text`` says why."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True)
class DMARCRecord:
    """A record that is applied. ``faults`` are mistakes that receivers pass over."""

    text: str
    p: Policy
    sp: Policy | None = None
    np: Policy | None = None
    is_spf_strict: bool = False
    is_dkim_strict: bool = False
    psd: str = "u"
    is_testing: bool = False
    rua: tuple[str, ...] = ()
    ruf: tuple[str, ...] = ()
    fo: tuple[str, ...] = ("0",)
    historic: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    unknown: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """One step of a tree walk: the domain asked about, the answer, and the record where it has exactly one.

    ``texts`` are all that mean to be DMARC records. ``problem`` says why none is applied.
    """

    domain: str
    answer: Answer
    texts: tuple[str, ...] = ()
    record: DMARCRecord | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Walk:
    """The walk up from one domain, as far as a receiver goes. ``unknown`` is the question that was not answered."""

    domain: str
    places: tuple[Place, ...]
    unknown: Answer | None = None

    @property
    def organisation(self) -> str:
        """The organizational domain (RFC 9989 §4.10.2), with which all domains below it are aligned."""
        found = [place for place in self.places if place.record is not None]
        for place in found:
            if place.record is not None and place.record.psd == "n":
                return place.domain
            if place.record is not None and place.record.psd == "y" and place.domain != self.domain:
                # A registry's record: what lies one label below is an organization's.
                labels = self.domain.split(".")
                return ".".join(labels[-(len(place.domain.split(".")) + 1) :])
        return found[-1].domain if found else self.domain

    @property
    def in_force(self) -> Place | None:
        """Whose record applies to the domain (§4.10.1): its own, else its organization's, else its registry's."""
        organisation = self.organisation
        found = [place for place in self.places if place.record is not None]
        for domain in (self.domain, organisation):
            for place in found:
                if place.domain == domain:
                    return place
        return next((place for place in found if place.record and place.record.psd == "y"), None)


@dataclass(frozen=True, slots=True)
class InForce:
    """The policy for one From-domain. ``policy`` is what is asked for, ``effective`` what is left of it in a test.

    ``tag`` names where it was read from: ``p``, ``sp`` or ``np``.
    """

    walk: Walk
    place: Place | None = None
    policy: Policy | None = None
    tag: str = ""
    is_known: bool = True

    @property
    def record(self) -> DMARCRecord | None:
        return self.place.record if self.place else None

    @property
    def effective(self) -> Policy | None:
        if self.policy is None or self.record is None:
            return None
        return self.policy.milder if self.record.is_testing else self.policy


def means_to_be_dmarc(text: str) -> bool:
    """``text`` was meant as a DMARC record, whatever is wrong with it."""
    return re.match(r"[\s\"]*v\s*=\s*DMARC", text, re.IGNORECASE) is not None


def select_records(texts: Sequence[str]) -> tuple[str, ...]:
    """Of all TXT records at a name, those that begin as a DMARC record must (§4.10)."""
    return tuple(text for text in texts if _BEGIN.match(text))


def parse_record(text: str) -> DMARCRecord:
    """The record in ``text``; RecordProblem where receivers do not apply it (§4.7)."""
    if len(text) > MAX_RECORD:
        raise RecordProblem("The record is longer than DNS can carry.")
    if not _BEGIN.match(text):
        raise RecordProblem("The record does not begin with v=DMARC1 in exactly these letters.")
    tags, faults = _tags(text)
    rua, bad_uris = _uris(tags.get("rua", ""))
    ruf, more_bad = _uris(tags.get("ruf", ""))
    faults += [f"{uri[:60]!r} is no address of the form mailto:…" for uri in (*bad_uris, *more_bad)]
    policies = {name: _policy(tags, name) for name in ("p", "sp", "np")}
    wrong = [name for name in policies if policies[name] is None and (name == "p" or name in tags)]
    if wrong:
        # §4.10.1: with a wrong policy only the wish for reports is left, and without that nothing.
        said = " and ".join(f"{name}=" for name in wrong)
        if not rua:
            raise RecordProblem(f"There is no valid {said} (none, quarantine or reject), and no valid rua= either.")
        policies = {"p": Policy.NONE, "sp": None, "np": None}
        faults.append(f"There is no valid {said} (none, quarantine or reject), so receivers take it all for p=none.")
    psd = tags.get("psd", "u").lower()
    if psd not in ("y", "n", "u"):
        faults.append(f"psd={psd[:20]} is none of y, n and u.")
        psd = "u"
    return DMARCRecord(
        text=text,
        p=policies["p"] or Policy.NONE,
        sp=policies["sp"],
        np=policies["np"],
        is_spf_strict=_one_of(tags, "aspf", "rs", faults) == "s",
        is_dkim_strict=_one_of(tags, "adkim", "rs", faults) == "s",
        psd=psd,
        is_testing=_one_of(tags, "t", "ny", faults) == "y",
        rua=rua,
        ruf=ruf,
        fo=tuple(item.strip().lower() for item in tags.get("fo", "0").split(":")),
        historic=MappingProxyType({name: tags[name] for name in HISTORIC if name in tags}),
        unknown=tuple(name for name in tags if name not in KNOWN),
        faults=tuple(faults),
    )


def _tags(text: str) -> tuple[dict[str, str], list[str]]:
    tags: dict[str, str] = {}
    faults: list[str] = []
    for part in text.split(";"):
        name, equals, value = (item.strip(" \t\r\n") for item in part.partition("="))
        if not name and not equals:
            continue
        if not equals or not re.fullmatch(r"[A-Za-z0-9]+", name):
            if len(faults) < 5:
                faults.append(f"{part.strip()[:40]!r} is not of the form name=value.")
            continue
        if name.lower() in tags and len(faults) < 5:
            faults.append(f"{name[:20]}= stands twice; receivers differ in which they follow.")
        tags.setdefault(name.lower(), value)
    return tags, faults


def _policy(tags: Mapping[str, str], name: str) -> Policy | None:
    value = tags.get(name, "").lower()
    return Policy(value) if value in ("none", "quarantine", "reject") else None


def _one_of(tags: Mapping[str, str], name: str, letters: str, faults: list[str]) -> str:
    """The letter of a tag, the first of ``letters`` where it is missing or wrong."""
    value = tags.get(name, letters[0]).lower()
    if len(value) == 1 and value in letters:
        return value
    faults.append(f"{name}={value[:20]} is none of {' and '.join(letters)}.")
    return letters[0]


def _uris(value: str) -> tuple[tuple[str, ...], list[str]]:
    """The addresses for reports, without the size that RFC 7489 let stand behind them."""
    given = [item.strip() for item in value.split(",") if item.strip()]
    found = tuple(match[0] for item in given if (match := _URI.match(item)))
    return found, [item for item in given if not _URI.match(item)][:5]


def report_domains(record: DMARCRecord) -> tuple[str, ...]:
    """The domains to which the record asks for aggregate reports by mail, in its order."""
    found: dict[str, None] = {}
    for uri in record.rua:
        if uri.lower().startswith("mailto:"):
            with contextlib.suppress(NameProblem):
                found[normalised(uri.partition("?")[0].rpartition("@")[2])] = None
    return tuple(found)


def report_permission_name(domain: str, destination: str) -> str:
    """Where ``destination`` says that it takes reports on ``domain`` (RFC 9990 §4, RFC 7489 §7.1)."""
    return f"{domain}._report._dmarc.{destination}"


def walked_names(domain: str) -> tuple[str, ...]:
    """The domains that a tree walk asks about (§4.10): itself, then from seven labels up to the top-level domain."""
    labels = domain.split(".")
    start = 1 if len(labels) < MAX_QUESTIONS else len(labels) - (MAX_QUESTIONS - 1)
    return (domain, *(".".join(labels[at:]) for at in range(start, len(labels))))


async def walk(resolver: Resolver, domain: str) -> Walk:
    """The tree walk from ``domain``. All of it is asked at once, and read as if asked one after another."""
    names = walked_names(domain)
    answers = await path.together(*(resolver.query(f"_dmarc.{name}", "TXT") for name in names))
    places: list[Place] = []
    for name, answer in zip(names, answers, strict=True):
        place = _place(name, answer)
        places.append(place)
        if answer.is_unknown:
            return Walk(domain, tuple(places), answer)
        if place.record is not None and place.record.psd in ("y", "n"):
            break
    return Walk(domain, tuple(places))


def _place(domain: str, answer: Answer) -> Place:
    texts = select_records(answer.records)
    meant = tuple(text for text in answer.records if means_to_be_dmarc(text))
    if len(texts) > 1:
        # §4.10: several records at one name are all discarded; the walk goes on above.
        return Place(domain, answer, meant, problem=f"There are {len(texts)} DMARC records, and there may be one.")
    if not texts:
        problem = "The record does not begin with v=DMARC1 in exactly these letters." if meant else ""
        return Place(domain, answer, meant, problem=problem)
    try:
        return Place(domain, answer, meant, parse_record(texts[0]))
    except RecordProblem as problem:
        return Place(domain, answer, meant, problem=problem.text)


async def policy_for(resolver: Resolver, domain: str) -> InForce:
    """The policy that a receiver applies to mail From: ``domain``.

    What is not answered above the domain's own record takes nothing from that record; below it, all is unknown.
    """
    found = await walk(resolver, domain)
    place = found.in_force
    if place is None or place.record is None:
        return InForce(found, is_known=found.unknown is None)
    if place.domain != domain and found.unknown is not None:
        return InForce(found, is_known=False)
    record = place.record
    if place.domain == domain:
        return InForce(found, place, record.p, "p")
    if record.np is not None:
        # §4.7: np= is for names that do not exist at all (RFC 8020), which DNS says of any type alike.
        exists = await resolver.query(domain, "A")
        if exists.is_unknown:
            return InForce(found, place, is_known=False)
        if exists.status is Status.NXDOMAIN:
            return InForce(found, place, record.np, "np")
    if record.sp is not None:
        return InForce(found, place, record.sp, "sp")
    return InForce(found, place, record.p, "p")


def is_aligned(identifier: str, author: str, *, is_strict: bool, organisations: Mapping[str, str]) -> bool | None:
    """Whether a domain that SPF or DKIM passed for speaks for the ``author`` domain (§4.4).

    ``organisations`` holds the organizational domain of each of the two, where it is known; nothing is returned where
    that is needed and is not.
    """
    identifier, author = identifier.lower().removesuffix("."), author.lower().removesuffix(".")
    if identifier == author:
        return True
    if is_strict:
        return False
    if not is_under(identifier, author.rpartition(".")[2]):
        return False
    if identifier not in organisations or author not in organisations:
        return None
    return organisations[identifier] == organisations[author]
