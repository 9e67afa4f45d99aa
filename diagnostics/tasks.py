"""The Celery doors of this room: three lines each, ids only, safe to run twice."""

from __future__ import annotations

from celery import shared_task

from diagnostics import runner


@shared_task
def perform_run(run_id: int) -> None:
    """Examine one run. A second bell for the same run finds it claimed and goes home."""
    runner.perform(run_id)


@shared_task
def sweep_runs() -> None:
    """Ring again for the runs whose bell or worker was lost."""
    for run_id in runner.sweep():
        perform_run.delay(run_id)


@shared_task
def forget_messages() -> None:
    """Forget the raw text of messages that were handed in long ago."""
    runner.forget_messages()
