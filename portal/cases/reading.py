"""Reading a case file, and saying of a broken one which key is wrong.

Every key but ``branch`` and ``report`` may be missing, and so may any field of the report. What the file expects to be
answered is never read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

#: No case needs more; a file that is larger is something else.
MOST_OCTETS = 16 << 20
#: How far off a reported time may be, and a reported day without a time.
ABOUT = timedelta(minutes=30)
A_DAY = timedelta(hours=12)
#: Outside of these nobody sent mail.
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
SYMPTOMS = ("not_received", "banner_missing", "badly_formatted", "late", "other")
YES_OR_NO = ("yes", "no", "unknown")
OTHER_DOMAIN = ("arrived", "did_not", "no", "unknown")
#: No client, function or module has a longer name.
MOST_OF_A_NAME = 300
#: The keys that are read, of the file and of the objects in it. What a file says of itself beside them is no matter.
KEYS = (
    "title", "now", "suspended_since", "sending_servers", "branch", "clients", "suppressed", "allow_list", "log_covers",
    "postfix_log", "message_log", "application_errors", "case_notes", "bounces", "zone", "report", "expected",
)  # fmt: skip
KEYS_OF = {
    "report": (
        "recipient", "around", "module", "function", "client", "case_note_seen", "in_junk", "other_domain_tried",
        "symptom", "notes",
    ),
    "branch": (
        "code", "organisation", "notification_address", "from_domains", "sending", "email_function", "time_zone",
        "suspended_since", "suspended_reason", "sending_server", "members",
    ),
    "clients": ("name", "email"),
    "suppressed": ("address", "reason", "since", "until"),
    "allow_list": ("domain", "state", "at", "expires", "product", "addresses", "by", "branch"),
    "message_log": ("at", "recipient", "module", "function", "message_id", "from"),
    "application_errors": ("at", "recipient", "module", "function", "text"),
    "case_notes": ("at", "client", "email", "text"),
    "sending_servers": (
        "host", "log_host", "log_name", "addresses", "helo", "envelope_domain", "spf_include", "is_vendor",
    ),
}  # fmt: skip
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class CaseProblem(ValueError):
    """A case that cannot be answered; the text names the key and says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The report of a case: whom, about when, by what, and what the person answered."""

    recipient: str
    around: datetime | None
    span: timedelta
    module: str
    function: str
    client: str
    case_note_seen: str
    in_junk: str
    other_domain: str
    symptom: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """One file, as far as it can be judged without its world."""

    name: str
    now: datetime
    branch: dict[str, Any]
    suspended_since: datetime | None
    report: Told
    zone: dict[str, Any]
    document: dict[str, Any]
    #: Keys that nothing reads, each in a sentence with its place and the key that was probably meant.
    unread: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """The short name of the branch; a word where it has none."""
        return Row(self.branch, "branch").text("code", "branch")

    def rows(self, key: str) -> Iterator[Row]:
        """The objects of the list ``key``; none where it is missing."""
        for index, item in enumerate(self.items(key)):
            if not isinstance(item, dict):
                raise CaseProblem(f"{key}[{index}] must be an object.")
            yield Row(item, f"{key}[{index}]")

    def items(self, key: str) -> list[Any]:
        value = self.document.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise CaseProblem(f"{key} must be a list.")
        return value

    def texts(self, key: str) -> Iterator[str]:
        """The texts of the list ``key``."""
        for index, item in enumerate(self.items(key)):
            if not isinstance(item, str):
                raise CaseProblem(f"{key}[{index}] must be text.")
            yield item


@dataclass(frozen=True, slots=True)
class Row:
    """An object of the file, and the way to it."""

    value: Mapping[str, Any]
    path: str

    def text(self, key: str, default: str = "") -> str:
        value = self.value.get(key)
        if value is None:
            return default
        if isinstance(value, dict | list | bool):
            raise CaseProblem(f"{self.path}.{key} must be text.")
        return str(value).strip() or default

    def name(self, key: str) -> str:
        found = self.text(key)
        if len(found) > MOST_OF_A_NAME:
            raise CaseProblem(f"{self.path}.{key} has {len(found)} characters; a name has {MOST_OF_A_NAME} at most.")
        return found

    def needed(self, key: str) -> str:
        found = self.text(key)
        if not found:
            raise CaseProblem(f"{self.path}.{key} is missing.")
        return found

    def time(self, key: str) -> datetime | None:
        text = self.text(key)
        return time_of(text, f"{self.path}.{key}") if text else None

    def word(self, key: str, words: tuple[str, ...], default: str) -> str:
        value = self.value.get(key)
        if isinstance(value, bool):
            return "yes" if value else "no"
        found = self.text(key, default).lower()
        if found not in words:
            raise CaseProblem(f"{self.path}.{key} is {found[:40]!r}; it must be one of {', '.join(words)}.")
        return found


def time_of(text: str, path: str) -> datetime:
    """The time that ``text`` says, in UTC; without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(text)
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
        if not EARLIEST < at < LATEST:
            raise ValueError(text)
        return at
    except (ValueError, OverflowError):
        raise CaseProblem(f"{path} is {text[:40]!r}; give a time such as 2026-03-04T14:02:10Z.") from None


