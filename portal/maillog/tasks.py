"""The Celery doors of this room: ids only, safe to run twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import monotonic

from celery import shared_task

from portal.bell import ring
from portal.maillog.models import ReplyRule
from portal.maillog.replies import forget_rules
from portal.maillog.rereading import all_left, read_piece

#: So many seconds one task reads; the rest is another task, so that others get their turn.
SECONDS = 15
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@shared_task
def read_again(rule_id: int, cause: str, at: int = 0, pk: int = 0) -> None:
    """Read what stands with ``cause`` again, as far as the rule fits it, from ``at`` (microseconds) and ``pk`` on."""
    rule = ReplyRule.objects.filter(pk=rule_id).first()
    if rule is None:
        return
    forget_rules()
    until = monotonic() + SECONDS
    before = (EPOCH + at * MICROSECOND, pk) if at else None
    while True:
        piece = read_piece(rule, cause, before=before)
        if piece.next is None:
            return
        before = piece.next
        if monotonic() > until:
            ring(read_again, rule_id, cause, (before[0] - EPOCH) // MICROSECOND, before[1])
            return


@shared_task
def sweep_readings() -> None:
    """Read again what a lost bell has left."""
    for rule_id, cause in all_left():
        read_again.delay(rule_id, cause)
