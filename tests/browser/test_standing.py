"""How a branch stands, in Chromium: the pages of support, of the branch's own people, and the navigation."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.standing import rounds, services
from tests.portal.standing.counted import bad_list

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [(1280, "light"), (390, "dark")]


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_the_pages(
    page_as: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    overflow: Callable[[Page], int],
    north: BranchProfile,
    nora: User,
    ada: User,
    width: int,
    theme: str,
) -> None:
    bad_list(north)
    rounds.review()

    def look(page: Page, name: str) -> None:
        if folder := os.environ.get("SCREENS"):
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
        assert axe(page) == []
        assert overflow(page) == 0

    admin = page_as(ada, width=width, theme=theme)
    for name, address in (
        ("standings", "/standing/"),
        ("watched", "/branches/north/standing/"),
        ("branch", "/branches/north/"),
    ):
        admin.goto(address)
        look(admin, name)
    admin.goto("/branches/north/standing/suspend/")
    look(admin, "decide")
    if width < 768:
        admin.locator(".dd-menu summary").click()
        look(admin, "menu")
        admin.locator(".dd-menu summary").click()
    services.warn(north, reason="Clean the list.", by=ada)
    services.suspend(north, reason="The bought list was sent again.", by=ada)
    admin.goto("/branches/north/standing/resume/")
    look(admin, "resume")
    staff = page_as(nora, width=width, theme=theme)
    for name, address in (("suspended", "/branches/north/standing/"), ("wizard", "/reports/new/")):
        staff.goto(address)
        look(staff, name)
