"""A text that is longer than what is kept: said at the field before anything is sent, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from portal.accounts.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PageAs = Callable[..., Page]
Axe = Callable[[Page], list[str]]
LONG = "x" * 400


def test_it_is_said_and_kept_and_not_sent(page_as: PageAs, axe: Axe, nora: User) -> None:
    page = page_as(nora)
    page.goto("/reports/new/")
    page.locator("[name=recipient]").fill("lee@corp.example")
    field = page.locator("[name=function]")
    field.fill(LONG)
    expect(page.get_by_role("alert")).to_contain_text("400 characters; at most 120 are kept")
    assert axe(page) == []
    page.get_by_role("button", name="Go on").click()
    expect(field).to_be_focused()
    expect(field).to_have_value(LONG)
    assert page.url.endswith("/reports/new/")
    field.fill("Confirmation")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/sent/")
