"""The Celery doors of this room: three lines each, ids only, safe to run twice."""

from __future__ import annotations

from celery import shared_task

from tickets import notify


@shared_task
def tell_event(event_id: int) -> None:
    """Tell by mail of one event; a second bell finds it told and goes home."""
    notify.tell(event_id)


@shared_task
def sweep_untold() -> None:
    """Tell of the events whose bell was lost or whose mail could not be handed over."""
    for event_id in notify.untold():
        tell_event.delay(event_id)
    for request_id in notify.untold_answers():
        tell_answer.delay(request_id)


@shared_task
def tell_answer(request_id: int) -> None:
    """Tell by mail of the answer of a recipient's IT that no open ticket is about."""
    notify.tell_answer(request_id)
