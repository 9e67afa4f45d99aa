"""Filters under a name: saved from a list, shown beside it, deleted, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog import saved
from portal.maillog.models import SavedFilter
from tests.conftest import signed_in

LIST = "/branches/north/deliveries/"


def names(response: Any) -> list[str]:
    return [item.name for item in response.context["saved"]]


def test_a_filter_is_saved_and_stands_beside_the_list(north: BranchProfile, as_nora: Client) -> None:
    response = as_nora.post(f"{LIST}save/?state=refused&domain=Corp.example&after=1-1&junk=1", {"name": "Corp says no"})
    assert response.status_code == 302
    assert response["Location"] == f"{LIST}?domain=corp.example&state=refused"
    assert names(as_nora.get(LIST)) == ["Corp says no"]
    assert b'href="/branches/north/deliveries/?domain=corp.example&amp;state=refused"' in as_nora.get(LIST).content


def test_over_all_branches(north: BranchProfile, as_ida: Client) -> None:
    response = as_ida.post("/deliveries/save/?branch=north&state=refused", {"name": "North"})
    assert response["Location"] == "/deliveries/?branch=north&state=refused"
    assert names(as_ida.get("/deliveries/")) == ["North"]
    assert names(as_ida.get(LIST)) == []


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        ("?state=refused", "", "required"),
        ("?state=refused", "x" * 81, "max_length"),
        ("?state=refused", "Taken", ""),
        ("", "No filter", ""),
    ],
)
def test_what_cannot_be_saved_comes_back(
    query: str, name: str, code: str, north: BranchProfile, nora: User, as_nora: Client
) -> None:
    SavedFilter.objects.create(owner=nora, branch=north, name="Taken", query="state=deferred")
    response = as_nora.post(f"{LIST}save/{query}", {"name": name})
    assert response.status_code == 400
    form = response.context["save_form"]
    assert form.errors
    assert not code or form.has_error("name", code)
    assert form["name"].value() == name
    assert SavedFilter.objects.count() == 1


def test_a_filter_that_is_wrong_is_not_saved(as_nora: Client) -> None:
    response = as_nora.post(f"{LIST}save/?state=nonsense", {"name": "Wrong"})
    assert response.status_code == 400
    assert list(response.context["form"].errors) == ["state"]
    assert not SavedFilter.objects.exists()


def test_no_more_than_can_be_found_again(
    north: BranchProfile, as_nora: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "MOST", 1)
    assert as_nora.post(f"{LIST}save/?state=refused", {"name": "One"}).status_code == 302
    assert as_nora.post(f"{LIST}save/?state=refused", {"name": "Two"}).status_code == 400


def test_deleted_by_its_owner_alone(north: BranchProfile, nora: User, as_nora: Client, as_ida: Client) -> None:
    kept = SavedFilter.objects.create(owner=nora, branch=north, name="Mine", query="state=refused")
    assert names(as_ida.get(LIST)) == []
    address = f"/saved-filters/{kept.pk}/delete/"
    assert as_ida.post(address).status_code == 404
    assert as_nora.get(address).status_code == 405
    assert as_nora.post(address)["Location"] == LIST
    assert as_nora.post(address).status_code == 404


def test_a_filter_of_all_branches_is_deleted(ida: User) -> None:
    kept = SavedFilter.objects.create(owner=ida, name="All", query="cause=rate_limited")
    assert signed_in(ida).post(f"/saved-filters/{kept.pk}/delete/")["Location"] == "/deliveries/"


def test_strangers_and_wrong_methods(north: BranchProfile, as_nora: Client, as_sven: Client) -> None:
    assert as_sven.post(f"{LIST}save/?state=refused", {"name": "x"}).status_code == 404
    assert as_nora.post("/deliveries/save/?cause=rate_limited", {"name": "x"}).status_code == 403
    assert as_nora.get(f"{LIST}save/").status_code == 405
