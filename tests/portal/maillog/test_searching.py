"""Finding deliveries by any mix of filters: the same rows whatever drives, and open about how far it looked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog import searching
from portal.maillog.filters import Filters
from portal.maillog.models import Delivery
from tests import make
from tests.make import NOON
from tests.portal.maillog.world import many

HOUR = timedelta(hours=1)


@pytest.fixture
def world(north: BranchProfile, south: BranchProfile) -> dict[str, Delivery]:
    """Eight deliveries of North, an hour apart, and one of South to a recipient that North has too."""

    def at(hours: int) -> datetime:
        return NOON + hours * HOUR

    message = make.message(north, at(0), message_id="<one@north.example>", queue_id="4XkT2p")
    return {
        "a": make.delivery(north, "a@corp.example", "accepted", at(0), message=message, provider="gmail"),
        "b": make.delivery(north, "b@corp.example", "refused", at(1), message=message, cause="no_such_user"),
        "c": make.delivery(north, "c@corp.example", "deferred", at(2), cause="rate_limited", provider="gmail"),
        "d": make.delivery(north, "a@corp.example", "accepted", at(3), module="quicktools", complained_at=at(9)),
        "e": make.delivery(north, "e@gmail.com", "expired", at(4), cause="rate_limited", server="smtp.xenegrade.net"),
        "f": make.delivery(north, "f@gmail.com", "error", at(5), cause="send_error"),
        "g": make.delivery(north, "g@gmail.com", "handed", at(6), provider="gmail", complained_at=at(8)),
        "h": make.delivery(north, "h@other.example", "submitted", at(7)),
        "x": make.delivery(south, "a@corp.example", "refused", at(3), cause="no_such_user"),
    }


def found(world: dict[str, Delivery], rows: Any) -> str:
    names = {row.pk: name for name, row in world.items()}
    return "".join(names[row.pk] for row in rows)


CASES = [
    ({}, "hgfedcba"),
    ({"recipient": "a@corp.example"}, "da"),
    ({"recipient": "a@corp.example", "provider": "gmail"}, "a"),
    ({"domain": "corp.example"}, "dcba"),
    ({"domain": "corp.example", "state": "trouble"}, "cb"),
    ({"domain": "corp.example", "complained": True}, "d"),
    ({"domain": "gmail.com", "cause": "rate_limited"}, "e"),
    ({"cause": "rate_limited"}, "ec"),
    ({"cause": "rate_limited", "state": "deferred"}, "c"),
    ({"state": "refused"}, "b"),
    ({"state": "accepted", "module": "quicktools"}, "d"),
    ({"state": "trouble"}, "fecb"),
    ({"state": "undelivered"}, "eb"),
    ({"state": "on_the_way"}, "hg"),
    ({"state": "sent"}, "hgedcba"),
    ({"state": "trouble", "provider": "none"}, "feb"),
    ({"provider": "gmail"}, "gca"),
    ({"server": "smtp.xenegrade.net"}, "e"),
    ({"server": "none", "state": "undelivered"}, "b"),
    ({"complained": True}, "dg"),
    ({"complained": True, "state": "accepted"}, "d"),
    ({"complained": True, "since": NOON + 4 * HOUR}, "g"),
    ({"complained": True, "until": NOON + 4 * HOUR}, "d"),
    ({"since": NOON + 2 * HOUR, "until": NOON + 4 * HOUR}, "dc"),
    ({"since": NOON + 2 * HOUR, "state": "undelivered"}, "e"),
    ({"since": NOON + 2 * HOUR, "until": NOON + 4 * HOUR, "provider": "gmail"}, "c"),
    ({"message_id": "one@north.example"}, "ba"),
    ({"message_id": "<one@north.example>", "state": "refused"}, "b"),
    ({"queue_id": "4XkT2p"}, "ba"),
    ({"queue_id": "4xkt2p"}, ""),
    ({"queue_id": "4XkT2p", "message_id": "two@north.example"}, ""),
    ({"recipient": "nobody@corp.example"}, ""),
]


@pytest.mark.parametrize(("filters", "expected"), CASES)
def test_one_branch(
    filters: dict[str, Any], expected: str, world: dict[str, Delivery], north: BranchProfile, nora: User
) -> None:
    assert found(world, searching.find(nora, north, Filters(**filters), {}).rows) == expected
    assert found(world, searching.every(nora, north, Filters(**filters))) == expected


@pytest.mark.parametrize(("filters", "expected"), CASES)
def test_page_by_page_and_window_by_window_it_is_the_same(
    filters: dict[str, Any], expected: str, world: dict[str, Delivery], north: BranchProfile, nora: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(searching, "SIZE", 2)
    monkeypatch.setattr(searching, "WINDOW", 3)
    monkeypatch.setattr(searching, "CHUNK", 2)
    back, parameters = "", {}
    pages = []
    for _ in range(20):
        page = searching.find(nora, north, Filters(**filters), parameters)
        pages.append(page)
        back += found(world, page.rows)
        key = page.older or page.further
        if not key:
            break
        parameters = {"after": key}
    assert back == expected
    assert found(world, searching.every(nora, north, Filters(**filters))) == expected
    # And from the last row that was found to the first again.
    last = next((page for page in reversed(pages) if page.rows), None)
    if last is None:
        return
    forth, parameters = "", {"before": searching.key_of(last.rows[-1], last.by)}
    for _ in range(20):
        page = searching.find(nora, north, Filters(**filters), parameters)
        forth = found(world, page.rows) + forth
        key = page.newer or page.further
        if not key:
            break
        parameters = {"before": key}
    assert forth == expected[:-1]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"recipient": "a@corp.example"}, "dxa"),
        ({"domain": "corp.example", "state": "refused"}, "xb"),
        ({"cause": "no_such_user"}, "xb"),
        ({"message_id": "one@north.example"}, "ba"),
        ({}, "hgfedxcba"),
        ({"state": "refused"}, "xb"),
        ({"state": "undelivered", "since": NOON + 2 * HOUR}, "ex"),
        ({"provider": "gmail", "until": NOON + 6 * HOUR}, "ca"),
        ({"server": "smtp.xenegrade.net"}, "e"),
        ({"complained": True}, "gd"),
    ],
)
def test_all_branches(filters: dict[str, Any], expected: str, world: dict[str, Delivery], ida: User) -> None:
    # South's has the time of another one, so the number decides.
    assert sorted(found(world, searching.find(ida, None, Filters(**filters), {}).rows)) == sorted(expected)


@pytest.mark.parametrize("filters", [{}, {"recipient": "a@corp.example"}, {"message_id": "one@north.example"}])
def test_nothing_of_another_branch(
    filters: dict[str, Any], world: dict[str, Delivery], north: BranchProfile, south: BranchProfile, sven: User
) -> None:
    with pytest.raises(Http404):
        searching.find(sven, north, Filters(**filters), {})
    with pytest.raises(Http404):
        searching.find(sven, None, Filters(**filters), {})
    assert found(world, searching.find(sven, south, Filters(**filters), {}).rows) in ("", "x")


def test_it_tells_how_far_it_looked(north: BranchProfile, nora: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "WINDOW", 10)
    many(north, 25)
    page = searching.find(nora, north, Filters(provider="gmail"), {})
    assert (page.rows, page.begins, page.ends) == ([], NOON + timedelta(seconds=15), None)
    page = searching.find(nora, north, Filters(provider="gmail"), {"after": page.further})
    assert (page.begins, page.ends) == (NOON + timedelta(seconds=5), NOON + timedelta(seconds=15))
    page = searching.find(nora, north, Filters(provider="gmail"), {"after": page.further})
    assert (page.further, page.begins) == ("", None)


def test_a_list_of_one_moment_has_pages_too(north: BranchProfile, nora: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "SIZE", 4)
    monkeypatch.setattr(searching, "WINDOW", 4)
    rows = many(north, 11)
    Delivery.objects.update(at=NOON)
    for filters in (Filters(), Filters(module="other")):
        seen: list[int] = []
        parameters: dict[str, str] = {}
        while True:
            page = searching.find(nora, north, filters, parameters)
            seen += [row.pk for row in page.rows]
            if not (page.older or page.further):
                break
            parameters = {"after": page.older or page.further}
        assert seen == sorted((row.pk for row in rows), reverse=True)


def test_a_message_that_is_gone_does_not_hide_its_delivery(north: BranchProfile, nora: User) -> None:
    delivery = make.delivery(north, "a@corp.example")
    Delivery.objects.update(message=delivery.message_id + 1000)
    (row,) = searching.find(nora, north, Filters(), {}).rows
    assert row.message.function == ""


def test_one_line_for_one_matter(north: BranchProfile, nora: User) -> None:
    began = timezone.now() - timedelta(hours=1)
    for number in range(30):
        make.delivery(
            north, f"m{number}@bignet.example", "deferred", began + timedelta(minutes=number), cause="rate_limited"
        )
    make.delivery(north, "lee@corp.example", "refused", began - timedelta(days=1), cause="no_such_user")
    make.delivery(north, "old@corp.example", "refused", began - searching.LATELY, cause="mailbox_full")
    lines = searching.troubled(nora, north)
    assert [(item.delivery.recipient, item.others) for item in lines] == [
        ("m29@bignet.example", 29),
        ("lee@corp.example", 0),
    ]


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ({}, "delivery_of_branch"),
        ({"recipient": "r1@corp.example"}, "delivery_to_recipient"),
        ({"domain": "corp.example", "provider": "gmail"}, "delivery_of_branch_to_domain"),
        ({"cause": "no_such_user"}, "delivery_of_branch_by_cause"),
        ({"state": "refused"}, "delivery_of_branch_in_state"),
        ({"complained": True}, "delivery_complained_about"),
    ],
)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL scans a table of some rows as it likes.")
def test_the_index_that_drives(filters: dict[str, Any], index: str, north: BranchProfile, nora: User) -> None:
    many(north, 20)
    assert f"INDEX {index} (" in plan_of_search(nora, north, Filters(**filters))


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ({"state": "refused"}, "delivery_by_time"),
        ({"provider": "gmail", "since": NOON}, "delivery_by_time"),
        ({"complained": True}, "delivery_by_time"),
        ({"cause": "no_such_user", "state": "refused"}, "delivery_by_cause"),
    ],
)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL scans a table of some rows as it likes.")
def test_the_index_that_drives_over_all_branches(
    filters: dict[str, Any], index: str, north: BranchProfile, ida: User
) -> None:
    many(north, 20)
    plan = plan_of_search(ida, None, Filters(**filters))
    assert f"INDEX {index}" in plan
    # What has been found is put in order, and nothing else.
    assert plan.count("TEMP B-TREE") == 1


def plan_of_search(viewer: User, branch: BranchProfile | None, filters: Filters) -> str:
    with CaptureQueriesContext(connection) as queries:
        searching.find(viewer, branch, filters, {})
    sql = next(item["sql"] for item in queries if "AS looked" in item["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        plan = " ".join(str(row[-1]) for row in cursor.fetchall())
    return plan
