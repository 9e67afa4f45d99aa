"""Taking in what came back, and what support does with it: match by hand, say that it is no bounce, read it again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.bell import ring
from portal.branches.models import BranchProfile
from portal.inbound import Mail, form_of
from portal.maillog.models import Delivery
from portal.returned import tasks
from portal.returned.evidence import bring, take_back
from portal.returned.facts import MOST_KEPT, MOST_NAMES, clean, facts_of
from portal.returned.matching import Match
from portal.returned.models import How, Kind, ReturnedMail, ReturnedRecipient
from portal.returned.runner import settle

#: The bell comes at once; where it was lost, the sweep finds the mail after this.
PATIENCE = timedelta(minutes=1)


@transaction.atomic
def take(
    octets: bytes,
    *,
    source: str,
    recipient: str = "",
    sender: str = "",
    name: str = "",
    branch: BranchProfile | None = None,
    is_fresh: bool = False,
    rings: bool = True,
    now: datetime | None = None,
) -> tuple[ReturnedMail, bool]:
    """Store a mail that came back, unread; returns it and whether it is new. The same mail is stored once.

    ``recipient`` and ``sender`` are those of the envelope, where there was one. Without ``rings`` the caller reads it.
    ``now`` is when it came, where that is not just now.
    """
    now = now or timezone.now()
    facts = facts_of(octets, now=now, is_fresh=is_fresh)
    sent_to = list(dict.fromkeys(item for item in (clean(recipient, 320), *facts.sent_to) if item))[:MOST_NAMES]
    mail, is_new = ReturnedMail.objects.get_or_create(
        fingerprint=facts.fingerprint,
        defaults={
            "received": now,
            "at": facts.at or now,
            "source": source,
            "name": clean(name, 255),
            "sender": facts.sender or clean(sender, 320),
            "subject": facts.subject,
            "size": len(octets),
            "raw": octets[:MOST_KEPT],
            "sent_to": sent_to,
            "branch": branch,
            "next_try": now + PATIENCE,
        },
    )
    if not is_new:
        _learn(mail, sent_to)
    if rings and (is_new or mail.next_try is not None):
        ring(tasks.read_returned, mail.pk)
    return mail, is_new


def _learn(mail: ReturnedMail, sent_to: list[str]) -> None:
    """A second copy may have come to the address that tells whose it is, where the first had lost it."""
    news = [item for item in sent_to if item not in mail.sent_to]
    if not news or not (mail.unmatched or mail.kind == Kind.UNREAD):
        return
    mail.sent_to = [*mail.sent_to, *news][:MOST_NAMES]
    mail.next_try = timezone.now()
    mail.save(update_fields=["sent_to", "next_try"])


def is_ours(address: str) -> bool:
    """Whether mail to ``address`` is mail that came back."""
    return any(form_of(text).read(address) is not None for text in settings.BOUNCE_ADDRESSES)


def take_mail(mail: Mail) -> None:
    """The door of this room: whatever comes to one of its addresses is kept."""
    take(mail.octets, source=mail.source, recipient=mail.recipient, sender=mail.sender, is_fresh=True)


@transaction.atomic
def match_by_hand(row: ReturnedRecipient, *, delivery: Delivery, by: User) -> bool:
    """Match ``row`` to ``delivery``, whatever it was matched to before. False where that is not there any more."""
    mail = ReturnedMail.objects.select_for_update().get(pk=row.mail_id)
    row = ReturnedRecipient.objects.get(pk=row.pk)
    if (row.delivery, row.how) == (delivery.pk, How.BY_HAND):
        return True
    take_back(mail, row, because="It was about another message.", by=by)
    if not bring(mail, [(row, Match(delivery.pk, How.BY_HAND, is_sure=True, is_proved=True))], by=by):
        transaction.set_rollback(True)
        return False
    settle(mail, list(mail.recipients.all()))
    return True


@transaction.atomic
def mark_not_a_bounce(mail: ReturnedMail, *, by: User) -> ReturnedMail:
    """Say that the mail tells nothing of a delivery: what was made of it is taken back, the mail is kept."""
    mail = ReturnedMail.objects.select_for_update().get(pk=mail.pk)
    if mail.kind == Kind.NOT_A_BOUNCE and mail.marked_by_id is not None:
        return mail
    for row in mail.recipients.all():
        take_back(mail, row, because="The mail that told so was no bounce.", by=by)
    mail.kind, mail.marked_by, mail.marked_at = Kind.NOT_A_BOUNCE, by, timezone.now()
    mail.unmatched, mail.next_try = 0, None
    mail.save(update_fields=["kind", "marked_by", "marked_at", "unmatched", "next_try"])
    return mail


@transaction.atomic
def read_again(mail: ReturnedMail, *, by: User) -> ReturnedMail:
    """Read the mail as if it had come now: with the rules and the log as they are, and without what was said by hand.

    Nothing happens where its text has been forgotten.
    """
    mail = ReturnedMail.objects.select_for_update().get(pk=mail.pk)
    if mail.raw is None:
        return mail
    for row in mail.recipients.all():
        take_back(mail, row, because="The mail that told so is read again.", by=by)
    mail.recipients.all().delete()
    mail.kind, mail.marked_by, mail.marked_at, mail.tries = Kind.UNREAD, None, None, 0
    mail.unmatched, mail.next_try = 0, timezone.now()
    mail.save(update_fields=["kind", "marked_by", "marked_at", "tries", "unmatched", "next_try"])
    ring(tasks.read_returned, mail.pk)
    return mail
