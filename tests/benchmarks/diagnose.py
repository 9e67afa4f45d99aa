"""One whole examination of one domain, beside its own critical path and beside checkdmarc over the same name server.

For each delay of the name server: the median wall time of our run, the questions it asked, the longest chain of
dependent questions, their ratio; then the same domain by checkdmarc, in an environment of its own that is thrown away,
run alternately with ours.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from diagnostics.engine.plan import CHECKS, examine
from diagnostics.engine.resolver import DNSResolver
from diagnostics.engine.subject import DKIMSelector, SendingServer, Subject
from diagnostics.engine.transcript import Recording
from tests.benchmarks.dns_world import ADDRESS, DOMAIN, served

DELAYS_MS = (0, 20, 50, 200)
ROUNDS = 5
PEER = "checkdmarc==6.0.4"
#: Asks by the port of our server; everything else is the peer's own default.
DRIVER = """
import json, sys, time
import dns.query
port = int(sys.argv[1])
asked = 0
for name in ("udp", "tcp"):
    def sent(*args, _inner=getattr(dns.query, name), **options):
        global asked
        asked += 1
        return _inner(*args, **{**options, "port": port})
    setattr(dns.query, name, sent)
import checkdmarc
began = time.perf_counter()
checkdmarc.check_domains([sys.argv[2]], nameservers=["127.0.0.1"])
print(json.dumps({"wall_ms": (time.perf_counter() - began) * 1000, "questions": asked}))
"""


def subject() -> Subject:
    return Subject.of_domain(
        DOMAIN,
        sending_server=SendingServer(host="", addresses=(ADDRESS,)),
        selectors=(DKIMSelector(selector="xen1"),),
    )


async def _one(port: int) -> tuple[float, Recording]:
    recording = Recording(DNSResolver([f"127.0.0.1:{port}"]))
    began = time.perf_counter()
    async for _ in examine(subject(), recording, checks=CHECKS):
        pass
    return (time.perf_counter() - began) * 1000, recording


def measure(port: int) -> dict[str, float]:
    wall, recording = asyncio.run(_one(port))
    return {"wall_ms": wall, "questions": recording.queries, "critical_path_ms": recording.critical_path_ms}


def peer_at(folder: Path) -> Path | None:
    """The peer's Python, in an environment made for this run; nothing where it cannot be installed."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    done = subprocess.run([python, "-m", "pip", "install", "-q", PEER], capture_output=True, text=True)
    if done.returncode:
        print(f"{PEER} could not be installed, so it is not compared: {done.stderr.strip()[-200:]}", file=sys.stderr)
        return None
    return python


def measure_peer(python: Path, port: int) -> dict[str, float]:
    environment = {**os.environ, "PYTHONPATH": ""}
    done = subprocess.run(
        [python, "-c", DRIVER, str(port), DOMAIN], capture_output=True, text=True, env=environment, check=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def median(rows: list[dict[str, float]], key: str) -> float:
    return round(statistics.median(row[key] for row in rows), 1)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        peer = peer_at(Path(folder))
        for delay in DELAYS_MS:
            with served(delay / 1000) as server:
                port = server.port
                measure(port)
                ours, theirs = [], []
                for _ in range(ROUNDS):
                    ours.append(measure(port))
                    if peer:
                        theirs.append(measure_peer(peer, port))
            told = {"delay_ms": delay, **{key: median(ours, key) for key in ours[0]}}
            told["wall / critical path"] = round(told["wall_ms"] / told["critical_path_ms"], 2)
            if theirs:
                told |= {f"{PEER} {key}": median(theirs, key) for key in theirs[0]}
                told["times faster"] = round(told[f"{PEER} wall_ms"] / told["wall_ms"], 1)
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
