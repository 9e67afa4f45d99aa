"""The pictures of README.md, taken from a real desk with the demo world: ``make screenshots``.

Starts ``manage.py up`` in a folder of its own, signs people in by the form, and writes to docs/screenshots/. With names
as arguments only those are taken; ``--all`` takes every page at both widths and in both themes into the given folder.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from portal.demo.people import PASSWORD
from tests.chromium import ARGUMENTS, CHROMIUM
from tests.desk import running

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
#: Name, who looks, and where; a callable walks there.
SHOTS = (
    ("home", "nora@north.example", "/"),
    ("home-suspended", "sven@summit.example", "/"),
    ("home-support", "ida@desk.example", "/"),
    ("home-admin", "ada@desk.example", "/"),
    ("queue", "ida@desk.example", "/tickets/"),
    ("ticket", "ida@desk.example", "/tickets/6/"),
    ("ticket-branch", "hal@harbor.example", "/tickets/6/"),
    ("history", "nora@north.example", "/branches/north/history/"),
    ("history-provider", "nora@north.example", "/branches/north/history/?span=7-days&split=provider"),
    ("client-email-counts", "nora@north.example", "/branches/north/client-email-counts/"),
    ("deliveries", "nora@north.example", "/branches/north/deliveries/?state=trouble"),
    ("all-deliveries", "ida@desk.example", "/deliveries/?domain=oakwood.example"),
    ("comparison", "ida@desk.example", "/comparison/"),
    ("message", "nora@north.example", "/messages/2/"),
    ("delivery", "nora@north.example", "/deliveries/1/"),
    ("branch", "ada@desk.example", "/branches/harbor/"),
    ("branches", "ada@desk.example", "/branches/"),
    ("servers", "ada@desk.example", "/servers/"),
    ("allow-lists", "ida@desk.example", "/allow-lists/"),
    ("people", "ada@desk.example", "/people/"),
    ("reports", "nora@north.example", "/reports/"),
    ("report-begin", "nora@north.example", "/reports/new/"),
    ("bench", "ida@desk.example", "/diagnostics/"),
)
README = ("home", "queue", "ticket", "history")


def main(arguments: list[str]) -> None:
    takes_all = "--all" in arguments
    names = [name for name in arguments if name != "--all"]
    folder = Path(names.pop()) if takes_all and names else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="desk-") as data,
        running(Path(data)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for width in (1280, 390) if takes_all else (1280,):
            for theme in ("light", "dark") if takes_all else ("light",):
                take(browser, address, folder, width, theme, takes_all)
        browser.close()


def take(browser: Browser, base: str, folder: Path, width: int, theme: str, takes_all: bool) -> None:
    suffix = f"-{width}-{theme}" if takes_all else ""
    pages: dict[str, Page] = {}
    for name, who, path in SHOTS:
        if not takes_all and name not in README:
            continue
        if who not in pages:
            context = browser.new_context(
                base_url=base,
                viewport={"width": width, "height": 860},
                color_scheme="dark" if theme == "dark" else "light",
                reduced_motion="reduce",
            )
            pages[who] = context.new_page()
            sign_in(pages[who], who)
        page = pages[who]
        page.goto(path)
        page.screenshot(path=folder / f"{name}{suffix}.png", full_page=takes_all)


def sign_in(page: Page, who: str) -> None:
    page.goto("/account/login/")
    page.fill("input[name=login]", who)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit], main form button.btn-primary")
    page.wait_for_url("**/")


if __name__ == "__main__":
    main(sys.argv[1:])
