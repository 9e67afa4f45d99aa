"""Alive and ready, as supervisors ask it."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from portal import tasks
from portal.models import Heartbeat


def test_alive(client: Client, db: None) -> None:
    assert client.get("/healthz").json() == {"database": "ok"}


def test_without_a_database_it_says_so(client: Client, db: None) -> None:
    with patch("portal.health.connection.ensure_connection", side_effect=DatabaseError):
        assert client.get("/healthz").status_code == 503


def test_ready_only_while_a_worker_is_heard_of(client: Client, db: None) -> None:
    assert client.get("/readyz").json() == {"migrations": "ok", "worker": "silent"}
    tasks.beat()
    assert client.get("/readyz").status_code == 200
    Heartbeat.objects.update(at=timezone.now() - timedelta(minutes=5))
    assert client.get("/readyz").status_code == 503


def test_the_heartbeat_command(db: None) -> None:
    with pytest.raises(CommandError):
        call_command("heartbeat")
    tasks.beat()
    call_command("heartbeat", stdout=StringIO())
