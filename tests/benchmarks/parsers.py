"""How long each parser takes at most for 64 KB that were made to be slow to read, in milliseconds of CPU.

The texts are those of the fuzz tests: one piece again and again, alone, behind a sound beginning, before an end that
fits nothing. For messages it is the whole judgement, with all its fields, signatures and filters, that is measured.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from diagnostics.engine.messages.bounce import classify
from diagnostics.engine.messages.headers.judge import judge
from tests.diagnostics.engine.messages.bounce.hostile import CASES
from tests.diagnostics.engine.messages.headers import test_hostile as messages
from tests.diagnostics.scenarios import test_parsers_fuzz as fuzz

BAR_MS = 50


def slowest(read: Callable[[Any], Any], texts: list[Any]) -> dict[str, Any]:
    """The longest time, and the beginning of what took it."""
    found: list[tuple[float, Any]] = []
    for text in texts:
        began = time.process_time()
        read(text)
        found.append(((time.process_time() - began) * 1000, text))
    # The machine does other things besides; what took long is tried again.
    worst = max(found, key=lambda item: item[0])[1]
    return {"slowest_ms": round(min(_once(read, worst) for _ in range(3)), 1), "text": repr(worst[:40])}


def _once(read: Callable[[Any], Any], text: Any) -> float:
    began = time.process_time()
    read(text)
    return (time.process_time() - began) * 1000


def of_messages() -> list[bytes]:
    """Headers of one long field, or of many short ones."""
    long = [field + messages.of_size(unit, messages.SIZE) for field in messages.HEADERS for unit in messages.UNITS]
    many = [messages.of_size(field + b"(a;b=c\r\n", messages.SIZE) for field in messages.HEADERS]
    return [octets + b"\r\n\r\nx" for octets in (*long, *many)]


def main() -> None:
    over = 0
    # Not asyncio.run(), which writes out what was returned when it takes its signal handler back.
    loop = asyncio.new_event_loop()
    rows = [(parser.name, slowest(_reader(parser), fuzz.hostile(parser))) for parser in fuzz.PARSERS]
    whole = slowest(lambda octets: loop.run_until_complete(judge(octets, messages.ZONE)), of_messages())
    rows += [("message", whole), ("bounce", slowest(classify, list(CASES.values())))]
    loop.close()
    for name, told in rows:
        over += told["slowest_ms"] > BAR_MS
        print(json.dumps({"parser": name, **told}), flush=True)
    print(json.dumps({"parsers": len(rows), f"over {BAR_MS} ms": over}))


def _reader(parser: fuzz.Parser) -> Callable[[str], None]:
    return lambda text: fuzz._read(parser, text)


if __name__ == "__main__":
    main()
