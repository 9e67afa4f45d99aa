"""What our own log tells of addresses that take no mail: the best proof there is, since their server told ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portal.branches.models import BranchProfile
from portal.maillog.importers.event import LogEvent
from portal.suppression.services import Refusal, suppress_for_refusals


def take(source: str, branches: Mapping[str, BranchProfile], events: Sequence[LogEvent]) -> None:
    """Suppress the addresses of a part of a log, each in its own branch. The branches are taken in one order."""
    told: dict[str, list[Refusal]] = {}
    for event in events:
        told.setdefault(event.branch, []).append(Refusal(event.recipient, event.at))
    for code in sorted(told):
        suppress_for_refusals(branches[code], told[code], source=f"The message log ({source})")
