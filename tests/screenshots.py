"""The pictures of README.md, taken from a real desk with the demo world: ``make screenshots``.

Starts ``manage.py up`` in a folder of its own, signs people in by the form, and writes to docs/screenshots/. ``--all
FOLDER`` takes every page at both widths and in both themes into the given folder; names behind it only those.
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
#: Name, who looks, and where.
SHOTS = (
    ("home", "nora@north.example", "/"),
    ("home-suspended", "sven@summit.example", "/"),
    ("home-support", "ida@desk.example", "/"),
    ("home-admin", "ada@desk.example", "/"),
    ("queue", "ida@desk.example", "/tickets/"),
    ("ticket", "ida@desk.example", "/tickets/6/"),
    ("ticket-branch", "hal@harbor.example", "/tickets/6/"),
    ("ticket-merged", "nora@north.example", "/tickets/8/"),
    ("ticket-others-went-into", "ida@desk.example", "/tickets/3/"),
    ("incident", "ida@desk.example", "/tickets/?incident=1"),
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
    ("tests", "nora@north.example", "/branches/north/tests/"),
    ("test-add", "nora@north.example", "/branches/north/tests/add/"),
    ("dkim-keys", "nora@north.example", "/branches/north/keys/"),
    ("dkim-asked", "ida@desk.example", "/signing/asked/"),
    ("planning", "nora@north.example", "/branches/north/mailings/"),
    ("standings", "ida@desk.example", "/standing/"),
    ("standing", "sven@summit.example", "/branches/summit/standing/"),
    ("standing-warn", "ida@desk.example", "/branches/north/standing/warn/"),
    ("dossiers", "ida@desk.example", "/domains/"),
    ("dossier", "nora@north.example", "/domains/oakwood.example/"),
    ("accuracy", "ida@desk.example", "/accuracy/"),
    ("returned-mails", "ida@desk.example", "/returned/"),
    ("returned-mail", "ida@desk.example", "/returned/1/"),
    ("returned-unmatched", "ida@desk.example", "/returned/2/"),
    ("returned-match", "ida@desk.example", "/returned/2/recipients/0/match/"),
    ("returned-complaint", "ida@desk.example", "/returned/3/"),
    ("suppressions", "ida@desk.example", "/suppression/"),
    ("suppressions-branch", "nora@north.example", "/branches/north/suppression/"),
    ("suppression", "nora@north.example", "/suppression/1/"),
    ("suppression-add", "nora@north.example", "/branches/north/suppression/add/"),
    ("unclassified", "ida@desk.example", "/unclassified-replies/"),
    ("reply-rules", "ida@desk.example", "/reply-rules/"),
    ("rates", "ida@desk.example", "/rates/"),
    ("rates-provider", "ida@desk.example", "/rates/to/yahoo/"),
    ("limits", "ida@desk.example", "/rates/limits/"),
    ("alerts", "ida@desk.example", "/notices/"),
    ("feedback", "nora@north.example", "/branches/north/feedback/"),
    ("logs", "nora@north.example", "/logs/"),
    ("retention", "ada@desk.example", "/retention/"),
    ("erasures", "ada@desk.example", "/retention/erasures/"),
    ("erasure-add", "ada@desk.example", "/retention/erasures/add/"),
)
README = ("home", "queue", "ticket", "history")


def main(arguments: list[str]) -> None:
    takes_all = arguments[:1] == ["--all"]
    folder, wanted = FOLDER, set(README)
    if takes_all:
        if len(arguments) < 2:
            raise SystemExit("Say into which folder: --all FOLDER [NAME...]")
        folder, wanted = Path(arguments[1]), set(arguments[2:]) or {name for name, _, _ in SHOTS}
    shots = [shot for shot in SHOTS if shot[0] in wanted]
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="desk-") as data,
        running(Path(data)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for width in (1280, 390) if takes_all else (1280,):
            for theme in ("light", "dark") if takes_all else ("light",):
                suffix = f"-{width}-{theme}" if takes_all else ""
                take(browser, address, folder, width, theme, suffix, shots)
        browser.close()


def take(
    browser: Browser, base: str, folder: Path, width: int, theme: str, suffix: str, shots: list[tuple[str, str, str]]
) -> None:
    """Take ``shots`` at one width and in one theme; with a ``suffix`` each as a whole page."""
    pages: dict[str, Page] = {}
    for name, who, path in shots:
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
        answer = page.goto(path)
        if answer is None or not answer.ok:
            sys.stderr.write(f"{name}: {path} answered {answer.status if answer else 'nothing'}\n")
        page.screenshot(path=folder / f"{name}{suffix}.png", full_page=bool(suffix))


def sign_in(page: Page, who: str) -> None:
    page.goto("/account/login/")
    page.fill("input[name=login]", who)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit], main form button.btn-primary")
    page.wait_for_url("**/")


if __name__ == "__main__":
    main(sys.argv[1:])
