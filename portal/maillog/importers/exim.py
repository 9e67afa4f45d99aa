"""Exim: what the sending server's main log tells of each recipient (Exim specification, chapter "Log files").

One message leaves many lines, tied by its id: ``<=`` says that it came and from whom, ``=>`` and ``->`` that it was
delivered to a recipient, ``==`` that it was put off, ``**`` that it failed for good. All other lines are passed over,
and so is "retry time not reached", since nobody was called then. Times are the server's own unless they name a zone. A
bounce (sender ``<>``) is no message of anybody's. A "250" of this machine, or of a server whose log goes on here, is a
hand-over and nothing more.

With the log selectors ``+incoming_interface +outgoing_interface`` the address that a message was sent from follows the
other server's (``I=[192.0.2.10]``) where it was delivered or failed. A line that it was put off (``==``) never has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from portal.maillog.importers.blocks import blocks_of
from portal.maillog.importers.event import (
    MOST_RAW,
    EventProblem,
    Item,
    Kind,
    LogEvent,
    Passed,
    RejectedLine,
    ZoneOf,
    broken_off,
)
from portal.maillog.importers.server_log import Clock, Message, Queue, address_of, host_of, is_own_host, status_of

#: Ids up to Exim 4.96 (6-6-2) and from 4.97 on (6-11-4).
_ID = r"[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})"
_TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?(?: [+-]\d{4})?"
_SYSLOG = (
    r"(?:<\d{1,3}>)?([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S{8,32}) (\S{1,100}) exim4?(?:\[\d+\])?: "
)
#: Behind the time may stand the process id, and other words in brackets that selectors add.
_HEAD = re.compile(rf"(?:{_SYSLOG})?(?:({_TIME}) )?(?:\[[^\]\s]{{1,100}}\] )*({_ID}) ")
_FLAGGED = re.compile(rf"(?:^|\s){_ID} (?:<=|\(=|=>|->|>>|\*>|==|\*\*) \S")
_ARRIVAL = re.compile(r'(?:<=|\(=) (<>|"[^"]*"@\S+|\S+)(.*)', re.DOTALL)
_PARENT = re.compile(rf" R={_ID}(?: |$)")
_MESSAGE_ID = re.compile(r" id\*?=(\S+)")
_DELIVERY = re.compile(
    r'(=>|->|>>|\*>|==|\*\*) ((?:"[^"]*"|[^\s"])+)((?: \([^()]{1,400}\))?)((?: <[^<>]{1,400}>)?)(.*)', re.DOTALL
)
_SENDER = re.compile(r" F=<([^<>]*)>")
_TRANSPORT = re.compile(r" T=(\S+)")
_HOST = re.compile(r" H=(\S+)(?: DS)?(?: \([^()]*\))? \[([^\]\s]+)\]")
_SENT_FROM = re.compile(r"(?::\d+)?(?: PRX=\[[^\]\s]*\](?::\d+)?)? I=\[([0-9A-Fa-f.:]{2,45})\]")
_CONFIRMED = re.compile(r' C="((?:[^"\\]|\\.)*)"')
_DEFERRED = re.compile(r" defer \(-?\d+\)(.*)", re.DOTALL)
_SAID = re.compile(
    r"(?:SMTP|LMTP) error from remote mail(?:er| server) after .{0,400}?: (?:host (\S+) \[[^\]]*\]: )?(\d{3}[ -].*)",
    re.DOTALL,
)
#: Up to the colon that ends the fields; one in a quoted field (DN="...") does not.
_FIELDS = re.compile(r'(?:[^":]|"(?:[^"\\]|\\.)*"|:(?! ))*: ')
_TIMING = re.compile(r" (?:DT|QT)=\S+$")
_QUEUED = re.compile(rf"\b(?:id=|queued as )({_ID}|[0-9A-Za-z]{{5,32}})\b")
_ENDED = re.compile(r"(?:cancelled|removed) by ")
_FROZEN = re.compile(r"(?:frozen by |Frozen)")

#: Nobody was called: the time for the next try has not come.
NOT_TRIED = "retry time not reached"
GIVEN_UP = ("retry timeout exceeded", "have been failing for a long time (and retry time not reached)")
#: Words in the names of transports that put mail into mailboxes: the names are the administrator's, these are usual.
MAILBOXES = ("local_delivery", "mail_spool", "maildir", "mailbox", "mailstore", "address_file", "address_directory",
             "lmtp", "dovecot", "cyrus", "virtual_delivery")  # fmt: skip
FROZEN = "the message is frozen: it is not tried again until somebody releases it"
NO_HEAD = "The line does not begin with a date and time (at) before the message's id."
NO_RECIPIENT = "Who was delivered to (recipient) cannot be read."
UNKNOWN_WAITING = "Who had not got the message stands in an older part of the log: read both as one, oldest first."


def read(file: BinaryIO, branch: str, zone_of: ZoneOf, queue: Queue | None = None) -> Iterator[Item]:
    """The events of ``file``. Without ``branch`` the envelope sender's domain must tell it.

    ``queue`` holds what the files before told of messages that are still on their way.
    """
    reader = _Reader(branch, Clock(zone_of(branch)), queue or Queue())
    for block in blocks_of(file):
        told = 0
        for number, line in enumerate(block.lines, block.first):
            items = reader.line(number, line) if isinstance(line, str) else [RejectedLine(number, line.why, line.raw)]
            if items:
                told += 1
                yield from items
        if block.damage:
            yield broken_off(block.first, block.damage)
        yield Passed(len(block.lines) - told, block.is_pause)


class _Reader:
    """What the lines so far said about messages that are still on their way."""

    def __init__(self, branch: str, clock: Clock, queue: Queue) -> None:
        self._branch = branch
        self._clock = clock
        self._queue = queue

    def line(self, number: int, line: str) -> list[Item]:
        head = _HEAD.match(line)
        if head is None or not (head[3] or head[1]):
            return [RejectedLine(number, NO_HEAD, line)] if _FLAGGED.search(line) else []
        text, mark = line[head.end() :], f"{host_of(head[2] or '')}/exim/{head[4]}"
        try:
            match text[:2]:
                case "<=" | "(=":
                    self._arrival(mark, text)
                case "=>" | "->" | ">>" | "*>" | "==" | "**":
                    return self._delivery(number, line, head, mark, text)
                case _:
                    return self._state(number, line, head, mark, text)
        except EventProblem as error:
            return [RejectedLine(number, str(error), line)]
        return []

    def _arrival(self, mark: str, text: str) -> None:
        match = _ARRIVAL.match(text)
        if match is None:
            return
        message = self._queue.have(mark)
        if message.is_over or message.has_sender:
            message = self._queue.begin(mark)
        message.sender, message.has_sender = match[1].removeprefix("<>")[:320], True
        told = match[2].partition(' T="')[0]
        message.is_notice = not message.sender or _PARENT.search(told) is not None
        if (named := _MESSAGE_ID.search(told)) is not None:
            message.name(f"<{named[1].strip('<>')}>")

    def _delivery(self, number: int, line: str, head: re.Match[str], mark: str, text: str) -> list[Item]:
        match = _DELIVERY.match(text)
        if match is None:
            raise EventProblem(NO_RECIPIENT)
        flag, final, _, origin, rest = match.groups()
        message = self._queue.have(mark)
        if not message.has_sender and (sender := _SENDER.search(rest)) is not None:
            message.sender, message.has_sender = sender[1][:320], True
        if message.is_notice or (message.has_sender and not message.sender):
            return []
        if final.endswith(":") and final != ":blackhole:":
            # Where no field follows the address, the colon before the reason stands right behind it.
            final, rest = final[:-1], f":{rest}"
        origin = origin.strip(" <>")
        # A mailbox, a file or a command of this machine: the address is the one it was written to.
        recipient = address_of(final if "@" in final and final[0] not in ">|/:" else origin or final)
        told = self._told(flag, final, rest)
        if told is None:
            return []
        kind, remote, reply = told
        self._remember(message, recipient, kind, reply)
        event = self._event(
            number, line, head, message, mark, kind=kind, recipient=recipient, reply=reply, remote=remote,
            log_name=_sent_from(rest) if " I=[" in rest else "",
        )  # fmt: skip
        if origin and "@" in origin and origin.lower() != recipient.lower():
            passed = self._event(
                number, line, head, message, mark, kind=Kind.HANDED, recipient=address_of(origin),
                reply=f"passed on to {recipient}",
            )  # fmt: skip
            return [event, passed]
        return [event]

    def _told(self, flag: str, final: str, rest: str) -> tuple[Kind, str, str] | None:
        """How far it got, the other server and what it said; None where nothing was tried."""
        host = _HOST.search(rest)
        remote = host[1] if host else ""
        if flag == "==":
            deferred = _DEFERRED.search(rest)
            text = _text(deferred[1] if deferred else rest)
            return None if text.startswith(NOT_TRIED) else (Kind.DEFERRED, *_said(remote, text))
        if flag == "**":
            text = _text(rest)
            if text.endswith(GIVEN_UP):
                return (Kind.EXPIRED, *_said(remote, text))
            return (Kind.REFUSED, *_said(remote, text))
        if flag == "*>":
            return Kind.ERROR, "", "delivery was suppressed (-N): nothing was sent"
        if final == ":blackhole:":
            return Kind.ERROR, "", "thrown away by the sending server's own rule (:blackhole:)"
        transport = _TRANSPORT.search(rest)
        name = transport[1] if transport else ""
        confirmed = _CONFIRMED.search(rest)
        reply = _unquoted(confirmed[1]) if confirmed else ""
        return self._how_far(final, name, host, reply), remote, reply or (f"delivered by {name}" if name else "")

    def _how_far(self, final: str, transport: str, host: re.Match[str] | None, reply: str) -> Kind:
        """How far a delivery got: to the recipient's server or mailbox, or only to the next program of our own."""
        is_mailbox = any(word in transport.lower() for word in MAILBOXES)
        if host is None:
            is_file = final.startswith("/") and final != "/dev/null"
            return Kind.ACCEPTED if is_file or (is_mailbox and final[0] not in "|>/") else Kind.HANDED
        if reply and not reply.startswith("2"):
            return Kind.HANDED
        if is_own_host(f"{host[1]}[{host[2]}]") and not is_mailbox:
            return Kind.HANDED
        queued = _QUEUED.search(reply)
        return Kind.HANDED if queued and self._queue.holds_id(queued[1]) else Kind.ACCEPTED

    def _state(self, number: int, line: str, head: re.Match[str], mark: str, text: str) -> list[Item]:
        """What befell the whole message."""
        if text.startswith("Completed"):
            if (message := self._queue.get(mark)) is not None:
                message.is_over = True
            return []
        ended, frozen = _ENDED.match(text), _FROZEN.match(text)
        if not ended and not frozen:
            return []
        known = self._queue.get(mark)
        if known is None:
            raise EventProblem(UNKNOWN_WAITING)
        if known.is_notice or not known.waiting:
            return []
        waiting = dict(known.waiting)
        if ended:
            known.waiting = None
        kind = Kind.EXPIRED if ended else Kind.DEFERRED
        after = text[:80] if ended else FROZEN
        replies = {recipient: f"{last}: {after}" if last else after for recipient, last in waiting.items()}
        return [
            self._event(number, line, head, known, mark, kind=kind, recipient=recipient, reply=reply)
            for recipient, reply in replies.items()
        ]

    def _remember(self, message: Message, recipient: str, kind: Kind, reply: str) -> None:
        if kind is Kind.DEFERRED:
            if message.waiting is None:
                message.waiting = {}
            message.waiting[recipient] = reply[:500]
        elif message.waiting:
            message.waiting.pop(recipient, None)

    def _event(
        self, number: int, line: str, head: re.Match[str], message: Message, mark: str,
        *, kind: Kind, recipient: str, reply: str, remote: str = "", log_name: str = "",
    ) -> LogEvent:  # fmt: skip
        is_refusal = kind in (Kind.DEFERRED, Kind.REFUSED, Kind.EXPIRED)
        return LogEvent(
            kind=kind, branch=self._branch, line=number, raw=line[:MOST_RAW], at=self._clock(head[3] or head[1]),
            key=message.key, mark=mark, recipient=recipient, queue_id=head[4], message_id=message.message_id,
            envelope_from=message.sender, server=host_of(head[2] or ""), log_name=log_name, reply=reply[:20_000],
            remote_host=host_of(remote),
            status=status_of(reply[4:].partition(" ")[0]) if reply[:3].isdecimal() else "",
            reply_code=reply[:3] if kind is Kind.ACCEPTED and reply[:3].isdecimal() and not is_refusal else "",
        )  # fmt: skip


def _sent_from(rest: str) -> str:
    """The address that it was sent from: right behind the other server, and before what that one said."""
    host = _HOST.search(rest)
    if host is None or ": " in rest[: host.start()] or ' C="' in rest[: host.start()]:
        return ""
    found = _SENT_FROM.match(rest, host.end())
    return found[1] if found else ""


def _text(rest: str) -> str:
    """The reason at the end of a line: behind the fields, which a colon ends."""
    host = _HOST.search(rest)
    behind = rest[host.end() :] if host else rest
    fields = _FIELDS.match(behind)
    text = behind[fields.end() :] if fields else behind
    while (timing := _TIMING.search(text)) is not None:
        text = text[: timing.start()]
    return _unquoted(text.strip())


def _said(remote: str, text: str) -> tuple[str, str]:
    """The other server and its reply, as Exim tells of it in a sentence; else Exim's own words."""
    match = _SAID.search(text)
    if match is None:
        return remote, text
    return match[1] or remote, match[2]


def _unquoted(text: str) -> str:
    r"""A reply of several lines stands in the log as one, with \n between."""
    return text.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
