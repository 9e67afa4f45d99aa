"""Ten thousand events, each told ten times, in twenty orders: how many different logs they end in. It must be one.

Nothing of it is about time. Half of the events are the sending application's (by its own key), half are a mail server's
(by queue id and Message-ID), so that the two have to find each other in whatever order they come.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

EVENTS, TOLD, ORDERS = 10_000, 10, int(os.environ.get("BENCH_ORDERS", "20"))
BEGINS = datetime(2026, 3, 1, tzinfo=UTC)
ENDS = (
    ("accepted", "250 2.0.0 OK 4f", "mx.corp.example"),
    ("refused", "550 5.1.1 User unknown", "gmail-smtp-in.l.google.com"),
    ("expired", "connection timed out", ""),
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DATA_DIR": folder, "LOG_LEVEL": "ERROR", "DJANGO_SETTINGS_MODULE": "portal.settings"}
        os.environ |= {"SECRET_KEY": "only for this measurement"}
        for name in ("DATABASE_URL", "REDIS_URL"):
            os.environ.pop(name, None)
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True)
        import django

        django.setup()
        print(json.dumps(measure()), flush=True)


def measure() -> dict[str, object]:
    from django.core.management import call_command

    from portal.branches.models import BranchProfile, SendingDomain

    began, ends = time.monotonic(), set()
    for number in range(ORDERS):
        call_command("flush", interactive=False, verbosity=0)
        branch = BranchProfile.objects.create(code="north", organisation="N", notification_address="a@north.example")
        SendingDomain.objects.create(branch=branch, domain="north.example")
        order = random.Random(number)
        told = [at for at in range(EVENTS) for _ in range(TOLD)]
        order.shuffle(told)
        while told:
            piece = order.randrange(500, 30_000)
            take(told[:piece])
            del told[:piece]
        ends.add(state())
    return {
        "events": EVENTS,
        "told": EVENTS * TOLD,
        "orders": ORDERS,
        "different ends": len(ends),
        "seconds": round(time.monotonic() - began),
    }


def take(numbers: list[int]) -> None:
    from portal.maillog.services import ingest

    ingest((event(number) for number in numbers), source="bench")


def event(number: int):  # type: ignore[no-untyped-def]
    """The event of that number; five belong to one message to one or two recipients."""
    from portal.maillog.importers.event import Kind, LogEvent

    message, part = divmod(number, 5)
    queue, ident = f"4{message:09d}zz", f"<m{message}@north.example>"
    at = BEGINS + timedelta(minutes=message * 3 + part * 7)
    to = f"client{message % 700}{'b' if part == 4 else ''}@{('corp.example', 'gmail.com')[message % 2]}"
    own = {
        "kind": Kind.MESSAGE,
        "key": f"app-{message}",
        "message_id": ident,
        "module": "webreg",
        "function": "Receipt",
    }
    theirs = {"key": ident, "message_id": ident, "mark": f"out1/postfix/{queue}", "queue_id": queue, "server": "out1"}
    end, reply, host = ENDS[message % 3]
    told: dict[str, object] = {
        0: own,
        1: {**theirs, "kind": Kind.HANDED, "reply": f"queued as {queue}"},
        2: {**theirs, "kind": Kind.DEFERRED, "reply": "450 4.2.0 Greylisted", "remote_host": host},
        3: {**theirs, "kind": Kind(end), "reply": reply, "remote_host": host},
        4: {**theirs, "kind": Kind.ACCEPTED, "reply": "250 2.0.0 OK", "remote_host": "mx.corp.example"},
    }[part]
    values = {"branch": "north", "line": number + 1, "raw": f"line {number}", "at": at, "recipient": to, **told}
    return LogEvent(**values)  # type: ignore[arg-type]


def state() -> str:
    """A digest of everything the log and its counts hold, but for the numbers of rows."""
    digest = hashlib.sha256()
    for row in rows():
        digest.update(repr(row).encode())
    return digest.hexdigest()


def rows() -> Iterator[object]:
    from portal.maillog.models import (
        AttemptCount,
        DayCount,
        DayPart,
        Delivery,
        DeliveryEvent,
        DomainCount,
        HourCount,
        MessageLog,
    )

    kept = {
        MessageLog: ("key", "at", "module", "function", "message_id", "queue_id", "envelope_from"),
        Delivery: (
            "message__key", "recipient_normal", "at", "state", "state_at", "reply", "cause", "attempts", "provider",
            "module", "server", "remote_host",
        ),
        DeliveryEvent: ("fingerprint", "delivery__recipient_normal", "delivery__message__key", "state", "cause"),
        HourCount: ("hour", "state", "recipients"),
        DayCount: ("day", "state", "cause", "provider", "module", "server", "recipients"),
        DayPart: ("part", "day", "value", "submitted", "handed", "deferred", "accepted", "refused", "expired"),
        DomainCount: ("month", "domain", "recipients", "accepted", "deferred", "refused"),
        AttemptCount: ("hour", "server", "provider", "state", "recipients"),
    }  # fmt: skip
    for model, names in kept.items():
        query = model._default_manager.all()
        if "recipients" in names:
            query = query.exclude(recipients=0)
        yield from sorted(map(repr, query.values_list(*names)))


if __name__ == "__main__":
    main()
