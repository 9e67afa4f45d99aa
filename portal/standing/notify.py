"""Mail to the members of a branch about a step that people took: warned, suspended, let back.

A step is claimed before its mail is sent and given back when the sending server refuses, so that it is told once and
the round tries again.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone

from portal.accounts.models import User
from portal.standing.models import StandingEvent
from portal.standing.moving import link_to
from portal.standing.selectors import grounds_then

logger = logging.getLogger(__name__)

#: So many members are written to at most; a larger branch reads it on its page.
MOST_TOLD = 50
#: News that late is on the page, and not worth a mail any more.
TOO_LATE = timedelta(days=2)
PATIENCE = timedelta(minutes=1)


def untold(limit: int = 100) -> list[int]:
    """The ids of the steps that are still to be told, oldest first."""
    now = timezone.now()
    waiting = StandingEvent.objects.filter(is_told=False, at__gt=now - TOO_LATE, at__lt=now - PATIENCE)
    return list(waiting.order_by("at").values_list("pk", flat=True)[:limit])


def tell(event_id: int) -> bool:
    """Tell the members. False when it was told already, nobody is there to be told, or it could not be told now."""
    if not StandingEvent.objects.filter(pk=event_id, is_told=False).update(is_told=True):
        return False
    event = StandingEvent.objects.select_related("branch").get(pk=event_id)
    members = User.objects.filter(memberships__branch=event.branch, is_active=True).order_by("pk")
    to = list(members.values_list("email", flat=True)[:MOST_TOLD])
    if not to:
        return False
    context = {
        "event": event,
        "grounds": grounds_then(event.branch),
        "url": settings.BASE_URL + link_to(event.branch),
    }
    mail = EmailMessage(
        subject=" ".join(render_to_string("mail/standing.subject.txt", context).split())[:150],
        body=render_to_string("mail/standing.txt", context),
        # Members need not read each other's addresses.
        bcc=to,
        headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
    )
    try:
        mail.send()
    except (SMTPException, OSError):
        logger.exception("The mail about step %s could not be handed over; it will be tried again.", event_id)
        StandingEvent.objects.filter(pk=event_id).update(is_told=False)
        return False
    return True
