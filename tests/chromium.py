"""One Chromium for whoever walks in it.

Where it is missing, walks are skipped with the reason; with ``CI=true`` they fail. Set ``CHROMIUM`` to use another one
than ``/usr/bin/chromium``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def launched() -> Iterator[Browser]:
    """The browser, until the block ends. A process can hold one only: Playwright keeps an event loop in it."""
    if not Path(CHROMIUM).exists():
        reason = f"Chromium is not at {CHROMIUM}; install it or set CHROMIUM to its path."
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
