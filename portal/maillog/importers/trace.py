"""A message trace: what the *recipient's* mail system says it did with a message, as their IT exports it.

Our own log ends where their server accepted. What became of a message then, only they can see: Microsoft 365 in a
message trace (one row a recipient; or an enhanced or extended report), Google Workspace in its Email Log Search. Both
give a CSV that their IT can send, and that is put on a ticket. It is read as what it is, facts that somebody else told:
nothing of it enters the message log. Columns are found by name, since both exports have changed theirs over the years.

A "Delivered" there is better than our "accepted", and still no inbox: the junk folder is delivered to as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import BinaryIO

from portal.maillog.addresses import normal
from portal.maillog.importers.columns import TIME_FORMS, forms_of
from portal.maillog.importers.csv import Row, table_of
from portal.maillog.importers.event import MOST_RAW, EventProblem, RejectedLine
from portal.maillog.importers.packed import DamagedError
from portal.maillog.importers.server_log import Clock

#: A trace that is about one ticket has a few rows. Beyond so many it is somebody's whole log.
MOST_ROWS = 20_000


class Fate(StrEnum):
    """What their system did with a message for one recipient."""

    DELIVERED = "delivered"
    SPAM = "spam"
    QUARANTINED = "quarantined"
    FAILED = "failed"
    PENDING = "pending"
    EXPANDED = "expanded"
    RECEIVED = "received"
    UNKNOWN = "unknown"


#: What each fate means to whoever waits for the message, and who can do something about it.
MEANINGS = {
    Fate.DELIVERED: "Their system put it into the mailbox: the inbox, the junk folder, or where a rule sent it.",
    Fate.SPAM: "Their filter took it for spam. Their IT can release it, and allow the sender.",
    Fate.QUARANTINED: "Their system holds it in quarantine. Their IT, or the recipient, can release it.",
    Fate.FAILED: "Their system could not or would not deliver it. The detail says why.",
    Fate.PENDING: "Their system is still trying to deliver it.",
    Fate.EXPANDED: "It was to a group. What became of it for each member stands in rows of their own.",
    Fate.RECEIVED: "Their system has it. The trace does not tell what happened next.",
    Fate.UNKNOWN: "The trace does not say what became of it.",
}
#: Whose trace it is, as a person calls it.
SYSTEMS = {"microsoft": "Microsoft 365", "google": "Google Workspace"}
#: Their words, in lower case and without blanks.
WORDS = {
    # Microsoft 365, summary report.
    "delivered": Fate.DELIVERED, "failed": Fate.FAILED, "pending": Fate.PENDING, "quarantined": Fate.QUARANTINED,
    "filteredasspam": Fate.SPAM, "expanded": Fate.EXPANDED, "gettingstatus": Fate.RECEIVED, "none": Fate.UNKNOWN,
    "resolved": Fate.RECEIVED,
    # Microsoft 365, enhanced and extended reports: the last event counts.
    "receive": Fate.RECEIVED, "send": Fate.RECEIVED, "deliver": Fate.DELIVERED, "fail": Fate.FAILED,
    "drop": Fate.FAILED, "defer": Fate.PENDING, "expand": Fate.EXPANDED, "redirect": Fate.EXPANDED,
    "quarantine": Fate.QUARANTINED, "submit": Fate.RECEIVED, "transfer": Fate.RECEIVED, "spam": Fate.SPAM,
    "malware": Fate.FAILED, "journal": Fate.RECEIVED, "dsn": Fate.RECEIVED, "agentinfo": Fate.RECEIVED,
    # Google Workspace.
    "bounced": Fate.FAILED, "rejected": Fate.FAILED, "dropped": Fate.FAILED, "inserted": Fate.DELIVERED,
    "markedspam": Fate.SPAM, "markedasspam": Fate.SPAM, "accepted": Fate.RECEIVED, "received": Fate.RECEIVED,
    "postponed": Fate.PENDING, "deferred": Fate.PENDING, "retried": Fate.PENDING, "pickedup": Fate.RECEIVED,
}  # fmt: skip
#: Google names the place a message went to; where its status says nothing more, the place tells.
PLACES = {"gmail_inbox": Fate.DELIVERED, "gmail_spam": Fate.SPAM, "quarantine": Fate.QUARANTINED,
          "list_server": Fate.EXPANDED}  # fmt: skip
#: Columns by their tidy names. The first that is there is it.
NAMES: dict[str, tuple[str, ...]] = {
    "at": (
        "received", "receivedutc", "datetimeutc", "origintimestamputc", "origintimestamp", "date", "datetime",
        "receiveddate", "receiveddatetime", "eventdate", "startdate", "timestamp", "eventtimestamp",
    ),
    "sender": ("senderaddress", "sender", "from", "fromaddress", "envelopesender"),
    "recipient": ("recipientaddress", "recipient", "recipients", "to", "toaddress"),
    "status": ("status", "deliverystatus", "eventstatus", "eventid", "event", "mailevent"),
    "recipient_status": ("recipientstatus",),
    "place": ("eventtarget",),
    "message_id": ("messageid", "internetmessageid"),
    "subject": ("subject", "messagesubject"),
    "detail": ("detail", "details", "eventdescription", "statusdetail", "customdata", "reason"),
    "reply": ("eventsmtpreplycode", "smtpreplycode"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """One row about one recipient. ``at`` is None where the time cannot be told for sure; ``told_at`` is as written.

    ``word`` is their status as written. ``message_id`` has its angle brackets.
    """

    line: int
    at: datetime | None
    told_at: str
    sender: str
    recipient: str
    fate: Fate
    word: str
    message_id: str = ""
    subject: str = ""
    detail: str = ""
    raw: str = ""

    @property
    def meaning(self) -> str:
        return MEANINGS[self.fate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A whole trace. ``system``: whose it looks like (microsoft, google, or empty).

    ``forms``: in which ways all its times can be read (``columns.TIME_FORMS``); where there are several, 3/4 may be a
    day of March or of April, no time was read, and a person has to say. ``is_cut``: there were more rows.
    """

    system: str
    rows: tuple[Traced, ...]
    rejected: tuple[RejectedLine, ...]
    forms: tuple[str, ...]
    is_cut: bool = False

    @property
    def is_one(self) -> bool:
        """It is a message trace, and not somebody's list of addresses that has a column of the same name."""
        return bool(self.rows) and (bool(self.system) or any(row.message_id for row in self.rows))

    def about(self, *, recipient: str, message_id: str = "") -> list[Traced]:
        """The rows about a message: by Message-ID if one of them has it, else all to this recipient."""
        wanted = _bracketed(message_id)
        named = [row for row in self.rows if wanted and row.message_id == wanted]
        to = normal(recipient)
        found = [row for row in named or self.rows if normal(row.recipient) == to]
        # A message to a group is traced under the group's address and then under each member's.
        return found or named


