"""The Celery doors of this room: ids only, safe to run twice."""

from __future__ import annotations

from celery import shared_task

from portal.intake import runner

#: A large log takes longer than any other task may. Its lease tells that it lives, not its length.
HOURS = 12 * 3600


@shared_task(time_limit=HOURS, soft_time_limit=HOURS - 60)
def read_upload(upload_id: int) -> None:
    """Read one upload; then ring for the next in line. A second bell finds it claimed and goes home."""
    if runner.perform(upload_id):
        sweep_uploads()


@shared_task
def sweep_uploads() -> None:
    """Ring for the upload that waits longest, and for one whose bell or worker was lost."""
    if (upload_id := runner.next_in_line()) is not None:
        read_upload.delay(upload_id)


@shared_task
def forget_uploads() -> None:
    """Remove files whose time is over."""
    runner.forget()
