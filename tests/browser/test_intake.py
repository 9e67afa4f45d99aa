"""Bringing a log in, in Chromium: every state of the page, walked once from the file to what came of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.intake import runner
from portal.intake.models import Upload, UploadState
from tests.portal.intake.conftest import TABLE, read, upload_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PageAs = Callable[..., Page]
Axe = Callable[[Page], list[str]]
Overflow = Callable[[Page], int]
#: Columns, times and words that nobody can tell from their names alone, some of them long.
FOREIGN = (
    "Empfängeradresse der Benachrichtigung;Wann;Zustand;Vorgangsnummer;Bemerkung\n"
    "a-very-long-local-part-without-any-place-to-break@a-long-domain-name.corp.example;3/4/2026 14:02;Zugestellt;7;x\n"
    "bo@corp.example;3/5/2026 14:02;Unzustellbar;8;y\n"
)


@pytest.fixture
def addresses(north: BranchProfile, nora: User) -> dict[str, str]:
    """An upload in each state, by what it shows."""
    made = {
        "new": upload_of(TABLE, by=nora, branch=north, name="application.csv"),
        "foreign": upload_of(FOREIGN, by=nora, branch=north, name="an export with quite a long name " * 4 + ".csv"),
        "hopeless": upload_of("nothing\n" * 5, by=nora, branch=north, source="postfix", name="mail.log"),
        "done": read(upload_of(TABLE, by=nora, branch=north, name="done.csv")),
        "reading": upload_of(TABLE, by=nora, branch=north, name="reading.csv"),
        "waiting": upload_of(TABLE, by=nora, branch=north, name="waiting.csv"),
        "failed": upload_of(TABLE, by=nora, branch=north, name="failed.csv"),
        "stopped": read(upload_of(TABLE, by=nora, branch=north, name="stopped.csv")),
    }
    now = timezone.now()
    states = {
        "reading": {"state": UploadState.READING, "lines": 123_456, "octets": 150, "queued_at": now},
        "waiting": {"state": UploadState.QUEUED, "queued_at": now},
        "failed": {"state": UploadState.FAILED, "why": "The stored file cannot be read.", "finished_at": now},
        "stopped": {"state": UploadState.STOPPED},
    }
    for name, values in states.items():
        Upload.objects.filter(pk=made[name].pk).update(**values)
    return {"list": "/logs/", "add": "/logs/new/", **{name: f"/logs/{item.code}/" for name, item in made.items()}}


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_every_state_is_accessible_and_fits(
    width: int, theme: str, addresses: dict[str, str], page_as: PageAs, axe: Axe, overflow: Overflow, nora: User
) -> None:
    page = page_as(nora, width=width, theme=theme)
    for name, address in addresses.items():
        page.goto(address)
        assert (name, axe(page), overflow(page)) == (name, [], 0)


def test_from_the_file_to_what_came_of_it(page_as: PageAs, nora: User, tmp_path: Path) -> None:
    file = tmp_path / "application.csv"
    file.write_text(TABLE)
    page = page_as(nora)
    page.goto("/logs/")
    page.get_by_role("link", name="Bring in a log").first.click()
    page.get_by_label("The log").set_input_files(file)
    page.get_by_role("button", name="Upload and look at it").click()
    expect(page.locator("main")).to_contain_text("3 usable, 1 rejected")
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("#upload")).to_contain_text("A worker will take it")
    runner.perform(Upload.objects.get().pk)
    # The part that refreshes itself finds that it is over, and the whole page with it.
    expect(page.get_by_role("heading", name="Rejected lines")).to_be_visible()
    expect(page.locator(".dd-lead")).to_contain_text("Read")
    expect(page.locator(".dd-stats")).to_contain_text(re.compile(r"4\s*Lines read\s*3\s*New in the log"))


def test_columns_are_named_without_javascript(page_as: PageAs, nora: User, addresses: dict[str, str]) -> None:
    page = page_as(nora, java_script_enabled=False)
    page.goto(addresses["foreign"])
    for at, known in enumerate(("recipient", "at", "kind", "key")):
        page.locator(f"select[name=column_{at}]").select_option(known)
    page.locator("select[name=form]").select_option("dmy")
    page.get_by_role("button", name="Look at it so").click()
    page.get_by_label("“Zugestellt” means").select_option("accepted")
    page.get_by_role("button", name="Look at it so").click()
    expect(page.locator("main")).to_contain_text("1 usable, 1 rejected")
