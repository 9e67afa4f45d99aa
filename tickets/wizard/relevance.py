"""Which findings can be the cause of this very report. The others stay to be read, folded.

A server on a block list is worth mending, and is not why a full mailbox refused an e-mail. What foretells a cause that
the ranking does not name, or names beside one that is certain, is set aside; so is what foretells nothing by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy

from diagnostics.engine.causes import Confidence, Ranked
from diagnostics.engine.causes.ranking.foretold import ABOUT_ADDRESS, explained_by, may_explain
from diagnostics.selectors import ReadFinding
from portal.maillog.models import Delivery
from tickets.models import Report
from tickets.selectors.belief import of_itself

#: A report may be about one of several records until one is chosen; of so many of them it is asked.
MOST = 3


def set_aside(report: Report, findings: Sequence[ReadFinding], records: Iterable[Delivery]) -> list[ReadFinding]:
    """Those of ``findings`` that call for somebody and cannot be why the e-mail did not arrive.

    ``records`` are the deliveries it may be, where none was chosen yet: what any of them leaves possible stays.
    """
    calling = [finding for finding in findings if finding.needs_somebody]
    if not calling:
        return []
    rankings = [of_itself(_about(report, record)) for record in _records(report, records)]
    return [finding for finding in calling if not any(_may_be(finding, ranking) for ranking in rankings)]


def _records(report: Report, records: Iterable[Delivery]) -> list[Delivery | None]:
    if report.delivery is not None:
        return [report.delivery]
    found: list[Delivery | None] = [*records]
    return found[:MOST] or [None]


def _about(report: Report, record: Delivery | None) -> Report:
    """The report as if ``record`` had been chosen; it is not saved."""
    if record is None or record == report.delivery:
        return report
    supposed = copy(report)
    supposed.delivery = record
    return supposed


def _may_be(finding: ReadFinding, ranking: Sequence[Ranked]) -> bool:
    sure = [item.cause for item in ranking if item.confidence is Confidence.CERTAIN]
    causes = sure or [item.cause for item in ranking]
    if finding.check in ABOUT_ADDRESS:
        return not sure or bool(explained_by(finding.check) & set(sure))
    return may_explain(finding.code, finding.check, causes)
