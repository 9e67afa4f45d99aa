"""``manage.py prune``: drop what is over its time now; with ``--dry-run`` only tell what would go."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal.retention.kept import KINDS
from portal.retention.models import Pruning
from portal.retention.runner import prune


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
        names = {kind.slug: kind.name for kind in KINDS}
        for item in pruning.results:
            months = f", {len(item['months'])} whole months" if item["months"] else ""
            word = "would go" if is_dry else "gone"
            self.stdout.write(
                f"{names[item['kind']]}, before {item['first_kept']}: {item['rows']} rows{months} {word}."
            )
