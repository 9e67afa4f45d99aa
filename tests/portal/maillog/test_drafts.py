"""What is made beforehand of a server's log ends in the rows that are made when all is asked for."""

from __future__ import annotations

import random
from io import BytesIO
from typing import Any

import pytest
from django.db import connection

from portal.branches.models import BranchProfile
from portal.maillog import services
from portal.maillog.importers import IMPORTERS
from portal.maillog.models import (
    AttemptCount,
    DayCount,
    DayPart,
    Delivery,
    DeliveryEvent,
    DomainCount,
    HourCount,
    MessageLog,
)
from portal.maillog.services import Zones, ingest
from tests import make

AT = "2026-03-04T14:{:02}:{:02}Z out1 "
TABLES = (MessageLog, Delivery, DeliveryEvent, HourCount, DayCount, DayPart, DomainCount, AttemptCount)
#: What hangs on the order in which rows were made, and nothing else.
NUMBERS = ("id", "message_id", "delivery_id")


def message(number: int, *, recipients: int = 1, has_id: bool = True, later: bool = False) -> list[str]:
    """The lines of one message; ``later``: it is deferred first, and accepted in the hour after."""
    queue_id, minute = f"4jbgK9{number:04}HzKWXP", number % 60
    head = AT.format(minute, 1)
    told = [f"{head}postfix/cleanup[1]: {queue_id}: message-id=<m{number}@north.example>"] if has_id else []
    told.append(f"{head}postfix/qmgr[1]: {queue_id}: from=<b@north.example>, size=9, nrcpt={recipients} (queue active)")
    for each in range(recipients):
        to = f"to=<r{each}@corp{number % 7}.example>, relay=mx.corp.example[192.0.2.7]:25, delay=1, delays=0/0/0/1"
        if later or number % 5 == 0:
            told.append(
                f"{AT.format(minute, 2)}postfix/smtp[1]: {queue_id}: {to}, dsn=4.2.0, status=deferred "
                "(host mx.corp.example[192.0.2.7] said: 450 4.2.0 Greylisted (in reply to RCPT TO command))"
            )
        if number % 3 == 0:
            text = (
                "bounced (host mx.corp.example[192.0.2.7] said: 550 5.1.1 User unknown (in reply to RCPT TO command))"
            )
            told.append(f"{AT.format(minute, 9)}postfix/smtp[1]: {queue_id}: {to}, dsn=5.1.1, status={text}")
        else:
            told.append(
                f"{AT.format(minute, 9)}postfix/smtp[1]: {queue_id}: {to}, dsn=2.0.0, status=sent (250 2.0.0 OK)"
            )
    return told


def log(count: int) -> list[str]:
    return [
        line
        for number in range(count)
        for line in message(number, recipients=1 + number % 3, has_id=number % 11 != 7, later=number % 4 == 1)
    ]


def taken(lines: list[str], branch: str = "") -> None:
    octets = "".join(line + "\n" for line in lines).encode()
    ingest(IMPORTERS["postfix"](BytesIO(octets), branch, Zones()), source="postfix", name="mail.log")


def stored() -> list[Any]:
    """All rows of the log and its counts, without the numbers they were given."""
    deliveries = {row.pk: (row.message.key, row.recipient_normal) for row in Delivery.objects.select_related("message")}
    found: list[Any] = []
    for model in TABLES:
        names = [field.attname for field in model._meta.concrete_fields if field.attname not in NUMBERS]
        if model is MessageLog:
            names.append("message_id")
        rows = [tuple(str(getattr(row, name)) for name in names) for row in model.objects.all()]
        if model in (HourCount, DayCount, DayPart, DomainCount, AttemptCount):
            # A count of nothing is as good as none.
            rows = [row for row in rows if any(cell.isdecimal() and cell != "0" for cell in row[2:])]
        found.append(sorted(rows))
    hangs = DeliveryEvent.objects.values_list("fingerprint", "delivery")
    found.append(sorted((fingerprint, *deliveries[delivery]) for fingerprint, delivery in hangs))
    return found


def forget() -> None:
    for model in reversed(TABLES):
        model.objects.all().delete()


def undrafted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "split", lambda events, origins: ([], [*events]))


