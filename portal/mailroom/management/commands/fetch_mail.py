"""``manage.py fetch_mail``: take what lies in the mailbox that the settings name (``IMAP_HOST``), once."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.mailroom.imap import MailboxProblem, fetch, mailbox_of_settings


class Command(BaseCommand):
    help = "Take what lies in the mailbox, once. Beat does the same when IMAP_HOST is set."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        mailbox = mailbox_of_settings()
        if mailbox is None:
            raise CommandError("There is no mailbox: set IMAP_HOST, IMAP_USER and IMAP_PASSWORD.", returncode=2)
        try:
            fetched = fetch(mailbox)
        except MailboxProblem as problem:
            raise CommandError(str(problem)) from problem
        if options["json"]:
            self.stdout.write(json.dumps(asdict(fetched)))
            return
        self.stdout.write(
            f"{fetched.taken} taken, {fetched.failed} could not be stored, {fetched.left} left for later."
        )
