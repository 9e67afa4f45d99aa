"""GET /deliveries/: over all branches, for support, by any filter."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.branches.models import BranchProfile
from portal.maillog import searching
from tests import make
from tests.portal.maillog.world import many

LIST = "/deliveries/"


def recipients(response: Any) -> list[tuple[str, str]]:
    return [(row.branch.code, row.recipient) for row in response.context["found"].rows]


@pytest.fixture
def world(north: BranchProfile, south: BranchProfile) -> None:
    message = make.message(north, message_id="<m@north.example>", queue_id="4XkT2p")
    make.delivery(north, "lee@corp.example", message=message)
    make.delivery(south, "lee@corp.example", "refused", cause="no_such_user")


@pytest.mark.parametrize(
    ("query", "branches"),
    [
        ("?recipient=lee@corp.example", {"north", "south"}),
        ("?domain=corp.example", {"north", "south"}),
        ("?domain=corp.example&branch=north", {"north"}),
        ("?branch=south", {"south"}),
        ("?branch=south&state=refused", {"south"}),
        ("?cause=no_such_user", {"south"}),
        ("?message_id=m@north.example", {"north"}),
        ("?queue_id=4XkT2p", {"north"}),
        ("?state=refused", {"south"}),
        ("?since=2026-03-04", {"north", "south"}),
        ("?until=2026-03-04", set()),
        ("?provider=none&state=accepted", {"north"}),
        ("?complained=yes", set()),
    ],
)
def test_found(query: str, branches: set[str], world: None, as_ida: Client) -> None:
    response = as_ida.get(LIST + query)
    assert response.status_code == 200
    assert {code for code, _ in recipients(response)} == branches


def test_the_log_is_not_walked_through_for_what_is_rare(
    north: BranchProfile, as_ida: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "WINDOW", 10)
    many(north, 25)
    response = as_ida.get(f"{LIST}?state=refused")
    assert response.context["found"].rows == []
    assert f"{LIST}?state=refused&amp;after={response.context['found'].further}" in response.content.decode()


def test_an_address_stands_for_the_server_whose_profile_has_it(north: BranchProfile, as_ida: Client) -> None:
    assert north.sending_server is not None
    make.delivery(north, "lee@corp.example", server=north.sending_server.host)
    make.delivery(north, "kim@corp.example", server="mail.other.example")
    response = as_ida.get(f"{LIST}?server={north.sending_server.addresses[0]}&since=2026-03-01")
    assert recipients(response) == [("north", "lee@corp.example")]


@pytest.mark.parametrize(
    ("query", "field"),
    [("?branch=nowhere", "branch"), ("?recipient=lee", "recipient"), ("?server=203.0.113.99", "server")],
)
def test_wrong_input_is_told_at_its_field(query: str, field: str, world: None, as_ida: Client) -> None:
    response = as_ida.get(LIST + query)
    assert response.status_code == 400
    assert list(response.context["form"].errors) == [field]


def test_it_begins_with_an_invitation(world: None, as_ida: Client) -> None:
    response = as_ida.get(LIST)
    assert response.status_code == 200
    assert "found" not in response.context


def test_support_alone_and_only_to_read(as_nora: Client, as_ida: Client) -> None:
    assert as_nora.get(f"{LIST}?recipient=lee@corp.example").status_code == 403
    assert as_ida.post(LIST).status_code == 405


@pytest.mark.parametrize("rows", [10, 1000])
def test_it_costs_the_same_whatever_its_length(
    rows: int, north: BranchProfile, as_ida: Client, django_assert_num_queries: Any
) -> None:
    many(north, rows)
    with django_assert_num_queries(6):
        as_ida.get(f"{LIST}?domain=corp.example")
