"""The tries behind a figure of the rate view, at a bounded cost. Who may open them: tests/house/test_access.py."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery, DeliveryEvent
from portal.rates import tries
from tests import make
from tests.portal.rates.counted import HOUR, NOW, SERVER, attempts, hour

PAGE = "/rates/to/gmail/tries/"
THIS_HOUR = "?from=2026-03-04T14&to=2026-03-04T14"


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def tried(branch: BranchProfile, recipient: str, *states: str, handed: int = 0, **fields: Any) -> Delivery:
    """A delivery handed over so many hours ago and tried once in each hour since with these ends, the latest last."""
    server = fields.pop("server", SERVER)
    delivery = make.delivery(branch, recipient, states[-1], hour(handed), server=server)
    for ago, state in enumerate(reversed(states)):
        values = {"at": hour(ago) + timedelta(minutes=5), "state": state, "source": "postfix"}
        DeliveryEvent.objects.create(delivery=delivery, fingerprint=f"{recipient}{ago}", **values | fields)
    return delivery


def asked(**narrowed: Any) -> tries.Asked:
    return tries.Asked(**{"provider": "gmail", "begins": hour(), "ends": hour() + HOUR} | narrowed)


def found(viewer: User, **narrowed: Any) -> list[tuple[str, str]]:
    return [(row.delivery.recipient, row.event.state) for row in tries.tries_of(viewer, asked(**narrowed)).rows]


def test_by_hour_end_server_and_provider(north: BranchProfile, ida: User) -> None:
    tried(north, "a@gmail.com", "deferred", "accepted", handed=2)
    tried(north, "b@gmail.com", "deferred", server="")
    tried(north, "c@corp.example", "accepted")
    tried(north, "d@corp.example", "refused", remote_host="aspmx.l.google.com")
    assert found(ida) == [("b@gmail.com", "deferred"), ("a@gmail.com", "accepted")]
    assert found(ida, provider="google_workspace") == [("d@corp.example", "refused")]
    assert found(ida, state="deferred") == [("b@gmail.com", "deferred")]
    assert found(ida, server="") == [("b@gmail.com", "deferred")]
    assert found(ida, begins=hour(1), ends=hour()) == [("a@gmail.com", "deferred")]
    assert found(ida, provider="", state="accepted") == [("c@corp.example", "accepted")]


def test_what_a_returned_mail_tells_afterwards_is_no_try(north: BranchProfile, ida: User) -> None:
    tried(north, "a@gmail.com", "refused", source="dsn")
    assert found(ida) == []


def test_pages_hold_each_try_once_and_are_bounded(
    north: BranchProfile, ida: User, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(tries, "WINDOW", 4)
    monkeypatch.setattr(tries, "SIZE", 3)
    for number in range(10):
        tried(north, f"r{number}@gmail.com", "accepted", handed=number % 3)
    seen: list[str] = []
    after = ""
    for _ in range(20):
        with django_assert_num_queries(2):
            page = tries.tries_of(ida, asked(), after)
        assert len(page.rows) <= 4
        seen += [row.delivery.recipient for row in page.rows]
        after = page.further
        if not after:
            break
    assert sorted(seen) == sorted(f"r{number}@gmail.com" for number in range(10))


def test_a_figure_leads_to_its_tries(north: BranchProfile, as_ida: Client) -> None:
    attempts(0, accepted=1, deferred=1)
    tried(north, "a@gmail.com", "accepted")
    tried(north, "b@gmail.com", "deferred")
    there = f"{PAGE}{THIS_HOUR}"
    for address in ("/rates/", "/rates/to/gmail/"):
        assert there.replace("&", "&amp;") in as_ida.get(address).content.decode()
    response = as_ida.get(there)
    assert len(response.context["tries"].rows) == response.context["counted"] == 2
    assert len(as_ida.get(f"{there}&state=deferred&server={SERVER}").context["tries"].rows) == 1


@pytest.mark.parametrize("query", ["", "?from=x&to=2026-03-04T14", "?from=2026-03-04T14&to=2026-03-04T13"])
def test_hours_that_cannot_be_read_lead_to_the_provider(as_ida: Client, query: str) -> None:
    assert as_ida.get(f"{PAGE}{query}").headers["Location"] == "/rates/to/gmail/"


def test_nothing_is_left_of_them(as_ida: Client) -> None:
    attempts(0, accepted=7)
    assert as_ida.get(f"{PAGE}{THIS_HOUR}&after=nonsense").context["counted"] == 7
    assert as_ida.get("/rates/to/nobody/tries/").status_code == 404
