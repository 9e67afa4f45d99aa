"""Two messages side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from diagnostics import runner
from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.trials.models import How, TrialMessage
from portal.trials.services import MOST_GIVEN, give, open_trial
from tests.portal.trials.conftest import GOOD, STRANGE, VENDORS, by_our_server, mail, signed


def url_of(message: TrialMessage) -> str:
    return f"/tests/{message.trial.code}/messages/{message.pk}/compare/"


def differing(response: Any) -> set[str]:
    return {item.slug for item in response.context["differences"] if item.differs and item.is_known}


def test_with_an_earlier_one(as_nora: Client, arrived: Callable[..., TrialMessage]) -> None:
    good = arrived()
    bad = arrived(mail(more=""), address=STRANGE, sender=VENDORS)
    response = as_nora.get(f"{url_of(bad)}?with={good.pk}")
    assert differing(response) == {
        "address", "helo", "envelope", "signatures", "vouchers", "outcome", "unsubscribe", "content",
    }  # fmt: skip


def test_the_same_does_not_differ(as_nora: Client, arrived: Callable[..., TrialMessage]) -> None:
    first, second = arrived(), arrived(signed(mail(subject="Your place")))
    assert differing(as_nora.get(f"{url_of(first)}?with={second.pk}")) == set()


@pytest.mark.parametrize("is_file", [True, False])
def test_with_one_that_is_handed_in(
    as_nora: Client, arrived: Callable[..., TrialMessage], rung: list[int], is_file: bool
) -> None:
    message = arrived(mail(), address=STRANGE, sender=VENDORS)
    octets = b"Return-Path: <bounce@north.example>\r\n" + by_our_server(signed(mail()))
    given: dict[str, Any] = {"file": SimpleUploadedFile("m.eml", octets)} if is_file else {"text": octets.decode()}
    response = as_nora.post(url_of(message), given)
    other = TrialMessage.objects.get(how=How.GIVEN)
    assert response.headers["Location"] == f"{url_of(message)}?with={other.pk}"
    assert (other.address, other.helo, other.sender) == (GOOD, "smtp.xenegrade.example", "bounce@north.example")
    assert not as_nora.get(f"{url_of(message)}?with={other.pk}").context["is_over"]
    runner.perform(other.inspection_id)
    found = as_nora.get(f"{url_of(message)}?with={other.pk}")
    assert found.context["is_over"]
    assert {"address", "helo", "envelope", "signatures"} <= differing(found)


@pytest.mark.parametrize("given", [{}, {"text": " "}, {"file": SimpleUploadedFile("m.eml", b"x" * (2 << 20))}])
def test_bad_input_shows_the_form_again(
    as_nora: Client, arrived: Callable[..., TrialMessage], given: dict[str, Any]
) -> None:
    assert as_nora.post(url_of(arrived()), given).status_code == 400
    assert not TrialMessage.objects.filter(how=How.GIVEN).exists()


def test_too_many(as_nora: Client, nora: User, arrived: Callable[..., TrialMessage]) -> None:
    message = arrived()
    for number in range(MOST_GIVEN):
        give(message.trial, f"From: a@b.example\r\nSubject: {number}\r\n\r\n".encode(), by=nora)
    assert as_nora.post(url_of(message), {"text": "From: a@b.example\n\n"}).status_code == 400


@pytest.mark.parametrize("number", ["0", "x", "", "999999999999999999999"])
def test_one_that_is_not_there(as_nora: Client, arrived: Callable[..., TrialMessage], number: str) -> None:
    response = as_nora.get(url_of(arrived()), {"with": number})
    assert (response.status_code, response.context["other"]) == (200, None)


def test_another_branch_is_not_compared_with(
    as_nora: Client, south: BranchProfile, sven: User, arrived: Callable[..., TrialMessage]
) -> None:
    message = arrived()
    theirs = give(open_trial(south, by=sven, module="webreg"), b"From: x@south.example\r\n\r\nx", by=sven)
    response = as_nora.get(url_of(message), {"with": theirs.pk})
    assert (response.context["other"], response.context["others"]) == (None, [])


def test_the_earlier_ones_are_told_apart(as_nora: Client, arrived: Callable[..., TrialMessage]) -> None:
    first = arrived(signed(mail(subject="Your place")))
    second = arrived(mail(subject="Your bill"), address=STRANGE, sender=VENDORS)
    [line] = as_nora.get(url_of(second)).context["others"]
    assert (line.message, line.subject) == (first, "Your place")
    assert line.verdict
    rows = as_nora.get("/branches/north/tests/").context["rows"]
    assert [line.subject for _, line in rows if line] == ["Your bill"]
