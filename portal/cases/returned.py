"""What came back in a case: each raw message classified, and put to the message that it is about.

A bounce that names a message of the log (by Message-ID, by queue id, or by its recipient and time) becomes an event of
that delivery, as any other line of a log. One that names none is a fact of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256

from diagnostics.engine.causes import DeliveryFact
from diagnostics.engine.messages.bounce import Classified, Recipient, classify
from portal.branches.models import BranchProfile
from portal.maillog.addresses import normal
from portal.maillog.deliveries import work_out
from portal.maillog.models import Delivery, DeliveryEvent, State

#: A report of a failure comes within this time of the message.
LATEST = timedelta(days=10)
SKEW = timedelta(minutes=10)
STATES = {"failed": State.REFUSED, "delayed": State.DEFERRED}
_DATE = re.compile(rb"^Date:[ \t]*(.+)$", re.M | re.I)
_REPORTING = re.compile(rb"^Reporting-MTA:[ \t]*dns;[ \t]*(\S+)", re.M | re.I)
_ARRIVED = re.compile(rb"^Arrival-Date:[ \t]*(.+)$", re.M | re.I)


@dataclass(slots=True)
class Returned:
    """What came back about one recipient and belongs to no message of the log."""

    deliveries: list[DeliveryFact] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)


def take_back(
    messages: Iterable[str], branch: BranchProfile, *, recipient: str, around: datetime | None, now: datetime
) -> Returned:
    """Classify ``messages``; what belongs to a delivery of ``branch`` becomes its event, the rest about ``recipient``
    is returned."""
    found = Returned()
    for text in messages:
        octets = text.encode("utf-8", "surrogateescape")
        _take(octets, classify(octets), branch, found, recipient=recipient, around=around, now=now)
    return found


def _take(
    octets: bytes,
    classified: Classified,
    branch: BranchProfile,
    found: Returned,
    *,
    recipient: str,
    around: datetime | None,
    now: datetime,
) -> None:
    at = _time(_DATE, octets) or around or now
    sent_at = _time(_ARRIVED, octets)
    if classified.kind == "auto_reply":
        if _is_from(octets, recipient) and (around is None or around - LATEST <= at <= around + LATEST):
            found.answered.append(f"An automatic answer came from {recipient} on {at:%d %b %Y %H:%M} UTC.")
        return
    for row in classified.recipients:
        event = _Told(row, _state(classified, row), at, sent_at or min(at, around or at))
        delivery = _delivery_of(classified, row, branch, at, is_ours=_is_ours(octets, branch))
        if delivery is not None:
            _store(delivery, event, octets)
        elif _is_about(row, classified, octets, recipient):
            found.deliveries.append(_fact(event, classified))


@dataclass(frozen=True, slots=True)
class _Told:
    """What a message that came back says of one recipient: when it says so, and when what it is about was sent."""

    row: Recipient
    state: str
    at: datetime
    sent_at: datetime


def _state(classified: Classified, row: Recipient) -> str:
    if classified.kind == "complaint":
        return State.COMPLAINED
    if classified.kind == "delivered":
        return State.ACCEPTED
    return STATES.get(row.action, State.REFUSED)


def _time(pattern: re.Pattern[bytes], octets: bytes) -> datetime | None:
    match = pattern.search(octets)
    if match is None:
        return None
    try:
        at = parsedate_to_datetime(match[1].decode("ascii", "replace").strip())
    except (ValueError, TypeError):
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def _is_from(octets: bytes, recipient: str) -> bool:
    head = octets.partition(b"\n\n")[0].decode("utf-8", "replace").lower()
    return normal(recipient) in head


def _is_about(row: Recipient, classified: Classified, octets: bytes, recipient: str) -> bool:
    """The report names the recipient: as whom it failed for, as whom it was written to, or in what it gives back."""
    wanted = normal(recipient)
    if wanted in {normal(item) for item in (row.address, row.original) if item}:
        return True
    tagged = wanted.replace("@", "=")
    if any(tagged in normal(item) for item in classified.sent_to):
        return True
    return len(classified.recipients) == 1 and wanted.encode() in octets.lower()


def _is_ours(octets: bytes, branch: BranchProfile) -> bool:
    """Our own sending server reports: then it names whom we wrote to, and nobody they passed it on to."""
    match, server = _REPORTING.search(octets), branch.sending_server
    return match is not None and server is not None and match[1].decode("ascii", "replace").lower() == server.host


def _delivery_of(
    classified: Classified, row: Recipient, branch: BranchProfile, at: datetime, *, is_ours: bool
) -> Delivery | None:
    names = {normal(item) for item in (row.address, row.original) if item}
    rows = Delivery.objects.filter(branch=branch).select_related("message")
    message_id = classified.message_id.strip("<> ")
    if message_id:
        own = list(rows.filter(message__message_id__in=[message_id, f"<{message_id}>"]))
        if own:
            is_alone = len({item.recipient_normal for item in own}) == 1 and not is_ours
            return _named(own, names) or (own[0] if is_alone else None)
    if classified.queue_id:
        own = list(rows.filter(message__queue_id=classified.queue_id))
        if own and (found := _named(own, names)):
            return found
    if message_id and Delivery.objects.filter(branch=branch).exclude(message__message_id="").exists():
        # It names a message, and the log knows others by their names: it is about none of them.
        rows = rows.filter(message__message_id="")
    near = rows.filter(recipient_normal__in=names, at__range=(at - LATEST, at + SKEW)).order_by("-at")
    return near.first()


def _named(deliveries: Sequence[Delivery], names: set[str]) -> Delivery | None:
    return next((item for item in deliveries if item.recipient_normal in names), None)


def _store(delivery: Delivery, told: _Told, octets: bytes) -> None:
    fingerprint = sha256(octets + told.row.address.encode() + str(delivery.pk).encode()).hexdigest()
    DeliveryEvent.objects.create(
        delivery=delivery,
        at=max(told.at, delivery.at),
        state=told.state,
        reply=told.row.diagnostic,
        reply_code=told.row.reply_code[:3],
        status=told.row.status[:12],
        remote_host=told.row.remote_host[:255],
        cause=told.row.cause if told.state in (State.REFUSED, State.DEFERRED) else "",
        source="bounce",
        raw=told.row.diagnostic[:4000],
        fingerprint=fingerprint,
    )
    work_out({delivery.pk})


def _fact(told: _Told, classified: Classified) -> DeliveryFact:
    is_complaint = told.state == State.COMPLAINED
    return DeliveryFact(
        state=State.ACCEPTED.value if is_complaint else str(told.state),
        at=told.sent_at,
        state_at=told.at,
        cause=told.row.cause if told.state in (State.REFUSED, State.DEFERRED) else "",
        reply=told.row.diagnostic,
        reply_code=told.row.reply_code,
        status=told.row.status,
        remote_host=told.row.remote_host,
        attempts=0 if is_complaint else 1,
        recipient=told.row.address,
        message_id=classified.message_id,
        is_bounce=True,
        complained_at=told.at if is_complaint else None,
    )
