"""The suppression list for the application that sends."""

from __future__ import annotations

from portal.suppression.models import Suppression
from tests.portal.api.conftest import Program

NEW = {"branch": "north", "address": "Lee@corp.example", "reason": "opt_out"}


def may_send(asks: Program) -> bool:
    return bool(asks("get", "/suppressions/check?branch=north&address=lee@CORP.example").json()["may_send"])


def test_of_no_address_nothing_is_said(norths: Program) -> None:
    for address in ("lee", "lee@", ""):
        assert norths("get", f"/suppressions/check?branch=north&address={address}").status_code == 400


def test_an_address_is_kept_off_and_taken_back(norths: Program, supports: Program) -> None:
    assert may_send(norths)
    made = norths("post", "/suppressions", NEW)
    assert made.status_code == 201
    assert norths("post", "/suppressions", NEW).json()["id"] == made.json()["id"]
    assert not may_send(norths)
    listed = norths("get", "/suppressions?branch=north").json()["rows"]
    assert [(row["address"], row["reason"]) for row in listed] == [("Lee@corp.example", "opt_out")]
    # What the recipient wanted is for support to set aside.
    path = f"/suppressions/{made.json()['id']}"
    assert norths("delete", path, {"because": "They want mail"}).status_code == 400
    assert supports("delete", path, {"because": "They wrote to us"}).status_code == 200
    assert may_send(norths)


def test_a_note_stands_with_the_entry(norths: Program) -> None:
    assert norths("post", "/suppressions", {**NEW, "note": "Said so on the telephone"}).status_code == 201
    assert Suppression.objects.get().source == "API: Said so on the telephone"


def test_what_cannot_be_kept_is_told(norths: Program) -> None:
    assert norths("post", "/suppressions", {**NEW, "address": "nonsense"}).status_code == 400
    assert norths("post", "/suppressions", {**NEW, "reason": "smoke"}).status_code == 422
    assert Suppression.objects.count() == 0
