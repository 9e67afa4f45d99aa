"""``manage.py prune``: drop what is over its time now; with ``--dry-run`` only tell what would go."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal.retention.models import Pruning
from portal.retention.runner import prune
from portal.retention.selectors import names_of_kinds


class Command(BaseCommand):
    help = "Drop records that are older than they are kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count what would go; nothing goes")
        parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        is_dry = options["dry_run"]
        pruning = prune(Pruning.objects.create(is_dry=is_dry))
        if options["json"]:
            self.stdout.write(json.dumps({"is_dry": is_dry, "results": pruning.results}))
            return
        names = names_of_kinds()
        for item in pruning.results:
            months = f", {len(item['months'])} whole months" if item["months"] else ""
            word = "would go" if is_dry else "gone"
            before = f", before {item['first_kept']}" if "first_kept" in item else ""
            self.stdout.write(f"{names[item['kind']]}{before}: {item['rows']} rows{months} {word}.")
