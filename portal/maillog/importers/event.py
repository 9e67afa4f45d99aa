"""The one form every log source is brought to: something that happened, to whom, when, and the line that says so.

An importer reads its source's shape and hands plain values to :func:`event_from`, which judges them. A line that cannot
be used is not an error but a :class:`Rejected` with its number and the reason, and the rest of the source is read on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Any, BinaryIO

from portal.maillog.addresses import normal
from portal.maillog.importers import clock
from portal.maillog.importers.packed import DamagedError
from portal.maillog.words import Module, State


class Kind(StrEnum):
    """What a line tells. The first seven are stages of a message on its way to one recipient."""

    MESSAGE = "message"
    HANDED = "handed"
    DEFERRED = "deferred"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"
    ERROR = "error"
    COMPLAINED = "complained"
    CASE_NOTE = "case_note"
    CLIENT = "client"
    COVERAGE = "coverage"

    #: The delivery state it tells of; None for what is not about a delivery.
    state: State | None


_STATES = {
    Kind.MESSAGE: State.SUBMITTED,
    Kind.HANDED: State.HANDED,
    Kind.DEFERRED: State.DEFERRED,
    Kind.ACCEPTED: State.ACCEPTED,
    Kind.REFUSED: State.REFUSED,
    Kind.EXPIRED: State.EXPIRED,
    Kind.ERROR: State.ERROR,
    Kind.COMPLAINED: State.COMPLAINED,
}
for _kind in Kind:
    _kind.state = _STATES.get(_kind)
#: Longest values, as the columns hold them.
LIMITS = {
    "branch": 40, "key": 200, "recipient": 320, "function": 120, "subject": 255, "from": 320, "envelope_from": 320,
    "server": 253, "message_id": 255, "queue_id": 40, "reply": 20_000, "reply_code": 3, "status": 12,
    "remote_host": 255, "reference": 80, "name": 160, "email": 320, "text": 2000,
}  # fmt: skip
#: So much of a line is kept with what it told.
MOST_RAW = 4000
#: A log may be ahead of our clock by so much; beyond it the line is from no clock at all.
AHEAD = timedelta(days=2)
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class LogEvent:
    """One thing a source tells. Fields that a kind does not have are empty; times are in UTC.

    It is not frozen, because there are millions of them and the log's service fills in ``branch``, ``cause`` and codes.
    """

    kind: Kind
    branch: str
    line: int
    raw: str
    at: datetime
    until: datetime | None = None
    key: str = ""
    recipient: str = ""
    module: str = Module.OTHER
    function: str = ""
    subject: str = ""
    from_address: str = ""
    envelope_from: str = ""
    server: str = ""
    #: How the log calls what sent it from that server: a service or an instance, or the address it sent from.
    log_name: str = ""
    message_id: str = ""
    queue_id: str = ""
    reply: str = ""
    reply_code: str = ""
    status: str = ""
    remote_host: str = ""
    reference: str = ""
    name: str = ""
    email: str = ""
    text: str = ""
    #: What names the message in every line of its source, where ``key`` is known from some lines only.
    mark: str = ""
    #: What the reply is read to, what told it, and the number of the server: filled in by the log's service.
    cause: str = ""
    source: str = ""
    sending_server: int | None = None
    #: The branch is not told, but the one that sends from the domain of the sender.
    is_guessed: bool = False
    _fingerprint: str = field(default="", repr=False, compare=False)
    _address: str = field(default="", repr=False, compare=False)

    @property
    def state(self) -> State | None:
        """The delivery state this event tells of; None for what is not about a delivery."""
        return self.kind.state

    @property
    def address(self) -> str:
        """Whom this is about, in the form that is searched by."""
        if not self._address:
            self._address = normal(self.recipient or self.email)
        return self._address

    @property
    def fingerprint(self) -> str:
        """What makes the same thing told twice (by one source or by two) one thing."""
        if not self._fingerprint:
            name = self.mark or self.key
            at = _iso(self.at) if self.at.tzinfo is UTC else self.at.isoformat()
            told = (self.branch, self.kind, name, self.address, at, self.reply, self.text)
            self._fingerprint = sha256("\x1f".join(told).encode("utf-8", "replace")).hexdigest()
        return self._fingerprint

    def place(self, branch: str) -> None:
        """Say whose it is; what tells it from others is worked out anew where that was thought to be another."""
        if branch != self.branch:
            self.branch, self._fingerprint = branch, ""


#: A log tells many things of one second.
_iso = lru_cache(maxsize=10_000)(datetime.isoformat)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that could not be used, and why."""

    line: int
    why: str


class RejectedLine(Rejected):
    """The same with the line itself, for whoever gives it back to be mended. What is stored of it is the same.

    ``problem`` is what is wrong with it as programs know it, where that is more than the words.
    """

    __slots__ = ("problem", "raw")
    raw: str
    problem: EventProblem | None

    def __init__(self, line: int, why: str, raw: str, problem: EventProblem | None = None) -> None:
        super().__init__(line, why)
        object.__setattr__(self, "raw", raw)
        object.__setattr__(self, "problem", problem)


@dataclass(frozen=True, slots=True)
class Passed:
    """So many lines were read that tell nothing of a delivery; ``is_pause``: there is no more for now."""

    lines: int
    is_pause: bool = False


class EventProblem(ValueError):
    """What a line says cannot be used; the message says why and what would be right, in the names of the format.

    ``code`` says for programs what is wrong, ``name`` with which field, ``value`` what stands there. So a page can say
    it in words of its own.
    """

    def __init__(self, words: str, *, code: str = "", name: str = "", value: str = "") -> None:
        super().__init__(words)
        self.code, self.name, self.value = code, name, value


