"""``manage.py classify_bounce FILE...``: what came back, for whom, and why. No database, no network.

One JSON line is printed for each file, with or without ``--json``. A file that cannot be read is told on standard
error; the others are still done, and the exit status is then 2. ``-`` is standard input.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from diagnostics.engine.messages.bounce import Classified, classify

BAD_INPUT = 2
#: More of a file is never read: what a report says stands at its beginning.
MAX_OCTETS = 4 << 20


class Command(BaseCommand):
    help = "Say of messages whether they are bounces, for whom they failed, and why: one JSON line a file."
    # The engine needs neither the database nor the rest of the house to be in order.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "files", nargs="+", metavar="FILE", help="A message, as it was received; - is standard input."
        )
        parser.add_argument("--json", action="store_true", help="Print JSON lines, which is what is printed anyway.")

    def handle(self, *args: Any, **options: Any) -> None:
        unread = 0
        for name in options["files"]:
            try:
                octets = _read(name)
            except OSError as error:
                unread += 1
                self.stderr.write(f"{name} cannot be read: {error.strerror}.")
                continue
            self.stdout.write(json.dumps(document(name, classify(octets))))
        if unread:
            raise CommandError(f"{unread} of {len(options['files'])} files could not be read.", returncode=BAD_INPUT)


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(MAX_OCTETS)
    with Path(name).open("rb") as file:
        return file.read(MAX_OCTETS)


def document(name: str, found: Classified) -> dict[str, Any]:
    """What other programs rely on."""
    return {
        "file": name,
        "kind": found.kind,
        "recipients": [
            {
                "address": row.address,
                "cause": row.cause,
                "permanence": row.permanence,
                "status": row.status,
                "reply_code": row.reply_code,
                "diagnostic": row.diagnostic,
                "remote_host": row.remote_host,
                "rule": row.rule,
            }
            for row in found.recipients
        ],
    }
