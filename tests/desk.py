"""A real desk for journeys and pictures: ``manage.py up`` with the demo world, in a folder and a database of its own.

Without DATABASE_URL and REDIS_URL it is the embedded default; with them the same desk runs on PostgreSQL, in a scratch
database that is dropped in the end, and Redis.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 90


@contextmanager
def running(data: Path) -> Iterator[str]:
    """The address of a desk that is ready; it ends with the block."""
    port = free_port()
    environment = {**os.environ, "DATA_DIR": str(data), "PYTHONWARNINGS": "ignore"}
    # Its port is the same for all desks of this machine.
    environment["MAILROOM"] = "off"
    environment["DIAGNOSTICS_ZONE"] = str(ROOT / "portal" / "demo" / "zone.json")
    scratch_queue(environment)
    with scratch_database(environment), (data / "desk.log").open("wb") as log:
        desk = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until_ready(f"http://127.0.0.1:{port}", desk, data / "desk.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            desk.send_signal(signal.SIGTERM)
            desk.wait(20)


def wait_until_ready(address: str, desk: subprocess.Popen[bytes], log: Path) -> None:
    """Ready is: migrated, answering, and a worker has been heard of."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and desk.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"The desk did not get ready:\n{log.read_text(errors='replace')[-3000:]}")


@contextmanager
def scratch_database(environment: dict[str, str]) -> Iterator[None]:
    """Where DATABASE_URL names a PostgreSQL: a database of our own there, dropped at the end."""
    url = environment.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield
        return
    import psycopg2

    name = f"desk_journey_{os.getpid()}"
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    environment["DATABASE_URL"] = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        connection.close()


def scratch_queue(environment: dict[str, str]) -> None:
    """Where REDIS_URL names a Redis: an empty database of our own there, so that two desks never hear one bell."""
    url = environment.get("REDIS_URL", "")
    if not url:
        return
    from redis import Redis

    number = 12 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
    environment["REDIS_URL"] = urlunsplit(urlsplit(url)._replace(path=f"/{number}"))
    Redis.from_url(environment["REDIS_URL"]).flushdb()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
