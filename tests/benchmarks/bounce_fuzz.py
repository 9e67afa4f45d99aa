"""Changed reports, headers, replies and lines of logs, a hundred thousand: ``python -m tests.benchmarks.bounce_fuzz``.

``BOUNCE_FUZZ`` is how many: half of them reports, a quarter headers, the rest replies and lines of a log that holds
them. Told are what was raised, what became a delivery that was none, and how long the slowest took, also of 64 KB in
the worst forms we know; a slow one is read twice more, so that what is told is the reading and not the machine. Exit
status 1 where anything was raised, delivered or slow.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC
from io import BytesIO
from pathlib import Path
from typing import Any

from diagnostics.engine.messages.bounce import classify
from diagnostics.engine.messages.headers.judge import judge
from diagnostics.engine.messages.reply import read_reply
from diagnostics.engine.zone import Zone
from portal.maillog.importers import postfix
from portal.maillog.importers.event import Kind, LogEvent
from tests.diagnostics.engine.messages.bounce.hostile import CASES
from tests.diagnostics.engine.messages.bounce.mutations import changed
from tests.diagnostics.engine.messages.bounce.own_mails import own_mails

COUNT = int(os.environ.get("BOUNCE_FUZZ", "100000"))
MOST_MS = 50.0
LINES = Path(__file__).resolve().parents[1] / "diagnostics" / "engine" / "messages"
ZONE = Zone({})


@dataclass(slots=True)
class Outcome:
    """What came of one kind of input."""

    read: int = 0
    raised: Counter[str] = field(default_factory=Counter)
    delivered: int = 0
    slowest_ms: float = 0.0
    total_ms: float = 0.0

    def document(self) -> dict[str, Any]:
        return {
            "read": self.read,
            "raised": dict(self.raised),
            "became_delivered": self.delivered,
            "slowest_ms": round(self.slowest_ms, 1),
            "mean_ms": round(self.total_ms / max(1, self.read), 2),
        }


def try_one(outcome: Outcome, given: bytes, read: Callable[[bytes], bool]) -> None:
    """Read ``given``; ``read`` answers whether it was taken for a success that it is not."""
    took = []
    for _ in range(3):
        began = time.process_time()
        try:
            is_delivered = read(given)
        except Exception as error:  # noqa: BLE001 (whatever is raised is what this is looking for)
            outcome.raised[type(error).__name__] += 1
            is_delivered = False
        took.append((time.process_time() - began) * 1000)
        if took[-1] < MOST_MS / 2:
            break
    outcome.read += 1
    outcome.delivered += is_delivered
    outcome.total_ms += took[0]
    outcome.slowest_ms = max(outcome.slowest_ms, min(took))


def of_report(octets: bytes) -> bool:
    found = classify(octets)
    return found.kind == "delivered" or any(row.cause == "accepted_by_recipient_server" for row in found.recipients)


def of_header(octets: bytes) -> bool:
    asyncio.run(judge(octets, ZONE))
    return False


def of_reply(octets: bytes) -> bool:
    reading = read_reply(octets.decode("latin-1"))
    return reading.cause == "accepted_by_recipient_server" and not reading.reply_code.startswith("2")


def line_of(reply: bytes) -> bytes:
    """The lines in which Postfix tells of a message that was refused with ``reply``."""
    head = b"Mar  4 14:02:11 out1 postfix/"
    state = b"deferred" if reply[:1] == b"4" else b"bounced"
    said = b" ".join(reply.split())
    return (
        head
        + b"qmgr[11]: 4XkT2l6fLjz8: from=<office@north.example>, size=350, nrcpt=1 (queue active)\n"
        + head
        + b"smtp[12]: 4XkT2l6fLjz8: to=<lee@corp.example>, relay=mx.corp.example[192.0.2.20]:25, delay=0.3, "
        + b"delays=0.1/0/0.1/0.1, dsn=5.0.0, status="
        + state
        + b" (host mx.corp.example[192.0.2.20] said: "
        + said
        + b" (in reply to RCPT TO command))\n"
        + head
        + b"qmgr[11]: 4XkT2l6fLjz8: removed\n"
    )


def of_log(octets: bytes) -> bool:
    """No line says that anything was taken, so none may be read so."""
    events = [item for item in postfix.read(BytesIO(octets), "north", lambda branch: UTC) if isinstance(item, LogEvent)]
    return any(event.kind is Kind.ACCEPTED for event in events)


def main() -> int:
    source = random.Random(20261127)
    mails = tuple(mail.octets for mail in own_mails() if mail.kind != "delivered")
    headers = tuple(mail.split(b"\n\n", 1)[0] + b"\n\n" for mail in mails)
    replies = tuple(
        line["text"].encode("latin-1", "replace")
        for name in ("replies.toml", "rates.toml")
        for line in tomllib.loads((LINES / name).read_text(encoding="utf-8"))["line"]
        if line["cause"] != "accepted_by_recipient_server"
    )
    kinds: list[tuple[str, int, tuple[bytes, ...], Callable[[bytes], bool]]] = [
        ("reports", COUNT // 2, mails, of_report),
        ("headers", COUNT // 4, headers, of_header),
        ("replies", COUNT // 8, replies, of_reply),
        ("lines of logs", COUNT - COUNT // 2 - COUNT // 4 - COUNT // 8, tuple(map(line_of, replies)), of_log),
    ]
    worst, is_bad = Outcome(), False
    for octets in CASES.values():
        try_one(worst, octets, of_report)
    print(json.dumps({"worst forms": worst.document()}), flush=True)
    for name, count, samples, read in kinds:
        outcome = Outcome()
        for sample in samples:
            read(sample)  # What is read once in a process, the rules, is none of the times.
        for _ in range(count):
            try_one(outcome, changed(source.choice(samples), source, samples), read)
        print(json.dumps({name: outcome.document()}), flush=True)
        is_bad = is_bad or bool(outcome.raised) or bool(outcome.delivered) or outcome.slowest_ms > MOST_MS
    return int(is_bad or bool(worst.raised) or worst.slowest_ms > MOST_MS)


if __name__ == "__main__":
    raise SystemExit(main())
