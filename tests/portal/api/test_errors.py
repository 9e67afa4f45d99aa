"""What is wrong is told in sentences that say what to do next, and what is not taken is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.branches.access import NO_BRANCH
from tests.portal.api.conftest import Program


def test_a_stranger_is_told_how_to_sign_in(db: None) -> None:
    answer = Client().get("/api/v1/tickets")
    assert answer.status_code == 401
    assert "Authorization: Bearer" in answer.json()["detail"]
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("path", "name", "taken"),
    [
        ("/tickets?state=new", "state", "is_open"),
        ("/deliveries?branch=north&since=2026-01-01", "since", "recipient"),
        ("/suppressions/check?branch=north&address=a@b.example&reason=x", "reason", "address"),
        ("/tickets/1?full=yes", "full", "none"),
    ],
)
def test_a_parameter_that_is_not_taken_is_refused(path: str, name: str, taken: str, norths: Program) -> None:
    answer = norths("get", path)
    assert answer.status_code == 422
    (error,) = answer.json()["detail"]
    assert error["loc"] == ["query", name]
    assert taken in error["msg"]


def test_a_yes_or_no_that_is_neither_is_told_what_fits(norths: Program) -> None:
    (error,) = norths("get", "/tickets?is_open=maybe").json()["detail"]
    assert (error["loc"], "true or false" in error["msg"]) == (["query", "is_open"], True)


@pytest.mark.parametrize(
    ("body", "loc", "word"),
    [
        ({"branch": "north", "events": [{}] * 5001}, "events", "at most 5000 at once"),
        ({"branch": "north"}, "events", "needed"),
    ],
)
def test_a_push_that_does_not_fit(body: dict[str, Any], loc: str, word: str, norths: Program) -> None:
    answer = norths("post", "/log", body)
    assert answer.status_code == 422
    assert [error["loc"][-1] for error in answer.json()["detail"]] == [loc]
    assert word in answer.json()["detail"][0]["msg"]


def test_what_is_needed_is_named(norths: Program) -> None:
    (error,) = norths("get", "/deliveries").json()["detail"]
    assert (error["loc"], error["type"]) == (["query", "branch"], "missing")


def test_of_a_branch_that_is_not_there_where_its_code_stands(norths: Program) -> None:
    answer = norths("get", "/deliveries?branch=nowhere")
    assert (answer.status_code, answer.json()["detail"]) == (404, NO_BRANCH)
