"""What the message traces and bounces on a report say, for people and as evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from django.db.models import Q

from diagnostics.engine.causes import TraceFact
from portal.maillog.importers.trace import Fate, Traced
from portal.web.moments import exact, zone_of
from tickets.models import Attachment, Report
from tickets.traces import Decisive, decisive, is_bounce, rows_of, system_word

#: How far it got, as a sentence goes on after "According to Microsoft 365".
HOW_FAR = {
    Fate.DELIVERED: "accepted and put into the mailbox: the inbox, the junk folder, or where a rule sent it",
    Fate.SPAM: "accepted and taken for spam by their filter",
    Fate.QUARANTINED: "accepted and held in quarantine",
    Fate.FAILED: "not delivered: their system could not, or would not",
    Fate.PENDING: "accepted, and still being tried by their system",
    Fate.EXPANDED: "accepted for a group, and passed on to its members",
    Fate.RECEIVED: "accepted by their system; the trace does not tell what happened next",
    Fate.UNKNOWN: "named in their trace, in a word that is not known here",
}


@dataclass(frozen=True, slots=True)
class ToldTrace:
    """A message trace or a bounce in words.

    ``why``: it is none, and why. ``how_far`` is empty where no row is about the e-mail.
    """

    file: Attachment
    system: str
    why: str
    how_far: str
    row: Traced | None
    is_named: bool
    is_near: bool
    others: list[Traced]
    count: int
    rejected: int
    is_cut: bool
    is_bounce: bool


def told_trace(file: Attachment, report: Report) -> ToldTrace | None:
    """What ``file`` says of the e-mail of ``report``; None where it is neither a CSV nor a bounce."""
    kept: dict[str, Any] | None = file.trace
    if kept is None:
        return None
    found = decisive(kept, report)
    return ToldTrace(
        file=file,
        system=system_word(kept),
        why=str(kept.get("why", "")),
        how_far=_how_far(found, kept),
        row=found.row if found else None,
        is_named=found.is_named if found else False,
        is_near=found.is_near if found else False,
        others=[row for row in rows_of(kept) if found is None or row.line != found.row.line],
        count=int(kept.get("count", 0)),
        rejected=int(kept.get("rejected", 0)),
        is_cut=bool(kept.get("is_cut")),
        is_bounce=is_bounce(kept),
    )


def _how_far(found: Decisive | None, kept: dict[str, Any]) -> str:
    if found is None:
        return ""
    if is_bounce(kept):
        return "not delivered"
    if found.row.fate is Fate.SPAM and kept.get("system") == "google":
        return "accepted and put into the spam folder of the mailbox"
    return HOW_FAR[found.row.fate]


def traced(report: Report) -> tuple[TraceFact, ...]:
    """The message traces and bounces on the report as evidence, one fact a file that has a row about its e-mail.

    What is on a note of support counts for support alone, and so for nobody: both sides see the same ranking.
    """
    files = report.attachments.filter(Q(event=None) | Q(event__is_public=True), trace__isnull=False)
    facts, zone = [], zone_of(report.branch.time_zone)
    for file in files.order_by("id"):
        kept: dict[str, Any] = file.trace or {}
        found = decisive(kept, report)
        if found is None:
            continue
        facts.append(
            TraceFact(
                fate=str(found.row.fate),
                line=_line(file, found, kept, zone),
                system=str(kept.get("system", "")),
                detail=found.row.detail,
                is_named=found.is_named,
                is_near=found.is_near,
            )
        )
    return tuple(facts)


def _line(file: Attachment, found: Decisive, kept: dict[str, Any], zone: tzinfo) -> str:
    """The row as proof: how far it got, whose word that is, when, by which row of which file."""
    row = found.row
    at = exact(row.at, zone) if row.at else row.told_at or "no time"
    word = f"{row.word}: {row.detail}" if row.detail else row.word
    how = "named by its Message-ID" if found.is_named else "to the same address"
    if is_bounce(kept):
        return f"The bounce {file.name} of {at} tells of an e-mail that was not delivered, {how}: {word}"
    said = f"{_how_far(found, kept)} ({word})"
    return f"According to {system_word(kept)}, by trace of {at}: {said}. Line {row.line} of {file.name}, {how}."
