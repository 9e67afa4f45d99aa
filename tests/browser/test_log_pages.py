"""The pages of the log in Chromium: charts that are drawn from their tables, in both themes, and pages without them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import DeliveryEvent, MissingCount, SavedFilter
from tests import make
from tests.portal.maillog.world import counted

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PageAs = Callable[..., Page]
Axe = Callable[[Page], list[str]]
Overflow = Callable[[Page], int]


@pytest.fixture
def addresses(north: BranchProfile, nora: User, ida: User) -> list[str]:
    """North with some days of counts and a message, and the addresses of all pages about them."""
    now = timezone.now()
    for ago in range(5):
        day = now.date() - timedelta(days=ago)
        counted(north, "accepted", 400 + ago, day, provider="gmail")
        counted(north, "refused", 3 + ago, day, cause="no_such_user")
    MissingCount.objects.create(branch=north, day=now.date(), reports=2)
    delivery = make.delivery(
        north, "lee@corp.example", "refused", now - timedelta(hours=1), cause="no_such_user", complained_at=now
    )
    DeliveryEvent.objects.create(
        delivery=delivery, at=delivery.at, state="refused", source="postfix", fingerprint="x", raw="a line " * 40
    )
    for person in (nora, ida):
        SavedFilter.objects.create(owner=person, branch=north, name=f"No such mailbox, {person}", query="state=refused")
    listed = "/branches/north/deliveries/"
    return [
        "/branches/north/history/",
        "/branches/north/history/?span=90-days&split=provider",
        "/branches/north/history/?by=month",
        "/branches/north/client-email-counts/",
        "/comparison/",
        f"{listed}?state=refused&cause=no_such_user",
        f"{listed}?recipient=lee",
        "/deliveries/?recipient=lee@corp.example",
        f"/messages/{delivery.message_id}/",
        f"/deliveries/{delivery.pk}/",
    ]


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_every_page_is_accessible_and_fits(
    width: int, theme: str, addresses: list[str], page_as: PageAs, axe: Axe, overflow: Overflow, ida: User
) -> None:
    page = page_as(ida, width=width, theme=theme)
    for address in addresses:
        page.goto(address)
        assert axe(page) == [], address
        assert overflow(page) == 0, address


#: Tables that are wider than what they stand in.
SIDEWAYS = (
    """[...document.querySelectorAll(".dd-table-wrap")].filter((wrap) => wrap.scrollWidth > wrap.clientWidth).length"""
)


def test_no_table_scrolls_sideways_on_a_phone(addresses: list[str], page_as: PageAs, ida: User) -> None:
    page = page_as(ida, width=390)
    for address in addresses:
        page.goto(address)
        assert page.evaluate(SIDEWAYS) == 0, address
    page.goto(addresses[0])
    # Nothing is lost for it: each figure stands under the word of its column.
    heads = page.locator("#by-time thead th").all_inner_texts()
    cells = page.locator("#by-time tbody tr:first-child > *")
    assert [cells.nth(at).get_attribute("data-label") for at in range(cells.count())] == heads
    assert all(cells.nth(at).is_visible() for at in range(cells.count()))


def test_charts_are_drawn_from_their_tables(addresses: list[str], page_as: PageAs, nora: User) -> None:
    page = page_as(nora)
    page.goto(addresses[0])
    assert page.locator("figure[data-drawn] canvas").count() == 2
    drawn = page.evaluate("Chart.getChart(document.querySelector('canvas')).data.datasets[0].data.slice(-2)")
    assert drawn == [401, 400]
    colour = "Chart.getChart(document.querySelector('canvas')).getDatasetMeta(0).data.at(-1).options.backgroundColor"
    light = page.evaluate(colour)
    page.get_by_role("button", name="Dark", exact=True).click()
    assert page.evaluate(colour) != light


def test_recipients_are_counted_in_whole_numbers(page_as: PageAs, north: BranchProfile, nora: User) -> None:
    counted(north, "refused", 2, (timezone.now() - timedelta(days=1)).date(), cause="no_such_user")
    page = page_as(nora)
    page.goto("/branches/north/history/")
    page.locator("figure[data-chart=bars][data-drawn]").wait_for()
    ticks = page.evaluate(
        "Chart.getChart(document.querySelector('[data-chart=bars] canvas')).scales.x.ticks.map((tick) => tick.value)"
    )
    assert ticks == [0, 1, 2]


def test_the_tables_say_it_without_javascript(addresses: list[str], page_as: PageAs, nora: User) -> None:
    page = page_as(nora, java_script_enabled=False)
    page.goto(addresses[0])
    assert page.locator("figure").first.is_hidden()
    assert page.get_by_role("row").filter(has_text="400").first.is_visible()


def test_from_a_figure_to_its_rows_and_back(addresses: list[str], page_as: PageAs, nora: User) -> None:
    page = page_as(nora)
    page.goto(addresses[0])
    page.locator("#by-cause a").first.click()
    page.get_by_role("link", name="lee@corp.example").click()
    page.get_by_role("link", name="All its recipients").click()
    page.get_by_role("link", name="lee@corp.example").first.click()
    page.get_by_role("link", name="Report a problem").last.click()
    page.wait_for_url("**/reports/new/?delivery=*")


def test_a_filter_is_saved_and_deleted(addresses: list[str], page_as: PageAs, nora: User) -> None:
    page = page_as(nora)
    page.goto("/branches/north/deliveries/?state=refused")
    page.get_by_label("Save this filter as").fill("Refusals")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Refusals", exact=True).click()
    page.get_by_role("button", name="Delete the filter Refusals").click()
    page.get_by_text("is deleted").wait_for()
    assert page.get_by_role("link", name="Refusals", exact=True).count() == 0
