"""The main job, walked: a report goes from a browser at a branch to the support queue with its evidence, and back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import axe, overflow

pytestmark = pytest.mark.browser

Enter = Callable[..., Page]


def sound(page: Page) -> None:
    """Nothing serious for axe, and nothing wider than the window."""
    assert axe(page) == []
    assert overflow(page) == 0


def begin(page: Page, recipient: str) -> None:
    page.get_by_role("link", name="Report a problem").first.click()
    page.get_by_label("Recipient").first.fill(recipient)
    page.get_by_role("button", name="Go on").click()


def test_a_refused_message_becomes_a_ticket_that_is_answered(enter: Enter) -> None:
    nora = enter("nora@north.example")
    sound(nora)
    begin(nora, "a.meyer@stateagency.example")
    # Somebody reported this address before; this is about another e-mail.
    expect(nora.get_by_role("alert")).to_contain_text("is open about this address")
    sound(nora)
    nora.get_by_role("button", name="It is something else").click()
    # The checks fill the panel while she reads.
    expect(nora.locator("#findings")).to_contain_text("Proofpoint", timeout=30_000)
    expect(nora.locator("main")).to_contain_text("A rule at the recipient's organisation refused it")
    sound(nora)
    nora.locator("input[name=choice][value^=delivery-]").first.check()
    nora.get_by_role("button", name="Go on").click()
    nora.get_by_label("Yes, it is correct").check()
    sound(nora)
    nora.get_by_role("button", name="Go on").click()
    # Refused by their server: there is no folder to look in, so that step is not asked.
    nora.get_by_label("Any other information").fill("The confirmation for Monday bounced.")
    sound(nora)
    nora.get_by_role("button", name="Go on").click()
    expect(nora.locator("main")).to_contain_text("A rule at the recipient's organisation refuses it")
    sound(nora)
    nora.get_by_role("button", name=re.compile("Submit|Open the ticket")).click()
    nora.wait_for_url(re.compile(r"/tickets/\d+/$"))
    number = nora.url.rstrip("/").rpartition("/")[2]
    sound(nora)

    ida = enter("ida@desk.example")
    ida.get_by_role("link", name="Queue", exact=True).click()
    row = ida.locator("tr", has=ida.get_by_role("link", name=f"#{number}"))
    expect(row).to_contain_text("A rule at the recipient's organisation refuses it")
    sound(ida)
    ida.get_by_role("link", name=f"#{number}").click()
    expect(ida.locator("main")).to_contain_text("third-party senders")
    sound(ida)
    ida.get_by_role("button", name="Take it").click()
    ida.locator("form[action$='/reply/'] textarea").fill("We have written to their IT.")
    ida.get_by_role("button", name="Send the reply").click()
    ida.get_by_label("State").select_option("waiting")
    ida.get_by_label("Waiting for").select_option("recipient_it")
    ida.get_by_role("button", name="Change the state").click()
    expect(ida.locator(".dd-lead")).to_contain_text("The recipient's IT")
    ida.get_by_role("button", name="Run the checks again").click()
    expect(ida.locator("#findings")).to_contain_text("Proofpoint", timeout=30_000)

    nora.reload()
    expect(nora.locator("main")).to_contain_text("We have written to their IT.")


def test_a_typing_mistake_needs_no_ticket_and_no_javascript(enter: Enter) -> None:
    nora = enter("nora@north.example", java_script_enabled=False)
    begin(nora, "lena.grant@riversde.example")
    nora.locator("input[name=choice][value^=delivery-]").first.check()
    nora.get_by_role("button", name="Go on").click()
    offered = nora.get_by_role("button", name=re.compile("lena.grant@riverside.example"))
    for _ in range(20):
        if offered.count():
            break
        # Without JavaScript a person refreshes the page to see what was found meanwhile.
        nora.wait_for_timeout(300)
        nora.reload()
    offered.first.click()
    expect(nora.locator("main")).to_contain_text("lena.grant@riverside.example")
    expect(nora.get_by_role("heading", level=1)).to_be_visible()


def test_a_report_is_taken_up_in_another_browser_on_a_phone(enter: Enter) -> None:
    begin(enter("hal@harbor.example"), "zoe.novak@hospital.example")
    phone = enter("hal@harbor.example", width=390)
    sound(phone)
    phone.get_by_role("link", name="Go on").first.click()
    expect(phone.locator("main")).to_contain_text("zoe.novak@hospital.example")
    sound(phone)


def test_suspended_sending_is_said_at_once(enter: Enter) -> None:
    sven = enter("sven@summit.example")
    expect(sven.locator("main")).to_contain_text("is suspended")
    begin(sven, "kim.evans@letterbox.example")
    expect(sven.locator("main")).to_contain_text("no way to opt out")
    sven.get_by_role("button", name="That answers it").click()
    expect(sven.locator("main")).to_contain_text("suspended")


def test_an_admin_keeps_a_branch_and_sees_its_history(enter: Enter) -> None:
    ada = enter("ada@desk.example")
    sound(ada)
    ada.get_by_role("link", name="Branches").click()
    ada.get_by_role("link", name="Harbor Adult Education").click()
    sound(ada)
    ada.get_by_role("link", name="Edit").click()
    ada.get_by_label("Time zone").fill("America/Chicago")
    sound(ada)
    ada.get_by_role("button", name="Save").click()
    expect(ada.locator("main")).to_contain_text("America/Chicago")
    ada.get_by_role("link", name="Delivery history").first.click()
    expect(ada.get_by_role("table").first).to_be_visible()
    sound(ada)
    ada.goto("/people/")
    sound(ada)
    ada.goto("/servers/")
    sound(ada)
