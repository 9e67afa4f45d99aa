"""The Celery door of this room."""

from __future__ import annotations

from celery import shared_task

from portal.api import answers


@shared_task
def forget_answers() -> None:
    """Forget what repeated pushes would have been answered, when its time is over."""
    answers.forget()
