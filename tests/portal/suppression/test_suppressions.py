"""The list over all branches."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.branches.models import BranchProfile
from portal.suppression.models import Suppression
from tests.portal.suppression.conftest import suppressed

URL = "/suppression/"


def test_everybody_sees_what_is_theirs(
    as_nora: Client, as_sven: Client, as_ida: Client, entry: Suppression, south: BranchProfile
) -> None:
    suppressed(south, "kim@other.example")
    for client, names in ((as_nora, {"lee"}), (as_sven, {"kim"}), (as_ida, {"lee", "kim"})):
        content = client.get(URL).content.decode()
        assert {name for name in ("lee", "kim") if f"{name}@" in content} == names


def test_it_is_narrowed(as_ida: Client, entry: Suppression, south: BranchProfile) -> None:
    suppressed(south, "kim@other.example")
    page = as_ida.get(URL, {"branch": "south", "reason": "opt_out"}).context["page"]
    assert [row.address for row in page.rows] == ["kim@other.example"]


@pytest.mark.parametrize("asked", [{"branch": "nowhere"}, {"reason": "x"}, {"state": "x"}, {"after": "x"}])
def test_what_cannot_be_read_narrows_nothing(as_ida: Client, entry: Suppression, asked: dict[str, str]) -> None:
    assert as_ida.get(URL, asked).context["page"].rows == [entry]


def test_a_branch_of_others_cannot_be_asked_for(as_sven: Client, entry: Suppression) -> None:
    assert as_sven.get(URL, {"branch": "north"}).context["page"].rows == []


def test_nothing_there_is_said_in_words(as_nora: Client) -> None:
    assert b"dd-empty" in as_nora.get(URL).content


def test_pages(as_nora: Client, north: BranchProfile) -> None:
    for number in range(51):
        suppressed(north, f"person{number}@corp.example")
    first = as_nora.get(URL).context["page"]
    second = as_nora.get(URL, {"after": first.older}).context["page"]
    assert (len(first.rows), len(second.rows), second.older) == (50, 1, "")


def test_a_fragment_for_who_asks_for_one(as_nora: Client, entry: Suppression) -> None:
    assert b"<html" not in as_nora.get(URL, headers={"HX-Request": "true"}).content


def test_wrong_method(as_nora: Client) -> None:
    assert as_nora.post(URL).status_code == 405
