"""``manage.py recount``: count the log anew, in one go. Pages show the old counts until it is done."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal.maillog.recounting import recount


class Command(BaseCommand):
    help = "Count the message log anew: by hour, day, recipient domain."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        counted = recount()
        self.stdout.write(json.dumps({"counted": counted}) if options["json"] else f"{counted} deliveries counted.")
