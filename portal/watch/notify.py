"""One mail about all new notices of a while, to whoever keeps the desk: never a mail for each."""

from __future__ import annotations

import logging
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from diagnostics.engine.findings import Actor
from portal.accounts.models import Role, User
from portal.watch.models import Notice

logger = logging.getLogger(__name__)

#: What begins together is told together.
PATIENCE = timedelta(minutes=2)
#: News that late is on the page, and not worth a mail any more.
TOO_LATE = timedelta(days=2)
MOST_TOLD = 40
MOST_READERS = 20


def tell_untold() -> int:
    """Tell of the notices that nobody was told of; how many. What cannot be handed over now is tried again."""
    now = timezone.now()
    waiting = Notice.objects.filter(is_told=False, closed=None, opened__gt=now - TOO_LATE, opened__lt=now - PATIENCE)
    notices = list(waiting.select_related("watch__domain__branch", "watch__server").order_by("opened")[:500])
    claimed = [item for item in notices if Notice.objects.filter(pk=item.pk, is_told=False).update(is_told=True)]
    told = 0
    for readers, theirs in _by_readers(claimed):
        if _tell(theirs, readers):
            told += len(theirs)
        else:
            Notice.objects.filter(pk__in=[item.pk for item in theirs]).update(is_told=False)
    return told


def _tell(notices: list[Notice], readers: list[str]) -> bool:
    """One mail about ``notices``; whether it was handed over."""
    context = {"notices": notices[:MOST_TOLD], "more": max(0, len(notices) - MOST_TOLD), "url": _url()}
    subject = notices[0].title if len(notices) == 1 else f"{len(notices)} things need somebody"
    mail = EmailMessage(
        subject=" ".join(subject.split())[:150],
        body=render_to_string("mail/notices.txt", context),
        to=readers,
        headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
    )
    try:
        mail.send()
    except (SMTPException, OSError):
        logger.exception("The mail about %s notices could not be handed over; it will be tried again.", len(notices))
        return False
    return True


def _by_readers(notices: list[Notice]) -> list[tuple[list[str], list[Notice]]]:
    """Who is mailed about which: the desk's address about all; without one, support about what is its turn.

    Admins hear of the rest, and of all where nobody of support wants to be mailed. What nobody reads stays told: it is
    on the page.
    """
    if settings.SUPPORT_ADDRESS:
        groups = [([settings.SUPPORT_ADDRESS], notices)]
    else:
        support = _people(Role.SUPPORT).filter(hears_of_tickets=True)
        to_support = list(support.values_list("email", flat=True)[:MOST_READERS])
        to_admins = list(_people(Role.ADMIN).values_list("email", flat=True)[:MOST_READERS])
        theirs = [item for item in notices if to_support and item.actor == Actor.SUPPORT.value]
        groups = [(to_support, theirs), (to_admins, [item for item in notices if item not in theirs])]
    return [(readers, items) for readers, items in groups if readers and items]


def _people(role: str) -> QuerySet[User]:
    return User.objects.filter(role=role, is_active=True).order_by("pk")


def _url() -> str:
    return f"{settings.BASE_URL}{reverse('notices')}"