def read_case(path: str) -> CaseFile:
    """The case in the file ``path``; CaseProblem when it is none."""
    try:
        with Path(path).open("rb") as file:
            octets = file.read(MOST_OCTETS + 1)
    except OSError as error:
        raise CaseProblem(f"The file cannot be read: {error.strerror}.") from error
    if len(octets) > MOST_OCTETS:
        raise CaseProblem(f"The file is larger than {MOST_OCTETS >> 20} MiB.")
    try:
        document = json.loads(octets)
    except (ValueError, RecursionError) as error:
        raise CaseProblem(f"The file is not JSON: {error}.") from error
    return case_of(document, name=path)


def case_of(document: Any, *, name: str) -> CaseFile:
    """The case that ``document`` is; CaseProblem names the first key that is wrong."""
    if not isinstance(document, dict):
        raise CaseProblem("The file holds no object: it must begin with { and end with }.")
    document = {key: value for key, value in document.items() if key != "expected"}
    _check_texts(document, "")
    top, branch, report = Row(document, "case"), _object(document, "branch"), _object(document, "report")
    zone = document.get("zone") or {}
    if not isinstance(zone, dict):
        raise CaseProblem("zone must be an object of names.")
    told = _told(Row(report, "report"))
    since = Row(branch, "branch").time("suspended_since") or top.time("suspended_since")
    return CaseFile(
        name=name,
        now=top.time("now") or _latest(document) or told.around or datetime.now(UTC),
        branch=dict(branch),
        suspended_since=since,
        report=told,
        zone=zone,
        document=document,
        unread=tuple(_unread(document)),
    )


def _unread(document: Mapping[str, Any]) -> Iterator[str]:
    """What is said of each key that nothing reads: a slip of the pen would else be a fact that is silently missing."""
    yield from _unread_in(document, KEYS, "")
    for key, known in KEYS_OF.items():
        value = document.get(key)
        if isinstance(value, dict):
            yield from _unread_in(value, known, f"{key}.")
        for index, item in enumerate(value if isinstance(value, list) else ()):
            if isinstance(item, dict):
                yield from _unread_in(item, known, f"{key}[{index}].")


def _unread_in(value: Mapping[str, Any], known: tuple[str, ...], path: str) -> Iterator[str]:
    for key in value:
        if key in known:
            continue
        near = get_close_matches(key[:MOST_OF_A_NAME], known, n=1)
        meant = f"did you mean {near[0]}?" if near else f"it can be {', '.join(known)}."
        yield f"{path}{key[:60]} is no key of a case and was not read; {meant}"


def _check_texts(value: Any, path: str) -> None:
    """Refuse a text that no database keeps: half of a character (\\ud800), or NUL."""
    if isinstance(value, str) and any(letter == "\x00" or "\ud800" <= letter <= "\udfff" for letter in value):
        raise CaseProblem(f"{path.lstrip('.')} holds a NUL, or half of a character.")
    if isinstance(value, dict):
        for key, item in value.items():
            _check_texts(key, f"{path}.{key!r}")
            _check_texts(item, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_texts(item, f"{path}[{index}]")


def _object(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = document.get(key)
    if value is None:
        raise CaseProblem(f"{key} is missing.")
    if not isinstance(value, dict):
        raise CaseProblem(f"{key} must be an object.")
    return value


def _told(row: Row) -> Told:
    around, is_day = row.time("around"), _DATE.fullmatch(row.text("around")) is not None
    return Told(
        recipient=row.text("recipient"),
        around=around + A_DAY if around and is_day else around,
        span=A_DAY if is_day else ABOUT,
        module=row.name("module"),
        function=row.name("function"),
        client=row.name("client"),
        case_note_seen=row.word("case_note_seen", YES_OR_NO, "unknown").replace("unknown", ""),
        in_junk=row.word("in_junk", YES_OR_NO, "unknown").replace("unknown", ""),
        other_domain=row.word("other_domain_tried", OTHER_DOMAIN, "no").replace("unknown", "no"),
        symptom=row.word("symptom", SYMPTOMS, "not_received"),
    )


def _latest(document: Mapping[str, Any]) -> datetime | None:
    """The latest time that the file tells of: without ``now`` the story is not known to go on after it."""
    times: list[datetime] = []
    spans = document.get("log_covers")
    for span in spans if isinstance(spans, list) else ():
        if isinstance(span, list) and len(span) == 2 and isinstance(span[1], str):
            times.append(time_of(span[1], "log_covers"))
    for key in ("message_log", "application_errors", "case_notes"):
        rows = document.get(key)
        for index, item in enumerate(rows if isinstance(rows, list) else ()):
            if isinstance(item, dict) and isinstance(item.get("at"), str):
                times.append(time_of(item["at"], f"{key}[{index}].at"))
    report = document.get("report")
    if isinstance(report, dict) and isinstance(report.get("around"), str) and report["around"]:
        times.append(time_of(report["around"], "report.around"))
    return max(times, default=None)
