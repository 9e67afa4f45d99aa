"""Events of mail services (SES, Mailgun, Postmark and others), as django-anymail reads them, into the log.

A service speaks of a message by the id *it* gave or the Message-ID; the log must know one of them. An event that fits
no message yet is kept with the reason and tried again, since the log may come later.
"""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.branches.models import BranchProfile
from portal.feedback.models import ServiceEvent
from portal.maillog.importers.event import Kind, LogEvent
from portal.maillog.models import MessageLog
from portal.maillog.services import ingest
from portal.suppression.services import SuppressionProblem, opt_out

#: What each kind of event is to the log. What is not here (opened, clicked) says nothing about delivery and is dropped.
KINDS = {
    "queued": Kind.HANDED,
    "sent": Kind.HANDED,
    "deferred": Kind.DEFERRED,
    "delivered": Kind.ACCEPTED,
    "bounced": Kind.REFUSED,
    "rejected": Kind.REFUSED,
    "failed": Kind.ERROR,
    "complained": Kind.COMPLAINED,
}
#: What a service's reason is called where it gives no reply of a server. No code is made up for it.
REASONS = {
    "invalid": "The mail service says: invalid address",
    "bounced": "The mail service says: recipient address is on its suppression list, mail bounced before",
    "timed_out": "The mail service says: connection timed out",
    "blocked": "The mail service says: blocked",
    "spam": "The mail service says: recipient address is on its suppression list, the recipient complained",
    "unsubscribed": "The mail service says: recipient address is on its suppression list, the recipient unsubscribed",
}
NOT_HERE = "no message of the log has this id"
KEPT_TRYING = timedelta(days=7)
MOST_AT_ONCE = 500


def take_event(event: Any, esp_name: str) -> ServiceEvent | None:
    """Store one event (an ``AnymailTrackingEvent``) and put it into the log if its message is known. Twice is once."""
    kind = str(event.event_type or "")
    if kind not in KINDS and kind != "unsubscribed":
        return None
    told = f"{esp_name}\x1f{event.event_id}\x1f{kind}\x1f{event.recipient}\x1f{event.timestamp}\x1f{event.message_id}"
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    reply = str(event.mta_response or event.description or REASONS.get(str(event.reject_reason), "") or "")
    row = ServiceEvent(
        service=esp_name[:40],
        key=hashlib.sha256(told.encode("utf-8", "replace")).hexdigest(),
        kind=kind,
        at=event.timestamp or timezone.now(),
        recipient=str(event.recipient or "")[:320],
        message_id=str(event.message_id or "")[:255],
        reply=_clean(reply)[:20_000],
        branch_code=str(metadata.get("branch", ""))[:40],
        raw=_raw(event.esp_event),
        why_not=NOT_HERE,
    )
    try:
        with transaction.atomic():
            row.save()
            place(row)
    except IntegrityError:
        return None
    return row


def place(row: ServiceEvent) -> bool:
    """Put a stored event into the log; False, with the reason on the row, where its message is not known."""
    message = _message(row)
    branch = message.branch if message else BranchProfile.objects.filter(code=row.branch_code or "-").first()
    if branch is None or not row.recipient:
        row.why_not = NOT_HERE if row.recipient else "it names no recipient"
        row.save(update_fields=["why_not"])
        return False
    key = message.key if message else row.message_id
    if row.kind == "unsubscribed":
        _opt_out(branch, row)
    elif key:
        event = LogEvent(
            kind=KINDS[row.kind], branch=branch.code, line=1, raw=json.dumps(row.raw)[:4000], at=row.at, key=key,
            recipient=row.recipient, message_id=row.message_id, reply=row.reply,
        )  # fmt: skip
        ingest([event], source=f"webhook {row.service}"[:20])
    row.branch, row.why_not = branch, ""
    row.save(update_fields=["branch", "why_not"])
    return True


def _message(row: ServiceEvent) -> MessageLog | None:
    if not row.message_id:
        return None
    bare = row.message_id.strip("<>")
    found = MessageLog.objects.filter(message_id__in=[bare, f"<{bare}>"]).select_related("branch")
    return found.first() or MessageLog.objects.filter(queue_id=bare[:40]).select_related("branch").first()


def _opt_out(branch: BranchProfile, row: ServiceEvent) -> None:
    try:
        opt_out(branch, address=row.recipient, source=f"{row.service} webhook")
    except SuppressionProblem as error:
        row.why_not = str(error)[:200]


def try_again() -> int:
    """Try the events that fitted nothing; how many fit now."""
    since = timezone.now() - KEPT_TRYING
    rows = ServiceEvent.objects.exclude(why_not="").filter(came__gt=since).order_by("-came", "-pk")
    placed = 0
    for row in rows[:MOST_AT_ONCE]:
        with transaction.atomic():
            placed += place(row)
    return placed


def _raw(told: Any) -> dict[str, Any]:
    """What the service sent, as JSON keeps it, without what only its statistics need."""
    try:
        kept = json.loads(json.dumps(told, default=str))
    except (TypeError, ValueError):
        return {}
    return kept if isinstance(kept, dict) and len(json.dumps(kept)) < 20_000 else {}


def _clean(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
