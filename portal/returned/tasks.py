"""The Celery doors of this room: ids only, safe to run twice."""

from __future__ import annotations

from celery import shared_task

from portal.returned import runner


@shared_task
def read_returned(mail_id: int) -> None:
    """Read one mail and match it."""
    runner.perform(mail_id)


@shared_task
def sweep_returned() -> None:
    """Read what a lost bell left unread, and look again for deliveries whose log came late."""
    for mail_id in runner.sweep():
        runner.perform(mail_id)


@shared_task
def forget_returned() -> None:
    """Forget the raw text of what came back long ago."""
    runner.forget_raw()
