"""The bell: rung on commit, and never a reason for an error page."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from portal.bell import ring


class Bell:
    name = "bell"

    def __init__(self, error: Exception | None = None) -> None:
        self.rung: list[tuple[Any, ...]] = []
        self.error = error

    def apply_async(self, args: tuple[Any, ...], **options: Any) -> None:
        if self.error:
            raise self.error
        self.rung.append(args)


def test_it_rings_when_all_is_committed(db: None, django_capture_on_commit_callbacks: Any) -> None:
    bell = Bell()
    with django_capture_on_commit_callbacks(execute=True):
        ring(bell, 7)
        assert bell.rung == []
    assert bell.rung == [(7,)]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_not_rung_for() -> None:
    bell = Bell()
    with transaction.atomic():
        ring(bell, 7)
        transaction.set_rollback(True)
    assert bell.rung == []


def test_a_broker_that_is_away_is_logged_and_no_error(
    db: None, django_capture_on_commit_callbacks: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        ring(Bell(ConnectionError("away")), 7)
    assert "away" in caplog.text
