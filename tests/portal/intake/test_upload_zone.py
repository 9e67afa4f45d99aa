"""The time zone of a server's log: that of the server, asked for, kept for its next log, shown beforehand."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.intake.models import Upload
from portal.maillog.models import DeliveryEvent
from tests.portal.intake.conftest import TABLE, read, upload_of

#: A log of North's, which is in Denver; nothing says where its server is.
LINE = (
    "Nov 27 {0} {1} postfix/qmgr[1]: {2}: from=<office@north.example>, size=1, nrcpt=1 (queue active)\n"
    "Nov 27 {0} {1} postfix/smtp[1]: {2}: to=<lee@corp.example>, relay=mx.corp.example[192.0.2.9]:25, delay=1, "
    "dsn=2.0.0, status=sent (250 2.0.0 OK)\n"
)


def log(*times: str, host: str = "out1") -> str:
    return "".join(LINE.format(time, host, f"4jbgK90c8HzKWX{at}") for at, time in enumerate(times, 1))


@pytest.fixture(autouse=True)
def denver(north: BranchProfile) -> None:
    north.time_zone = "America/Denver"
    north.save()
    with time_machine.travel("2026-11-27T21:00:00Z", tick=False):
        yield


@pytest.fixture
def mail_log(nora: User, north: BranchProfile) -> Upload:
    return upload_of(log("19:00:00", "20:55:00"), by=nora, branch=north)


def choose(client: Client, upload: Upload, zone: str) -> int:
    return client.post(f"/logs/{upload.code}/zone/", {"time_zone": zone}).status_code


def test_without_a_word_it_is_utc(as_nora: Client, mail_log: Upload) -> None:
    assert (mail_log.time_zone, mail_log.server) == ("UTC", "out1")
    context = as_nora.get(f"/logs/{mail_log.code}/").context
    assert context["preview"].first == datetime(2026, 11, 27, 19, tzinfo=UTC)
    assert context["preview"].last == datetime(2026, 11, 27, 20, 55, tzinfo=UTC)
    assert context["zone_form"].initial == {"time_zone": "UTC"}


def test_what_was_chosen_is_what_is_read(as_nora: Client, nora: User, north: BranchProfile) -> None:
    upload = upload_of(log("12:00:00"), by=nora, branch=north)
    assert choose(as_nora, upload, "America/Denver") == 302
    upload.refresh_from_db()
    assert read(upload).new == 1
    assert DeliveryEvent.objects.get().at == datetime(2026, 11, 27, 19, tzinfo=UTC)


def test_it_is_kept_for_the_next_log_of_the_server(as_nora: Client, mail_log: Upload, nora: User) -> None:
    choose(as_nora, mail_log, "Asia/Kolkata")
    zones = [
        upload_of(log("10:00:00", host=host), by=nora, branch=mail_log.branch).time_zone for host in ("out1", "out2")
    ]
    assert zones == ["Asia/Kolkata", "UTC"]


def test_lines_of_the_wrong_zone_are_told_before_they_are_read(as_nora: Client, mail_log: Upload) -> None:
    choose(as_nora, mail_log, "America/Denver")
    preview = as_nora.get(f"/logs/{mail_log.code}/").context["preview"]
    assert (preview.good, preview.bad) == (0, 2)
    assert "another time zone" in preview.rejected[0].why


def test_the_end_of_a_long_log_is_looked_at(as_nora: Client, nora: User, north: BranchProfile) -> None:
    times = [
        f"{hour:02d}:{minute:02d}:{second:02d}" for hour in range(2) for minute in range(60) for second in range(60)
    ]
    text = log(*times, "20:30:00")
    for octets, last in (
        (text.encode(), datetime(2026, 11, 27, 20, 30, tzinfo=UTC)),
        (gzip.compress(text.encode()), None),
    ):
        preview = as_nora.get(f"/logs/{upload_of(octets, by=nora, branch=north).code}/").context["preview"]
        assert (preview.is_all, preview.last) == (False, last)


def test_no_zone_and_no_server(as_nora: Client, mail_log: Upload, nora: User, north: BranchProfile) -> None:
    assert choose(as_nora, mail_log, "Mars/Olympus") == 302
    mail_log.refresh_from_db()
    assert mail_log.time_zone == "UTC"
    table = upload_of(TABLE, by=nora, branch=north)
    choose(as_nora, table, "Asia/Kolkata")
    table.refresh_from_db()
    assert table.time_zone == ""
