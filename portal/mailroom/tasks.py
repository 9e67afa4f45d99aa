"""The Celery door of this room."""

from __future__ import annotations

import logging

from celery import shared_task

from portal.mailroom.imap import MailboxProblem, fetch, mailbox_of_settings

logger = logging.getLogger(__name__)


@shared_task
def fetch_mail() -> None:
    """Take what lies in the mailbox. Twice at once takes nothing twice."""
    mailbox = mailbox_of_settings()
    if mailbox is None:
        return
    try:
        fetch(mailbox)
    except MailboxProblem as problem:
        logger.error("The mailbox could not be read: %s", problem)
