"""``manage.py unsubscribe_headers --branch CODE --recipient ADDRESS``: the fields by which a recipient signs off."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from diagnostics.engine.names import Malformed, parse_address
from portal.branches.models import BranchProfile
from portal.suppression.unsubscribe import headers_for


class Command(BaseCommand):
    help = "Print List-Unsubscribe and List-Unsubscribe-Post for a mail of a branch to a recipient."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--branch", required=True, help="the branch that writes")
        parser.add_argument("--recipient", required=True, help="whom it writes to")
        parser.add_argument("--list", default="", help="the mailing's name, kept with the opt-out")
        parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        branch = BranchProfile.objects.filter(code=options["branch"]).first()
        if branch is None:
            raise CommandError(f"There is no branch {options['branch']!r}. Load its profile first.", returncode=2)
        parsed = parse_address(options["recipient"])
        if isinstance(parsed, Malformed):
            raise CommandError(parsed.text, returncode=2)
        headers = headers_for(branch, parsed.text, options["list"])
        if options["json"]:
            self.stdout.write(json.dumps(headers))
            return
        for name, value in headers.items():
            self.stdout.write(f"{name}: {value}")
