"""Reading what came back, and bringing it to the deliveries it is about. The row is the truth: each step is safe to
run twice, and what could not be matched yet is tried again for a week.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from diagnostics.engine.messages.bounce import Classified, Recipient, classify
from portal.maillog.addresses import normal
from portal.maillog.replies import named_rules
from portal.returned.evidence import bring, take_back
from portal.returned.facts import MOST_NAMES, about, clean
from portal.returned.matching import Search
from portal.returned.models import ABOUT_A_DELIVERY, How, Kind, ReturnedMail, ReturnedRecipient

logger = logging.getLogger(__name__)

#: Minutes from one try to the next; after the last one somebody has to look. Together nine days, as long as a log that
#: is read in by the week may be late.
WAITS = (1, 5, 15, 60, 240, 720, 1440, 1440, 1440, 1440, 1440, 1440, 1440, 1440)
#: So many are tried in one sweep.
SWEEP = 200
#: Whoever takes a row up has so long for it before another may.
LEASE = timedelta(minutes=5)
#: A report about more recipients than these is cut.
MOST_RECIPIENTS = 1000


def perform(pk: int) -> None:
    """Read the mail if nobody has, and match it. A failure leaves the mail as it is, to be tried again."""
    try:
        with transaction.atomic():
            mail = ReturnedMail.objects.select_for_update().filter(pk=pk).first()
            if mail is None:
                return
            if mail.kind == Kind.UNREAD:
                read(mail)
            match(mail)
    except Exception:
        # A stranger's mail must never stop the mails behind it.
        logger.exception("Returned mail %s could not be read; it will be tried again.", pk)
        _later(pk)


def sweep() -> list[int]:
    """Take up those that are due, the longest overdue first; returns their ids."""
    now = timezone.now()
    due = ReturnedMail.objects.filter(next_try__lte=now).order_by("next_try").values_list("pk", flat=True)[:SWEEP]
    return [pk for pk in due if ReturnedMail.objects.filter(pk=pk, next_try__lte=now).update(next_try=now + LEASE)]


def forget_raw() -> int:
    """Forget the raw text of what came back long ago; returns of how many. What was read out of it stays."""
    before = timezone.now() - timedelta(days=settings.RETURNED_DAYS)
    return ReturnedMail.objects.filter(received__lt=before, raw__isnull=False).update(raw=None)


def read(mail: ReturnedMail) -> None:
    """Classify the mail and store what it says of each recipient. Call it inside a transaction."""
    octets = bytes(mail.raw or b"")
    found = classify(octets, extra=named_rules())
    told = about(octets)
    mail.kind = Kind(found.kind)
    mail.message_ids = _names(found.message_id, *told.message_ids)
    mail.queue_ids = _names(found.queue_id, found.envelope_id, *told.queue_ids)
    mail.returned_subject, mail.reported_by = told.subject, told.reported_by
    mail.sent_to = _names(*mail.sent_to, *found.sent_to)
    mail.feedback = clean(found.complaint.type, 20) if found.complaint else ""
    mail.save(
        update_fields=["kind", "message_ids", "queue_ids", "returned_subject", "reported_by", "sent_to", "feedback"]
    )
    ReturnedRecipient.objects.bulk_create(
        _row(mail, position, item) for position, item in enumerate(_recipients(mail, found))
    )


def _names(*items: str) -> list[str]:
    """Ids or addresses as they are searched by, each once."""
    kept = (clean(item.strip().strip("<>"), 320) for item in items)
    return list(dict.fromkeys(item for item in kept if item))[:MOST_NAMES]


def _recipients(mail: ReturnedMail, found: Classified) -> tuple[Recipient, ...]:
    """Whom the mail is about. A complaint's recipient is often blacked out; an automatic answer's is who sent it."""
    if found.recipients or found.kind not in (Kind.COMPLAINT, Kind.AUTO_REPLY):
        return found.recipients[:MOST_RECIPIENTS]
    address = mail.sender if found.kind == Kind.AUTO_REPLY else ""
    return (Recipient(address, "", "", "", "", "", "", "", action=""),)


def _row(mail: ReturnedMail, position: int, item: Recipient) -> ReturnedRecipient:
    return ReturnedRecipient(
        mail=mail,
        position=position,
        address=clean(item.address, 320),
        address_normal=clean(normal(item.address), 320) if item.address else "",
        original_normal=clean(normal(item.original), 320) if item.original else "",
        action=clean(item.action, 20),
        cause=clean(item.cause, 40),
        permanence=clean(item.permanence, 4),
        status=clean(item.status, 12),
        reply_code=clean(item.reply_code, 3),
        diagnostic=clean(item.diagnostic, 2000),
        remote_host=clean(item.remote_host.lower(), 255),
        rule=clean(item.rule, 80),
    )


def match(mail: ReturnedMail) -> None:
    """Look for the deliveries of all recipients that are not surely matched. Call it inside a transaction.

    A guess is made anew each time, so that it can be taken back when more of the log is there.
    """
    rows = list(mail.recipients.order_by("position"))
    search, found = Search(mail), []
    for row in (row for row in rows if not row.is_sure):
        match = search.find(row)
        if match is not None and (row.delivery, row.how) == (match.delivery, match.how):
            if match.is_sure:
                row.is_sure = True
                row.save(update_fields=["is_sure"])
            continue
        take_back(mail, row, because="The log shows by now that another message may be meant.")
        if match is not None:
            found.append((row, match))
    if found:
        bring(mail, found)
    settle(mail, rows)


def settle(mail: ReturnedMail, rows: list[ReturnedRecipient]) -> None:
    """Count what is still unmatched, and say when to try again."""
    mail.unmatched = sum(not row.how for row in rows) if mail.kind in ABOUT_A_DELIVERY else 0
    is_open = mail.kind != Kind.NOT_A_BOUNCE and any(not row.is_sure and row.how != How.BY_HAND for row in rows)
    mail.next_try = None
    if is_open and mail.tries < len(WAITS):
        mail.next_try = timezone.now() + timedelta(minutes=WAITS[mail.tries])
        mail.tries += 1
    mail.save(update_fields=["unmatched", "next_try", "tries"])


def _later(pk: int) -> None:
    """Try again, and give up in the end: what cannot be read is shown as such."""
    tries = ReturnedMail.objects.filter(pk=pk).values_list("tries", flat=True).first()
    if tries is None:
        return
    wait = timedelta(minutes=WAITS[tries]) if tries < len(WAITS) else None
    next_try = timezone.now() + wait if wait is not None else None
    ReturnedMail.objects.filter(pk=pk).update(next_try=next_try, tries=F("tries") + 1)
