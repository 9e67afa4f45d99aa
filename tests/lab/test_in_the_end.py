"""A real Postfix sends; its log and its reports go in; what is known and believed of each recipient comes out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery, DeliveryEvent
from portal.returned.models import Kind, ReturnedMail, ReturnedRecipient
from tests import make
from tests.lab.conftest import Told, a_desk, ingested, said
from tests.lab.scenarios import SCENARIOS, Scenario
from tests.tickets.wizard.conftest import make_report
from tickets.selectors.belief import SUPPORT, belief

pytestmark = [pytest.mark.lab, pytest.mark.django_db]
each = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda item: item.slug)


@pytest.fixture(scope="module", autouse=True)
def desk(told: Told, django_db_setup: None, django_db_blocker: Any) -> Iterator[BranchProfile]:
    with a_desk(django_db_blocker) as branch:
        ingested(told.log, told.reports)
        yield branch


@pytest.fixture(scope="module")
def reporter(desk: BranchProfile) -> User:
    return make.person("nora@north.example", "Nora Lind", "staff", desk)


def delivery_of(scenario: Scenario) -> Delivery:
    return Delivery.objects.get(recipient_normal=scenario.recipient)


def test_nothing_but_what_was_sent_is_in_the_log() -> None:
    sent = sorted(item.recipient for item in SCENARIOS)
    assert sorted(Delivery.objects.values_list("recipient_normal", flat=True)) == sent


@each
def test_the_delivery(scenario: Scenario) -> None:
    found = delivery_of(scenario)
    assert (found.state, found.cause, found.status) == (scenario.state, scenario.cause, scenario.status), found.reply
    assert found.remote_host == f"mx.{scenario.domain}"
    tried_again = scenario.is_tried_again or bool(scenario.receiver.first)
    assert found.attempts > 1 if tried_again else found.attempts == 1


@each
def test_what_came_back_and_how_it_was_matched(scenario: Scenario) -> None:
    rows = ReturnedRecipient.objects.filter(address_normal=scenario.recipient, action="failed")
    found = [(row.mail.kind, row.cause, row.status, row.how, row.is_sure, row.delivery) for row in rows]
    number = delivery_of(scenario).pk
    # A report alone does not know that sender and recipient are of one domain; the log of the delivery does.
    cause = "recipient_policy" if scenario.cause == "self_to_self_blocked" else scenario.cause
    one = (Kind.BOUNCE, cause, scenario.status, scenario.how, True, number)
    assert found == ([one] if scenario.comes_back else [])


def test_everything_that_came_back_is_matched() -> None:
    assert not ReturnedMail.objects.filter(unmatched__gt=0).exists()
    assert not ReturnedMail.objects.exclude(kind=Kind.BOUNCE).exists()


@each
def test_the_answer(scenario: Scenario) -> None:
    first = said("explain", branch="north", recipient=scenario.recipient)["causes"][0]
    assert (first["cause"], first["actor"]) == scenario.believed, first


@each
def test_the_wizard_believes_the_same(scenario: Scenario, desk: BranchProfile, reporter: User) -> None:
    delivery = delivery_of(scenario)
    report = make_report(desk, reporter, recipient=scenario.recipient, delivery=delivery)
    first = belief(SUPPORT, report)[0]
    assert (first.cause, first.actor.value) == scenario.believed


def test_reading_it_again_changes_nothing(told: Told) -> None:
    def everything() -> list[list[Any]]:
        rows = (Delivery, DeliveryEvent, ReturnedMail, ReturnedRecipient)
        return [list(model.objects.order_by("pk").values()) for model in rows]

    before = everything()
    assert [(batch["new"], batch["rejected"]) for batch in ingested(told.log, told.reports)] == [(0, []), (0, [])]
    assert everything() == before
