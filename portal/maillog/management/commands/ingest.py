"""``manage.py ingest SOURCE FILE|-``: read a log into the message log. Reading it twice changes nothing."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.branches.models import BranchProfile
from portal.maillog.importers import IMPORTERS
from portal.maillog.services import Zones, ingest


class Command(BaseCommand):
    help = "Read a log into the message log."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", help=f"what kind of log it is: {', '.join(IMPORTERS)}")
        parser.add_argument("file", help="the file, or - for standard input")
        parser.add_argument("--branch", default="", help="the branch of lines that name none")
        parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        source, name, branch = options["source"], options["file"], options["branch"]
        if source not in IMPORTERS:
            raise CommandError(f"There is no source {source!r}. Use one of: {', '.join(IMPORTERS)}.", returncode=2)
        if branch and not BranchProfile.objects.filter(code=branch).exists():
            raise CommandError(f"There is no branch {branch!r}. Load its profile first.", returncode=2)
        file: BinaryIO
        try:
            with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as file:
                batch = ingest(IMPORTERS[source](file, branch, Zones()), source=source, name=name)
        except OSError as error:
            raise CommandError(f"{name} cannot be read: {error.strerror}.", returncode=2) from error
        if options["json"]:
            counts = {"lines": batch.lines, "events": batch.new + batch.duplicate}
            counts |= {"new": batch.new, "duplicate": batch.duplicate}
            self.stdout.write(json.dumps({**counts, "rejected": batch.rejected}))
            return
        if not options["verbosity"]:
            return
        self.stdout.write(
            f"{batch.lines} lines: {batch.new} new, {batch.duplicate} known already, {batch.rejected_count} rejected."
        )
        for item in batch.rejected[:20]:
            self.stdout.write(f"  line {item['line']}: {item['why']}")
        if batch.rejected_count > 20:
            self.stdout.write(f"  and {batch.rejected_count - 20} more; --json shows the first 1000.")
