"""Putting the halves of a report together: see the package's own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from diagnostics.engine.messages.automatic import is_auto_reply
from diagnostics.engine.messages.bounce import addresses
from diagnostics.engine.messages.bounce.evidence import is_from_a_program, is_report, is_sent_by_a_program
from diagnostics.engine.messages.bounce.judge import Words, judge
from diagnostics.engine.messages.bounce.phrases import has_any
from diagnostics.engine.messages.bounce.report import Gathered, gather
from diagnostics.engine.messages.bounce.service import Notice, read_notice
from diagnostics.engine.messages.bounce.status import Group
from diagnostics.engine.messages.bounce.text import paragraphs, replies_in
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
    parts = read_parts(octets)
    sent_to = addresses.unique(
        item for field in parts.header.all("to") for item in addresses.found(field.value[:4_000])
    )
    complaint = read_complaint(parts)
    if complaint:
        told = tuple(_untried(item) for item in complaint.recipients)
        return Classified("complaint", told, complaint, complaint.message_id, sent_to=sent_to)
    if notice := read_notice(parts):
        return Classified(notice.kind, _noticed(notice, extra), message_id=notice.message_id, sent_to=sent_to)
    gathered = _innermost(gather(parts, sent_to), parts)
    groups = gathered.report.groups
    if groups and all(group.action in DONE for group in groups) and is_sent_by_a_program(parts):
        return _found("delivered", tuple(_done(group) for group in groups), gathered, sent_to)
    if is_report(parts, gathered):
        recipients = _recipients(gathered, extra)
        if recipients:
            return _found("bounce", recipients, gathered, sent_to)
    kind = "auto_reply" if is_auto_reply(parts) else "not_a_bounce"
    return Classified(kind, sent_to=sent_to)


def _innermost(gathered: Gathered, parts: Parts) -> Gathered:
    """The report itself where a program sent it on inside another: the outer one then says nothing of recipients."""
    if gathered.report.groups or gathered.told.named or not gathered.returned_octets or not is_from_a_program(parts):
        return gathered
    within = gather(read_parts(gathered.returned_octets), ())
    return within if within.report.groups else gathered


def _noticed(notice: Notice, extra: Sequence[Rule]) -> tuple[Recipient, ...]:
    """The recipients of a notice; only of a bounce something is to be judged."""
    if notice.kind == "bounce":
        return tuple(_judged(item.group, [Words(item.group.diagnostic)], "", extra) for item in notice.items)
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
    reading = judge([Words(group.diagnostic)], status=group.status).reading
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


def _recipients(gathered: Gathered, extra: Sequence[Rule]) -> tuple[Recipient, ...]:
    """All for whom it failed or waits."""
    is_delayed = has_any(gathered.told.text.lower(), "delayed") and not has_any(gathered.told.text.lower(), "given_up")
    found: list[Recipient] = []
    seen: set[str] = set()
    for group in gathered.groups(is_delayed=is_delayed):
        if group.action in DONE or not group.address or addresses.key(group.address) in seen:
            continue
        seen.add(addresses.key(group.address))
        row = _judged(group, _said_of(group, gathered), _stage_of(group, gathered), extra)
        found.append(row if row.cause != "unknown" else _as_told_within(row, group, gathered, extra))
    return tuple(found)


def _stage_of(group: Group, gathered: Gathered) -> str:
    """Which command was refused. What a recipient's own filter refused, it refused after the message was read."""
    return "DATA" if gathered.is_filtered else gathered.told.stage_of(group.address)


def _as_told_within(row: Recipient, group: Group, gathered: Gathered, extra: Sequence[Rule]) -> Recipient:
    """The same recipient by the words of the attached message, where that holds a transcript which names them.

    Gateways that say only that they could not deliver attach the other server's report.
    """
    if not gathered.returned_octets:
        return row
    within = gather(read_parts(gathered.returned_octets), ())
    lines = within.told.lines_of(group.address)
    said = [Words(text) for text in (*_joined(within.told.answers_to(group.address)), *replies_in(lines))]
    if addresses.key(group.address) not in {addresses.key(item) for item in within.told.named} or not said:
        return row
    return _judged(group, said, within.told.stage_of(group.address), extra)


def _said_of(group: Group, gathered: Gathered) -> list[Words]:
    """Everything that the report says of this recipient, the best first."""
    told = gathered.told
    lines = told.lines_of(group.address) or (told.lines_of(group.original) if group.original else [])
    key = addresses.key(group.address)
    said = [Words(group.diagnostic)] if group.diagnostic else []
    said += [Words(text) for text in _joined(told.answers_to(group.address)) if not text.startswith(("2", "3"))]
    said += [Words(reply) for reply in replies_in(lines)]
    said += [Words(text) for address, text in told.verdict_lines if addresses.key(address) == key]
    said += [Words(text) for text in _telling(lines)[:4]]
    said.append(Words(group.comment))
    if len({addresses.key(address) for address, _ in told.verdict_lines if address}) < 2:
        said += [Words(text, is_aside=True) for address, text in told.verdict_lines if not address]
    if not lines or not group.diagnostic:
        said += [Words(text, is_aside=True) for text in (*replies_in(told.loose), *_telling(told.loose))[:12]]
        said.append(Words(gathered.subject, is_aside=True))
    return [item for item in said if item.text.strip()]


def _telling(lines: list[str]) -> list[str]:
    """The paragraphs that say something of this message, and not what the program says in every report."""
    return [text for text in paragraphs(lines) if not has_any(text.lower(), "boilerplate")]


def _joined(answers: list[str]) -> list[str]:
    """The lines of one answer put together."""
    found: list[str] = []
    for answer in answers:
        if found and found[-1][:4] == answer[:3] + "-":
            found[-1] = found[-1] + "\n" + answer
        elif found and found[-1].rpartition("\n")[2][:4] == answer[:3] + "-":
            found[-1] += "\n" + answer
        else:
            found.append(answer)
    return found


def _judged(group: Group, said: list[Words], stage: str, extra: Sequence[Rule]) -> Recipient:
    is_delayed = group.action == "delayed"
    judged = judge(said, status=group.status, is_delayed=is_delayed, host=group.remote, stage=stage, extra=extra)
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
