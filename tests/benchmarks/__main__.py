"""``make bench``: all measurements one after the other, or those named (``make bench ARGS=diagnose``)."""

from __future__ import annotations

import subprocess
import sys

ALL = ("diagnose", "parsers", "runs", "broker", "bounces", "bounce_fuzz")


def main(wanted: list[str]) -> int:
    if unknown := [name for name in wanted if name not in ALL]:
        print(f"{', '.join(unknown)}: choose from {', '.join(ALL)}.", file=sys.stderr)
        return 2
    for name in wanted or ALL:
        print(f"# {name}", flush=True)
        # Each in a process of its own, so that none starts with what another has left in memory.
        if code := subprocess.call([sys.executable, "-m", f"tests.benchmarks.{name}"]):
            return code
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
