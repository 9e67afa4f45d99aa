"""Taking a log in: twice, doubled, shuffled and in pieces ends in one and the same state."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from importlib import import_module
from io import BytesIO
from typing import Any

import pytest
from django.db import connection

from portal.branches.models import BranchProfile
from portal.maillog import services
from portal.maillog.counts import PARTS, STANDS
from portal.maillog.importers import IMPORTERS
from portal.maillog.models import (
    AttemptCount,
    CaseNote,
    ClientProfile,
    DayCount,
    DayPart,
    Delivery,
    DeliveryEvent,
    DomainCount,
    HourCount,
    IngestBatch,
    LogCoverage,
    MessageLog,
)
from portal.maillog.recounting import recount
from portal.maillog.services import Zones, ingest


def line(kind: str, minute: int, key: str = "m1", recipient: str = "lee@corp.example", **more: Any) -> dict[str, Any]:
    at = (datetime(2026, 3, 4, 14, tzinfo=UTC) + timedelta(minutes=minute)).isoformat()
    return {"kind": kind, "branch": "north", "key": key, "recipient": recipient, "at": at, **more}


LINES = [
    line("message", 0, function="Receipt", subject="Your receipt", server="smtp.xenegrade.net", message_id="<m1@n>"),
    line("handed", 1),
    line("deferred", 2, reply="450 4.2.0 Greylisted"),
    line("accepted", 80, reply="250 2.0.0 OK"),
    line("message", 5, "m2", "old@corp.example"),
    line("refused", 6, "m2", "old@corp.example", reply="550 5.1.1 User unknown"),
    line("message", 7, "m3", "bad address@corp.example"),
    line("error", 8, "m3", "bad address@corp.example", reply="merge field has no value"),
    line("handed", 9, "m4", "far@corp.example"),
    line("deferred", 10, "m4", "far@corp.example", reply="421 4.7.0 too many recipients this hour"),
    line("expired", 9000, "m4", "far@corp.example", reply="connection timed out"),
]


def take(lines: list[dict[str, Any]]) -> IngestBatch:
    octets = "\n".join(json.dumps(item) for item in lines).encode()
    return ingest(IMPORTERS["jsonl"](BytesIO(octets), "", Zones()), source="jsonl", name="test")


def state() -> dict[str, Any]:
    """Everything the log holds, but for the numbers of rows."""
    deliveries = Delivery.objects.order_by("recipient_normal").values_list(
        "recipient", "message__key", "at", "state", "state_at", "reply", "cause", "attempts", "recipient_domain"
    )
    messages = MessageLog.objects.order_by("key").values_list(
        "key", "at", "function", "subject", "sending_server__host"
    )
    return {"deliveries": list(deliveries), "messages": list(messages), **counted()}


def counted() -> dict[str, Any]:
    """Every count that is not nothing."""
    found: dict[str, Any] = {}
    for model in (HourCount, DayCount, DomainCount, AttemptCount):
        rows = model._default_manager.exclude(recipients=0).values()
        found[model.__name__] = sorted(str({**row, "id": 0}) for row in rows)
    return {**found, "DayPart": parts_of_days()}


def parts_of_days() -> dict[tuple[Any, ...], int]:
    """What the parts of days tell: by part, branch, day, value and the figure's column; nothing of what is zero."""
    return {
        (row["part"], row["branch_id"], row["day"], row["value"], column): row[column]
        for row in DayPart.objects.values()
        for column in (*STANDS, "complaints")
        if row[column]
    }


def sums_of_days() -> dict[tuple[Any, ...], int]:
    """What they must tell: the sums over what is counted of the days."""
    found: Counter[tuple[Any, ...]] = Counter()
    for row in DayCount.objects.all():
        for part in PARTS:
            key = part, row.branch_id, row.day, getattr(row, part) if part else ""
            found[*key, str(row.state)] += row.recipients
            found[*key, "complaints"] += row.complaints
    return {key: count for key, count in found.items() if count}


def test_a_story_is_stored_whole(north: BranchProfile) -> None:
    batch = take(LINES)
    assert (batch.lines, batch.new, batch.duplicate, batch.rejected) == (11, 11, 0, [])
    stands = dict(Delivery.objects.values_list("message__key", "state"))
    assert stands == {"m1": "accepted", "m2": "refused", "m3": "error", "m4": "expired"}
    causes = dict(Delivery.objects.values_list("message__key", "cause"))
    assert causes == {"m1": "", "m2": "no_such_user", "m3": "send_error", "m4": "rate_limited"}
    assert DeliveryEvent.objects.filter(raw="").count() == 0


def test_reading_it_again_changes_nothing(north: BranchProfile) -> None:
    take(LINES)
    before = state()
    batch = take(LINES)
    assert (batch.new, batch.duplicate) == (0, 11)
    assert state() == before


