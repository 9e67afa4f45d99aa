"""Kill the worker in the middle of checks, again and again, and count what is lost.

Not a test: it takes minutes. ``make faults`` runs it, on the embedded default or, with DATABASE_URL and REDIS_URL, on
the served shape. A DNS server that answers late keeps the checks running long enough to be hit.

Prints one JSON document: runs, kills, runs without a final state, runs that were hit, and the time from the last kill
that hit a run to its end (median, 95th percentile, most; seconds).
"""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
KILLS = int(os.environ.get("KILLS", "50"))
DELAY = 0.25


def main() -> int:
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    folder = tempfile.mkdtemp(prefix="kill-worker-")
    os.environ["DATA_DIR"] = folder
    os.environ["DIAGNOSTICS_ZONE"] = str(ROOT / "tests" / "faults" / "empty-zone.json")
    # The runs are about names that the zone does not hold, so the late server is asked.
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    from tests.diagnostics.dns_server import DNSServer

    with DNSServer(answer_late) as server:
        os.environ["RESOLVERS"] = server.address
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        report = walk()
    print(json.dumps(report, indent=1))
    return 0 if report["without_a_final_state"] == 0 and report["findings_doubled"] == 0 else 1


def answer_late(question: Any, transport: str) -> list[Any]:
    """Everything exists and leads nowhere bad; it only takes its time."""
    from tests.diagnostics.dns_server import name_of, reply

    time.sleep(DELAY)
    name = name_of(question)
    records = {
        "MX": f"{name} 60 MX 10 mx.{name}.",
        "A": f"{name} 60 A 198.51.100.7",
        "TXT": f'{name} 60 TXT "v=spf1 include:a.{name[-40:]} ~all"',
    }
    kind = question.question[0].rdtype.name
    return [reply(question, records[kind]) if kind in records else reply(question)]


def begin(*arguments: str) -> subprocess.Popen[bytes]:
    """A Celery process in a process group of its own, so that a kill takes its children too."""
    return subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "portal", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def walk() -> dict[str, Any]:
    """Start runs, kill the worker while they are looked at, start it again; then wait for the end of all."""
    from django.utils import timezone

    from diagnostics.engine.subject import DKIMSelector, SendingServer, Subject
    from diagnostics.models import Run, RunState, StoredFinding
    from diagnostics.services import start_run

    choose = random.Random(7208)
    beat = begin("beat", "--schedule", str(Path(os.environ["DATA_DIR"]) / "kill-beat"))
    since = timezone.now()
    worker = begin(*worker_arguments())
    last_hit: dict[int, float] = {}
    kills = 0
    began = time.monotonic()
    while kills < KILLS:
        for number in range(3):
            start_run(
                Subject(
                    recipient=f"a{number}@corp{kills}.slow-names.net",
                    sender_domain=f"north{kills}.slow-names.net",
                    sending_server=SendingServer(host="smtp.vendor.slow-names.net", addresses=("192.0.2.10",)),
                    selectors=(DKIMSelector(selector="xen1"),),
                ),
                by=None,
            )
        # What an earlier kill has left behind is running on paper only; this worker's own runs are to be hit.
        own = Run.objects.filter(state=RunState.RUNNING, started_at__gt=since)
        deadline = time.monotonic() + 60
        while not own.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(choose.uniform(0, 1.5))
        running = list(own.values_list("pk", flat=True))
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        if running:
            kills += 1
            now = time.time()
            last_hit.update(dict.fromkeys(running, now))
        since = timezone.now()
        worker = begin(*worker_arguments())
    waiting_until = time.monotonic() + 300
    not_over = Run.objects.filter(state__in=[RunState.QUEUED, RunState.RUNNING])
    while not_over.exists() and time.monotonic() < waiting_until:
        time.sleep(0.5)
    for process in (worker, beat):
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
    recoveries = sorted(
        ended.timestamp() - last_hit[pk]
        for pk, ended in Run.objects.filter(pk__in=last_hit, finished_at__isnull=False).values_list("pk", "finished_at")
        if isinstance(ended, datetime)
    )
    stored = StoredFinding.objects.count()
    distinct = StoredFinding.objects.values("run", "attempt", "position").distinct().count()
    return {
        "runs": Run.objects.count(),
        "kills": kills,
        "hit": len(last_hit),
        "without_a_final_state": not_over.count(),
        "failed": Run.objects.filter(state=RunState.FAILED).count(),
        "findings_doubled": stored - distinct,
        "recovery_seconds": {
            "median": round(statistics.median(recoveries), 1),
            "p95": round(recoveries[max(0, round(0.95 * len(recoveries)) - 1)], 1),
            "most": round(recoveries[-1], 1),
        },
        "took_seconds": round(time.monotonic() - began),
    }


def worker_arguments() -> list[str]:
    """The worker as ``make run`` or compose starts it."""
    from django.conf import settings

    return ["worker", "--loglevel", "ERROR", "--pool", settings.CELERY_WORKER_POOL, "--concurrency", "16"]


if __name__ == "__main__":
    sys.exit(main())
