"""One mail that came back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery
from portal.returned import runner
from portal.returned.services import take
from tests.portal.returned.conftest import by_a_person, came, complaint, dsn, log, out_of_office


@pytest.mark.parametrize("octets", [dsn(), complaint(), complaint(""), out_of_office(), by_a_person()])
@pytest.mark.parametrize("is_in_log", [True, False])
def test_every_kind(as_ida: Client, north: BranchProfile, octets: bytes, is_in_log: bool) -> None:
    if is_in_log:
        log(north)
    mail = came(octets)
    response = as_ida.get(f"/returned/{mail.pk}/")
    assert response.status_code == 200
    for row in response.context["rows"]:
        assert (row.delivery is not None) == is_in_log
        assert row.told.actor.encode() in response.content


def test_what_has_not_been_read_yet(as_ida: Client) -> None:
    mail, _ = take(dsn(), source="file", rings=False)
    assert as_ida.get(f"/returned/{mail.pk}/").status_code == 200


def test_a_delivery_that_is_no_longer_in_the_log(as_ida: Client, north: BranchProfile) -> None:
    log(north)
    mail = came(dsn())
    Delivery.objects.all().delete()
    assert as_ida.get(f"/returned/{mail.pk}/").context["rows"][0].delivery is None


def test_text_that_has_been_forgotten(as_ida: Client, north: BranchProfile) -> None:
    mail = came(dsn())
    with time_machine.travel(mail.received + timedelta(days=31)):
        runner.forget_raw()
    assert as_ida.get(f"/returned/{mail.pk}/").context["text"] == ""


def test_a_strangers_text_is_shown_and_never_run(as_ida: Client, north: BranchProfile) -> None:
    told = "<script>alert(1)</script>\u202eevil"
    mail = came(dsn(diagnostic=f"550 5.1.1 {told}", subject=told).replace(b"Undelivered Mail", told.encode()))
    content = as_ida.get(f"/returned/{mail.pk}/").content.decode()
    assert "<script>alert" not in content
    assert "\u202e" not in content
    assert "[U+202E]" in content


def test_of_a_long_text_the_beginning_is_shown(as_ida: Client, north: BranchProfile) -> None:
    mail = came(dsn() + b"<" * 300_000)
    response = as_ida.get(f"/returned/{mail.pk}/")
    assert len(response.context["text"]) == 64 << 10
    assert not response.context["is_whole"]


def test_queries_do_not_grow_with_recipients(
    as_ida: Client, north: BranchProfile, django_assert_max_num_queries: Any
) -> None:
    group = b"\nFinal-Recipient: rfc822; p%d@corp.example\nAction: failed\nStatus: 5.1.1\n"
    mail = came(dsn().replace(b"\n--AA/smtp\nContent-Type: message/rfc822", b"".join(group % n for n in range(40)) +
                              b"\n--AA/smtp\nContent-Type: message/rfc822"))  # fmt: skip
    assert mail.recipients.count() == 41
    with django_assert_max_num_queries(6):
        as_ida.get(f"/returned/{mail.pk}/")


def test_who_may_not(as_nora: Client, as_ida: Client, north: BranchProfile) -> None:
    mail = came(dsn())
    assert as_nora.get(f"/returned/{mail.pk}/").status_code == 403
    assert as_ida.get(f"/returned/{mail.pk + 1}/").status_code == 404
    assert as_ida.post(f"/returned/{mail.pk}/").status_code == 405
