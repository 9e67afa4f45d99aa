"""Several recipients in one form: a report each, looked at together, and ended together where the log answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.models import State
from portal.suppression.services import suppress
from tests import make
from tests.tickets.queue.conftest import make_ticket
from tickets.models import Exit, Report, ReportState
from tickets.wizard.several import MOST

URL = "/reports/new/"
KEY = "7d0e2c62-6a0f-4a6e-9a8e-0c1b8a4f0b01"
ANN, BO, CY = "ann@corp.example", "bo@corp.example", "cy@home.example"
FULL: dict[str, Any] = {"reply": "552 5.2.2 full", "reply_code": "552", "cause": "mailbox_full"}


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(make.NOON, tick=False):
        yield


def typed(recipient: str = f"Ann Lee <{ANN}>, {BO}; {CY}", **changes: str) -> dict[str, str]:
    values = {"submission": KEY, "branch": "north", "recipient": recipient, "day": "2026-03-04", "at": "11:00"}
    return values | {"span_days": "1", "module": "webreg"} | changes


def there(code: object = KEY) -> str:
    return reverse("reports_together", args=[code])


def rows(response: HttpResponse) -> dict[str, list[str]]:
    context = response.context  # type: ignore[attr-defined]
    return {name: [row.report.recipient for row in context[name]] for name in ("answered", "open", "over")}


def ticked(response: HttpResponse) -> list[str]:
    return [row.value for row in response.context["answered"]]  # type: ignore[attr-defined]


def test_each_is_a_report_with_its_checks(as_nora: Client, nora: User, north: BranchProfile) -> None:
    assert as_nora.post(URL, typed()).headers["Location"] == there()
    made = list(Report.objects.order_by("id"))
    assert [(item.recipient, item.client, item.module) for item in made] == [
        (ANN, "Ann Lee", "webreg"),
        (BO, "", "webreg"),
        (CY, "", "webreg"),
    ]
    assert all(item.run is not None and item.run.subject["recipient"] == item.recipient for item in made)
    assert rows(as_nora.get(there())) == {"answered": [], "open": [ANN, BO, CY], "over": []}


def test_the_same_form_twice_makes_them_once(as_nora: Client) -> None:
    as_nora.post(URL, typed())
    as_nora.post(URL, typed(f"{BO}, {ANN}, dee@corp.example"))
    assert Report.objects.count() == 4


def test_without_its_key_it_still_works(as_nora: Client) -> None:
    assert as_nora.get(as_nora.post(URL, typed(submission="")).headers["Location"]).status_code == 200


def test_what_the_log_answers_ends_in_one_press(as_nora: Client, north: BranchProfile) -> None:
    make.delivery(north, ANN, State.REFUSED, **FULL)
    make.delivery(north, BO, State.DEFERRED, reply="421 later", reply_code="421", cause="rate_limited")
    make.delivery(north, CY, State.ACCEPTED, reply="250 ok", reply_code="250")
    as_nora.post(URL, typed())
    shown = as_nora.get(there())
    assert rows(shown) == {"answered": [ANN, BO], "open": [CY], "over": []}
    as_nora.post(there(), {"end": ticked(shown)})
    assert list(Report.objects.order_by("id").values_list("exit", "cause", "exit_step")) == [
        (Exit.ANSWERED, "mailbox_full", "sent"),
        (Exit.STILL_TRYING, "rate_limited", "sent"),
        ("", "", ""),
    ]
    assert Report.objects.get(recipient=ANN).delivery is not None
    assert rows(as_nora.get(there())) == {"answered": [], "open": [CY], "over": [ANN, BO]}


def test_only_what_is_ticked_ends(as_nora: Client, north: BranchProfile) -> None:
    for address in (ANN, BO):
        make.delivery(north, address, State.REFUSED, **FULL)
    as_nora.post(URL, typed())
    as_nora.post(there(), {"end": ticked(as_nora.get(there()))[:1]})
    assert list(Report.objects.order_by("id").values_list("state", flat=True)) == ["solved", "draft", "draft"]


def test_several_records_that_differ_are_for_a_person(as_nora: Client, north: BranchProfile) -> None:
    make.delivery(north, ANN, State.REFUSED, **FULL)
    make.delivery(north, ANN, State.ACCEPTED, at=make.NOON.replace(hour=10))
    as_nora.post(URL, typed())
    assert rows(as_nora.get(there()))["open"] == [ANN, BO, CY]


@pytest.mark.parametrize("change", ["version", "record", "nonsense"])
def test_what_changed_meanwhile_is_left(as_nora: Client, north: BranchProfile, change: str) -> None:
    row = make.delivery(north, ANN, State.REFUSED, **FULL)
    as_nora.post(URL, typed())
    ends = ticked(as_nora.get(there()))
    if change == "version":
        Report.objects.filter(recipient=ANN).update(version=9)
    elif change == "record":
        type(row).objects.filter(pk=row.pk).update(state=State.ACCEPTED)
    else:
        ends = ["", "x y z", f"{uuid4()} 1 delivery-1"]
    assert as_nora.post(there(), {"end": ends}).status_code == 302
    assert not Report.objects.exclude(state=ReportState.DRAFT).exists()


def test_one_cause_for_all_is_said(as_nora: Client, north: BranchProfile) -> None:
    for address in (ANN, BO, CY):
        make.delivery(north, address, State.REFUSED, **FULL)
    as_nora.post(URL, typed())
    assert as_nora.get(there()).context["one_cause"]
    make.delivery(north, "dee@corp.example", State.ACCEPTED)
    as_nora.post(URL, typed(f"{ANN}, dee@corp.example"))
    assert not as_nora.get(there()).context["one_cause"]


@pytest.mark.parametrize(
    ("recipient", "code"),
    [
        (f"{ANN}, corp, {BO}", "unreadable"),
        (", ".join(f"p{number}@corp.example" for number in range(MOST + 1)), "too_many"),
        ("a" * 321, None),
    ],
)
def test_what_is_not_taken_is_told_at_the_form(as_nora: Client, recipient: str, code: str | None) -> None:
    response = as_nora.post(URL, typed(recipient))
    assert response.status_code == 400
    assert [error.code for error in response.context["form"].errors.as_data()["recipient"]] == [code]
    assert not Report.objects.exists()


def test_a_report_is_not_made_into_several(as_nora: Client, nora: User, north: BranchProfile) -> None:
    as_nora.post(URL, typed(ANN))
    report = Report.objects.get()
    change = reverse("report_message", args=[report.code])
    assert as_nora.post(change, typed(f"{ANN}, {BO}", version=str(report.version))).status_code == 400


def test_a_changed_recipient_stays_with_the_others(as_nora: Client) -> None:
    as_nora.post(URL, typed())
    report = Report.objects.get(recipient=ANN)
    change = reverse("report_message", args=[report.code])
    as_nora.post(change, typed("anna@corp.example", version=str(report.version)))
    shown = as_nora.get(there())
    assert rows(shown)["open"] == ["anna@corp.example", BO, CY]
    assert there().encode() in as_nora.get(reverse("report_step", args=[report.code, "sent"])).content


def test_it_is_the_reporters_own(as_nora: Client, as_sven: Client, as_ida: Client) -> None:
    as_nora.post(URL, typed())
    assert as_sven.get(there()).status_code == 404
    assert as_ida.get(there()).status_code == 404
    assert as_nora.get(there(uuid4())).status_code == 404


def test_method(as_nora: Client) -> None:
    assert as_nora.put(there()).status_code == 405


def test_what_there_is_about_an_address_already_stands_beside_it(
    as_nora: Client, nora: User, north: BranchProfile, south: BranchProfile
) -> None:
    make_ticket(1, north, nora, recipient=BO)
    make_ticket(2, north, nora, recipient=CY, is_open=False)
    make_ticket(3, south, nora, recipient=ANN)
    suppress(north, address=CY, reason="manual", since=make.NOON - timedelta(days=9))
    as_nora.post(URL, typed())
    response = as_nora.get(there())
    known = {row.report.recipient: row for row in response.context["open"]}
    assert {to: [item.number for item in row.tickets] for to, row in known.items()} == {ANN: [], BO: [1], CY: []}
    assert [to for to, row in known.items() if row.suppression] == [CY]
    assert "/tickets/1/" in response.content.decode()
