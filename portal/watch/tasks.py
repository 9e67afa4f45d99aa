"""The Celery doors of this room: ids only, safe to run twice."""

from __future__ import annotations

from celery import shared_task

from portal.watch import notify, rounds


@shared_task
def watch_all() -> None:
    """Begin what is due, read what is over, and tell of what is new."""
    rounds.enrol()
    for watch_id in rounds.begin_due():
        look_at_list.delay(watch_id)
    rounds.read_done()
    notify.tell_untold()


@shared_task
def look_at_list(watch_id: int) -> None:
    """Ask a list about itself."""
    rounds.look_at_list(watch_id)