@pytest.mark.parametrize("seed", range(20))
def test_doubled_and_shuffled_in_pieces_it_ends_the_same(
    seed: int, north: BranchProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "BATCH", 1 + seed % 5)
    order = random.Random(seed)
    lines = LINES * 2
    order.shuffle(lines)
    cut = order.randrange(len(lines))
    take(lines[:cut])
    take(lines[cut:])
    assert parts_of_days() == sums_of_days()
    shuffled = state()
    for model in (Delivery, MessageLog, HourCount, DayCount, DayPart, DomainCount, AttemptCount):
        model.objects.all().delete()
    take(LINES)
    assert shuffled == state()


def test_the_counts_are_those_of_the_rows(north: BranchProfile) -> None:
    for cut in range(len(LINES)):
        take(LINES[: cut + 1])
        counted_hours = {
            (hour, state): n for hour, state, n in HourCount.objects.values_list("hour", "state", "recipients") if n
        }
        rows = Counter((row.at.replace(minute=0), row.state) for row in Delivery.objects.all())
        assert counted_hours == dict(rows)


def test_days_and_domains_count_what_the_rows_say(north: BranchProfile) -> None:
    take([*LINES, line("complained", 200)])
    days = {row.state: row.recipients for row in DayCount.objects.exclude(recipients=0)}
    assert days == {"accepted": 1, "refused": 1, "error": 1, "expired": 1}
    assert DayCount.objects.get(state="accepted", recipients=1).complaints == 1
    assert DayCount.objects.get(state="expired", recipients=1).cause == "rate_limited"
    domains = DomainCount.objects.order_by("domain")
    # What met an error before it went out was sent to nobody.
    assert sum(row.recipients for row in domains) == 3
    assert sum(row.refused for row in domains) == 2


def test_a_bounce_tells_of_an_attempt_that_was_counted(north: BranchProfile) -> None:
    refused = line("refused", 6, "m2", "old@corp.example", reply="550 5.1.1 User unknown")
    take([refused])
    octets = json.dumps({**refused, "at": "2026-03-04T15:00:00+00:00"}).encode()
    ingest(IMPORTERS["jsonl"](BytesIO(octets), "", Zones()), source="dsn", name="test")
    assert Delivery.objects.get().attempts == 1
    assert sum(row.recipients for row in AttemptCount.objects.all()) == 1


def test_counting_anew_finds_the_same(north: BranchProfile) -> None:
    take(LINES)
    before = counted()
    DayCount.objects.update(recipients=7)
    DayPart.objects.update(accepted=7)
    HourCount.objects.all().delete()
    assert recount() == 4
    assert counted() == before
    assert recount() == 4
    assert counted() == before


def test_days_that_were_counted_before_there_were_parts(north: BranchProfile, south: BranchProfile) -> None:
    take([*LINES, {**LINES[5], "branch": "south"}, line("complained", 200)])
    before = parts_of_days()
    assert {part for part, *_ in before} == set(PARTS)
    DayPart.objects.all().delete()
    migration = import_module("portal.maillog.migrations.0005_day_parts_filled")
    migration.fill(None, connection.schema_editor())
    assert parts_of_days() == before


def test_what_comes_before_its_message_is_completed_by_it(north: BranchProfile) -> None:
    take([LINES[3]])
    assert MessageLog.objects.get().function == ""
    take([LINES[0]])
    message = MessageLog.objects.get()
    assert (message.function, message.at) == ("Receipt", datetime(2026, 3, 4, 14, tzinfo=UTC))
    assert message.sending_server is not None


def test_spans_of_coverage_are_joined(north: BranchProfile) -> None:
    def span(begins: str, ends: str) -> dict[str, Any]:
        return {
            "kind": "coverage",
            "branch": "north",
            "from": f"2026-03-{begins}T00:00:00Z",
            "until": f"2026-03-{ends}T00:00:00Z",
        }

    assert take([span("01", "03"), span("05", "07")]).new == 2
    assert take([span("02", "06"), span("02", "04")]).new == 1
    assert [(row.begins.day, row.ends.day) for row in LogCoverage.objects.all()] == [(1, 7)]


def test_clients_and_case_notes(north: BranchProfile) -> None:
    client = {"kind": "client", "branch": "north", "reference": "c1", "name": "Lee", "email": "Lee@Corp.example"}
    note = {
        "kind": "case_note",
        "branch": "north",
        "at": "2026-03-04T14:00:00Z",
        "email": "lee@corp.example",
        "text": "Sent",
    }
    assert take([client, note]).new == 2
    assert take([client, note]).new == 0
    assert take([{**client, "email": "new@corp.example"}]).new == 1
    assert ClientProfile.objects.get().email_normal == "new@corp.example"
    assert CaseNote.objects.get().client == ClientProfile.objects.get()


