"""GET /branches/<code>/deliveries/: what was sent, narrowed by what the address says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from portal.branches.models import BranchProfile
from portal.maillog import searching
from tests import make
from tests.make import NOON
from tests.portal.maillog.world import many

LIST = "/branches/north/deliveries/"


def recipients(response: Any) -> list[str]:
    return [row.recipient for row in response.context["found"].rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["c@other.example", "b@corp.example", "a@corp.example"]),
        ("?state=refused", ["b@corp.example"]),
        ("?state=trouble", ["c@other.example", "b@corp.example"]),
        ("?domain=x@CORP.example.", ["b@corp.example", "a@corp.example"]),
        ("?domain=bücher.example", ["d@xn--bcher-kva.example"]),
        ("?recipient= A@corp.Example", ["a@corp.example"]),
        ("?since=2026-03-04T06:00&until=2026-03-05T00:00", ["b@corp.example"]),
        ("?since=2026-03-05", ["c@other.example"]),
        ("?since=2026-03-05T12:00:00Z", ["c@other.example"]),
        ("?cause=no_such_user&provider=gmail", ["b@corp.example"]),
        ("?after=rubbish&colour=red", ["c@other.example", "b@corp.example", "a@corp.example"]),
    ],
)
def test_narrowed(query: str, expected: list[str], north: BranchProfile, as_nora: Client) -> None:
    north.time_zone = "America/Denver"  # Noon is 5:00 there.
    north.save()
    make.delivery(north, "a@corp.example")
    make.delivery(north, "b@corp.example", "refused", NOON + timedelta(hours=2), cause="no_such_user", provider="gmail")
    make.delivery(north, "c@other.example", "deferred", NOON + timedelta(days=1, hours=2))
    if "bücher" in query:
        make.delivery(north, "d@xn--bcher-kva.example")
    response = as_nora.get(LIST + query)
    assert (response.status_code, recipients(response)) == (200, expected)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?state=nonsense", "state"),
        ("?state=complained", "state"),
        ("?recipient=lee", "recipient"),
        ("?domain=corp example", "domain"),
        ("?since=never", "since"),
        ("?since=0001-01-01T00:00", "since"),
        ("?until=9999-12-31T23:59", "until"),
        ("?since=2026-02-30T00:00:00", "since"),
        ("?since=2026-03-04T12:00&until=2026-03-04T12:00", "until"),
        ("?cause=bad_luck", "cause"),
        ("?provider=nobody", "provider"),
        ("?queue_id=" + "x" * 41, "queue_id"),
    ],
)
def test_wrong_input_is_told_at_its_field_and_kept(
    query: str, field: str, north: BranchProfile, as_nora: Client
) -> None:
    make.delivery(north, "a@corp.example")
    response = as_nora.get(LIST + query + "&server=smtp.kept.example")
    assert response.status_code == 400
    assert list(response.context["form"].errors) == [field]
    assert b"a@corp.example" not in response.content
    assert b"smtp.kept.example" in response.content


def test_a_stranger_and_a_wrong_method(north: BranchProfile, as_nora: Client, as_sven: Client) -> None:
    assert as_sven.get(LIST).status_code == 404
    assert as_nora.post(LIST).status_code == 405


def test_htmx_gets_the_rows_alone(north: BranchProfile, as_nora: Client) -> None:
    assert b"<html" not in as_nora.get(LIST, headers={"HX-Request": "true"}).content


@pytest.mark.parametrize("query", ["", "?state=trouble", "?provider=none", "?recipient=r3@corp.example"])
@pytest.mark.parametrize("rows", [10, 1000])
def test_it_costs_the_same_whatever_its_length(
    rows: int, query: str, north: BranchProfile, as_nora: Client, django_assert_max_num_queries: Any
) -> None:
    many(north, rows)
    with django_assert_max_num_queries(9):
        response = as_nora.get(LIST + query)
    if not query:
        assert len(recipients(response)) == min(rows, 50)


def test_pages_keep_the_filter(north: BranchProfile, as_nora: Client) -> None:
    many(north, 60, state="deferred")
    response = as_nora.get(f"{LIST}?state=deferred")
    older = response.context["found"].older
    assert f"?state=deferred&amp;after={older}" in response.content.decode()
    response = as_nora.get(LIST, {"state": "deferred", "after": older})
    assert len(recipients(response)) == 10
    assert response.context["found"].newer


def test_how_far_was_looked_and_a_link_to_look_further(
    north: BranchProfile, as_nora: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "WINDOW", 20)
    many(north, 50)
    response = as_nora.get(f"{LIST}?provider=gmail")
    assert response.context["further_url"].startswith(f"{LIST}?provider=gmail&after=")
    assert b"Look further back" in response.content
    response = as_nora.get(response.context["further_url"])
    response = as_nora.get(response.context["further_url"])
    assert "further_url" not in response.context


@pytest.mark.parametrize("query", ["", "?state=refused"])
def test_an_empty_list_says_why(query: str, as_nora: Client) -> None:
    response = as_nora.get(LIST + query)
    assert response.status_code == 200
    assert b"dd-empty" in response.content


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("message_id", "m@north.example"),
        ("message_id", "Message-ID: <m@north.example>"),
        ("message_id", "message-id=<m@north.example>"),
        ("message_id", "Message-Id: m@north.example"),
        ("queue_id", "4XkT2p:"),
        ("queue_id", " 4XkT2p "),
    ],
)
def test_an_id_as_it_is_pasted(name: str, typed: str, north: BranchProfile, as_nora: Client) -> None:
    message = make.message(north, message_id="<m@north.example>", queue_id="4XkT2p")
    make.delivery(north, "a@corp.example", message=message)
    make.delivery(north, "b@corp.example")
    assert recipients(as_nora.get(LIST, {name: typed})) == ["a@corp.example"]
