"""Walking the product in Chromium: a live server, a browser, people who are signed in, and axe.

A journey takes ``page_as(user)`` and gets a page of a
browser context of its own, on which any error of a script and any breach of the content security policy fails it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from portal.accounts.models import User

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
SERIOUS = {"serious", "critical"}


@pytest.fixture
def page_as(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """``page_as(user, width=390, theme="dark", **context)``: a page, signed in as ``user`` (nobody with ``None``)."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(user: User | None = None, *, width: int = 1280, theme: str = "light", **options: Any) -> Page:
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user)
            cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: _note(message, complaints))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def _note(message: ConsoleMessage, complaints: list[str]) -> None:
    # Chromium and htmx tell of every answer of 400 and more in these words; a journey may mean to see one.
    expected = ("Failed to load resource", "Response Status Error Code")
    if message.type == "error" and not message.text.startswith(expected):
        complaints.append(message.text)


def axe(page: Page) -> list[str]:
    """What axe finds serious on the page as it stands: one line a violation and element.

    The source is evaluated, because the content security policy refuses a script tag.
    """
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run(document)).violations")
    return [
        f"{item['id']}: {node['target']} {node.get('failureSummary', '')}"
        for item in found
        if item["impact"] in SERIOUS
        for node in item["nodes"]
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window; 0 is right at every width."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


@pytest.fixture(name="axe")
def axe_fixture() -> Callable[[Page], list[str]]:
    return axe


@pytest.fixture(name="overflow")
def overflow_fixture() -> Callable[[Page], int]:
    return overflow
