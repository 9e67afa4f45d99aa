"""The findings of a ticket by what they have to do with its cause, so that nobody reads twenty to find the one.

First stands what may be why the suggested (or confirmed) cause happened, then what would explain another one that is
believed possible, then what is worth mending all the same. What is sound is one line that can be opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diagnostics.engine.causes import Confidence, Ranked
from diagnostics.engine.causes.ranking.foretold import may_explain
from diagnostics.selectors import ReadFinding, by_actor, settled, unknowns


def bears_on(finding: ReadFinding, cause: str) -> bool:
    """``finding`` may be why ``cause`` happened."""
    return may_explain(finding.code, finding.check, (cause,))


def by_bearing(
    findings: Sequence[ReadFinding], lead: Ranked | None, others: Sequence[Ranked], *, is_confirmed: bool = False
) -> dict[str, Any]:
    """What ``tickets/queue/_findings.html`` shows of ``findings``: those ``bearing`` on the cause that leads the page,
    those that explain it ``otherwise`` (and ``by_actor`` both together); ``aside``, which explains nothing that is
    believed; what could not be found out, by its ``open`` questions; and of how many checks all is ``sound``.

    Beside a cause that is certain or confirmed, ``others`` explain nothing any more. Without a cause nothing is aside.
    """
    calling = [finding for finding in findings if finding.needs_somebody]
    unknown, fine = unknowns(findings), settled(findings)
    cause = lead.cause if lead is not None and lead.cause != "unknown" else ""
    is_sure = is_confirmed or (lead is not None and lead.confidence is Confidence.CERTAIN)
    possible = [] if is_sure else [item.cause for item in others]
    bearing = [finding for finding in calling if bears_on(finding, cause)]
    beside = [finding for finding in calling if not cause or any(bears_on(finding, item) for item in possible)]
    beside = [finding for finding in beside if finding not in bearing]
    touched = {finding.check for finding in (*calling, *unknown)}
    return {
        "bearing": by_actor(bearing),
        "otherwise": by_actor(beside),
        "by_actor": by_actor([*bearing, *beside]),
        "aside": [finding for finding in calling if finding not in bearing and finding not in beside],
        "open": list(dict.fromkeys(finding.question for finding in unknown)),
        "sound": len({finding.check for finding in fine} - touched),
    }
