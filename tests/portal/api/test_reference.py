"""The page of the API: every operation with what it takes, and nothing below the API answers with a page."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.api.desk import desk
from portal.api.reference import operations


def test_it_has_every_operation(as_nora: Client) -> None:
    told = {
        (path, method.upper()) for path, methods in desk.get_openapi_schema()["paths"].items() for method in methods
    }
    assert {(item.path, item.method) for item in operations()} == told
    content = as_nora.get("/api/").content.decode()
    assert all(f'id="{item.ident}"' in content for item in operations())


@pytest.mark.parametrize(
    ("ident", "is_needed"),
    [("tickets_add", True), ("tickets_reply", True), ("checks_start", True), ("log_push", False)],
)
def test_the_key_of_a_push_is_described(ident: str, is_needed: bool) -> None:
    (operation,) = (item for item in operations() if item.ident == ident)
    (key,) = (field for field in operation.takes if field.name == "Idempotency-Key")
    assert (key.where, key.is_needed) == ("header", is_needed)


def test_each_operation_has_a_name_of_its_own_and_a_title() -> None:
    assert len({item.ident for item in operations()}) == len(operations())
    assert all(item.title and item.refusals for item in operations())


def test_limits_and_choices_are_told() -> None:
    (operation,) = (item for item in operations() if item.ident == "tickets_add")
    takes = {field.name: field.what for field in operation.takes}
    assert takes["symptom"].startswith("one of not_received")
    assert takes["recipient"] == "text, at most 320 characters"
    assert takes["around"] == "time (RFC 3339), or null"


@pytest.mark.parametrize("path", ["nothing", "docs", "tickets/1/nothing"])
def test_what_is_not_there_is_told_to_a_program(path: str, client: Client) -> None:
    answer = client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/json")
    assert "/api/v1/openapi.json" in answer.json()["detail"]


def test_an_event_and_where_a_list_goes_on_are_described() -> None:
    about = {
        (item.ident, field.name): field.about
        for item in operations()
        for field in item.takes
        if field.name in ("events", "after")
    }
    assert all(about.values())
    assert "coverage" in about["log_push", "events"]


def test_titles_and_texts_are_plain() -> None:
    assert not [item.ident for item in operations() if "`" in item.title + item.about]
