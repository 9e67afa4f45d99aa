"""DMARC aggregate reports: what a receiver saw from a domain in a span of time, by sending address.

Today's form is RFC 9990, the one before it RFC 7489 Appendix C; they differ in little (``pct`` is gone, ``np``,
``testing`` and ``discovery_method`` are new, the namespace differs or is missing), and many reports are of neither to
the letter. So elements are found by their local names, wherever they stand, and what is missing is empty.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

#: More rows than this have not been seen, and would be stored for nothing.
MOST_ROWS = 50_000
MOST_RESULTS = 20
LONGEST = 255


class ReportProblem(ValueError):
    """The document is no report of this kind; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What one mechanism (DKIM or SPF) said of which domain. ``selector`` is DKIM's, ``scope`` SPF's."""

    domain: str
    result: str
    selector: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Mail from one address: how much, what was done with it, and whether DKIM or SPF passed *for the From-domain*."""

    source_ip: str
    count: int
    disposition: str
    is_dkim_aligned: bool
    is_spf_aligned: bool
    header_from: str
    envelope_from: str = ""
    reasons: tuple[str, ...] = ()
    dkim: tuple[Checked, ...] = ()
    spf: tuple[Checked, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateReport:
    """One report: by whom, about which domain's published policy, for which span of time."""

    organisation: str
    report_id: str
    begins: datetime
    ends: datetime
    domain: str
    policy: dict[str, str]
    rows: tuple[Row, ...]
    rejected: int = 0


def read_aggregate(octets: bytes) -> AggregateReport:
    """The report in ``octets`` (XML). ReportProblem for what is none; entities from elsewhere are never loaded."""
    try:
        root = fromstring(octets, forbid_dtd=True)
    except DefusedXmlException as error:
        raise ReportProblem("The report defines entities, which no report needs. It is not read.") from error
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise ReportProblem(f"The report is not XML: {error}.") from error
    if _local(root) != "feedback":
        raise ReportProblem(f"The document is <{_local(root)[:40]}>, not <feedback>.")
    metadata, published = _child(root, "report_metadata"), _child(root, "policy_published")
    span = _child(metadata, "date_range")
    begins, ends = _moment(_text(span, "begin")), _moment(_text(span, "end"))
    domain = _text(published, "domain").lower().rstrip(".")
    if not domain or begins is None or ends is None:
        raise ReportProblem("The report lacks its domain (policy_published) or its span of time (date_range).")
    read, rejected = [], 0
    for record in _records(root):
        row = _row(record, domain)
        if row is None:
            rejected += 1
        else:
            read.append(row)
    names = ("p", "sp", "np", "adkim", "aspf", "fo", "testing", "pct", "discovery_method")
    return AggregateReport(
        organisation=_text(metadata, "org_name") or _text(metadata, "email") or "unknown",
        report_id=_text(metadata, "report_id"),
        begins=begins,
        ends=max(begins, ends),
        domain=domain,
        policy={name: text for name in names if (text := _text(published, name))},
        rows=tuple(read),
        rejected=rejected,
    )


def _records(root: Element) -> Iterator[Element]:
    for number, record in enumerate(item for item in root if _local(item) == "record"):
        if number == MOST_ROWS:
            return
        yield record


def _row(record: Element, domain: str) -> Row | None:
    row, evaluated = _child(record, "row"), _child(_child(record, "row"), "policy_evaluated")
    identifiers, results = _child(record, "identifiers"), _child(record, "auth_results")
    try:
        address = str(ipaddress.ip_address(_text(row, "source_ip")))
        count = int(_text(row, "count"))
    except ValueError:
        return None
    if not 0 < count < 2**53:
        return None
    return Row(
        source_ip=address,
        count=count,
        disposition=_text(evaluated, "disposition").lower()[:20],
        is_dkim_aligned=_text(evaluated, "dkim").lower() == "pass",
        is_spf_aligned=_text(evaluated, "spf").lower() == "pass",
        header_from=(_text(identifiers, "header_from") or domain).lower().rstrip("."),
        envelope_from=_text(identifiers, "envelope_from").lower().rstrip("."),
        reasons=tuple(_text(item, "type") for item in _children(evaluated, "reason"))[:MOST_RESULTS],
        dkim=_checked(results, "dkim"),
        spf=_checked(results, "spf"),
    )


def _checked(results: Element | None, name: str) -> tuple[Checked, ...]:
    return tuple(
        Checked(
            domain=_text(item, "domain").lower(),
            result=_text(item, "result").lower()[:20],
            selector=_text(item, "selector"),
            scope=_text(item, "scope").lower()[:20],
        )
        for item in _children(results, name)[:MOST_RESULTS]
    )


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _children(element: Element | None, name: str) -> list[Element]:
    return [] if element is None else [item for item in element if _local(item) == name]


def _child(element: Element | None, name: str) -> Element | None:
    return next(iter(_children(element, name)), None)


def _text(element: Element | None, name: str) -> str:
    found = _child(element, name)
    text = (found.text or "") if found is not None else ""
    return " ".join(text.split()).replace("\x00", "")[:LONGEST]


def _moment(text: str) -> datetime | None:
    """Seconds since 1970, as the standard has it; some write a date instead."""
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        pass
    try:
        at: Any = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
