"""The ticket page: everything support needs, and for the branch the same without what is support's own."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import User
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


@pytest.mark.parametrize("entries", [10, 300])
def test_the_number_of_queries_does_not_grow(
    entries: int, noted: Ticket, as_ida: Client, django_assert_max_num_queries: Any
) -> None:
    Event.objects.bulk_create(Event(ticket=noted, kind=EventKind.REPLY, body="again") for _ in range(entries))
    with django_assert_max_num_queries(20):
        as_ida.get(URL)
