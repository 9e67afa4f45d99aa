"""Many at once: one entry holds in the end, and nobody sees an error. SQLite's writers queue, so PostgreSQL tells."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections

from portal.branches.models import BranchProfile
from portal.suppression.models import Suppression
from tests.portal.suppression.conftest import suppressed

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite in memory is one connection's."),
]
REASONS = ("manual", "opt_out", "hard_bounce", "complaint")


def at_once(call: Callable[[int], object], times: int) -> None:
    def alone(number: int) -> None:
        try:
            call(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(alone, range(times)))


def test_one_entry_holds(north: BranchProfile) -> None:
    at_once(lambda number: suppressed(north, reason=REASONS[number % 4]), 40)
    (held,) = Suppression.objects.filter(ended=None)
    assert held.reason in ("opt_out", "complaint")
