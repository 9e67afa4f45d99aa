"""Taking a whole list into a branch's suppression list. Loading the same list twice changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.addresses import normal
from portal.suppression.models import Suppression
from portal.suppression.services import SuppressionProblem, suppress
from portal.suppression.sheets import Entry, Rejected

#: So many lines are looked up together.
PIECE = 500
#: So many rejected lines are shown; all are counted.
KEPT = 200


@dataclass(slots=True)
class Loaded:
    """What became of the lines of a list. ``left_out``: its columns that are not read."""

    new: int = 0
    known: int = 0
    rejected_count: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def load(branch: BranchProfile, items: Iterable[Entry | Rejected], *, by: User, source: str) -> Loaded:
    """Suppress what the list names; ``source`` stands for lines that tell none.

    The whole list is read before anything is stored. It is stored in pieces, so that nobody who signs off meanwhile
    waits for all of it; loading it again adds what is missing.
    """
    loaded = Loaded()
    lines = list(items)
    for start in range(0, len(lines), PIECE):
        _take(branch, lines[start : start + PIECE], by=by, source=source, loaded=loaded)
    return loaded


@transaction.atomic
def _take(branch: BranchProfile, piece: list[Entry | Rejected], *, by: User, source: str, loaded: Loaded) -> None:
    entries = [item for item in piece if isinstance(item, Entry)]
    held = _held(branch, {normal(entry.address) for entry in entries})
    for item in piece:
        if isinstance(item, Rejected):
            _reject(loaded, item)
            continue
        name = normal(item.address)
        before = held.get(name)
        if before is not None and (before.reason, before.until) == (item.reason, item.until):
            loaded.known += 1
            continue
        try:
            held[name] = suppress(
                branch, address=item.address, reason=item.reason, since=item.since, until=item.until,
                source=item.source or source, by=by,
            )  # fmt: skip
        except SuppressionProblem as problem:
            _reject(loaded, Rejected(item.line, str(problem)))
            continue
        if held[name] == before:
            loaded.known += 1
        else:
            loaded.new += 1


def _held(branch: BranchProfile, names: set[str]) -> dict[str, Suppression]:
    rows = Suppression.objects.filter(branch=branch, ended=None, address_normal__in=names)
    return {row.address_normal: row for row in rows}


def _reject(loaded: Loaded, item: Rejected) -> None:
    loaded.rejected_count += 1
    if len(loaded.rejected) < KEPT:
        loaded.rejected.append(item)
