"""Several recipients: pasted one a line, answered together, at both widths and in both themes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import State
from tests import make
from tests.browser.conftest import overflow
from tickets.models import Report, ReportState

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PageAs = Callable[..., Page]
Axe = Callable[[Page], list[str]]


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_a_class_that_got_nothing(
    page_as: PageAs, axe: Axe, nora: User, north: BranchProfile, width: int, theme: str
) -> None:
    make.delivery(north, "ann@corp.example", State.REFUSED, reply="552 full", reply_code="552", cause="mailbox_full")
    page = page_as(nora, width=width, theme=theme)
    page.goto("/reports/new/")
    page.locator("[name=recipient]").fill("ann@corp.example\nBo Day <bo@corp.example>\ncy@home.example")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/reports/together/**")
    assert axe(page) == []
    assert overflow(page) == 0
    page.get_by_role("button", name="End the ticked ones").click()
    expect(page.get_by_role("heading", name="1 ended")).to_be_visible()
    assert Report.objects.filter(state=ReportState.SOLVED).count() == 1
