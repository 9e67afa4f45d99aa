"""Keys and asking, in Chromium: what a script alone can do is shown only with one, and each form fits."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from portal.accounts.models import User
from portal.allowing import services as allowing
from portal.branches.models import BranchProfile, SendingDomain
from portal.signing import services as signing
from portal.standing import services as standing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("is_scripted", [True, False])
def test_buttons_that_need_a_script_are_there_with_one_alone(
    page_as: Callable[..., Page], north: BranchProfile, ida: User, is_scripted: bool
) -> None:
    key, _ = signing.issue(SendingDomain.objects.get(branch=north), algorithm="ed25519", selector="", by=ida)
    page = page_as(ida, java_script_enabled=is_scripted)
    page.goto(f"/signing/keys/{key.pk}/")
    shown = [button.is_visible() for button in page.locator("[data-copy-target]").all()][:2]
    assert shown == [is_scripted] * 2


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_each_form_fits_and_can_be_read(
    page_as: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    overflow: Callable[[Page], int],
    north: BranchProfile,
    nora: User,
    ada: User,
    width: int,
    theme: str,
) -> None:
    asked = allowing.ask(north, domain="corp.example", product="mimecast", contact="it@corp.example", by=nora)
    key, _ = signing.issue(SendingDomain.objects.get(branch=north), algorithm="rsa", selector="", by=ada)
    standing.suspend(north, reason="A bought list.", by=ada)
    page = page_as(nora, width=width, theme=theme)
    for path in (
        "/branches/north/standing/",
        "/branches/north/own-server/",
        "/branches/north/allow-requests/?domain=corp.example",
        f"/allow-requests/{asked.pk}/",
        f"/signing/keys/{key.pk}/",
    ):
        page.goto(path)
        assert (path, axe(page), overflow(page)) == (path, [], 0)
