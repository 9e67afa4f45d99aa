"""Several tickets at once in Chromium: marked and answered by keyboard alone, on a phone, and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from tests.tickets.queue.conftest import make_ticket
from tickets.models import Event, EventKind, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def tickets(north: BranchProfile, nora: User) -> list[Ticket]:
    return [make_ticket(number, north, nora, recipient=f"lee{number}@corp.example") for number in (1, 2, 3)]


def answered() -> list[int]:
    rows = Event.objects.filter(kind=EventKind.REPLY).order_by("ticket__number")
    return list(rows.values_list("ticket__number", flat=True))


def test_by_keyboard_alone(
    page_as: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    overflow: Callable[[Page], int],
    tickets: list[Ticket],
    ida: User,
) -> None:
    page = page_as(ida)
    page.goto("/tickets/?view=unassigned")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("[data-marked-count]").text_content() == "2 marked"
    assert axe(page) == []
    page.locator("#id_search").press("x")
    assert page.locator("[data-marked-count]").text_content() == "2 marked"
    page.evaluate("document.activeElement.blur()")
    with page.expect_navigation():
        page.keyboard.press("m")
    assert page.url.endswith("/tickets/bulk/?ticket=1&ticket=2")
    assert axe(page) == []
    page.locator("#reply_body").focus()
    page.keyboard.type("They let us in again.")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    assert answered() == []
    assert axe(page) == []
    page.locator("button[name=confirmed]").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert answered() == [1, 2]
    page.goto("/tickets/bulk/?ticket=1&ticket=2&ticket=3")
    page.locator("#merge_into").fill("1")
    with page.expect_navigation():
        page.locator("#merge_into").press("Enter")
    with page.expect_navigation():
        page.locator("button[name=confirmed]").press("Enter")
    assert Ticket.objects.filter(merged_into__number=1).count() == 2
    for address in ("/tickets/1/", "/tickets/2/"):
        page.goto(address)
        assert axe(page) == []


def test_on_a_phone(
    page_as: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    overflow: Callable[[Page], int],
    tickets: list[Ticket],
    ida: User,
) -> None:
    page = page_as(ida, width=390, theme="dark")
    page.goto("/tickets/")
    page.locator("[data-mark-all]").click()
    assert overflow(page) == 0
    assert axe(page) == []
    page.locator("#marked button[data-key=m]").click()
    page.locator("#reply_body").fill("Hello")
    assert overflow(page) == 0
    page.locator("#reply button.btn-primary").click()
    page.locator("button[name=confirmed]").wait_for()
    assert overflow(page) == 0
    assert axe(page) == []


def test_without_javascript(page_as: Callable[..., Page], tickets: list[Ticket], ida: User) -> None:
    page = page_as(ida, java_script_enabled=False)
    page.goto("/tickets/")
    for box in page.locator("input[name=ticket]").all():
        box.check()
    assert page.locator("[data-mark-all]").is_hidden()
    page.locator("#marked button").first.click()
    page.locator("#reply_body").fill("Hello")
    page.locator("#reply button.btn-primary").click()
    page.locator("button[name=confirmed]").click()
    page.locator(".dd-message").wait_for()
    assert answered() == [1, 2, 3]
