"""TLS reports (RFC 8460): how often others could, and could not, deliver to a domain over an encrypted connection."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portal.feedback.reports.aggregate import LONGEST, ReportProblem

MOST_POLICIES = 100
MOST_FAILURES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One way it failed (RFC 8460 §4.3), how often, and between which servers."""

    result: str
    sessions: int
    sending_ip: str = ""
    receiving_host: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy the sender went by (``sts``, ``tlsa``, ``no-policy-found``) and what came of it."""

    type: str
    domain: str
    successes: int
    failures: int
    details: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TLSReport:
    """One report: by whom, for which span of time, on which policies."""

    organisation: str
    report_id: str
    begins: datetime
    ends: datetime
    policies: tuple[Policy, ...]


def read_tls(octets: bytes) -> TLSReport:
    """The report in ``octets`` (JSON). ReportProblem for what is none."""
    try:
        document = json.loads(octets)
    except (ValueError, RecursionError) as error:
        raise ReportProblem(f"The report is not JSON: {error}.") from error
    if not isinstance(document, dict) or not isinstance(document.get("policies"), list):
        raise ReportProblem("The document is no TLS report: it has no list of policies.")
    span = _object(document, "date-range")
    begins, ends = _moment(span.get("start-datetime")), _moment(span.get("end-datetime"))
    policies = [_policy(item) for item in document["policies"][:MOST_POLICIES] if isinstance(item, dict)]
    told = tuple(item for item in policies if item.domain)
    if begins is None or ends is None or not told:
        raise ReportProblem("The report lacks its span of time (date-range) or a policy-domain.")
    return TLSReport(
        organisation=_text(document, "organization-name") or _text(document, "contact-info") or "unknown",
        report_id=_text(document, "report-id"),
        begins=begins,
        ends=max(begins, ends),
        policies=told,
    )


def _policy(item: dict[str, Any]) -> Policy:
    policy, summary = _object(item, "policy"), _object(item, "summary")
    details = item.get("failure-details")
    failures = [row for row in details if isinstance(row, dict)] if isinstance(details, list) else []
    return Policy(
        type=_text(policy, "policy-type").lower()[:20],
        domain=_text(policy, "policy-domain").lower().rstrip("."),
        successes=_number(summary, "total-successful-session-count"),
        failures=_number(summary, "total-failure-session-count"),
        details=tuple(_failure(row) for row in failures[:MOST_FAILURES]),
    )


def _failure(row: dict[str, Any]) -> Failure:
    return Failure(
        result=_text(row, "result-type").lower()[:60],
        sessions=_number(row, "failed-session-count"),
        sending_ip=_text(row, "sending-mta-ip"),
        receiving_host=_text(row, "receiving-mx-hostname").lower(),
        reason=_text(row, "failure-reason-code") or _text(row, "additional-information"),
    )


def _object(value: dict[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    text = found if isinstance(found, str) else ""
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split()).replace("\x00", "")[:LONGEST]


def _number(value: dict[str, Any], name: str) -> int:
    found = value.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 2**53 else 0


def _moment(text: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
