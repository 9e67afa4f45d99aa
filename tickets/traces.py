"""Message traces and bounces among a report's files: what is kept of one, and which row tells of the report's e-mail.

The file is a stranger's. It is read once, when it is added, within the bounds of the importer; of its rows only those
to the recipient, or about the very message, are kept beside the file, as plain data.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO, cast

from django.core.files.base import File
from django.utils import timezone

from diagnostics.engine.messages.bounce import classify
from portal.maillog.addresses import normal
from portal.maillog.importers.trace import SYSTEMS, Fate, Traced, read
from portal.returned.facts import clean, facts_of
from tickets.models import Report

#: Endings of files that may be a message trace; what is in them decides.
ENDINGS = (".csv", ".txt", ".log")
#: The ending of a saved message, which may be a bounce; and how what is kept of one is told from a trace.
MAIL, BOUNCE = ".eml", "bounce"
#: More of a saved message is never read: what a bounce says stands at its beginning.
MOST_OF_A_MAIL = 4 << 20
#: So many rows about one e-mail are kept; those nearest to its time.
MOST_KEPT = 50
#: A row this far from the time that was reported is about another e-mail.
NEAR = timedelta(hours=12)
#: What is kept of a row.
KEPT = ("line", "at", "told_at", "sender", "recipient", "fate", "word", "message_id", "subject", "detail")
#: Fates that say more than that their system has it.
TELLING = frozenset(set(Fate) - {Fate.UNKNOWN, Fate.RECEIVED})


@dataclass(frozen=True, slots=True)
class Decisive:
    """The row that says how far the report's e-mail got, and how sure it is that the row is about it."""

    row: Traced
    is_named: bool
    is_near: bool


def trace_in(file: File[bytes], name: str, report: Report) -> dict[str, Any] | None:
    """What is kept of the message trace or the bounce in ``file``; None for any other file. It is left at its start.

    A CSV that is no trace keeps why, so that whoever added it as one is told.
    """
    if name.lower().endswith(MAIL):
        return _bounce_in(file, report)
    if not name.lower().endswith(ENDINGS):
        return None
    file.seek(0)
    trace = read(cast(BinaryIO, file))
    file.seek(0)
    if not trace.is_one:
        why = trace.rejected[0].why if trace.rejected else "It names neither a Message-ID nor the system it comes from."
        return {"why": why} if name.lower().endswith(".csv") else None
    return {
        "system": trace.system,
        "count": len(trace.rows),
        "rejected": len(trace.rejected),
        "is_cut": trace.is_cut,
        "has_times": len(trace.forms) == 1,
        "rows": [_kept(row) for row in _about(trace.rows, report)],
    }


def _bounce_in(file: File[bytes], report: Report) -> dict[str, Any] | None:
    """The recipients a bounce says were not reached, as rows; None for any other message.

    Only what ended is taken: a notice of delay says that it is still being tried, and not by whom.
    """
    file.seek(0)
    octets = file.read(MOST_OF_A_MAIL)
    file.seek(0)
    found = classify(octets)
    failed = [item for item in found.recipients if item.action == "failed"]
    if found.kind != "bounce" or not failed:
        return None
    facts = facts_of(octets, now=timezone.now(), is_fresh=False)
    bare, to = found.message_id.strip("<> "), normal(report.recipient)
    rows = tuple(
        Traced(
            line=place,
            at=facts.at,
            told_at="",
            sender=facts.sender,
            recipient=clean(item.address if normal(item.address) == to else item.original or item.address, 320),
            fate=Fate.FAILED,
            word=clean(item.remote_host or item.status or item.action, 253),
            message_id=clean(f"<{bare}>", 998) if bare else "",
            detail=clean(item.diagnostic, 2000),
        )
        for place, item in enumerate(failed, start=1)
    )
    return {
        "system": BOUNCE,
        "count": len(rows),
        "rejected": 0,
        "is_cut": False,
        "has_times": facts.at is not None,
        "rows": [_kept(row) for row in _about(rows, report)],
    }


def _about(rows: tuple[Traced, ...], report: Report) -> list[Traced]:
    """The rows to the recipient or about the very message, at most so many, as they stand in the file."""
    to, wanted, moment = normal(report.recipient), message_id_of(report), moment_of(report)

    def distance(row: Traced) -> tuple[bool, timedelta]:
        apart = abs(row.at - moment) if row.at and moment else timedelta.max
        return row.message_id != wanted or not wanted, apart

    found = [row for row in rows if normal(row.recipient) == to or (wanted and row.message_id == wanted)]
    return sorted(sorted(found, key=distance)[:MOST_KEPT], key=lambda row: row.line)


def _kept(row: Traced) -> dict[str, Any]:
    values = asdict(row)
    values["at"] = row.at.isoformat() if row.at else ""
    return {name: values[name] for name in KEPT}


def rows_of(trace: dict[str, Any]) -> list[Traced]:
    """The kept rows."""
    found = []
    for kept in trace.get("rows", ()):
        at = datetime.fromisoformat(kept["at"]) if kept["at"] else None
        found.append(Traced(**{**kept, "at": at, "fate": Fate(kept["fate"])}))
    return found


def is_bounce(trace: dict[str, Any]) -> bool:
    """It was kept of mail that came back, and not of a message trace."""
    return trace.get("system") == BOUNCE


def system_word(trace: dict[str, Any]) -> str:
    """Whose word it is: "Microsoft 365", "the bounce"; "the recipient's system" where a trace does not tell."""
    if is_bounce(trace):
        return "the bounce"
    return SYSTEMS.get(str(trace.get("system", "")), "the recipient's system")


def message_id_of(report: Report) -> str:
    """The Message-ID of the report's e-mail, in angle brackets; empty where no record of it is known."""
    bare = report.delivery.message.message_id.strip("<> ") if report.delivery else ""
    return f"<{bare}>" if bare else ""


def moment_of(report: Report) -> datetime | None:
    return report.delivery.at if report.delivery else report.around


def decisive(trace: dict[str, Any], report: Report) -> Decisive | None:
    """The row that tells what became of the report's e-mail; None where no row is about it.

    With a Message-ID known on both sides only that message counts; without, the nearest in time to the same address.
    """
    rows, wanted, to = rows_of(trace), message_id_of(report), normal(report.recipient)
    named = [row for row in rows if wanted and row.message_id == wanted]
    if named:
        # A message to a group is traced under the group's address and then under each member's.
        return Decisive(_last([row for row in named if normal(row.recipient) == to] or named), True, True)
    others = [row for row in rows if normal(row.recipient) == to and not (wanted and row.message_id)]
    if not others:
        return None
    moment, within = moment_of(report), max(NEAR, timedelta(days=report.span_days))
    if moment is None:
        return Decisive(_last(others), False, False)
    timed = [row for row in others if row.at is not None]
    if not timed:
        return Decisive(_last(others), False, False)
    nearest = min(timed, key=lambda row: abs(cast(datetime, row.at) - moment))
    if abs(cast(datetime, nearest.at) - moment) > within:
        return None
    same = [row for row in timed if row is nearest or (row.message_id and row.message_id == nearest.message_id)]
    return Decisive(_last(same), False, True)


def _last(rows: list[Traced]) -> Traced:
    """The last row that says more than that their system has it; the last of all where none does."""
    ordered = sorted(rows, key=lambda row: (row.at.timestamp() if row.at else 0.0, row.line))
    telling = [row for row in ordered if row.fate in TELLING]
    return (telling or ordered)[-1]
