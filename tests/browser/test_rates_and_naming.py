"""Rates and the naming of replies in Chromium: accessible in both themes, at home on a phone, and walked once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog import rules
from portal.maillog.models import AttemptCount, ReplyRule
from portal.maillog.replies import forget_rules
from portal.rates.selectors import this_hour
from tests import make
from tests.portal.maillog.named import LINES, PART, take

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SERVER = "smtp.xenegrade.net"
ADDRESSES = (
    *("/rates/", "/rates/to/yahoo/", "/rates/limits/", "/rates/limits/add/", "/unclassified-replies/"),
    *("/reply-rules/", "/reply-rules/shipped/", "/reply-rules/shipped/google.unauthenticated/"),
)


@pytest.fixture(autouse=True)
def _rules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No bell is rung, and what this process remembers of rules goes with the test."""
    monkeypatch.setattr(rules, "ring", lambda task, *args: None)
    forget_rules()
    yield
    forget_rules()


@pytest.fixture
def world(north: BranchProfile) -> BranchProfile:
    """Yahoo puts off half of this hour's mail, and some replies nobody has classified."""
    for ago, state, recipients in ((1, "accepted", 120), (0, "accepted", 50), (0, "deferred", 50)):
        AttemptCount.objects.create(
            hour=this_hour() - timedelta(hours=ago), server=SERVER, provider="yahoo", state=state, recipients=recipients
        )
    make.delivery(
        north, "a@yahoo.com", "deferred", timezone.now(), cause="rate_limited", provider="yahoo", server=SERVER,
        reply="421 4.7.0 [TSS04] Messages temporarily deferred due to unexpected volume or user complaints",
    )  # fmt: skip
    take(*LINES)
    return north


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pages(
    page_as: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    overflow: Callable[[Page], int],
    ada: User,
    world: BranchProfile,
    width: int,
    theme: str,
) -> None:
    page = page_as(ada, width=width, theme=theme)
    for address in ADDRESSES:
        page.goto(address)
        assert (address, axe(page), overflow(page)) == (address, [], 0)


def test_a_reply_is_named(page_as: Callable[..., Page], ida: User, world: BranchProfile) -> None:
    page = page_as(ida)
    page.goto("/unclassified-replies/")
    page.get_by_role("row", name=PART).first.get_by_role("link", name="Name it").click()
    assert page.get_by_label("What the reply says").input_value() == PART
    page.get_by_label("What it means").select_option("recipient_policy")
    page.get_by_role("button", name="Try it").click()
    page.get_by_text("nobody had classified would become").wait_for()
    page.get_by_role("button", name="Save the rule").click()
    page.get_by_text("being read again").wait_for()
    rule = ReplyRule.objects.get()
    assert (rule.text, rule.cause, rule.by) == (PART, "recipient_policy", ida)


def test_without_scripts_the_table_tells_all(page_as: Callable[..., Page], ida: User, world: BranchProfile) -> None:
    page = page_as(ida, java_script_enabled=False)
    page.goto("/rates/to/yahoo/")
    assert page.get_by_role("region", name="By the hour").get_by_role("row").count() == 25
