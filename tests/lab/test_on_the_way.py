"""What is known while a real Postfix still tries, and what its log alone tells when it has given up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from portal.maillog.models import Delivery
from tests.lab.conftest import Told, a_desk, ingested, said
from tests.lab.scenarios import SCENARIOS, Scenario

pytestmark = [pytest.mark.lab, pytest.mark.django_db]
WAITING = [item for item in SCENARIOS if item.is_tried_again]


@pytest.fixture(scope="module", autouse=True)
def _desk(told: Told, django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with a_desk(django_db_blocker):
        ingested(told.log_before, told.reports_before)
        yield


def test_who_has_not_got_it_is_still_written_to() -> None:
    """A report that mail is delayed is no bounce that ends anything."""
    waiting = {item.recipient: ("deferred", item.cause) for item in WAITING}
    rows = Delivery.objects.filter(recipient_normal__in=waiting)
    assert {row.recipient: (row.state, row.cause) for row in rows} == waiting


@pytest.mark.parametrize("scenario", WAITING, ids=lambda item: item.slug)
def test_the_answer(scenario: Scenario) -> None:
    """Why it waits is told first where their server said so; that it goes on being tried is told besides."""
    found = [item["cause"] for item in said("explain", branch="north", recipient=scenario.recipient)["causes"]]
    is_vague = scenario.cause == "network_or_timeout"
    assert found == (["still_trying"] if is_vague else [scenario.cause, "still_trying"])


def test_the_log_alone(told: Told) -> None:
    """Postfix writes only "expired, returned to sender": why is what the last attempts were told."""
    ingested(told.log)
    ended = {item.recipient: ("expired", item.cause) for item in WAITING}
    rows = Delivery.objects.filter(recipient_normal__in=ended)
    assert {row.recipient: (row.state, row.cause) for row in rows} == ended
