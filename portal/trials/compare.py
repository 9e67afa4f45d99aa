"""Two messages side by side, one of which arrived: in what do they differ that a receiver looks at?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from diagnostics.engine.findings import Verdict
from diagnostics.engine.messages.headers.judge_findings import in_words
from diagnostics.engine.protocols.dkim import KeyProblem, tags
from diagnostics.selectors import ReadFinding
from portal.trials.selectors import Report

NOT_KNOWN = "not known"
MOST_LINES = 12
_OUTCOMES = {
    "vouched": "something vouches for the author",
    "not_vouched": "nothing vouches for the author",
    "unknown": "could not find out",
    "no_author": "there is no one author",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing of both messages, each as lines. ``slug`` is stable."""

    slug: str
    what: str
    first: tuple[str, ...]
    second: tuple[str, ...]

    @property
    def differs(self) -> bool:
        return self.first != self.second

    @property
    def is_known(self) -> bool:
        """Both sides say something; where one does not, that is no difference."""
        return self.first != (NOT_KNOWN,) and self.second != (NOT_KNOWN,)


def compared(first: Report, second: Report) -> list[Difference]:
    """What receivers look at in two messages, what differs first."""
    pairs = zip(_facts(first), _facts(second), strict=True)
    found = [Difference(slug, what, lines, others) for (slug, what, lines), (_, _, others) in pairs]
    return sorted(found, key=lambda item: not (item.differs and item.is_known))


def _facts(report: Report) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each thing that is compared: slug, words, lines; the same ones in the same order for every message."""
    facts, message = report.facts, report.message
    yield "address", "Sent from the address", _one(message.address)
    yield "helo", "Greeted as", _one(message.helo)
    yield "envelope", "Domain of the envelope", _one(message.sender.rpartition("@")[2].lower())
    yield "author", "From", _some(facts.get("authors", []))
    yield "signatures", "Signed by", tuple(_signatures(facts)) or ("nobody",)
    yield "vouchers", "Who vouched", tuple(_vouchers(facts)) or ("nobody",)
    yield "outcome", "For this message", _one(_OUTCOMES.get(facts.get("outcome", ""), ""))
    yield "route", "Servers on the way", _some([step.get("by", "") for step in facts.get("steps", [])])
    yield "time", "Time on the way", _one(in_words(facts["total"]) if facts.get("total") is not None else "")
    yield "unsubscribe", "Way out (List-Unsubscribe)", (_way_out(facts),)
    yield "size", "Size", (f"{message.size / 1024:.0f} KB",)
    yield "html", "Size of the page", _one(f"{facts['content']['html_octets'] // 1024} KB" if _content(facts) else "")
    yield "content", "What is wrong with its content", _content_findings(report)
    yield "listed", "What is wrong with the address", _of_check(report, ("sending-ip-reverse", "sending-ip-listed"))


def _one(text: str) -> tuple[str, ...]:
    return (text,) if text else (NOT_KNOWN,)


def _some(lines: Sequence[str]) -> tuple[str, ...]:
    kept = tuple(line for line in lines if line)[:MOST_LINES]
    return kept or (NOT_KNOWN,)


def _signatures(facts: dict[str, Any]) -> Iterator[str]:
    """Whose signatures there are, by domain and selector."""
    own = [item["value"] for item in facts.get("fields", []) if item["name"].lower() == "dkim-signature"]
    for value in own[:MOST_LINES]:
        try:
            found = tags(value)
        except KeyProblem:
            yield "a signature that cannot be read"
            continue
        yield f"{found.get('d', '?').lower()} (selector {found.get('s', '?')})"


def _vouchers(facts: dict[str, Any]) -> Iterator[str]:
    for item in facts.get("vouchers", [])[:MOST_LINES]:
        fits = {True: "fits the author", False: "does not fit the author", None: "fit not known"}[item["is_aligned"]]
        yield f"{item['method'].upper()} {item['result']} for {item['domain']}, {fits}"


def _content(facts: dict[str, Any]) -> bool:
    return bool(facts.get("content"))


def _way_out(facts: dict[str, Any]) -> str:
    names = {item["name"].lower() for item in facts.get("fields", [])}
    if "list-unsubscribe" not in names:
        return "none"
    return "with one press" if "list-unsubscribe-post" in names else "with more than one press"


def _content_findings(report: Report) -> tuple[str, ...]:
    if not _content(report.facts):
        return (NOT_KNOWN,)
    wrong = [item for item in report.own.findings if item.code.startswith("content.") and _is_wrong(item)]
    return tuple(item.title for item in wrong)[:MOST_LINES] or ("nothing",)


def _of_check(report: Report, checks: Sequence[str]) -> tuple[str, ...]:
    own = [item for item in report.own.findings if item.check in checks]
    if not own:
        return (NOT_KNOWN,)
    return tuple(item.title for item in own if _is_wrong(item))[:MOST_LINES] or ("nothing",)


def _is_wrong(finding: ReadFinding) -> bool:
    return finding.verdict in (Verdict.PROBLEM, Verdict.NOTICE)
