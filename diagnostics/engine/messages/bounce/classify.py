"""Putting the halves of a report together: see the package's own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from diagnostics.engine.messages.automatic import is_auto_reply
from diagnostics.engine.messages.bounce import addresses
from diagnostics.engine.messages.bounce.evidence import is_report
from diagnostics.engine.messages.bounce.judge import Words, judge
from diagnostics.engine.messages.bounce.phrases import has_any
from diagnostics.engine.messages.bounce.report import Gathered, gather
from diagnostics.engine.messages.bounce.service import read_notice
from diagnostics.engine.messages.bounce.status import Group
from diagnostics.engine.messages.bounce.text import paragraphs, replies_in
from diagnostics.engine.messages.complaint import Complaint, read_complaint
from diagnostics.engine.messages.mime import read_parts

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


def classify(octets: bytes) -> Classified:
    """What the message in ``octets`` is."""
    parts = read_parts(octets)
    sent_to = addresses.unique(
        item for field in parts.header.all("to") for item in addresses.found(field.value[:4_000])
    )
    complaint = read_complaint(parts)
    if complaint:
        told = tuple(Recipient(item, "", "", "", "", "", "", "", action="") for item in complaint.recipients)
        return Classified("complaint", told, complaint, complaint.message_id, sent_to=sent_to)
    if notice := read_notice(parts):
        rows = tuple(_judged(item.group, [Words(item.group.diagnostic)], "") for item in notice.items)
        return Classified(notice.kind, rows, message_id=notice.message_id, sent_to=sent_to)
    gathered = gather(parts, sent_to)
    if gathered.report.groups and all(group.action in DONE for group in gathered.report.groups):
        return _found("delivered", tuple(_done(group) for group in gathered.report.groups), gathered, sent_to)
    if is_report(parts, gathered):
        recipients = _recipients(gathered)
        if recipients:
            return _found("bounce", recipients, gathered, sent_to)
    kind = "auto_reply" if is_auto_reply(parts) else "not_a_bounce"
    return Classified(kind, sent_to=sent_to)


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


def _recipients(gathered: Gathered) -> tuple[Recipient, ...]:
    """All for whom it failed or waits."""
    is_delayed = has_any(gathered.told.text.lower(), "delayed") and not has_any(gathered.told.text.lower(), "given_up")
    found: list[Recipient] = []
    seen: set[str] = set()
    for group in gathered.groups(is_delayed=is_delayed):
        if group.action in DONE or not group.address or addresses.key(group.address) in seen:
            continue
        seen.add(addresses.key(group.address))
        found.append(_judged(group, _said_of(group, gathered), gathered.told.stage_of(group.address)))
    return tuple(found)


def _said_of(group: Group, gathered: Gathered) -> list[Words]:
    """Everything that the report says of this recipient, the best first."""
    told = gathered.told
    lines = told.lines_of(group.address) or (told.lines_of(group.original) if group.original else [])
    key = addresses.key(group.address)
    said = [Words(group.diagnostic)] if group.diagnostic else []
    said += [Words(reply) for reply in replies_in(lines)]
    answers = [(address, text) for address, text in told.answers if not address or addresses.key(address) == key]
    said += [Words(text) for text in _joined([text for _, text in answers]) if not text.startswith(("2", "3"))]
    said += [Words(text) for address, text in told.verdict_lines if addresses.key(address) == key]
    said += [Words(text) for text in paragraphs(lines)[:4]]
    said.append(Words(group.comment))
    if len({addresses.key(address) for address, _ in told.verdict_lines if address}) < 2:
        said += [Words(text, is_aside=True) for address, text in told.verdict_lines if not address]
    if not lines or not group.diagnostic:
        said += [Words(text, is_aside=True) for text in (*replies_in(told.loose), *paragraphs(told.loose))[:12]]
        said.append(Words(gathered.subject, is_aside=True))
    return [item for item in said if item.text.strip()]


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


def _judged(group: Group, said: list[Words], stage: str) -> Recipient:
    is_delayed = group.action == "delayed"
    judged = judge(said, status=group.status, is_delayed=is_delayed, host=group.remote, stage=stage)
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
