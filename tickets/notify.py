"""Mail to people about tickets.

An event is claimed before its mail is sent and given back when the sending server refuses, so that it is told once and
the sweep tries again. The mails are marked as automatic, so that an absence notice never answers them.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from diagnostics.engine.causes import cause_for
from portal.accounts.models import Role, User
from portal.allowing.models import AllowRequest
from tickets.models import Event, EventKind, Ticket
from tickets.selectors.reply_address import reply_address
from tickets.selectors.tickets import reporters_of

logger = logging.getLogger(__name__)

#: An event older than this is not told any more: news that late would only confuse.
TOO_LATE = timedelta(days=2)
#: People who are told of one new ticket at most.
MOST_TOLD = 20
#: The sweep leaves a fresh event to its bell for so long.
PATIENCE = timedelta(minutes=1)


def untold(limit: int = 200) -> list[int]:
    """The ids of events that are still to be told, oldest first."""
    now = timezone.now()
    waiting = Event.objects.filter(is_told=False, at__gt=now - TOO_LATE, at__lt=now - PATIENCE)
    return list(waiting.order_by("at").values_list("pk", flat=True)[:limit])


def tell(event_id: int) -> bool:
    """Tell whoever is to know of the event. False when it was told already, or could not be told now."""
    if not Event.objects.filter(pk=event_id, is_told=False).update(is_told=True):
        return False
    event = Event.objects.select_related(
        "by", "ticket__branch", "ticket__report__by", "ticket__assignee", "ticket__merged_into"
    ).get(pk=event_id)
    to = recipients_of(event)
    if not to:
        return False
    try:
        _mail(event, to).send()
    except (SMTPException, OSError):
        logger.exception("The mail about event %s could not be handed over; it will be tried again.", event_id)
        Event.objects.filter(pk=event_id).update(is_told=False)
        return False
    return True


def recipients_of(event: Event) -> list[str]:
    """Whom an event is for: support's own acts the reporter, the branch's acts whoever works on the ticket."""
    ticket = event.ticket
    if event.kind == EventKind.MERGED and ticket.merged_into_id is None:
        # It was taken out again before anybody was told.
        return []
    if event.kind == EventKind.OPENED:
        return desk(apart_from=event.by)
    if event.kind == EventKind.ALLOWANCE:
        # Both wait for it, and either may be next.
        return list(dict.fromkeys([*_reporters(event), *_workers(ticket)]))
    if event.by is not None and not event.by.is_support:
        return _workers(ticket)
    return _reporters(event)


def _workers(ticket: Ticket) -> list[str]:
    assignee = ticket.assignee
    return [assignee.email] if assignee is not None and assignee.is_active else desk()


def _reporters(event: Event) -> list[str]:
    """The reporter, and those of tickets that were merged into this one; not whoever did it."""
    return [person.email for person in reporters_of(event.ticket) if person != event.by]


def untold_answers(limit: int = 200) -> list[int]:
    """The ids of requests to be allowed whose answer is still to be told, oldest first."""
    now = timezone.now()
    waiting = AllowRequest.objects.filter(is_told=False, answered__gt=now - TOO_LATE, answered__lt=now - PATIENCE)
    return list(waiting.order_by("answered").values_list("pk", flat=True)[:limit])


def tell_answer(request_id: int) -> bool:
    """Tell whoever asked, and the desk, what the recipient's IT answered. False when it was told, or could not be."""
    if not AllowRequest.objects.filter(pk=request_id, is_told=False).update(is_told=True):
        return False
    asked = AllowRequest.objects.select_related("branch", "by", "entry").get(pk=request_id)
    to = [asked.by.email] if asked.by is not None and asked.by.is_active else []
    to = list(dict.fromkeys([*to, *desk()]))
    if not to:
        return False
    url = settings.BASE_URL + reverse("allow_request", args=[asked.pk])
    mail = EmailMessage(
        subject=f"{asked.domain} answered for {asked.branch}",
        body=render_to_string("mail/allow_answer.txt", {"asked": asked, "url": url}),
        to=to[:1],
        bcc=to[1:],
        headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
    )
    try:
        mail.send()
    except (SMTPException, OSError):
        logger.exception("The mail about request %s could not be handed over; it will be tried again.", request_id)
        AllowRequest.objects.filter(pk=request_id).update(is_told=False)
        return False
    return True


def desk(*, apart_from: User | None = None) -> list[str]:
    """Who hears of what nobody works on yet: SUPPORT_ADDRESS or, without one, the people of support who want to.

    A desk whose only people are admins tells those. At most so many are written to; a larger team has an address.
    """
    if settings.SUPPORT_ADDRESS:
        return [settings.SUPPORT_ADDRESS]
    hearing = User.objects.filter(is_active=True, hears_of_tickets=True).order_by("pk")
    if apart_from is not None:
        hearing = hearing.exclude(pk=apart_from.pk)
    for role in (Role.SUPPORT, Role.ADMIN):
        found = list(hearing.filter(role=role).values_list("email", flat=True)[:MOST_TOLD])
        if found:
            return found
    return []


def _mail(event: Event, to: list[str]) -> EmailMessage:
    ticket = event.ticket
    goes_on_in = ticket.merged_into or ticket
    url = settings.BASE_URL + reverse("ticket", args=[goes_on_in.number])
    answers_to = reply_address(ticket)
    # The branch and the desk, and reporters among each other, need not read each other's addresses.
    is_to_branch = event.kind != EventKind.OPENED and (event.by is None or event.by.is_support)
    context = {**_told(event), "url": url, "answers_to": answers_to}
    # A subject is one line whatever the recipient's address holds; Django refuses line breaks, so none may reach it.
    subject = " ".join(render_to_string("mail/ticket.subject.txt", context).split())
    return EmailMessage(
        subject=subject,
        body=render_to_string("mail/ticket.txt", context),
        to=to[:1] if is_to_branch else to,
        bcc=to[1:] if is_to_branch else None,
        reply_to=[answers_to] if answers_to else None,
        headers={
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "References": thread_of(ticket),
            "In-Reply-To": thread_of(ticket),
        },
    )


def _told(event: Event) -> dict[str, Any]:
    """What the mail speaks of: the event, where it moved the ticket to, and the cause that support or the desk sees."""
    ticket = event.ticket
    moved = {name: change[1] for name, change in event.changes.items() if name in ("state", "waiting_on")}
    known = ticket.suggested_cause if event.kind == EventKind.OPENED else ticket.cause
    own_server = ticket.branch.sends_through_own_server
    cause = cause_for(known, own_server=own_server, within=ticket.is_within) if known != "unknown" else None
    return {"event": event, "ticket": ticket, "moved": moved, "cause": cause}


def thread_of(ticket: Ticket) -> str:
    """The message id that keeps all mails about one ticket together in a mail program."""
    host = settings.BASE_URL.partition("://")[2].partition("/")[0].partition(":")[0]
    return f"<ticket-{ticket.number}@{host}>"
