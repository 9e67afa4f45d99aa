"""Beginning a report: which e-mail it is about, in the branch's own time, once however often the button is pressed."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from tests import make
from tests.conftest import signed_in
from tests.tickets.wizard.conftest import LEE, make_report
from tickets.models import Report

URL = "/reports/new/"
KEY = "7d0e2c62-6a0f-4a6e-9a8e-0c1b8a4f0b01"
NOW = datetime(2026, 3, 4, 20, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def typed(**changes: str) -> dict[str, str]:
    values = {"submission": KEY, "branch": "north", "recipient": LEE, "day": "2026-03-04", "at": "12:00"}
    return values | {"span_days": "1", "module": "webreg", "function": "Confirmation", "client": "C. Lee"} | changes


def test_it_asks(as_nora: Client) -> None:
    response = as_nora.get(URL)
    assert response.status_code == 200
    assert response.context["form"].initial["branch"] == "north"


def test_it_makes_a_draft_and_begins_the_checks(as_nora: Client, nora: User, north: BranchProfile) -> None:
    response = as_nora.post(URL, typed())
    report = Report.objects.get()
    assert response.headers["Location"] == reverse("report", args=[report.code])
    assert (report.by, report.branch, report.recipient, report.state) == (nora, north, LEE, "draft")
    assert (report.module, report.function, report.client) == ("webreg", "Confirmation", "C. Lee")
    assert report.run is not None
    assert report.run.subject["recipient"] == LEE


def test_the_time_is_the_branchs(as_nora: Client, north: BranchProfile) -> None:
    north.time_zone = "America/Denver"
    north.save()
    as_nora.post(URL, typed())
    assert Report.objects.get().around == datetime(2026, 3, 4, 19, 0, tzinfo=UTC)


def test_no_time_is_put_into_anybodys_mouth(as_nora: Client) -> None:
    initial = as_nora.get(URL).context["form"].initial
    assert (initial.get("day"), initial.get("at")) == (None, None)


def test_nobody_knows_when(as_nora: Client) -> None:
    assert as_nora.post(URL, typed(day="", at="")).status_code == 302
    assert Report.objects.get().around is None


def test_a_time_without_its_day(as_nora: Client) -> None:
    response = as_nora.post(URL, typed(day=""))
    assert response.status_code == 400
    assert "day" in response.context["form"].errors


def test_a_day_alone_is_enough(as_nora: Client) -> None:
    as_nora.post(URL, typed(at="", span_days="30"))
    report = Report.objects.get()
    assert (report.around, report.is_day_only, report.span_days) == (make.NOON, True, 30)


def test_today_without_a_time_is_not_still_to_come(as_nora: Client) -> None:
    with time_machine.travel(datetime(2026, 3, 4, 7, 0, tzinfo=UTC), tick=False):
        as_nora.post(URL, typed(at=""))
        assert Report.objects.get().around == datetime(2026, 3, 4, 7, 0, tzinfo=UTC)


def test_a_time_to_come_is_refused(as_nora: Client) -> None:
    response = as_nora.post(URL, typed(at="23:00"))
    assert response.status_code == 400
    assert "at" in response.context["form"].errors
    assert LEE.encode() in response.content


def test_the_same_form_twice_makes_one(as_nora: Client) -> None:
    first, second = as_nora.post(URL, typed()), as_nora.post(URL, typed())
    assert first.headers["Location"] == second.headers["Location"]
    assert Report.objects.count() == 1


def test_going_back_to_correct_it_corrects_the_draft(as_nora: Client) -> None:
    as_nora.post(URL, typed())
    as_nora.post(URL, typed(recipient="other@corp.example"))
    report = Report.objects.get()
    assert report.recipient == "other@corp.example"
    assert report.run is not None
    assert report.run.subject["recipient"] == "other@corp.example"


def test_another_persons_form_is_not_mine(as_nora: Client, south: BranchProfile, sven: User) -> None:
    as_nora.post(URL, typed())
    response = signed_in(sven).post(URL, typed(branch="south"))
    assert response.status_code == 302
    assert Report.objects.filter(branch=south, by=sven).count() == 1


def test_without_its_key_it_still_works(as_nora: Client) -> None:
    assert as_nora.post(URL, typed(submission="")).status_code == 302


@pytest.mark.parametrize("name", ["recipient", "span_days", "branch"])
def test_what_is_missing_is_asked_for(as_nora: Client, name: str) -> None:
    response = as_nora.post(URL, typed(**{name: ""}))
    assert response.status_code == 400
    assert name in response.context["form"].errors
    assert not Report.objects.exists()


def test_nul_is_an_error_of_the_form(as_nora: Client) -> None:
    response = as_nora.post(URL, typed(function="a\x00b"))
    assert response.status_code == 400
    assert "function" in response.context["form"].errors


def test_what_is_no_address_is_kept_as_typed(as_nora: Client) -> None:
    as_nora.post(URL, typed(recipient=" lee@corp,example "))
    assert Report.objects.get().recipient == "lee@corp,example"


def test_another_branch_is_refused(as_nora: Client, south: BranchProfile) -> None:
    assert as_nora.post(URL, typed(branch="south")).status_code == 400
    assert not Report.objects.exists()


def test_support_chooses_the_branch(as_ida: Client, north: BranchProfile, south: BranchProfile) -> None:
    assert "branch" not in as_ida.get(URL).context["form"].initial
    assert as_ida.post(URL, typed(branch="south")).status_code == 302


def test_from_a_delivery(as_nora: Client, north: BranchProfile) -> None:
    delivery = make.delivery(north, LEE)
    initial = as_nora.get(f"{URL}?delivery={delivery.pk}").context["form"].initial
    assert (initial["recipient"], initial["module"], str(initial["day"])) == (LEE, "webreg", "2026-03-04")
    as_nora.post(f"{URL}?delivery={delivery.pk}", typed())
    assert Report.objects.get().delivery == delivery


def test_from_a_delivery_but_about_another_recipient(as_nora: Client, north: BranchProfile) -> None:
    delivery = make.delivery(north, LEE)
    as_nora.post(f"{URL}?delivery={delivery.pk}", typed(recipient="other@corp.example"))
    assert Report.objects.get().delivery is None


def test_from_a_delivery_of_strangers(as_nora: Client, south: BranchProfile) -> None:
    delivery = make.delivery(south, LEE)
    assert as_nora.get(f"{URL}?delivery={delivery.pk}").status_code == 404
    assert as_nora.post(f"{URL}?delivery={delivery.pk}", typed()).status_code == 404


@pytest.mark.parametrize("text", ["x", "-1", "9" * 30, "²"])
def test_from_no_delivery(as_nora: Client, text: str) -> None:
    assert as_nora.get(URL, {"delivery": text}).status_code == 404


def test_a_person_of_no_branch(db: None) -> None:
    lone = make.person("lone@north.example")
    response = signed_in(lone).get(URL)
    assert response.status_code == 200
    assert not response.context["has_branch"]
    assert signed_in(lone).post(URL, typed(submission=str(uuid.UUID(int=2)))).status_code == 400


def test_anonymous(client: Client, db: None) -> None:
    assert client.get(URL).status_code == 302
    assert client.post(URL, typed()).status_code == 302
    assert not Report.objects.exists()


def test_method(as_nora: Client) -> None:
    assert as_nora.delete(URL).status_code == 405


@pytest.mark.parametrize(
    ("recipient", "client", "kept"),
    [
        (f"Lena Lee <{LEE}>", "", (LEE, "Lena Lee")),
        (f'"Lee, Lena" <{LEE}>', "", (LEE, "Lee, Lena")),
        (f"Lena Lee <{LEE}>", "C. Lee", (LEE, "C. Lee")),
        (f"mailto:{LEE}", "", (LEE, "")),
        (f"<{LEE}>", "", (LEE, "")),
        (f"{LEE}.", "", (f"{LEE}.", "")),
    ],
)
def test_what_a_mail_client_puts_around_an_address_is_no_part_of_it(
    as_nora: Client, recipient: str, client: str, kept: tuple[str, str]
) -> None:
    as_nora.post(URL, typed(recipient=recipient, client=client))
    report = Report.objects.get()
    assert (report.recipient, report.client) == kept


def test_with_or_without_the_name_it_is_the_same_address(as_nora: Client, nora: User, north: BranchProfile) -> None:
    make_report(north, nora)
    named = f"Lena Lee <{LEE}>"
    assert as_nora.post(URL, typed(recipient=named)).status_code == 409
    assert as_nora.post(URL, typed(recipient=named, anyway=named)).status_code == 302
