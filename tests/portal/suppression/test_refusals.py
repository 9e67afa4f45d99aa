"""A final refusal of the address in our own log suppresses it, whatever the log; nothing weaker does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.importers import IMPORTERS
from portal.maillog.services import Zones, ingest
from portal.suppression import services
from portal.suppression.models import Reason, Suppression

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
LEE = "lee@corp.example"
GONE = "550 5.1.1 User unknown"
POSTFIX = (
    "2026-03-10T11:00:00Z out1 postfix/smtp[1]: 4jbgK90c8HzKWX1: to=<Lee@corp.example>, "
    "relay=mx.corp.example[192.0.2.7]:25, delay=1, dsn=5.1.1, status=bounced (host mx.corp.example[192.0.2.7] said: "
    "550 5.1.1 User unknown (in reply to RCPT TO command))\n"
)

pytestmark = [pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def line(kind: str = "refused", *, at: datetime = NOW - DAY, to: str = LEE, key: str = "m1", **more: Any) -> str:
    told = {"kind": kind, "branch": "north", "key": key, "recipient": to, "at": at.isoformat(), **more}
    return json.dumps({"reply": GONE, **told} if kind == "refused" else told) + "\n"


def take(text: str, source: str = "jsonl", name: str = "") -> None:
    ingest(IMPORTERS[source](BytesIO(text.encode()), "north", Zones()), source=name or source)


@pytest.mark.parametrize("source", ["postfix", "csv", "jsonl"])
def test_whatever_the_log(north: BranchProfile, source: str) -> None:
    table = f"kind,key,recipient,at,reply\nrefused,m1,{LEE},2026-03-10T11:00:00Z,{GONE}\n"
    take({"postfix": POSTFIX, "csv": table, "jsonl": line()}[source], source)
    row = Suppression.objects.get()
    assert (row.branch, row.address_normal, row.reason) == (north, LEE, Reason.HARD_BOUNCE)
    assert row.is_in_force
    # The message itself was still sent.
    assert not row.holds_at(row.since - timedelta(microseconds=1))


@pytest.mark.parametrize(
    "text",
    [
        line(reply="552 5.2.2 Mailbox full"),
        line(reply="550 5.7.1 Blocked by our policy"),
        line(reply="450 4.1.1 User unknown", reply_code="450"),
        line("deferred", reply="450 4.1.1 User unknown"),
        line("expired", reply="450 4.1.1 User unknown"),
        line(at=NOW - 200 * DAY),
        line() + line("accepted", at=NOW, key="m2"),
        line(to="not an address"),
    ],
)
def test_what_does_not(north: BranchProfile, text: str) -> None:
    take(text)
    assert not Suppression.objects.exists()


def test_what_came_back_by_mail_has_to_be_proved_first(north: BranchProfile) -> None:
    take(line(), name="dsn")
    assert not Suppression.objects.exists()


def test_twice_changes_nothing_and_what_was_ended_stays_so(north: BranchProfile, ida: User) -> None:
    take(line())
    take(line())
    entry = Suppression.objects.get()
    services.end(entry, because="The mailbox works again.", by=ida)
    take(line() + line(key="m2", at=NOW - 2 * DAY))
    assert list(Suppression.objects.all()) == [entry]


def test_what_holds_as_strongly_stays(north: BranchProfile) -> None:
    opted_out = services.opt_out(north, address=LEE, source="x")
    take(line())
    assert list(Suppression.objects.all()) == [opted_out]


def test_a_later_one_takes_the_place(north: BranchProfile) -> None:
    take(line(at=NOW - 9 * DAY))
    take(line(at=NOW - DAY, key="m2") + line(at=NOW - 3 * DAY, key="m3"))
    first, second = Suppression.objects.order_by("pk")
    assert (first.ended, second.ended) == (NOW, None)
    assert second.until == NOW + 179 * DAY


def test_thousands_cost_no_query_each(north: BranchProfile, django_assert_max_num_queries: Any) -> None:
    told = [services.Refusal(f"u{number}@corp.example", NOW - DAY) for number in range(1200)]
    # SQLite takes some dozens of rows in one statement.
    with django_assert_max_num_queries(60):
        assert services.suppress_for_refusals(north, told, source="x") == 1200
        assert services.suppress_for_refusals(north, told, source="x") == 0
