"""The forms that are answered without signing in, in Chromium: what a browser sends with them is taken.

The test client sends no Origin and no Referer, so that only a browser shows whether a form behind a secret link works.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from portal.accounts.models import User
from portal.allowing import services
from portal.branches.models import AllowListEntry, BranchProfile
from portal.suppression.models import Suppression
from portal.suppression.unsubscribe import token_for

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [(1280, "light"), (390, "dark")]


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_the_recipients_it_answers(
    page_as: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    overflow: Callable[[Page], int],
    north: BranchProfile,
    nora: User,
    width: int,
    theme: str,
) -> None:
    asked = services.ask(north, domain="corp.example", product="mimecast", contact="it@corp.example", by=nora)
    page = page_as(width=width, theme=theme)
    page.goto(f"/allow/{asked.token}/")
    assert axe(page) == []
    assert overflow(page) == 0
    page.get_by_label("Yes, it is allowed").check()
    page.get_by_label("Your name or department").fill("IT of Corp")
    page.get_by_role("button", name="Send the answer").click()
    page.get_by_text("Thank you.").wait_for()
    entry = AllowListEntry.objects.get()
    assert (entry.state, entry.by, entry.addresses) == ("confirmed", "IT of Corp", ["192.0.2.10"])


def test_a_recipient_unsubscribes(page_as: Callable[..., Page], north: BranchProfile) -> None:
    page = page_as()
    page.goto(f"/unsubscribe/{token_for(north, 'pol@corp.example')}/")
    page.get_by_role("button", name="Unsubscribe").click()
    page.get_by_role("heading", name="You are signed off").wait_for()
    assert Suppression.objects.get().address == "pol@corp.example"
