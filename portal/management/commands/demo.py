"""``manage.py demo``: load the demo world into an empty database, through the commands and services a user has."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.branches.models import AllowListEntry, BranchProfile
from portal.branches.services import suspend
from portal.demo import desk, mails, people, rooms, stories
from portal.maillog.models import IngestBatch
from portal.rates import alerts
from portal.standing import rounds as standings
from portal.suppression.loading import load
from portal.suppression.sheets import read_sheet

FOLDER = Path(people.__file__).parent
SUSPENDED_BECAUSE = (
    "Two recipients complained about the open-house mailing, which has no way to opt out. Sending is switched on again "
    "once every mailing carries one."
)


class Command(BaseCommand):
    help = "Load the demo world into an empty database."

    def handle(self, *args: Any, **options: Any) -> None:
        if BranchProfile.objects.exists():
            raise CommandError("There are branches already; the demo world is loaded into an empty database only.")
        now = timezone.now()
        with transaction.atomic():
            call_command("load_branches", str(FOLDER / "branches.json"), verbosity=0, stdout=self.stdout)
            self.add_people()
            self.add_allow_list(now)
            self.read_log(now)
            self.take_mails(now)
            tickets = desk.tell(now)
            rooms.furnish(now)
            summit = BranchProfile.objects.get(code="summit")
            suspend(summit, reason=SUSPENDED_BECAUSE, by=User.objects.get(email="ada@desk.example"))
            BranchProfile.objects.filter(pk=summit.pk).update(suspended_since=now - timedelta(days=2))
            summit.events.filter(kind="suspended").update(at=now - timedelta(days=2))
            self.look(now)
        if options["verbosity"]:
            self.stdout.write(f"The demo world is there: 3 branches, 5 weeks of mail, {len(tickets)} tickets.")
            for item in people.PEOPLE:
                self.stdout.write(f"  {item.email:<22} {item.about} (password {people.PASSWORD})")

    def add_people(self) -> None:
        """Those of the branches came with them; support and admin are added, and all get the demo's password."""
        for item in people.PEOPLE:
            user = User.objects.filter(email=item.email).first() or User(email=item.email)
            user.name, user.role = item.name, item.role
            user.set_password(people.PASSWORD)
            user.save()

    def add_allow_list(self, now: Any) -> None:
        """What is known of being allowed: confirmed, run out, asked, refused."""
        addresses = ["192.0.2.10", "192.0.2.11", "2001:db8::10"]
        ida = User.objects.get(email="ida@desk.example")
        for domain, state, days, product, by in (
            ("riverside.example", "confirmed", 60, "Barracuda", "J. Stone, IT"),
            ("hospital.example", "confirmed", 400, "Cisco Secure Email", "Service desk"),
            ("stateagency.example", "asked", 6, "Proofpoint", ""),
        ):
            AllowListEntry.objects.create(
                domain=domain,
                state=state,
                at=now - timedelta(days=days),
                expires=now - timedelta(days=days - 180) if state == "confirmed" else None,
                product=product,
                addresses=addresses if state == "confirmed" else [],
                by=by,
                recorded_by=ida,
            )

    def look(self, now: Any) -> None:
        """What the desk does every few minutes and hours, so that nobody has to wait for what it has noticed."""
        standings.review(now)
        alerts.review(now)
        alerts.review_complaints(now)

    def read_log(self, now: Any) -> None:
        lines = "".join(json.dumps(line) + "\n" for line in stories.lines(now, mails.stories()))
        self.ingest("jsonl", "xendirect.jsonl", lines.encode())

    def ingest(self, source: str, name: str, octets: bytes) -> None:
        """Read a file of that name, as a user would; the folder it stands in is nobody's business."""
        with TemporaryDirectory() as folder:
            file = Path(folder) / name
            file.write_bytes(octets)
            call_command("ingest", source, str(file), verbosity=0, stdout=self.stdout)
            IngestBatch.objects.filter(name=str(file)).update(name=name)

    def take_mails(self, now: Any) -> None:
        """What came back, and the suppression lists that the branches brought with them."""
        self.ingest("dsn", "returned.mbox", mails.mbox(now))
        ida = User.objects.get(email="ida@desk.example")
        for branch in BranchProfile.objects.all():
            load(branch, read_sheet(mails.sheet(branch.code, now)), by=ida, source="A list from before")