def read(file: BinaryIO, *, zone: tzinfo = UTC, form: str = "") -> Trace:
    """The trace in ``file`` (CSV in UTF-8 or UTF-16, plain or packed).

    ``zone`` is that of times which name none (both systems write UTC unless told otherwise); ``form`` how they are
    written, where a person has said. What cannot be read is rejected with the reason; nothing is raised.
    """
    try:
        table = table_of(file)
        columns = _columns(table.columns)
        if "recipient" not in columns and "recipient_status" not in columns:
            why = "No column names the recipient: a message trace has Recipient address or recipient_status."
            return Trace(system="", rows=(), rejected=(RejectedLine(1, why, table.header),), forms=())
        if not {"status", "recipient_status", "place"} & columns.keys():
            why = "No column says what became of the message: a message trace has Status or Event status."
            return Trace(system="", rows=(), rejected=(RejectedLine(1, why, table.header),), forms=())
        rows, rejected, is_cut = _taken(table.rows, len(table.columns))
    except DamagedError as error:
        return Trace(system="", rows=(), rejected=(RejectedLine(1, str(error), ""),), forms=())
    told = [(row, {name: row.cells[at].strip() for name, at in columns.items() if at < len(row.cells)}) for row in rows]
    forms = tuple(forms_of(_year_first(values.get("at", "")) for _, values in told)) if told else ()
    used = form if form in TIME_FORMS else (forms[0] if len(forms) == 1 else "")
    found: list[Traced] = []
    for row, values in told:
        at = _time(values.get("at", ""), used, zone)
        read_rows = list(_read_row(row, values, at))
        found += read_rows
        if not read_rows:
            rejected.append(RejectedLine(row.line, "The row names no recipient.", row.raw))
    return Trace(
        system=_system(table.columns),
        rows=tuple(found),
        rejected=tuple(sorted(rejected, key=lambda item: item.line)),
        forms=forms,
        is_cut=is_cut,
    )


