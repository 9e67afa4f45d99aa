"""The journeys walk a real desk in Chromium: web, worker and beat as ``make run`` starts them, with the demo world."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from portal.demo.people import PASSWORD
from tests.desk import running


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the desk."""
    with running(tmp_path_factory.mktemp("desk")) as address:
        yield address


@pytest.fixture
def enter(chromium: Browser, desk: str) -> Iterator[Callable[..., Page]]:
    """``enter("nora@north.example", width=390)``: a page on which that person has signed in by the form."""
    complaints: list[str] = []
    opened: list[BrowserContext] = []

    def sign_in(who: str, *, width: int = 1280, **options: object) -> Page:
        context = chromium.new_context(
            base_url=desk, viewport={"width": width, "height": 900}, reduced_motion="reduce", **options
        )
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/account/login/")
        page.fill("input[name=login]", who)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/")
        return page

    yield sign_in
    for context in opened:
        context.close()
    assert complaints == []
