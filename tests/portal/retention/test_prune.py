"""Dropping what is over its time: only that, in whole months where there are partitions, and never on a dry run."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.html import conditional_escape

from diagnostics.models import ReceivedMessage, Run
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.importers.event import Kind, LogEvent
from portal.maillog.models import DayCount, DayPart, Delivery, DeliveryEvent, ErasedRecipient, LogCoverage, MessageLog
from portal.maillog.partitions import partitions_of
from portal.maillog.services import ingest
from portal.planning.models import Mailing
from portal.retention.besides import LASTING, PASSING, SHORT
from portal.retention.kept import KINDS
from portal.retention.models import Progress, Pruning
from portal.retention.runner import prune
from portal.suppression.models import Reason, Suppression
from tests import make
from tickets.models import Report


def event(kind: Kind, at: datetime, key: str, **more: Any) -> LogEvent:
    values: dict[str, Any] = {"recipient": "lee@corp.example", "raw": f"raw {key}", "line": 1, **more}
    return LogEvent(kind=kind, branch="north", at=at, key=key, **values)


@pytest.fixture
def log(north: BranchProfile, settings: Any) -> dict[str, datetime]:
    """An old message, one whose lines alone are old, and a new one."""
    settings.EVENT_DAYS, settings.LOG_DAYS = 90, 400
    now = timezone.now()
    times = {"old": now - timedelta(days=500), "lines": now - timedelta(days=200), "new": now - timedelta(days=1)}
    told = []
    for key, at in times.items():
        told += [event(Kind.DEFERRED, at, key, reply="450 4.2.0 Greylisted")]
        told += [event(Kind.ACCEPTED, at + timedelta(minutes=9), key, reply="250 OK", remote_host="mx.corp.example")]
    ingest(told, source="test")
    return times


def keys() -> tuple[set[str], set[str]]:
    """The keys of the deliveries, and of those that still have lines."""
    return (
        set(Delivery.objects.values_list("message__key", flat=True)),
        set(DeliveryEvent.objects.values_list("delivery__message__key", flat=True)),
    )


def test_what_is_over_its_time_goes_and_the_rest_stays(log: dict[str, datetime]) -> None:
    counted = DayCount.objects.count(), DayPart.objects.count()
    result = prune(Pruning.objects.create())
    assert keys() == ({"lines", "new"}, {"new"})
    assert set(MessageLog.objects.values_list("key", flat=True)) == {"lines", "new"}
    assert (DayCount.objects.count(), DayPart.objects.count()) == counted
    assert result.state == Progress.DONE
    assert [item["kind"] for item in result.results][:3] == ["events", "deliveries", "messages"]


def test_a_dry_round_takes_nothing_and_tells_the_same(log: dict[str, datetime]) -> None:
    dry = prune(Pruning.objects.create(is_dry=True))
    assert keys() == ({"old", "lines", "new"}, {"old", "lines", "new"})
    assert {item["kind"]: item["rows"] for item in dry.results}["deliveries"] == 1
    assert {item["kind"]: item["rows"] for item in dry.results}["events"] == 4


def test_a_log_is_complete_no_longer_for_what_was_dropped(log: dict[str, datetime], north: BranchProfile) -> None:
    now = timezone.now()
    for begins, ends in ((900, 800), (700, 5)):
        LogCoverage.objects.create(
            branch=north, begins=now - timedelta(days=begins), ends=now - timedelta(days=ends)
        )  # fmt: skip
    prune(Pruning.objects.create(is_dry=True))
    assert LogCoverage.objects.count() == 2
    prune(Pruning.objects.create())
    (span,) = LogCoverage.objects.all()
    assert Delivery.objects.order_by("at")[0].at > span.begins > now - timedelta(days=440)


def test_a_report_about_a_dropped_delivery_stays(log: dict[str, datetime], north: BranchProfile, nora: User) -> None:
    report = Report.objects.create(branch=north, by=nora, delivery=Delivery.objects.get(message__key="old"))
    prune(Pruning.objects.create())
    report.refresh_from_db()
    assert report.delivery is None


def test_a_late_line_does_not_undo_what_the_dropped_ones_said(log: dict[str, datetime]) -> None:
    prune(Pruning.objects.create())
    ingest([event(Kind.COMPLAINED, timezone.now(), "lines")], source="test")
    delivery = Delivery.objects.get(message__key="lines")
    assert (delivery.state, delivery.at, delivery.attempts) == ("accepted", log["lines"], 2)
    assert delivery.complained_at is not None


def test_that_a_recipient_was_erased_is_known_as_long_as_the_log_goes_back(
    log: dict[str, datetime], north: BranchProfile
) -> None:
    for number, name in enumerate(("old", "new")):
        ErasedRecipient.objects.create(branch=north, digest=str(number), at=log[name])
    prune(Pruning.objects.create())
    assert [row.digest for row in ErasedRecipient.objects.all()] == ["1"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no partitions.")
def test_months_are_dropped_whole(log: dict[str, datetime]) -> None:
    old = f"maillog_delivery_{log['old']:%Y_%m}"
    assert old in {item.name for item in partitions_of(Delivery)}
    result = prune(Pruning.objects.create())
    assert old not in {item.name for item in partitions_of(Delivery)}
    assert old in next(item for item in result.results if item["kind"] == "deliveries")["months"]
    # A log that brings that month again gets a partition again.
    ingest([event(Kind.ACCEPTED, log["old"], "again")], source="test")
    assert old in {item.name for item in partitions_of(Delivery)}


def test_the_command_prints_a_document(log: dict[str, datetime]) -> None:
    out = StringIO()
    call_command("prune", "--dry-run", "--json", stdout=out)
    document = json.loads(out.getvalue())
    assert document["is_dry"] is True
    assert {item["kind"] for item in document["results"]} >= {"events", "deliveries", "hours"}
    assert keys()[0] == {"old", "lines", "new"}


def test_the_page_and_its_buttons(as_ada: Client, as_ida: Client, as_nora: Client, log: dict[str, datetime]) -> None:
    assert as_ada.get("/retention/").status_code == 200
    assert as_ida.get("/retention/").status_code == 403
    assert as_nora.get("/retention/").status_code == 403
    assert as_ada.get("/retention/prune/").status_code == 405
    assert as_ada.post("/retention/prune/").status_code == 302
    assert Pruning.objects.get().is_dry
    as_ada.post("/retention/prune/", {"really": "yes"})
    assert Pruning.objects.filter(is_dry=False).count() == 1
    # Asked for twice, it is done once.
    as_ada.post("/retention/prune/", {"really": "yes"})
    assert Pruning.objects.filter(is_dry=False).count() == 1


def test_the_page_asks_a_bounded_number_of_queries(
    as_ada: Client, log: dict[str, datetime], django_assert_max_num_queries: Any
) -> None:
    make.case_note(BranchProfile.objects.get(), "a@b.example", datetime(2020, 1, 1, tzinfo=UTC))
    with django_assert_max_num_queries(40):
        as_ada.get("/retention/")


def test_the_first_suppression_is_the_one_that_began_first(north: BranchProfile) -> None:
    """An import tells of entries that began before those made here."""
    now = timezone.now()
    for days, address in ((5, "lee@corp.example"), (31, "bo@corp.example"), (10, "kim@corp.example")):
        Suppression.objects.create(
            branch=north, address=address, address_normal=address, domain="corp.example", reason=Reason.MANUAL,
            since=now - timedelta(days=days),
        )  # fmt: skip
    (of_suppressions,) = (item for item in LASTING if item.tables[0] == "suppression.Suppression")
    assert of_suppressions.oldest == now - timedelta(days=31)


def test_every_table_is_on_the_page() -> None:
    """Whoever adds one says for how long it is kept."""
    of_kinds = [kind.model._meta.label for kind in KINDS]
    of_passing = [passing.over().model._meta.label for passing in PASSING]
    told = {*of_kinds, *of_passing, *SHORT, *(table for item in LASTING for table in item.tables)}
    of_django = {"auth.Permission", "auth.Group", "contenttypes.ContentType"}
    assert {model._meta.label for model in apps.get_models()} == told | of_django


def test_the_page_names_all_of_it(as_ada: Client, log: dict[str, datetime], django_assert_max_num_queries: Any) -> None:
    prune(Pruning.objects.create(is_dry=True))
    with django_assert_max_num_queries(50):
        content = as_ada.get("/retention/").content.decode()
    for item in (*KINDS, *PASSING, *LASTING):
        assert conditional_escape(item.name) in content
    assert "REJECTED_DAYS" in content


class TestBesides:
    """A dry round counts what the next hour forgets, and a round drops the sign-ins that have ended."""

    def test_what_is_over_is_counted(self, settings: Any, north: BranchProfile, nora: User) -> None:
        settings.MESSAGE_DAYS, settings.LIST_DAYS = 30, 7
        old = timezone.now() - timedelta(days=40)
        for at in (old, timezone.now()):
            run = Run.objects.create(subject={}, lease_until=at)
            ReceivedMessage.objects.create(run=run, raw=b"x", is_text=False, at=at)
            Mailing.objects.create(branch=north, by=nora, created=at, verdicts=ContentFile(b"x", name="x.csv"))
        results = {item["kind"]: item["rows"] for item in prune(Pruning.objects.create(is_dry=True)).results}
        assert (results["messages-raw"], results["lists"], results["uploads"], results["returned-raw"]) == (1, 1, 0, 0)
        assert ReceivedMessage.objects.exclude(raw=b"").count() == 2

    def test_a_round_drops_sign_ins_that_have_ended(self, db: None) -> None:
        now = timezone.now()
        for key, days in (("old", -1), ("new", 1)):
            Session.objects.create(session_key=key, session_data="", expire_date=now + timedelta(days=days))
        assert {item["kind"]: item["rows"] for item in prune(Pruning.objects.create(is_dry=True)).results}[
            "sessions"
        ] == 1
        prune(Pruning.objects.create())
        assert [row.session_key for row in Session.objects.all()] == ["new"]
