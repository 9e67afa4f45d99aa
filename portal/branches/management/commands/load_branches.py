"""``manage.py load_branches FILE.json``: branches with domains, servers, members, allow-lists. All of it or nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.branches.loading import LoadProblem, load


class Command(BaseCommand):
    help = "Load branches with their domains, sending servers, members and allow-lists from a JSON file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the file (docs/importing.md tells its form)")
        parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            document = json.loads(Path(options["file"]).read_text(encoding="utf-8"))
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.", returncode=2) from error
        except ValueError as error:
            raise CommandError(f"{options['file']} is not JSON: {error}.", returncode=2) from error
        try:
            loaded = load(document)
        except LoadProblem as error:
            raise CommandError(f"Nothing was loaded. {error}", returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps({"created": loaded.created, "updated": loaded.updated}))
        elif options["verbosity"]:
            self.stdout.write(f"{loaded.created} branches created, {loaded.updated} updated.")
