"""Every component in Chromium: accessible in both themes, at home on a phone, and without a word of CSP trouble."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from portal.accounts.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PageAs = Callable[..., Page]
Axe = Callable[[Page], list[str]]
Overflow = Callable[[Page], int]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("address", ["/style/", "/style/?errors"])
def test_nothing_serious_for_axe(page_as: PageAs, axe: Axe, ada: User, theme: str, address: str) -> None:
    page = page_as(ada, theme=theme)
    page.goto(address)
    assert axe(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("address", ["/style/?errors", "/account/2fa/", "/no-such-page/"])
def test_nothing_serious_on_a_phone(page_as: PageAs, axe: Axe, ada: User, theme: str, address: str) -> None:
    page = page_as(ada, width=390, theme=theme)
    page.goto(address)
    page.locator("summary", has_text="Menu").click()
    assert axe(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_signing_in_is_accessible(page_as: PageAs, axe: Axe, theme: str) -> None:
    page = page_as(theme=theme)
    page.goto("/account/login/")
    assert axe(page) == []


@pytest.mark.parametrize("width", [360, 390, 768, 1024, 1280, 1920])
def test_no_page_is_wider_than_its_window(page_as: PageAs, overflow: Overflow, ada: User, width: int) -> None:
    page = page_as(ada, width=width)
    page.goto("/style/")
    assert overflow(page) == 0


def test_a_person_signs_in_and_out(page_as: PageAs, ada: User) -> None:
    page = page_as()
    page.goto("/style/")
    page.get_by_label("Email").fill(ada.email)
    page.get_by_label("Password").fill("a long password")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Style", exact=True).wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()


def test_colours_are_remembered(page_as: PageAs, ada: User) -> None:
    page = page_as(ada)
    page.goto("/style/")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Dark", exact=True).click()
    page.goto("/style/")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.get_by_role("button", name="As the system").click()
    assert page.locator("html").get_attribute("data-theme") is None


def test_the_menu_of_a_phone_needs_no_script(page_as: PageAs, ada: User) -> None:
    page = page_as(ada, width=390, java_script_enabled=False)
    page.goto("/style/")
    button = page.get_by_role("button", name="Sign out")
    assert not button.is_visible()
    page.locator("summary", has_text="Menu").click()
    assert button.is_visible()


def test_a_row_is_a_card_on_a_phone_and_still_a_row(page_as: PageAs, ada: User) -> None:
    page = page_as(ada, width=390)
    page.goto("/style/")
    cell = page.get_by_role("row").nth(1).get_by_role("cell").nth(2)
    assert cell.get_attribute("data-label") == "State"
    assert cell.evaluate("cell => getComputedStyle(cell).display") == "block"
    assert page.locator(".dd-table-wrap").first.evaluate("wrap => wrap.scrollWidth - wrap.clientWidth") == 0


def test_typed_text_is_not_lost_without_asking(page_as: PageAs, ada: User) -> None:
    page = page_as(ada)
    page.goto("/style/")
    page.evaluate("document.getElementById('id_description').form.method = 'post'")
    page.get_by_label("Description").fill("Long words")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/account/password/change/")
    assert asked == ["beforeunload"]


def test_control_enter_sends_the_form(page_as: PageAs, ada: User) -> None:
    page = page_as(ada)
    page.goto("/style/")
    page.get_by_label("Description").fill("Long words")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/style/?*description=Long+words*")


def test_a_form_with_errors_starts_at_their_summary(page_as: PageAs, ada: User) -> None:
    page = page_as(ada)
    page.goto("/style/?errors")
    assert page.evaluate("document.activeElement.className") == "dd-error-summary"
    page.get_by_role("link", name="E-mail address").click()
    page.wait_for_function("location.hash === '#id_email'")


def put_a_part_that_refreshes_itself(page: Page) -> None:
    page.goto("/style/")
    page.evaluate(
        """() => {
          const part = document.createElement("div");
          part.id = "part";
          part.textContent = "as it was";
          part.setAttribute("hx-get", "/style/");
          part.setAttribute("hx-trigger", "poke");
          document.querySelector("#main .dd-content").prepend(part);
          htmx.process(part);
        }"""
    )


def test_a_lost_server_is_said_and_its_return_unsaid(page_as: PageAs, ada: User) -> None:
    page = page_as(ada)
    put_a_part_that_refreshes_itself(page)
    page.route("**/style/", lambda route: route.fulfill(status=502, body="gone"))
    page.evaluate("htmx.trigger('#part', 'poke')")
    page.locator(".dd-offline").wait_for()
    assert page.locator("#part").text_content() == "as it was"
    page.unroute("**/style/")
    page.route("**/style/", lambda route: route.fulfill(status=200, body="as it is"))
    page.evaluate("htmx.trigger('#part', 'poke')")
    page.locator(".dd-offline").wait_for(state="detached")
    assert page.locator("#part").text_content() == "as it is"


def test_a_sign_in_page_never_lands_in_a_part(page_as: PageAs, ada: User) -> None:
    page = page_as(ada)
    put_a_part_that_refreshes_itself(page)
    page.context.clear_cookies()
    page.evaluate("htmx.trigger('#part', 'poke')")
    page.wait_for_url("**/account/login/**")
    page.get_by_role("heading", name="Sign in").wait_for()
