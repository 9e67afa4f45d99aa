"""The Celery doors of this room: ids only, safe to run twice."""

from __future__ import annotations

from celery import shared_task

from portal.planning import runner


@shared_task(time_limit=1800, soft_time_limit=1740)
def judge_list(mailing_id: int) -> None:
    """Judge one list. A second bell finds it claimed and goes home."""
    runner.perform(mailing_id)


@shared_task
def sweep_lists() -> None:
    """Ring again for what a lost worker left undone, and forget the addresses of old lists."""
    for mailing_id in runner.left_undone():
        judge_list.delay(mailing_id)
    runner.forget_addresses()
