"""Postfix: what the sending server's own log tells of each recipient.

One message leaves many lines, tied by its queue id: ``cleanup`` names the Message-ID, ``qmgr`` the envelope sender, and
``smtp``, ``lmtp``, ``local``, ``virtual``, ``pipe``, ``error`` and others say once for every recipient and attempt what
became of it. All other lines are passed over. Queue ids are those of one instance on one host; short ones are used
again, long ones never. A "250" of a content filter, or of a server that queues the message where this log goes on, is a
hand-over and nothing more.

From which of its addresses a host sent no line tells. But a service that is bound to one (``smtp_bind_address``) can
have a name of its own in the log (``syslog_name``), as an instance has (``multi_instance_name``), and that is told on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from portal.maillog.importers.blocks import blocks_of
from portal.maillog.importers.event import EventProblem, Item, Kind, LogEvent, Passed, RejectedLine, ZoneOf, broken_off
from portal.maillog.importers.server_log import (
    Clock,
    Message,
    Queue,
    address_of,
    host_of,
    is_own_host,
    status_of,
)

#: Traditional, ISO 8601, or as ``journalctl -o short-full`` writes it: "Wed 2026-03-04 14:02:10 UTC".
_TIME = (
    r"([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,6})?|\d{4}-\d\d-\d\dT\S{8,32}"
    r"|[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})? [+-]?\w{1,6})"
)
#: The syslog header: RFC 3164 (postfix/smtp[1234]:), or RFC 5424 (<22>1 ... postfix/smtp 1234 - -).
_HEAD = (
    r"(?:<\d{1,3}>(?:1 )?)?" + _TIME + r" "
    r"(\S{1,100}) ([^\s/\[]{1,50})/([^\s\[]{1,100}/)?([a-z]{3,12})"
    r"(?:\[\d+\]: (?:\[ID \d+ [\w.]+\] )?| \d+ \S{1,32} (?:-|\[[^\]]{0,200}\]) \ufeff?)"
    r"([0-9A-Za-z]{5,32}): "
)
_DELIVERY = re.compile(
    _HEAD + r"to=<([^>]*)>, (?:orig_to=<([^>]*)>, )?relay=([^,\s]+), (?:conn_use=\d+, )?delay=[\d.]+, "
    r"(?:delays=[\d./]+, )?(?:dsn=([\d.]+), )?status=([\w-]+)(?: \(|$)(.*)"
)
_NAMED = re.compile(_HEAD + r"(?:resent-)?message-id=(\S*)")
_SENDER = re.compile(_HEAD + r"from=<([^>]*)>, (?:(size)=|status=((?:force-)?expired), )")
_REMOVED = re.compile(_HEAD + r"removed$")
_NOTICE = re.compile(_HEAD + r".{0,60} notification: ([0-9A-Za-z]{5,32})$")
_QUEUED = re.compile(r"\b(?:queued as|forwarded as) ([0-9A-Za-z]{5,32})\b")
_SAID = re.compile(r"host (\S+)\[[^\]\s]*\] (?:said|refused to talk to me): (.*)", re.DOTALL)
_IN_REPLY = re.compile(r" \(in reply to [^()]{1,60}\)$")
_TRIED = re.compile(r"(?:connect to|connection with|conversation with|by host|with host) ([^\s\[\]]+)\[")
_SUSPENDED = "delivery temporarily suspended: "

CUT = "The last line is not finished: the server may be writing it. Read the log again when it is."
UNKNOWN_WAITING = "Who had not got the message stands in an older part of the log: read both as one, oldest first."
NO_HEAD = "The line does not begin with time (at), host, postfix/daemon[1]: and a queue id."
NO_STATUS = "What became of the recipient cannot be read: to=, relay=, delay= and status= must follow."
#: Who tells what became of a message. Others that name a recipient (smtpd, postscreen) tell of no attempt to deliver.
AGENTS = frozenset(
    [
        "smtp",
        "lmtp",
        "local",
        "virtual",
        "pipe",
        "error",
        "retry",
        "bounce",
        "discard",
        "qmgr",
        "oqmgr",
        "nqmgr",
        "cleanup",
        "trace",
        "defer",
        "spawn",
    ]
)
#: Who talks to other servers, and so from an address.
SENDERS = frozenset(["smtp", "lmtp"])
KINDS = {
    "sent": Kind.ACCEPTED,
    "deferred": Kind.DEFERRED,
    # soft_bounce=yes: a final refusal that is tried again nevertheless.
    "SOFTBOUNCE": Kind.DEFERRED,
    "bounced": Kind.REFUSED,
    "expired": Kind.EXPIRED,
    "force-expired": Kind.EXPIRED,
}
#: Nothing was sent: an address was tried (reject_unverified_recipient, ``sendmail -bv``).
PROBES = frozenset(["deliverable", "undeliverable"])
#: Programs that put mail into mailboxes; any other that takes it from pipe(8) may be a filter that gives it back.
MAILBOXES = frozenset(["dovecot", "dovecot-lda", "cyrus", "maildrop", "procmail", "deliver", "zarafa"])
TAKEN = ("delivered to mailbox", "delivered to maildir", "delivered to file")


def read(file: BinaryIO, branch: str, zone_of: ZoneOf, queue: Queue | None = None) -> Iterator[Item]:
    """The events of ``file``. Without ``branch`` the envelope sender's domain must tell it.

    ``queue`` holds what the files before told of messages that are still on their way.
    """
    reader = _Reader(branch, Clock(zone_of(branch)), queue or Queue())
    for block in blocks_of(file):
        told = 0
        for number, line in enumerate(block.lines, block.first):
            if not isinstance(line, str):
                told += 1
                yield RejectedLine(number, line.why, line.raw)
            elif block.is_open and _is_cut(line):
                told += 1
                yield RejectedLine(number, CUT, line)
            elif "to=<" in line:
                if items := reader.delivery(number, line):
                    told += 1
                    yield from items
            elif "message-id=" in line:
                reader.named(line)
            elif ": from=<" in line:
                if items := reader.sender(number, line):
                    told += 1
                    yield from items
            elif line.endswith("removed"):
                reader.removed(line)
            elif " notification: " in line:
                reader.notice(line)
        if block.damage:
            yield broken_off(block.first, block.damage)
        yield Passed(len(block.lines) - told, block.is_pause)


class _Reader:
    """What the lines so far said about messages that are still on their way."""

    def __init__(self, branch: str, clock: Clock, queue: Queue) -> None:
        self._branch = branch
        self._clock = clock
        self._queue = queue

    def named(self, line: str) -> None:
        match = _NAMED.match(line)
        if match is None or match[5] != "cleanup":
            return
        message = self._queue.have(_mark(match))
        if message.is_over or (message.message_id and message.message_id != match[7]):
            message = self._queue.begin(_mark(match))
        message.name(match[7])

    def sender(self, number: int, line: str) -> list[Item]:
        match = _SENDER.match(line)
        if match is None or not match[5].endswith("qmgr"):
            return []
        message = self._queue.have(_mark(match))
        if match[8]:
            message.sender, message.has_sender = match[7][:320], True
            return []
        return self._given_up(number, line, match, message)

    def _given_up(self, number: int, line: str, match: re.Match[str], message: Message) -> list[Item]:
        """The whole message came back to its sender: everybody who had not got it yet never will."""
        if _is_notice(message):
            return []
        try:
            at = self._clock(match[1])
        except EventProblem as error:
            return [RejectedLine(number, str(error), line)]
        if not message.waiting:
            return [] if message.message_id else [RejectedLine(number, UNKNOWN_WAITING, line)]
        waiting, message.waiting = message.waiting, None
        return [
            LogEvent(
                kind=Kind.EXPIRED, branch=self._branch, line=number, raw=line[:4000], at=at, key=message.key,
                mark=message.mark, recipient=recipient, queue_id=match[6], message_id=message.message_id,
                envelope_from=match[7][:320], server=host_of(match[2]), reply=line.rpartition("status=")[2][:200],
                log_name=log_name,
            )
            for recipient, log_name in waiting.items()
        ]  # fmt: skip

    def removed(self, line: str) -> None:
        match = _REMOVED.match(line)
        if match is not None and (message := self._queue.get(_mark(match))) is not None:
            message.is_over = True

    def notice(self, line: str) -> None:
        """A message that Postfix wrote itself to say what became of another."""
        if (match := _NOTICE.match(line)) is not None:
            self._queue.have(f"{match[2]}/{match[3]}/{match[7]}").is_notice = True

    def delivery(self, number: int, line: str) -> list[Item]:
        match = _DELIVERY.match(line)
        if match is None:
            return _broken(number, line)
        _, host, instance, service, agent, queue_id, to, orig_to, relay, dsn, word, text = match.groups()
        if agent not in AGENTS or word in PROBES:
            return []
        mark = f"{host}/{instance}/{queue_id}"
        message = self._queue.near(mark)
        if _is_notice(message):
            return []
        try:
            kind = KINDS.get(word)
            if kind is None:
                raise EventProblem(f"The status {word[:40]!r} is none of Postfix.")
            recipient, at = address_of(to), self._clock(match[1])
        except EventProblem as error:
            return [RejectedLine(number, str(error), line)]
        text = text[:-1] if text.endswith(")") else text
        remote, reply = _reply(relay, text)
        if kind is Kind.ACCEPTED:
            kind = self._how_far(agent, relay, text, kind)
        if agent in SENDERS:
            log_name = instance if service is None else f"{instance}/{service[:-1]}"
        else:
            # Nobody was called: what was told of the last call is all that is known.
            log_name = message.waiting.get(recipient, "") if message.waiting else ""
        self._remember(message, recipient, kind, log_name)
        event = LogEvent(
            kind=kind, branch=self._branch, line=number, raw=line[:4000], at=at, key=message.key, mark=mark,
            recipient=recipient, queue_id=queue_id, message_id=message.message_id, envelope_from=message.sender,
            server=host_of(host), reply=reply[:20_000], status=status_of(dsn or ""), remote_host=remote,
            reply_code=reply[:3] if kind is Kind.ACCEPTED and reply[:3].isdecimal() else "", log_name=log_name,
        )  # fmt: skip
        if orig_to and orig_to.lower() != to.lower() and "@" in orig_to and len(orig_to) <= 320:
            return [event, self._rewritten(event, orig_to)]
        return [event]

    def _rewritten(self, event: LogEvent, orig_to: str) -> LogEvent:
        """Whom the message was written to first: from there it was passed on to another address."""
        return LogEvent(
            kind=Kind.HANDED, branch=event.branch, line=event.line, raw=event.raw, at=event.at, key=event.key,
            mark=event.mark, recipient=orig_to, queue_id=event.queue_id, message_id=event.message_id,
            envelope_from=event.envelope_from, server=event.server, reply=f"passed on to {event.recipient}",
        )  # fmt: skip

    def _remember(self, message: Message, recipient: str, kind: Kind, log_name: str) -> None:
        if kind is Kind.DEFERRED:
            if message.waiting is None:
                message.waiting = {}
            message.waiting[recipient] = log_name
        elif message.waiting:
            message.waiting.pop(recipient, None)

    def _how_far(self, agent: str, relay: str, text: str, kind: Kind) -> Kind:
        """How far "sent" got: to the recipient's server, or only to the next program of our own."""
        if agent == "discard":
            return Kind.ERROR
        queued = _QUEUED.search(text)
        if queued and (text.startswith("forwarded") or self._queue.holds_id(queued[1])):
            return Kind.HANDED
        if agent == "smtp":
            return kind if text.startswith("2") and relay != "none" and not is_own_host(relay) else Kind.HANDED
        if agent == "lmtp":
            # LMTP to this machine is its mailbox server, unless that says it queued the message again.
            return kind if text.startswith("2") and not (queued and is_own_host(relay)) else Kind.HANDED
        if agent in ("local", "virtual"):
            return kind if text.startswith(TAKEN) and "/dev/null" not in text else Kind.HANDED
        return kind if agent == "pipe" and relay in MAILBOXES else Kind.HANDED


