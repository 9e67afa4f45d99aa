"""The Celery doors of this room: safe to run twice."""

from __future__ import annotations

from celery import shared_task

from portal.rates import alerts


@shared_task
def review_rates() -> None:
    """Tell what has left its habit, and what is back in it."""
    alerts.review()


@shared_task
def review_complaints() -> None:
    """Tell whose recipients complain."""
    alerts.review_complaints()
