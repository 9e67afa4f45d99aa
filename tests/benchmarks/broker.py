"""Brokers that need no server, side by side and beside Redis: how soon a task begins, what a kill and a restart cost.

``make bench`` runs it. For each broker: milliseconds from sending to the first line of the task (median and 95th
percentile of 50), how many of 20 tasks end after the worker was killed in their midst and started again (and how many
began twice), how many of 20 end that were sent while no worker was there, and the processor's share of an idle worker.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
POOLS = {"redis": "prefork"}
PATIENCE = 90


def main(brokers: list[str]) -> None:
    for broker in brokers or ["filesystem", "sqlite", "redis"]:
        print(json.dumps(measure(broker)), flush=True)


def measure(broker: str) -> dict[str, object]:
    folder = Path(tempfile.mkdtemp(prefix="broker-"))
    for name in ("in", "control"):
        (folder / name).mkdir()
    environment = {**os.environ, "BROKER": broker, "BENCH_FOLDER": str(folder), "PYTHONPATH": str(ROOT)}
    try:
        send(environment, "purge", 0, 0)
        worker = begin(broker, environment)
        send(environment, "warm", 1, 0)
        wait_for(folder, "end", 1)
        time.sleep(1)
        (folder / "marks").unlink()
        send(environment, "one by one", 50, 0)
        wait_for(folder, "end", 50)
        delays = sorted(float(line.split()[2]) * 1000 for line in marks(folder) if line.startswith("begin"))
        idle = idle_share(worker)
        (folder / "marks").unlink()
        send(environment, "burst", 20, 0.5)
        time.sleep(1.2)
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        worker = begin(broker, environment)
        killed = wait_for(folder, "end", 20)
        begun = Counter(line.split()[1] for line in marks(folder) if line.startswith("begin"))
        os.killpg(worker.pid, signal.SIGTERM)
        worker.wait()
        (folder / "marks").unlink()
        send(environment, "burst", 20, 0)
        worker = begin(broker, environment)
        restarted = wait_for(folder, "end", 20)
        os.killpg(worker.pid, signal.SIGTERM)
        worker.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "broker": broker,
        "median_ms": round(statistics.median(delays), 1),
        "p95_ms": round(delays[round(0.95 * len(delays)) - 1], 1),
        "ended_after_kill": f"{killed}/20",
        "begun_twice": sum(count > 1 for count in begun.values()),
        "ended_after_restart": f"{restarted}/20",
        "idle_cpu_percent": idle,
    }


def begin(broker: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    pool = POOLS.get(broker, "threads")
    options = ["--pool", pool, "--concurrency", "4", "--loglevel", "ERROR", "--without-gossip", "--without-mingle"]
    return subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "tests.benchmarks.broker_app", "worker", *options],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


SENDER = """
import sys, time
from tests.benchmarks.broker_app import app, mark
how, count, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
if how == "purge":
    app.control.purge()
for number in range(count):
    mark.delay(number, time.time(), seconds)
    if how == "one by one":
        time.sleep(0.1)
"""


def send(environment: dict[str, str], how: str, count: int, seconds: float) -> None:
    subprocess.run(
        [sys.executable, "-c", SENDER, how, str(count), str(seconds)], cwd=ROOT, env=environment, check=False
    )


def marks(folder: Path) -> list[str]:
    try:
        return (folder / "marks").read_text().splitlines()
    except FileNotFoundError:
        return []


def wait_for(folder: Path, word: str, count: int) -> int:
    """How many different tasks have told ``word``, once that is ``count`` or patience is over."""
    deadline = time.monotonic() + PATIENCE
    while True:
        told = len({line.split()[1] for line in marks(folder) if line.startswith(word)})
        if told >= count or time.monotonic() > deadline:
            return told
        time.sleep(0.05)


def idle_share(worker: subprocess.Popen[bytes], seconds: float = 15) -> float:
    """The processor time of the worker's group while it has nothing to do, in percent of one core."""
    before = processor_time(worker.pid)
    time.sleep(seconds)
    return round((processor_time(worker.pid) - before) / seconds * 100, 1)


def processor_time(group: int) -> float:
    """Seconds that all processes of the group have run, from /proc."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main(sys.argv[1:])
