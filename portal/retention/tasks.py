"""The Celery doors of this room: ids only, safe to run twice."""

from __future__ import annotations

from celery import shared_task

from portal.retention import runner
from portal.retention.models import Pruning

#: A round over a large log takes longer than the usual limit of a task.
HOURS = {"time_limit": 6 * 3600, "soft_time_limit": 6 * 3600 - 60}


@shared_task(**HOURS)
def prune_daily() -> None:
    """The round of every day."""
    runner.prune(Pruning.objects.create())


@shared_task(**HOURS)
def prune_now(pruning_id: int) -> None:
    """A round that somebody asked for."""
    runner.prune(Pruning.objects.get(pk=pruning_id))


@shared_task(**HOURS)
def erase(erasure_id: int) -> None:
    """Take one person out. A second bell finds it claimed and goes home."""
    if (erasure := runner.claim(erasure_id)) is not None:
        runner.erase(erasure)


@shared_task
def sweep_erasures() -> None:
    """Ring again for what a lost worker left undone."""
    for erasure_id in runner.left_undone():
        erase.delay(erasure_id)
