"""Putting the halves of a report together: see the package's own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from diagnostics.engine.messages.automatic import is_auto_reply
from diagnostics.engine.messages.bounce import addresses
from diagnostics.engine.messages.bounce.evidence import is_from_a_program, is_report, is_success
from diagnostics.engine.messages.bounce.judge import Reader, Words, judge
from diagnostics.engine.messages.bounce.phrases import has_any
from diagnostics.engine.messages.bounce.report import Gathered, gather
from diagnostics.engine.messages.bounce.said import joined, told_by
from diagnostics.engine.messages.bounce.service import Notice, read_notice
from diagnostics.engine.messages.bounce.status import Group
from diagnostics.engine.messages.bounce.text import replies_in
from diagnostics.engine.messages.complaint import Complaint, read_complaint
from diagnostics.engine.messages.mime import Parts, read_parts
from diagnostics.engine.messages.reply_rule import Rule

#: RFC 3464 §2.3.3: these say that it went on its way. "delayed" and "failed" say that it did not.
DONE: Final = frozenset({"delivered", "relayed", "expanded"})
MAX_DIAGNOSTIC: Final = 2_000


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient. ``original`` is how the sender addressed them, where the report tells and it differs.

    ``permanence`` is hard or soft, and empty where nothing failed; ``action`` is RFC 3464's word.
    """

    address: str
    cause: str
    permanence: str
    status: str
    reply_code: str
    diagnostic: str
    remote_host: str
    rule: str
    original: str = ""
    action: str = "failed"


@dataclass(frozen=True, slots=True)
class Classified:
    """What a message is. The last four are what it can be matched by to the message that it is about.

    ``sent_to`` is where the report came to: a sender that writes each recipient into its envelope address (VERP) finds
    them there.
    """

    kind: str
    recipients: tuple[Recipient, ...] = ()
    complaint: Complaint | None = None
    message_id: str = ""
    queue_id: str = ""
    envelope_id: str = ""
    sent_to: tuple[str, ...] = ()


def classify(octets: bytes, *, extra: Sequence[Rule] = ()) -> Classified:
    """What the message in ``octets`` is. ``extra`` are rules of the caller's own for reading replies."""
    parts, reader = read_parts(octets), Reader(extra)
    sent_to = addresses.unique(
        item for field in parts.header.all("to") for item in addresses.found(field.value[:4_000])
    )
    complaint = read_complaint(parts)
    if complaint:
        told = tuple(_untried(item) for item in complaint.recipients)
        return Classified("complaint", told, complaint, complaint.message_id, sent_to=sent_to)
    notice = read_notice(parts)
    if notice and (notice.items or notice.kind != "bounce"):  # A failure of nobody is none.
        return Classified(notice.kind, _noticed(notice, reader), message_id=notice.message_id, sent_to=sent_to)
    gathered = _innermost(gather(parts, sent_to), parts)
    groups = gathered.report.groups
    if groups and all(group.action in DONE for group in groups) and is_success(parts):
        return _found("delivered", tuple(_done(group) for group in groups), gathered, sent_to)
    if is_report(parts, gathered):
        recipients = _recipients(gathered, reader)
        if recipients:
            return _found("bounce", recipients, gathered, sent_to)
    kind = "auto_reply" if is_auto_reply(parts) else "not_a_bounce"
    return Classified(kind, sent_to=sent_to)


def _innermost(gathered: Gathered, parts: Parts) -> Gathered:
    """The report itself where a program sent it on inside another: the outer one then says nothing of recipients."""
    if gathered.report.groups or gathered.told.named or not is_from_a_program(parts):
        return gathered
    return gathered.within if gathered.within.report.groups else gathered


def _noticed(notice: Notice, reader: Reader) -> tuple[Recipient, ...]:
    """The recipients of a notice; only of a bounce something is to be judged."""
    if notice.kind == "bounce":
        return tuple(_judged(item.group, [Words(item.group.diagnostic)], "", reader) for item in notice.items)
    if notice.kind == "delivered":
        return tuple(_done(item.group) for item in notice.items)
    return tuple(_untried(item.group.address) for item in notice.items)


def _untried(address: str) -> Recipient:
    """Somebody to whom nothing failed."""
    return Recipient(address, "", "", "", "", "", "", "", action="")


def _found(kind: str, recipients: tuple[Recipient, ...], gathered: Gathered, sent_to: tuple[str, ...]) -> Classified:
    report = gathered.report
    return Classified(kind, recipients, None, gathered.message_id, report.queue_id, report.envelope_id, sent_to)


def _done(group: Group) -> Recipient:
    reading = judge([Words(group.diagnostic)], status=group.status, reader=Reader()).reading
    return Recipient(
        address=group.address,
        cause="accepted_by_recipient_server",
        permanence="",
        status=reading.status or group.status,
        reply_code=reading.reply_code,
        diagnostic=" ".join(group.diagnostic.split())[:MAX_DIAGNOSTIC],
        remote_host=group.remote,
        rule="",
        action=group.action,
    )


def _recipients(gathered: Gathered, reader: Reader) -> tuple[Recipient, ...]:
    """All for whom it failed or waits."""
    is_delayed = has_any(gathered.told.text.lower(), "delayed") and not has_any(gathered.told.text.lower(), "given_up")
    telling = told_by(gathered)
    found: dict[str, Recipient] = {}
    for group in gathered.groups(is_delayed=is_delayed):
        key = addresses.key(group.address)
        if group.action in DONE or not key or key in found:
            continue
        row = _judged(group, telling.of(group), _stage_of(group, gathered), reader)
        found[key] = row if row.cause != "unknown" else _as_told_within(row, group, gathered, reader)
    return tuple(found.values())


def _stage_of(group: Group, gathered: Gathered) -> str:
    """Which command was refused. What a recipient's own filter refused, it refused after the message was read."""
    return "DATA" if gathered.is_filtered else gathered.told.stage_of(group.address)


def _as_told_within(row: Recipient, group: Group, gathered: Gathered, reader: Reader) -> Recipient:
    """The same recipient by the words of the attached message, where that holds a transcript which names them.

    Gateways that say only that they could not deliver attach the other server's report.
    """
    within = gathered.within.told
    lines = within.lines_of(group.address)
    said = [Words(text) for text in (*joined(within.answers_to(group.address)), *replies_in(lines))]
    if not within.names(group.address) or not said:
        return row
    return _judged(group, said, within.stage_of(group.address), reader)


def _judged(group: Group, said: list[Words], stage: str, reader: Reader) -> Recipient:
    is_delayed = group.action == "delayed"
    judged = judge(said, status=group.status, is_delayed=is_delayed, host=group.remote, stage=stage, reader=reader)
    reading = judged.reading
    original = addresses.typed(group.original) if group.original else ""
    return Recipient(
        address=group.address,
        cause=reading.cause,
        permanence=judged.permanence,
        status=reading.status or group.status,
        reply_code=reading.reply_code,
        diagnostic=" ".join((group.diagnostic or judged.text).split())[:MAX_DIAGNOSTIC],
        remote_host=group.remote,
        rule=reading.rule,
        original=original if addresses.key(original) != addresses.key(group.address) else "",
        action="delayed" if is_delayed else "failed",
    )
