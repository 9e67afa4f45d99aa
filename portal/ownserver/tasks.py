"""The Celery door of this room."""

from __future__ import annotations

from celery import shared_task

from portal.ownserver import runner


@shared_task
def try_server(trial_id: int) -> None:
    """Try a branch's own mail server."""
    runner.perform(trial_id)