def _taken(rows: Iterator[Row], width: int) -> tuple[list[Row], list[RejectedLine], bool]:
    """The rows that are looked at, those that cannot be, and whether there were more."""
    taken: list[Row] = []
    rejected: list[RejectedLine] = []
    line = 1
    try:
        for row in rows:
            line = row.line
            if len(taken) + len(rejected) >= MOST_ROWS:
                return taken, rejected, True
            if row.why:
                rejected.append(RejectedLine(row.line, row.why, row.raw))
            elif len(row.cells) > width and any(row.cells[width:]):
                why = f"The row has {len(row.cells)} cells, the header names {width} columns."
                rejected.append(RejectedLine(row.line, why, row.raw))
            elif any(cell.strip() for cell in row.cells):
                taken.append(row)
    except DamagedError as error:
        rejected.append(RejectedLine(line + 1, str(error), ""))
    return taken, rejected, False


def _tidy(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _columns(names: list[str]) -> dict[str, int]:
    tidy = [_tidy(name) for name in names]
    found = {}
    for field, known in NAMES.items():
        at = next((tidy.index(name) for name in known if name in tidy), None)
        if at is not None:
            found[field] = at
    return found


def _system(names: list[str]) -> str:
    tidy = {_tidy(name) for name in names}
    if tidy & {"eventtarget", "eventstatus", "eventsmtpreplycode"}:
        return "google"
    known = {"messagetraceid", "networkmessageid", "recipientstatus", "origintimestamputc", "fromip", "directionality"}
    return "microsoft" if tidy & known else ""


def _read_row(row: Row, values: Mapping[str, str], at: datetime | None) -> Iterator[Traced]:
    for recipient, word in _recipients(values):
        detail = " ".join(item for item in (values.get("reply", ""), values.get("detail", "")) if item)
        yield Traced(
            line=row.line,
            at=at,
            told_at=values.get("at", "")[:80],
            sender=values.get("sender", "").strip("<>")[:320],
            recipient=recipient[:320],
            fate=_fate(word, values.get("place", "")),
            word=word[:200],
            message_id=_bracketed(values.get("message_id", ""))[:255],
            subject=values.get("subject", "")[:255],
            detail=detail[:2000],
            raw=row.raw[:MOST_RAW],
        )


def _recipients(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each recipient of a row with the word that says what became of it.

    Microsoft's larger reports tell of all in one cell: ``lee@a.example##Receive, Deliver;bo@b.example##Receive, Fail``.
    """
    whole = values.get("recipient_status", "")
    if "##" in whole:
        for one in whole.split(";"):
            address, _, word = one.strip().partition("##")
            if "@" in address:
                yield address.strip("<> "), word.strip()
        return
    word = values.get("status", "") or whole
    for address in re.split(r"[;,]\s*", values.get("recipient", "")):
        if address.strip("<> "):
            yield address.strip("<> "), word


def _fate(word: str, place: str) -> Fate:
    """What ``word`` says; of several events the last that says more than that their system has it."""
    fates = [WORDS.get(_tidy(one), Fate.UNKNOWN) for one in word.split(",")]
    telling = [fate for fate in fates if fate not in (Fate.UNKNOWN, Fate.RECEIVED)]
    fate = telling[-1] if telling else (Fate.RECEIVED if Fate.RECEIVED in fates else Fate.UNKNOWN)
    where = PLACES.get(place.strip().lower(), Fate.UNKNOWN)
    if where in (Fate.SPAM, Fate.QUARANTINED) and fate in (Fate.DELIVERED, Fate.RECEIVED, Fate.UNKNOWN):
        # "Delivered" to the spam folder.
        return where
    return where if fate in (Fate.RECEIVED, Fate.UNKNOWN) and where is not Fate.UNKNOWN else fate


def _bracketed(message_id: str) -> str:
    bare = message_id.strip().strip("<>")
    return f"<{bare}>" if bare and bare.upper() not in {"N/A", "SMTPIN_ADDED_REJECT_SESSION"} else ""


def _year_first(text: str) -> str:
    """Google writes 2026/03/04, and sets the zone off by a blank."""
    match = re.fullmatch(r"(\d{4})/(\d\d?)/(\d\d?)[ T](\S+)(?: (UTC|GMT|Z))?", text)
    if match is None:
        return text.removesuffix(" UTC").removesuffix(" GMT")
    year, month, day, time, zone = match.groups()
    return f"{year}-{int(month):02d}-{int(day):02d}T{time}{'+00:00' if zone else ''}"


def _time(text: str, form: str, zone: tzinfo) -> datetime | None:
    """The time, in UTC; None where it cannot be told for sure."""
    if not text or not form:
        return None
    try:
        told = TIME_FORMS[form].read(_year_first(text))
        return Clock(UTC if text.endswith((" UTC", " GMT")) else zone)(told)
    except EventProblem:
        return None