def _is_cut(line: str) -> bool:
    """Whether a last line without an end ends in the midst of what it tells: Postfix closes what it opens."""
    if ": to=<" in line:
        text = line.partition(" status=")[2]
        return "(" not in text or text.count("(") > text.count(")")
    return "expired, " in line and not line.endswith("returned to sender")


def _mark(match: re.Match[str]) -> str:
    return f"{match[2]}/{match[3]}/{match[6]}"


def _is_notice(message: Message) -> bool:
    """Whether the server wrote it itself: reports of what became of other messages have no envelope sender."""
    return message.is_notice or (message.has_sender and not message.sender)


def _broken(number: int, line: str) -> list[Item]:
    """A line about a delivery that cannot be read; other lines that name a recipient are no matter of ours."""
    if ": to=<" not in line or " status=" not in line:
        return []
    if re.match(_HEAD, line) is None:
        return [RejectedLine(number, NO_HEAD, line)]
    return [RejectedLine(number, NO_STATUS, line)]


def _reply(relay: str, text: str) -> tuple[str, str]:
    """The remote host and what it said; where none said anything, what Postfix says of the attempt."""
    remote = relay.partition("[")[0] if "[" in relay and "[private/" not in relay else ""
    if text.startswith("2"):
        return host_of(remote), text
    if (said := _SAID.match(text.removeprefix(_SUSPENDED))) is not None:
        return host_of(said[1]), _IN_REPLY.sub("", said[2])
    if not remote and (tried := _TRIED.search(text)) is not None:
        remote = tried[1]
    return host_of(remote), text
