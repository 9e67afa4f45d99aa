"""The ticket page: everything support needs, and for the branch the same without what is support's own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import AllowListEntry
from tests import make
from tickets.models import Event, EventKind, Ticket

URL = "/tickets/1/"


@pytest.fixture
def noted(ticket: Ticket, ida: User) -> Ticket:
    Event.objects.create(ticket=ticket, by=ida, kind=EventKind.NOTE, body="between us", is_public=False)
    Event.objects.create(ticket=ticket, by=ida, kind=EventKind.REPLY, body="<b>to you</b>\u202e")
    return ticket


def test_support_sees_all(noted: Ticket, as_ida: Client) -> None:
    content = as_ida.get(URL).content.decode()
    assert "between us" in content
    assert "&lt;b&gt;to you" in content
    assert "\u202e" not in content


def test_the_branch_sees_no_notes_and_no_decisions(noted: Ticket, as_nora: Client) -> None:
    response = as_nora.get(URL)
    content = response.content.decode()
    assert "between us" not in content
    assert "to you" in content
    assert "state_form" not in response.context


def test_another_branch_finds_nothing(noted: Ticket, as_sven: Client) -> None:
    assert as_sven.get(URL).status_code == 404


def test_a_number_that_is_not_there(as_ida: Client) -> None:
    assert as_ida.get("/tickets/77/").status_code == 404


def test_strangers_sign_in(noted: Ticket, client: Client) -> None:
    assert client.get(URL).status_code == 302


def test_other_methods_are_refused(noted: Ticket, as_ida: Client) -> None:
    assert as_ida.post(URL).status_code == 405


def test_the_delivery_is_shown(noted: Ticket, as_ida: Client) -> None:
    delivery = make.delivery(noted.branch, "lee@corp.example", "refused", reply="550 5.7.1 no", reply_code="550")
    noted.report.delivery = delivery
    noted.report.save()
    assert b"550 5.7.1 no" in as_ida.get(URL).content


def test_the_story_is_told_in_words(noted: Ticket, ida: User, as_ida: Client, as_nora: Client) -> None:
    changes = {"state": ["new", "waiting"], "waiting_on": ["", "branch_it"], "is_open": [False, True]}
    changes |= {"bookkeeping": [1, 2]}
    Event.objects.create(ticket=noted, by=ida, kind=EventKind.STATE, changes=changes)
    Event.objects.create(ticket=noted, by=ida, kind=EventKind.CAUSE, changes={"cause": ["", "mailbox_full"]})
    content = as_nora.get(URL).content.decode()
    assert "Waiting for: nobody → Your branch&#x27;s IT" in content
    assert "Cause: not confirmed → " in content
    assert "is_open" not in content
    assert "bookkeeping" not in content
    assert "Waiting for: nobody → The branch&#x27;s IT" in as_ida.get(URL).content.decode()


def test_a_long_story_is_folded(noted: Ticket, as_ida: Client) -> None:
    Event.objects.bulk_create(Event(ticket=noted, kind=EventKind.REPLY, body="again") for _ in range(20))
    context = as_ida.get(URL).context
    assert (len(context["earlier"]), len(context["events"])) == (17, 6)


@pytest.mark.parametrize("entries", [10, 300])
def test_the_number_of_queries_does_not_grow(
    entries: int, noted: Ticket, as_ida: Client, django_assert_max_num_queries: Any
) -> None:
    Event.objects.bulk_create(Event(ticket=noted, kind=EventKind.REPLY, body="again") for _ in range(entries))
    with django_assert_max_num_queries(24):
        as_ida.get(URL)


@pytest.mark.parametrize(("is_open", "turn"), [(True, "support"), (False, "nobody")])
def test_of_a_solved_ticket_it_is_nobodys_turn(noted: Ticket, as_ida: Client, is_open: bool, turn: str) -> None:
    noted.is_open, noted.cause = is_open, "send_error"
    noted.save()
    page = as_ida.get(f"/tickets/{noted.number}/").content.decode()
    led = page[page.index('id="belief"') :]
    assert led[led.index("data-actor=") :].startswith(f'data-actor="{turn}"')
    assert ("What there was to do" in led) is not is_open


@pytest.mark.parametrize("address", [URL, "/domains/corp.example/"])
def test_an_allowance_that_has_run_out_says_first_when(address: str, ticket: Ticket, as_ida: Client) -> None:
    told, until = make.NOON - timedelta(days=400), make.NOON - timedelta(days=200)
    AllowListEntry.objects.create(domain="corp.example", state="confirmed", at=told, expires=until)
    content = as_ida.get(address).content.decode()
    begin = content.index("Run out")
    assert begin < content.index(f"{until:%Y-%m-%dT}", begin) < content.index(f"{told:%Y-%m-%dT}", begin)
