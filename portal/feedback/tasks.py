"""The Celery door of this room."""

from __future__ import annotations

from celery import shared_task

from portal.feedback import webhooks


@shared_task
def place_events() -> None:
    """Try again what mail services told of messages that were not in the log yet."""
    webhooks.try_again()
