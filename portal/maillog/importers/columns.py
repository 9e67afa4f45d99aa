"""What the columns of somebody's file mean: which of them is the recipient, how a time is written, which word is which.

Names that are common are recognised. Where they are not, a person says what each column is, and that is kept as
:class:`Columns` beside the file: plain data, so that the next file with the same header is read without asking.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any

from portal.maillog.importers.event import EventProblem, Kind

#: Columns are known by these names too, in any case, with spaces or hyphens for underscores.
ALIASES = {
    "event": "kind", "status": "kind", "state": "kind", "time": "at", "date": "at", "timestamp": "at",
    "sent_at": "at", "to": "recipient", "rcpt": "recipient", "recipient_address": "recipient", "sender": "from",
    "messageid": "message_id", "id": "key", "diagnostic": "reply", "response": "reply", "dsn": "status_code",
    "enhanced_status": "status_code", "code": "reply_code", "host": "remote_host", "relay": "remote_host",
    "client": "name", "client_id": "reference", "method": "function",
}  # fmt: skip
#: What a column may be. The enhanced status code has a name of its own, since most programs call the state "status".
FIELDS = {
    "recipient": "Recipient’s address", "at": "Time", "kind": "What happened (state)",
    "message_id": "Message-ID", "key": "Id of the message", "queue_id": "Queue id", "branch": "Branch code",
    "module": "Module", "function": "Function or method", "subject": "Subject", "from": "From address",
    "envelope_from": "Envelope sender", "server": "Sending server", "reply": "Reply of their server",
    "reply_code": "Reply code (550)", "status_code": "Enhanced status (5.1.1)", "remote_host": "Their server",
    "email": "Client’s e-mail address", "reference": "Client’s id", "name": "Client’s name",
    "text": "Text of the case note", "until": "End of the time the log is complete for",
}  # fmt: skip
#: Together these make rows that can be used: a delivery, a client's profile, a case note.
ENOUGH = ({"at", "recipient"}, {"reference", "email"}, {"at", "email"})
#: Words of other programs that mean one thing only. "Failed" is not among them: it may be before sending, or after.
WORDS = {
    "submitted": Kind.MESSAGE, "queued": Kind.MESSAGE, "created": Kind.MESSAGE, "processed": Kind.MESSAGE,
    "sent": Kind.HANDED, "relayed": Kind.HANDED,
    "delivered": Kind.ACCEPTED,
    "delayed": Kind.DEFERRED, "soft_bounce": Kind.DEFERRED, "softbounce": Kind.DEFERRED, "retrying": Kind.DEFERRED,
    "bounced": Kind.REFUSED, "bounce": Kind.REFUSED, "hard_bounce": Kind.REFUSED, "rejected": Kind.REFUSED,
    "timed_out": Kind.EXPIRED, "given_up": Kind.EXPIRED,
    "complaint": Kind.COMPLAINED, "spam_complaint": Kind.COMPLAINED,
}  # fmt: skip
#: What a row is called that is to be passed over.
LEFT_OUT = "leave_out"
#: Words that are about no delivery: what recipients did with a message is nobody's business here.
LEFT_OUT_WORDS = frozenset(["opened", "open", "clicked", "click", "unsubscribed", "subscribed"])


def field_of(column: str) -> str:
    """The field that a column of this name is known to be; the tidy name itself where it is none."""
    word = re.sub(r"[\s-]+", "_", column.strip().lower())
    return word if word in FIELDS else ALIASES.get(word, word)


def unique(names: Iterable[str]) -> list[str]:
    """The names of columns, each once: a second "Status" is "Status (2)", one without a name is "Column 3"."""
    found: list[str] = []
    for at, name in enumerate(names, 1):
        tidy = " ".join(name.replace("\x00", "").split())[:80] or f"Column {at}"
        number, told = 2, tidy
        while told in found:
            told, number = f"{tidy} ({number})", number + 1
        found.append(told)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """How a file's columns are read.

    ``fields``: for each column what it is; one that is left out is not read. Two that are the time are put together.
    ``form``: how a time is written, a key of :data:`TIME_FORMS`. ``kind``: what a row is that does not say so itself.
    ``words``: what the words of the state's column mean, in lower case; ``leave_out`` passes such rows over.
    ``is_alone``: no column is an id, so each row is a message of its own, known by its recipient, time and subject.
    """

    fields: dict[str, str] = field(default_factory=dict)
    form: str = "iso"
    kind: str = Kind.MESSAGE
    words: dict[str, str] = field(default_factory=dict)
    is_alone: bool = False

    @classmethod
    def recognised(cls, names: Iterable[str]) -> Columns:
        """What can be told from the names alone. Of two columns that would be one field the first is it."""
        fields: dict[str, str] = {}
        for name in names:
            known = field_of(name)
            if known in FIELDS and (known == "at" or known not in fields.values()):
                fields[name] = known
        return cls(fields=fields)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Columns:
        return cls(**told)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def has_id(self) -> bool:
        """Whether a column tells which rows are about one and the same message."""
        return bool({"key", "message_id"} & set(self.fields.values()))

    @property
    def is_enough(self) -> bool:
        """Whether rows can be used at all."""
        told = set(self.fields.values())
        return any(needed <= told for needed in ENOUGH)

    def values(self, cells: Mapping[str, Any]) -> dict[str, Any] | None:
        """What one row says, under the names that ``event_from`` knows; None for a row that is to be passed over.

        EventProblem for a time that is not written in the form that was told.
        """
        told: dict[str, Any] = {}
        for name, known in self.fields.items():
            value = cells.get(name)
            if known == "at" and value is not None and told.get("at"):
                told["at"] = f"{told['at']} {value}".strip()
            elif value is not None:
                told[known] = value
        word = str(told.get("kind") or "").strip()
        kind = self.words.get(word.lower(), word) if word else self.kind
        if kind == LEFT_OUT:
            return None
        told["kind"], told["status"] = kind, told.pop("status_code", "")
        if self.form != "iso":
            for name in ("at", "until"):
                if told.get(name):
                    told[name] = self._time(name, str(told[name]).strip())
        if self.is_alone and not told.get("key") and not told.get("message_id"):
            what = [str(told.get(name, "")) for name in ("recipient", "at", "subject", "from", "function")]
            told["key"] = f"row:{sha256(chr(31).join(what).encode('utf-8', 'replace')).hexdigest()[:32]}"
        if kind == Kind.COVERAGE and told.get("at"):
            told["from"] = told.pop("at", "")
        return told

    def _time(self, name: str, text: str) -> str:
        try:
            return TIME_FORMS[self.form].read(text)
        except EventProblem as problem:
            problem.name = name
            raise


@dataclass(frozen=True, slots=True)
class TimeForm:
    """A way to write a time: what a person calls it, and how it becomes ISO 8601 (EventProblem where it cannot)."""

    word: str
    read: Callable[[str], str]


_NUMERIC = re.compile(
    r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})[ ,T]+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?"
    r"\s*([AaPp])?\.?(?:[Mm]\.?)?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?"
)


def _iso(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise _no_time(f"at is {text[:40]!r}; give a time such as 2026-03-04T14:02:10Z.", text) from None
    return text


def _no_time(why: str, text: str) -> EventProblem:
    """``text`` is not written in the form that was told."""
    return EventProblem(why, code="time", name="at", value=text)


def _numeric(text: str, *, month_first: bool) -> str:
    form = "month/day/year" if month_first else "day/month/year"
    match = _NUMERIC.fullmatch(text)
    if match is None:
        raise _no_time(f"at is {text[:40]!r}, which is not {form} and hour:minute.", text)
    first, second, year, hour, minute, seconds, half, zone = match.groups()
    month, day = (first, second) if month_first else (second, first)
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            raise _no_time(f"at is {text[:40]!r}: an hour before AM or PM is from 1 to 12.", text)
        hours = hours % 12 + (12 if half in "Pp" else 0)
    try:
        at = datetime(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day), hours, int(minute))
        at = at.replace(second=min(int(seconds or 0), 59), tzinfo=_offset(zone))
    except ValueError:
        raise _no_time(f"at is {text[:40]!r}, which is not a day of the calendar as {form}.", text) from None
    return at.isoformat()


def _offset(zone: str | None) -> timezone | None:
    if not zone:
        return None
    if zone[0].isalpha():
        return UTC
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return timezone(timedelta(minutes=-minutes if zone[0] == "-" else minutes))


def _unix(text: str) -> str:
    try:
        seconds = float(text)
        # Milliseconds are what JavaScript and Java count in.
        return datetime.fromtimestamp(seconds / 1000 if abs(seconds) >= 1e11 else seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        raise _no_time(f"at is {text[:40]!r}, which is not a count of seconds since 1970.", text) from None


def _mail(text: str) -> str:
    try:
        return parsedate_to_datetime(text[:100]).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        raise _no_time(f"at is {text[:40]!r}; give a time such as Wed, 04 Mar 2026 14:02:10 +0000.", text) from None


TIME_FORMS = {
    "iso": TimeForm("Year first: 2026-03-04T14:02:10Z, 2026-03-04 14:02", _iso),
    "mdy": TimeForm("Month first: 3/4/2026 2:02 PM", lambda text: _numeric(text, month_first=True)),
    "dmy": TimeForm("Day first: 4.3.2026 14:02", lambda text: _numeric(text, month_first=False)),
    "unix": TimeForm("Seconds or milliseconds since 1970: 1772632930", _unix),
    "mail": TimeForm("As in a message: Wed, 04 Mar 2026 14:02:10 +0000", _mail),
}


def forms_of(values: Iterable[str]) -> list[str]:
    """The forms in which every one of ``values`` can be read; more than one where the days leave it open."""
    told = [value.strip() for value in values if value.strip()]
    return [name for name, form in TIME_FORMS.items() if told and all(_reads(form, value) for value in told)]


def likely_forms(values: Iterable[str]) -> list[str]:
    """The forms in which the most of ``values`` can be read; more than one where the days leave it open."""
    told = [value.strip() for value in values if value.strip()]
    reads = {name: sum(_reads(form, value) for value in told) for name, form in TIME_FORMS.items()}
    most = max(reads.values())
    return [name for name, count in reads.items() if count == most] if most else []


def _reads(form: TimeForm, value: str) -> bool:
    try:
        form.read(value)
    except EventProblem:
        return False
    return True


def meaning_of(word: str) -> str:
    """What a word in the column of the state is known to mean; empty where a person has to say."""
    tidy = re.sub(r"[\s-]+", "_", word.strip().lower())
    if tidy in LEFT_OUT_WORDS:
        return LEFT_OUT
    return str(Kind(tidy)) if tidy in set(Kind) else str(WORDS.get(tidy, ""))
