"""The Celery doors of this room: ids only, safe to run twice."""

from __future__ import annotations

from celery import shared_task

from portal.standing import notify, rounds


@shared_task
def review_standings() -> None:
    """Look at the branches that are due, and tell what was not told."""
    rounds.review()
    for event_id in notify.untold():
        tell.delay(event_id)


@shared_task
def tell(event_id: int) -> None:
    """Write to the members of a branch about one step."""
    notify.tell(event_id)
