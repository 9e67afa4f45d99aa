"""The cause of a ticket in one key, in Chromium: on the ticket and in the queue, and never while one types."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import State
from tests import make
from tests.tickets.queue.conftest import make_ticket
from tickets.models import EventKind, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def tickets(north: BranchProfile, nora: User) -> list[Ticket]:
    made = []
    for number in (1, 2):
        ticket = make_ticket(
            number, north, nora, recipient=f"lee{number}@corp.example", suggested_cause="mailbox_full",
            suggested_confidence="certain",
        )  # fmt: skip
        ticket.report.delivery = make.delivery(
            north, ticket.recipient, State.REFUSED, reply="550 5.2.2 full", reply_code="550", cause="mailbox_full"
        )
        ticket.report.save(update_fields=["delivery"])
        made.append(ticket)
    return made


def causes() -> list[str]:
    return list(Ticket.objects.order_by("number").values_list("cause", flat=True))


def test_a_key_decides(
    page_as: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    overflow: Callable[[Page], int],
    tickets: list[Ticket],
    ida: User,
) -> None:
    page = page_as(ida)
    page.goto("/tickets/?view=open")
    assert page.locator("[data-key-hint]").first.is_visible()
    assert axe(page) == []
    page.locator("#id_search").fill("a")
    page.locator("#id_search").press("a")
    assert causes() == ["", ""]
    page.locator("#id_search").blur()
    second = page.locator("[data-row]").nth(1)
    number = int(second.get_attribute("id").removeprefix("ticket-"))  # type: ignore[union-attr]
    page.keyboard.press("j")
    assert second.get_attribute("data-current") is not None
    with page.expect_navigation():
        page.keyboard.press("a")
    assert Ticket.objects.get(number=number).cause == "mailbox_full"
    assert Ticket.objects.get(number=3 - number).cause == ""
    page.goto(f"/tickets/{3 - number}/")
    assert axe(page) == []
    page.keyboard.press("o")
    assert page.evaluate("document.activeElement.id") == "id_cause"
    page.evaluate("document.activeElement.blur()")
    with page.expect_navigation():
        page.keyboard.press("a")
    assert causes() == ["mailbox_full", "mailbox_full"]
    assert tickets[0].events.filter(kind=EventKind.CAUSE).count() == 1
    page.goto(f"/tickets/?view=open&override={number}")
    assert axe(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert overflow(page) == 0


def test_one_goes_on_where_one_was(page_as: Callable[..., Page], tickets: list[Ticket], ida: User) -> None:
    page = page_as(ida)
    page.goto("/tickets/?view=open")
    first, second = (page.locator("[data-row]").nth(at).get_attribute("id") for at in (0, 1))
    with page.expect_navigation():
        page.keyboard.press("a")
    assert page.url.endswith(f"#{first}")
    page.wait_for_function("id => document.activeElement.closest('[data-row]')?.id === id", arg=second)
    assert page.locator("[data-current]").get_attribute("id") == second
    with page.expect_navigation():
        page.keyboard.press("o")
    page.wait_for_function("id => document.activeElement.closest('[data-row]')?.id === id", arg=second)
    assert page.locator("[data-current]").get_attribute("id") == second


def test_no_digit_changes_what_is_confirmed(page_as: Callable[..., Page], tickets: list[Ticket], ida: User) -> None:
    page = page_as(ida)
    page.goto("/tickets/1/")
    with page.expect_navigation():
        page.keyboard.press("a")
    page.keyboard.press("1")
    page.reload()
    assert causes()[0] == "mailbox_full"


def test_keys_can_be_switched_off(page_as: Callable[..., Page], tickets: list[Ticket], ida: User) -> None:
    page = page_as(ida)
    page.goto("/tickets/1/")
    page.locator("[data-keys-switch]").click()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("a")
    page.reload()
    assert causes() == ["", ""]
    assert page.locator("[data-key-hint]").first.is_hidden()


def test_a_phone_shows_no_keys(page_as: Callable[..., Page], tickets: list[Ticket], ida: User) -> None:
    page = page_as(ida, width=390)
    for address in ("/tickets/?view=open", f"/tickets/{tickets[0].number}/"):
        page.goto(address)
        assert page.locator("[data-key-hint]").count()
        assert not page.locator("[data-key-hint], .dd-keys").filter(visible=True).count()
