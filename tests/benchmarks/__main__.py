"""``make bench``: the measurements one after the other, or those named (``make bench ARGS=diagnose``)."""

from __future__ import annotations

import subprocess
import sys

ALL = ("diagnose", "parsers", "runs", "first_answer", "broker", "bounces", "bounce_fuzz", "planning")
#: Many minutes, and a PostgreSQL or gigabytes: only when they are named.
LONG = ("ingest", "orders", "history")


def main(wanted: list[str]) -> int:
    if unknown := [name for name in wanted if name not in (*ALL, *LONG)]:
        print(f"{', '.join(unknown)}: choose from {', '.join((*ALL, *LONG))}.", file=sys.stderr)
        return 2
    for name in wanted or ALL:
        print(f"# {name}", flush=True)
        # Each in a process of its own, so that none starts with what another has left in memory.
        if code := subprocess.call([sys.executable, "-m", f"tests.benchmarks.{name}"]):
            return code
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