@pytest.mark.parametrize("branch", ["", "north"])
@pytest.mark.parametrize("seed", range(4))
def test_the_same_rows(north: BranchProfile, monkeypatch: pytest.MonkeyPatch, seed: int, branch: str) -> None:
    """A log in pieces, in order and shuffled, with lines that are told twice."""
    order = random.Random(seed)
    lines = log(60)
    at = sorted(order.sample(range(len(lines)), 5))
    pieces = [lines[a:b] for a, b in zip([0, *at], [*at, len(lines)], strict=True)]
    pieces += [order.sample(lines, 40)]
    if seed % 2:
        order.shuffle(pieces)
    for piece in pieces:
        taken(piece, branch)
    drafted = stored()
    forget()
    undrafted(monkeypatch)
    for piece in pieces:
        taken(piece, branch)
    assert stored() == drafted
    assert DeliveryEvent.objects.exists()


@pytest.mark.parametrize("seed", range(3))
def test_small_batches(north: BranchProfile, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """A message goes on in the next batch, which was drafted before the first was stored."""
    lines = log(80)
    taken(lines)
    whole = stored()
    forget()
    monkeypatch.setattr(services, "BATCH", 16 * (seed + 1))
    taken(lines)
    assert stored() == whole


def test_what_the_application_told(north: BranchProfile) -> None:
    """The application's own line made the message: the server's lines complete it, and make no second one."""
    MessageLog.objects.create(branch=north, at="2026-03-04T14:00:00Z", key="receipt-1", message_id="<m1@north.example>")
    taken(log(3))
    assert MessageLog.objects.filter(message_id="<m1@north.example>").count() == 1
    assert MessageLog.objects.count() == 3


def test_a_key_that_lost_its_message_id(north: BranchProfile) -> None:
    """A stored message goes by the key that a line of the log has, and by another Message-ID."""
    row = MessageLog.objects.create(
        branch=north, at="2026-03-04T14:00:00Z", key="<m1@north.example>", message_id="<other@north.example>"
    )
    taken(log(3))
    assert MessageLog.objects.count() == 3
    assert row.deliveries.exists()


def test_a_queue_id_of_then(north: BranchProfile) -> None:
    """An earlier reading knew the message by its queue id only; one of a year before was another message's."""
    for year, key in ((2026, "queue:out1/postfix/4jbgK90001HzKWXP"), (2025, "old")):
        MessageLog.objects.create(branch=north, at=f"{year}-03-04T14:00:00Z", key=key, queue_id="4jbgK90001HzKWXP")
    taken(log(3))
    assert not MessageLog.objects.filter(key__startswith="queue:").exists()
    assert MessageLog.objects.get(message_id="<m1@north.example>").at.year == 2026
    assert MessageLog.objects.count() == 4


def test_a_refusal_told_twice_counts_once(north: BranchProfile) -> None:
    lines = message(3)
    taken([*lines, *lines])
    taken(lines)
    assert DayCount.objects.get().recipients == 1
    assert DeliveryEvent.objects.count() == 1


def test_a_draft_needs_no_database(north: BranchProfile, django_assert_num_queries: Any) -> None:
    intake = services._Intake("postfix")
    octets = "".join(line + "\n" for line in log(10)).encode()
    items = [*IMPORTERS["postfix"](BytesIO(octets), "", Zones())]
    with django_assert_num_queries(0):
        batch = intake.prepare(items)
    assert batch.draft
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM maillog_messagelog")
        assert cursor.fetchone() == (0,)


def test_a_branch_that_is_made_while_a_log_is_read(north: BranchProfile) -> None:
    """Another reading may have told of its messages: they are known, whoever is asked about them here."""
    intake = services._Intake("postfix")
    late = BranchProfile.objects.create(code="late", organisation="Late College", notification_address="d@late.example")
    make.message(late, message_id="<m1@north.example>", key="<m1@north.example>")
    octets = "".join(line + "\n" for line in message(1)).encode()
    intake.take(intake.prepare(list(IMPORTERS["postfix"](BytesIO(octets), "north", Zones()))))
    assert set(Delivery.objects.values_list("branch__code", "recipient_normal")) == {("north", "r0@corp1.example")}