def broken_off(line: int, damage: DamagedError) -> RejectedLine:
    """What is rejected where a file cannot be read on from ``line``: no line, but why there are no more."""
    return RejectedLine(line, str(damage), "", EventProblem(str(damage), code=damage.code))


ZoneOf = Callable[[str], tzinfo]
Item = LogEvent | Rejected | Passed
Importer = Callable[[BinaryIO, str, ZoneOf], Iterator[Item]]


def is_address(text: str) -> bool:
    """Whether mail can have been written to ``text`` at all. What a server would refuse may still be a recipient."""
    local, at, domain = text.rpartition("@")
    return bool(local and at and domain) and not any(item.isspace() or item in "<>," for item in domain)


def event_from(values: Mapping[str, Any], *, branch: str, zone_of: ZoneOf, line: int, raw: str) -> LogEvent:
    """The event that ``values`` tell; EventProblem when they cannot be used.

    ``branch`` stands for lines that name none. A time without a zone is taken in the branch's time zone.
    """
    try:
        kind = Kind(str(values.get("kind", "")).strip().lower())
    except ValueError:
        word = str(values.get("kind"))
        why = f"kind is {values.get('kind')!r}; it must be one of {', '.join(Kind)}."
        raise EventProblem(why, code="kind", name="kind", value=word) from None
    texts = {name: _text(values, name) for name in LIMITS}
    code = texts["branch"] or branch
    if not code and kind is not Kind.COVERAGE:
        why = "branch is missing: name it in the line, or give --branch."
        raise EventProblem(why, code="missing", name="branch")
    zone = zone_of(code)
    module = _text(values, "module", 20).lower().replace(" ", "_") or Module.OTHER
    if module not in Module.values:
        why = f"module is {module!r}; it must be one of {', '.join(Module.values)}."
        raise EventProblem(why, code="module", name="module", value=module)
    begins = "from" if kind is Kind.COVERAGE else "at"
    at = clock.now() if kind is Kind.CLIENT else _time(values, begins, zone)
    event = LogEvent(
        kind=kind, branch=code, line=line, raw=raw, at=at, module=module,
        until=_time(values, "until", zone) if kind is Kind.COVERAGE else None,
        key=texts["key"] or texts["message_id"], recipient=texts["recipient"], function=texts["function"],
        subject=texts["subject"], from_address="" if kind is Kind.COVERAGE else texts["from"],
        envelope_from=texts["envelope_from"], server=texts["server"].lower(), message_id=texts["message_id"],
        queue_id=texts["queue_id"], reply=texts["reply"], reply_code=texts["reply_code"], status=texts["status"],
        remote_host=texts["remote_host"].lower().rstrip("."), reference=texts["reference"], name=texts["name"],
        email=texts["email"], text=texts["text"],
    )  # fmt: skip
    _complete(event)
    return event


def _complete(event: LogEvent) -> None:
    """Refuse an event that lacks what its kind needs."""
    needed: dict[Kind, tuple[str, ...]] = {
        Kind.CASE_NOTE: ("email",),
        Kind.CLIENT: ("reference",),
        Kind.COVERAGE: (),
    }
    for name in needed.get(event.kind, ("key", "recipient")):
        if not getattr(event, name):
            also = " (or message_id)" if name == "key" else ""
            why = f"{name}{also} is missing, and a line of kind {event.kind} needs it."
            raise EventProblem(why, code="missing", name=name)
    # That the application failed over what is no address is worth knowing; nothing else can have happened to it.
    is_delivery = event.state is not None and event.kind is not Kind.ERROR
    if is_delivery and not is_address(event.recipient):
        why = f"recipient is {event.recipient[:60]!r}, which is no address: give name@domain."
        raise EventProblem(why, code="address", name="recipient", value=event.recipient)
    if event.until is not None and event.until <= event.at:
        raise EventProblem("until must be later than from.", code="order", name="until")


def _text(values: Mapping[str, Any], name: str, most: int = 0) -> str:
    value = values.get(name)
    if value is None:
        return ""
    if isinstance(value, dict | list):
        raise EventProblem(f"{name} must be text.", code="not_text", name=name)
    text = str(value).strip()
    if "\x00" in text:
        raise EventProblem(f"{name} holds a NUL character.", code="nul", name=name)
    if len(text) > (most or LIMITS[name]):
        why = f"{name} is longer than {most or LIMITS[name]} characters."
        raise EventProblem(why, code="long", name=name, value=str(most or LIMITS[name]))
    # A lone surrogate (\ud800 in JSON) is no character, and no database keeps it.
    return text.encode("utf-8", "replace").decode("utf-8")


def _time(values: Mapping[str, Any], name: str, zone: tzinfo) -> datetime:
    text = str(values.get(name) or "").strip()
    if not text:
        why = f"{name} is missing: give a time such as 2026-03-04T14:02:10Z."
        raise EventProblem(why, code="missing", name=name)
    try:
        at = datetime.fromisoformat(text)
        at = (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        why = f"{name} is {text[:40]!r}; give a time such as 2026-03-04T14:02:10Z."
        raise EventProblem(why, code="time", name=name, value=text) from None
    if at >= clock.now() + AHEAD:
        why = (
            f"{name} is {text[:40]!r}, which is to come: a time may be {AHEAD.days} days ahead of the desk's clock at "
            "most. Look at the clock and the time zone of the program that tells it."
        )
        raise EventProblem(why, code="time_to_come", name=name, value=text)
    if at <= EARLIEST:
        why = f"{name} is {text[:40]!r}, before {EARLIEST.year}: no mail was sent then. Look how the time is written."
        raise EventProblem(why, code="time_of_no_mail", name=name, value=text)
    return at
