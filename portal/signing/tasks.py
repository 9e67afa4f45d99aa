"""The Celery doors of this room: ids only, safe to run twice."""

from __future__ import annotations

from celery import shared_task

from portal.signing import rounds


@shared_task
def look_at_keys() -> None:
    """Look at the keys that are due."""
    for key_id in rounds.due():
        look_at_key.delay(key_id)


@shared_task
def look_at_key(key_id: int) -> None:
    """Ask the name servers about one key."""
    rounds.look_at(key_id)
