"""The frame's own Celery doors."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from portal.models import Heartbeat


@shared_task
def beat() -> None:
    """Tell that beat, queue and worker are alive."""
    Heartbeat.objects.update_or_create(name="worker", defaults={"at": timezone.now()})
