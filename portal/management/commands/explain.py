"""``manage.py explain``: what most likely happened to an e-mail, how sure that is, what speaks against it.

``--case FILE...`` answers whole cases, each in a world of its own (``portal.cases``); ``--branch CODE --recipient
ADDR`` answers from the desk's own records. With ``--json`` one JSON line is printed a case; a file that cannot be
answered is told on standard error, the others are still answered, and the exit status is then 2.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from portal.branches.models import BranchProfile
from portal.cases.answering import Answer, answer
from portal.cases.desk import answer_of
from portal.cases.reading import CaseProblem, read_case
from portal.cases.scratch import scratch_database
from portal.web.text import visible

BAD_INPUT = 2


class Command(BaseCommand):
    help = "Say what most likely happened to an e-mail, how sure that is, and what speaks against it."
    # Cases need a database of their own and nothing else of the house.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--case", nargs="+", default=[], metavar="FILE", help="Whole cases, one JSON file each.")
        parser.add_argument("--branch", default="", metavar="CODE", help="The branch that sent it, of the desk's own.")
        parser.add_argument("--recipient", default="", metavar="ADDR", help="Whom it was sent to.")
        parser.add_argument("--around", default="", metavar="TIME", help="About when, as 2026-03-04T14:02:10Z.")
        parser.add_argument("--json", action="store_true", help="Print JSON, one document a line.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["case"] and not options["branch"] and not options["recipient"]:
            self._cases(options["case"], as_json=options["json"])
        elif options["branch"] and options["recipient"] and not options["case"]:
            self._own(options)
        else:
            raise CommandError("Give --case FILE..., or --branch CODE and --recipient ADDR.", returncode=BAD_INPUT)

    def _cases(self, paths: list[str], *, as_json: bool) -> None:
        broken = 0
        with scratch_database():
            for path in paths:
                try:
                    case = read_case(path)
                    found = answer(case)
                except CaseProblem as error:
                    broken += 1
                    self.stderr.write(f"{path}: {error}")
                    if as_json:
                        self.stdout.write(json.dumps({"file": path, "error": str(error), "causes": []}))
                    continue
                for line in case.unread:
                    self.stderr.write(visible(f"{path}: {line}"))
                if as_json:
                    self.stdout.write(json.dumps({"file": path, "causes": found.rows()}))
                else:
                    self._tell(path, found)
        if broken:
            raise CommandError(f"{broken} of {len(paths)} cases could not be answered.", returncode=BAD_INPUT)

    def _own(self, options: dict[str, Any]) -> None:
        try:
            branch = BranchProfile.objects.filter(code=options["branch"]).first()
        except DatabaseError as error:
            raise CommandError(f"The desk's database cannot be read: {error}. Run manage.py migrate first.") from error
        if branch is None:
            raise CommandError(f"There is no branch {options['branch']!r}.", returncode=BAD_INPUT)
        found = answer_of(branch, options["recipient"], around=_time(options["around"]), now=timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps(found.document()))
            return
        self._tell(options["recipient"], found)

    def _tell(self, about: str, found: Answer) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(visible(about)))
        for item in found.causes:
            self.stdout.write(f"  {item.cause} ({item.confidence.value}): {item.title}. Whose turn: {item.party.value}")
            for sign, lines in (("+", item.for_), ("-", item.against)):
                for line in lines:
                    self.stdout.write(f"    {sign} {visible(line)}")
            for remedy in item.remedies:
                self.stdout.write(f"    {remedy.actor.value}: {visible(remedy.text)}")


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(
            f"--around is {text[:40]!r}; give a time such as 2026-03-04T14:02:10Z.", returncode=BAD_INPUT
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
