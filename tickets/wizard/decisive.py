"""What settles a report by itself: an address that cannot be right, or a domain that takes no mail.

The checks find it while the person is still asked whether the e-mail was sent, so it stands above every question, with
the correction to press.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from diagnostics.engine.causes.ranking.foretold import ABOUT_ADDRESS
from diagnostics.engine.findings import Actor, Verdict
from diagnostics.engine.names import Malformed, parse_address
from diagnostics.selectors import ReadFinding
from tickets.models import Report
from tickets.wizard.known import meant_address, meant_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisive:
    """One thing that settles it: what is wrong, whose turn it is, and the addresses that were probably meant."""

    title: str
    meaning: str
    remedy: str
    actor: Actor = Actor.BRANCH
    verdict: Verdict = Verdict.PROBLEM
    suggestions: tuple[str, ...] = ()


def decisive_of(report: Report, findings: Sequence[ReadFinding], earlier: Sequence[Report] = ()) -> Decisive | None:
    """What settles ``report``: by the address itself, else by what the checks have found of it so far.

    ``earlier`` are ended reports about the same address: what it was corrected to then was most probably meant again.
    """
    found = _settled(report, findings)
    corrected = tuple(dict.fromkeys(item.corrected_recipient for item in earlier if item.corrected_recipient))
    if found is None or not corrected:
        return found
    return replace(found, suggestions=tuple(dict.fromkeys([*corrected, *found.suggestions])))


def _settled(report: Report, findings: Sequence[ReadFinding]) -> Decisive | None:
    parsed = parse_address(report.recipient)
    if isinstance(parsed, Malformed):
        return Decisive(
            title="This cannot be an e-mail address",
            meaning=parsed.text,
            remedy="Ask the client for the address, correct it on their profile, and send again.",
            suggestions=meant_by(report.branch, parsed),
        )
    wrong = [item for item in findings if item.check in ABOUT_ADDRESS and item.verdict is Verdict.PROBLEM]
    wrong.sort(key=lambda item: not item.arguments.get("suggestion"))
    meant = meant_address(report, parsed)
    if wrong:
        return _of_finding(wrong[0], meant)
    if not meant:
        return None
    domain = meant.rpartition("@")[2]
    return Decisive(
        title=f"{parsed.domain} may be a typing mistake for {domain}",
        meaning="The domain differs from one that mail reaches by a letter or two.",
        remedy=f"Ask the client whether {meant} was meant.",
        verdict=Verdict.NOTICE,
        suggestions=(meant,),
    )


def _of_finding(finding: ReadFinding, meant: str) -> Decisive:
    """The finding in its own words, with the address that was probably meant."""
    suggestion = str(finding.arguments.get("suggestion") or meant)
    return Decisive(
        title=finding.title,
        meaning=finding.meaning,
        remedy=finding.remedy,
        actor=finding.actor,
        suggestions=(suggestion,) if suggestion else (),
    )
