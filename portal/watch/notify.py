"""One mail about all new notices of a while, to whoever keeps the desk: never a mail for each."""

from __future__ import annotations

import logging
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

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
    readers = _readers()
    if not claimed or not readers:
        return 0
    context = {"notices": claimed[:MOST_TOLD], "more": max(0, len(claimed) - MOST_TOLD), "url": _url()}
    subject = claimed[0].title if len(claimed) == 1 else f"{len(claimed)} things need somebody"
    mail = EmailMessage(
        subject=" ".join(subject.split())[:150],
        body=render_to_string("mail/notices.txt", context),
        to=readers,
        headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
    )
    try:
        mail.send()
    except (SMTPException, OSError):
        logger.exception("The mail about %s notices could not be handed over; it will be tried again.", len(claimed))
        Notice.objects.filter(pk__in=[item.pk for item in claimed]).update(is_told=False)
        return 0
    return len(claimed)


def _readers() -> list[str]:
    if settings.SUPPORT_ADDRESS:
        return [settings.SUPPORT_ADDRESS]
    admins = User.objects.filter(role=Role.ADMIN, is_active=True).order_by("pk")
    return list(admins.values_list("email", flat=True)[:MOST_READERS])


def _url() -> str:
    return f"{settings.BASE_URL}{reverse('notices')}"
