"""A thousand examinations that wait for one worker: how many a second, and what they leave in its memory.

Each run is of a domain of its own, over a name server that answers after 20 ms. The worker is the embedded default's
(threads, SQLite, the queue in a file), or with ``--redis`` the served shape's, over the DATABASE_URL and REDIS_URL of
the environment. A hundred runs go before, so that what is measured is not the start.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS, WARM = 1000, 100
DELAY = 0.02
PATIENCE = 600


def memory_of(pid: int) -> int:
    """The resident memory of a process and its children, in KiB."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = dict(
                line.split(":", 1) for line in (folder / "status").read_text().splitlines() if line.count(":") == 1
            )
        except OSError:
            continue
        if pid in (int(folder.name), int(status["PPid"])) and "VmRSS" in status:
            total += int(status["VmRSS"].split()[0])
    return total


def main(arguments: list[str]) -> None:
    from tests.benchmarks.dns_world import served

    with tempfile.TemporaryDirectory() as folder, served(DELAY) as server:
        os.environ |= {
            "DATA_DIR": folder,
            "RESOLVERS": f"127.0.0.1:{server.port}",
            "DJANGO_SETTINGS_MODULE": "portal.settings",
        }
        os.environ |= {"LOG_LEVEL": "ERROR", "SECRET_KEY": "only for this measurement, and thrown away with its folder"}
        if "--redis" not in arguments:
            for name in ("DATABASE_URL", "REDIS_URL"):
                os.environ.pop(name, None)
        manage = [sys.executable, "manage.py"]
        subprocess.run([*manage, "migrate", "-v0"], check=True)
        worker = subprocess.Popen([sys.executable, "-m", "celery", "-A", "portal.celery", "worker", "-l", "ERROR"])
        try:
            measured = measure(worker.pid)
            print(json.dumps({**measured, "questions": server.asked}), flush=True)
        finally:
            worker.terminate()
            worker.wait(30)


def measure(pid: int) -> dict[str, float]:
    import django

    django.setup()
    perform("warm", WARM)
    before = memory_of(pid)
    began = time.monotonic()
    done = perform("run", RUNS)
    seconds = time.monotonic() - began
    after = memory_of(pid)
    return {
        "runs": done,
        "seconds": round(seconds, 1),
        "domains a second": round(done / seconds, 1),
        "memory before, MiB": round(before / 1024, 1),
        "memory after, MiB": round(after / 1024, 1),
        "growth, percent": round(100 * (after / before - 1), 1),
    }


def perform(name: str, count: int) -> int:
    """Queue ``count`` runs and wait until the last is over; how many ended well."""
    from diagnostics.engine.subject import DKIMSelector, SendingServer, Subject
    from diagnostics.models import Run, RunState
    from diagnostics.services import start_run

    offset = Run.objects.count()
    server = SendingServer(host="", addresses=("192.0.2.10",))
    for number in range(offset, offset + count):
        subject = Subject.of_domain(
            f"d{number}.bench.internal", sending_server=server, selectors=(DKIMSelector(selector="xen1"),)
        )
        start_run(subject, by=None, fresh=True)
    ends_at = time.monotonic() + PATIENCE
    while time.monotonic() < ends_at:
        over = Run.objects.filter(state__in=[RunState.DONE, RunState.FAILED]).count()
        if over >= offset + count:
            break
        time.sleep(0.2)
    return Run.objects.filter(state=RunState.DONE).count() - offset


if __name__ == "__main__":
    main(sys.argv[1:])
