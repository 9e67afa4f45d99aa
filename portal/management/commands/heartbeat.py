"""``manage.py heartbeat``: exit 0 when beat, queue and worker were alive within the last minute, 1 else."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.health import SILENT
from portal.models import Heartbeat


class Command(BaseCommand):
    help = "Exit 0 when a worker was alive within the last minute."

    def handle(self, *args: Any, **options: Any) -> None:
        latest = Heartbeat.objects.filter(name="worker").first()
        if latest is None or timezone.now() - latest.at > SILENT:
            raise CommandError("No worker has been heard of within the last minute.")
        self.stdout.write(f"A worker was alive at {latest.at:%Y-%m-%d %H:%M:%S} UTC.")
