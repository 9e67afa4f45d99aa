"""The list of what came back."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.branches.models import BranchProfile
from tests.portal.returned.conftest import by_a_person, came, complaint, dsn, log, out_of_office

URL = "/returned/"


def test_nothing_there_is_said_in_words(as_ida: Client) -> None:
    assert b"dd-empty" in as_ida.get(URL).content
    assert b"dd-empty" in as_ida.get(URL, {"kind": "bounce"}).content


def test_every_kind_stands_there(as_ida: Client, north: BranchProfile) -> None:
    log(north)
    for octets in (dsn(), complaint("kim@corp.example", message_id="x@y"), out_of_office(), by_a_person()):
        came(octets)
    response = as_ida.get(URL)
    assert len(response.context["page"].rows) == 4
    assert b"North College" in response.content
    assert b"?matched=no" in response.content


@pytest.mark.parametrize(
    ("asked", "found"),
    [({"kind": "complaint"}, 1), ({"matched": "no"}, 1), ({"matched": "x"}, 2), ({"address": "LEE@corp.example"}, 1)],
)
def test_it_is_narrowed(as_ida: Client, north: BranchProfile, asked: dict[str, str], found: int) -> None:
    log(north)
    came(dsn())
    came(complaint("kim@corp.example", message_id="x@y"))
    assert len(as_ida.get(URL, asked).context["page"].rows) == found


@pytest.mark.parametrize("rows", [3, 60])
def test_it_costs_the_same_whatever_its_length(
    as_ida: Client, north: BranchProfile, rows: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(rows):
        came(dsn(f"p{number}@corp.example"))
    with django_assert_max_num_queries(5):
        response = as_ida.get(URL)
    assert len(response.context["page"].rows) == min(rows, 50)
    assert bool(response.context["page"].older) == (rows > 50)


def test_a_fragment_for_who_asks_for_one(as_ida: Client) -> None:
    assert b"<html" not in as_ida.get(URL, headers={"HX-Request": "true"}).content


def test_wrong_role_and_method(as_nora: Client, as_ida: Client) -> None:
    assert as_nora.get(URL).status_code == 403
    assert as_ida.post(URL).status_code == 405
