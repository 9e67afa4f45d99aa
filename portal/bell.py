"""Ringing the bell: asking a worker, once the transaction is committed, to look at a row that is already stored.

The row is the truth and the bell only saves waiting. So a broker that is away must never turn an answer that was stored
into an error page: the failure is logged, and the sweep rings later.
"""

from __future__ import annotations

import logging
from typing import Any, Protocol

from django.db import transaction

logger = logging.getLogger(__name__)


class Task(Protocol):
    """What can be rung: a Celery task."""

    name: str

    def apply_async(self, args: tuple[Any, ...], **options: Any) -> Any: ...


def ring(task: Task, *args: int | str) -> None:
    """Have ``task`` called with the ids ``args`` once all is committed; a broker that is away raises nothing."""
    transaction.on_commit(lambda: _ring_now(task, args))


def _ring_now(task: Task, args: tuple[int | str, ...]) -> None:
    try:
        # One short try: a person is waiting, and the sweep does not forget. Whatever a broker may raise is caught.
        task.apply_async(args=args, retry=False)
    except Exception:
        logger.warning("The bell for %s%r could not be rung; the sweep will.", task.name, args, exc_info=True)
