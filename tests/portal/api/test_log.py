"""Pushing the log: twice is once, what is wrong is named, and a branch tells of itself alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from portal.branches.models import BranchProfile
from portal.maillog.erased import keep_erased
from portal.maillog.models import CaseNote, Delivery, ErasedRecipient
from tests.portal.api.conftest import Program

EVENTS: list[dict[str, Any]] = [
    {"kind": "message", "key": "m1", "recipient": "lee@corp.example", "at": "2026-03-04T14:02:10Z", "module": "webreg"},
    {
        "kind": "refused",
        "key": "m1",
        "recipient": "lee@corp.example",
        "at": "2026-03-04T14:02:12Z",
        "reply": "550 5.1.1 User unknown",
    },
    {"kind": "case_note", "email": "lee@corp.example", "at": "2026-03-04T14:02:10Z", "text": "E-mail sent"},
    {"kind": "smoke"},
]


def push(asks: Program, key: str = "", branch: str = "north", events: Any = EVENTS) -> Any:
    return asks("post", "/log", {"branch": branch, "events": events}, key=key)


def test_what_is_pushed_is_stored_and_what_is_wrong_is_named(norths: Program) -> None:
    answer = push(norths).json()
    assert {name: answer[name] for name in ("lines", "events", "new", "duplicate")} == {
        "lines": 4,
        "events": 3,
        "new": 3,
        "duplicate": 0,
    }
    assert [item["line"] for item in answer["rejected"]] == [4]
    assert Delivery.objects.get().cause == "no_such_user"
    assert CaseNote.objects.count() == 1


def test_no_option_of_a_command_is_named_to_a_program(supports: Program) -> None:
    (rejected,) = push(supports, branch="", events=EVENTS[:1]).json()["rejected"]
    assert rejected["line"] == 1
    assert "branch" in rejected["why"]
    assert "--" not in rejected["why"]


def test_pushed_again_it_changes_nothing(norths: Program) -> None:
    push(norths)
    again = push(norths).json()
    assert (again["new"], again["duplicate"]) == (0, 3)


def test_under_the_same_key_it_is_answered_as_before(norths: Program) -> None:
    first = push(norths, key="a")
    again = push(norths, key="a")
    assert again.json() == first.json()
    assert (first.headers.get("Idempotent-Replayed"), again.headers["Idempotent-Replayed"]) == (None, "true")
    assert push(norths, key="a", events=EVENTS[:1]).status_code == 409


def test_a_branch_tells_of_itself_alone(souths: Program, north: BranchProfile) -> None:
    assert push(souths).status_code == 403
    assert push(souths, branch="", events=[{**EVENTS[0], "branch": "north"}]).status_code == 403
    assert Delivery.objects.count() == 0


def test_support_may_tell_of_all(supports: Program, north: BranchProfile) -> None:
    assert push(supports).json()["new"] == 3
    assert push(supports, branch="nowhere").status_code == 404


@pytest.mark.parametrize("body", [{}, {"events": []}, {"events": [1]}, {"events": "x"}, "{", "[]"])
def test_what_does_not_fit_is_told(norths: Program, body: Any) -> None:
    answer = norths("post", "/log", body)
    assert answer.status_code in (400, 422)
    assert answer.json()["detail"]


def test_deliveries_are_paged(norths: Program) -> None:
    events = [
        {
            "kind": "accepted",
            "key": f"m{n}",
            "recipient": "a@b.example",
            "at": f"2026-03-04T14:{n // 60:02}:{n % 60:02}Z",
        }
        for n in range(150)
    ]
    push(norths, events=events)
    first = norths("get", "/deliveries?branch=north&recipient=A@b.example").json()
    rest = norths("get", f"/deliveries?branch=north&after={first['next']}").json()
    assert (len(first["rows"]), len(rest["rows"]), rest["next"]) == (100, 50, "")
    assert norths("get", f"/deliveries/{rest['rows'][0]['id']}").json()["state"] == "accepted"


def test_an_erasure_is_told_to_whom_the_page_tells_it(
    norths: Program,
    souths: Program,
    supports: Program,
    north: BranchProfile,
    south: BranchProfile,
    as_nora: Client,
    as_sven: Client,
) -> None:
    keep_erased("gone@b.example", [north.pk])
    at = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
    ErasedRecipient.objects.update(at=at)
    push(norths, events=[{**EVENTS[0], "recipient": "gone@b.example", "at": "2026-03-04T14:02:10Z"}])

    def told(asks: Program, query: str) -> Any:
        return asks("get", f"/deliveries?{query}").json()["erased"]

    for asks in (norths, supports):
        assert datetime.fromisoformat(told(asks, "branch=north&recipient=Gone@B.example")) == at
        # Nobody is named, so nobody is told of.
        assert told(asks, "branch=north") is None
        assert told(asks, "branch=north&recipient=lee@corp.example") is None
    for asks in (souths, supports):
        assert told(asks, "branch=south&recipient=gone@b.example") is None
    assert souths("get", "/deliveries?branch=north&recipient=gone@b.example").status_code == 404
    page = "/branches/{}/deliveries/?recipient=gone@b.example"
    assert as_nora.get(page.format("north")).context["erased"] == at
    assert as_sven.get(page.format("south")).context["erased"] is None