def test_what_is_rejected_is_counted_and_the_rest_is_kept(
    north: BranchProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "KEPT_REJECTIONS", 2)
    batch = take([LINES[0], *[{**LINES[1], "branch": "nowhere"}] * 3, {"kind": "?"}])
    assert (batch.lines, batch.new, batch.rejected_count, len(batch.rejected)) == (5, 1, 4, 2)
    assert batch.rejected[0]["line"] == 2


def test_one_line_to_three_recipients_is_one_line(north: BranchProfile) -> None:
    batch = take([{**LINES[0], "recipient": ["a@c.example", "b@c.example", "c@c.example"]}])
    assert (batch.lines, batch.new, Delivery.objects.count(), MessageLog.objects.count()) == (1, 3, 3, 1)


def tried_by() -> dict[str, int]:
    """How many recipients were tried by each server, as counted."""
    found: Counter[str] = Counter()
    for row in AttemptCount.objects.all():
        found[row.server] += row.recipients
    return {server: count for server, count in found.items() if count}


class TestWhoTried:
    @pytest.mark.parametrize("pieces", [[LINES[:4]], [[LINES[2], LINES[3]], [LINES[0]]], [[LINES[2]], LINES[:4]]])
    def test_it_is_the_server_the_message_was_handed_to(
        self, pieces: list[list[dict[str, Any]]], north: BranchProfile
    ) -> None:
        for piece in pieces:
            take(piece)
        assert tried_by() == {"smtp.xenegrade.net": 2}

    def test_an_attempt_that_names_another_is_that_ones(self, north: BranchProfile) -> None:
        take([LINES[0], {**LINES[2], "server": "mail.relay.example"}, LINES[3]])
        assert tried_by() == {"mail.relay.example": 1, "smtp.xenegrade.net": 1}

    def test_counting_anew_agrees_with_what_was_counted_before_it_was_known(self, north: BranchProfile) -> None:
        take(LINES[:4])
        # Three more were tried in each of the two hours, by nobody knows whom.
        AttemptCount.objects.update(server="", recipients=4)
        for _ in range(2):
            recount()
            assert tried_by() == {"smtp.xenegrade.net": 2, "": 6}


def test_what_a_row_of_a_result_tells_of_its_message_is_kept(north: BranchProfile) -> None:
    """A table of results only, as most exports are; the application's own line, coming later, knows better."""
    told = {"subject": "Your class", "from": "office@north.example", "module": "webreg", "function": "Notice"}
    take([line("accepted", 1, "m9", "lee@corp.example", **told)])
    message = MessageLog.objects.get(key="m9")
    assert (message.subject, message.from_address, message.module, message.function) == (
        "Your class", "office@north.example", "webreg", "Notice",
    )  # fmt: skip
    assert Delivery.objects.get(message=message).module == "webreg"
    take([line("deferred", 0, "m9", "lee@corp.example", subject="Another", module="other")])
    take([line("message", 0, "m9", "lee@corp.example", subject="Your class begins", module="quicktools")])
    message.refresh_from_db()
    assert (message.subject, message.module) == ("Your class begins", "quicktools")


def test_a_message_that_lost_its_message_id_is_not_told_of_twice(north: BranchProfile) -> None:
    """Then its Message-ID is unheard of, its events are taken for news, and the table says that they are none."""
    ident, stamp = "4jbgK90c8HzKWXP", "2026-03-04T14:02:10Z out1 postfix"
    log = "".join(
        f"{stamp}/{text}\n"
        for text in (
            f"cleanup[1]: {ident}: message-id=<m1@north.example>",
            f"qmgr[1]: {ident}: from=<b@north.example>, size=9, nrcpt=1 (queue active)",
            f"smtp[1]: {ident}: to=<lee@corp.example>, relay=mx.corp.example[192.0.2.7]:25, delay=1, dsn=2.0.0, "
            "status=sent (250 2.0.0 OK)",
        )
    )
    new = f"{stamp}/cleanup[1]: 4jbgK90c8HzKWXR: message-id=<m2@north.example>\n" + log.splitlines()[2].replace(
        "WXP: to=<lee@", "WXR: to=<kim@"
    )
    read = IMPORTERS["postfix"]
    assert ingest(read(BytesIO(log.encode()), "", Zones()), source="postfix").new == 1
    MessageLog.objects.update(key="app-1", message_id="<other@north.example>", queue_id="")
    before = state()
    batch = ingest(read(BytesIO(f"{log}{new}\n".encode()), "", Zones()), source="postfix")
    assert (batch.lines, batch.new, batch.duplicate, batch.rejected_count) == (5, 1, 1, 0)
    assert DeliveryEvent.objects.count() == Delivery.objects.count() == MessageLog.objects.count() == 2
    Delivery.objects.get(recipient="kim@corp.example").message.delete()
    assert state()["deliveries"] == before["deliveries"]
