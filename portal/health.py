"""Is it alive, and is it ready: for supervisors and load balancers. No sign-in, and nothing told that is secret."""

from __future__ import annotations

from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.models import Heartbeat

#: Beat sends a heartbeat every 15 s; without one for so long nobody is there to carry it out.
SILENT = timedelta(seconds=60)


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while this process answers and reaches the database; 503 else."""
    try:
        connection.ensure_connection()
    except DatabaseError:
        return JsonResponse({"database": "unreachable"}, status=503)
    return JsonResponse({"database": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database is migrated and a worker has been heard of lately; 503 with what is missing else."""
    found = {"migrations": "ok", "worker": "ok"}
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            found["migrations"] = "missing"
        elif not Heartbeat.objects.filter(name="worker", at__gt=timezone.now() - SILENT).exists():
            found["worker"] = "silent"
    except DatabaseError:
        found = {"database": "unreachable"}
    return JsonResponse(found, status=200 if set(found.values()) == {"ok"} else 503)
