"""The bench: support asks for an examination of any domain or address."""

from __future__ import annotations

import pytest
from django.test import Client

from diagnostics.models import Run

URL = "/diagnostics/"


def test_support_sees_the_form(as_ida: Client) -> None:
    assert as_ida.get(URL).status_code == 200


def test_a_domain_is_examined_as_a_sender(as_ida: Client) -> None:
    response = as_ida.post(
        URL, {"target": "North.Example", "addresses": "192.0.2.10, 2001:db8::10", "selectors": "xen1"}
    )
    run = Run.objects.get()
    assert response.status_code == 302
    assert response.headers["Location"] == f"/diagnostics/runs/{run.code}/"
    assert run.subject["sender_domain"] == "north.example"
    assert run.subject["sending_server"]["addresses"] == ["192.0.2.10", "2001:db8::10"]
    assert run.subject["selectors"] == [{"selector": "xen1", "public_key": ""}]


def test_an_address_is_examined_as_a_recipient(as_ida: Client) -> None:
    as_ida.post(URL, {"target": "lee@corp.example", "sender": "north.example"})
    subject = Run.objects.get().subject
    assert (subject["recipient"], subject["sender_domain"]) == ("lee@corp.example", "north.example")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("target", ""),
        ("target", "not a domain"),
        ("target", "a" * 70 + ".example"),
        ("addresses", "192.0.2.300"),
        ("target", "http://north.example/"),
        ("target", "192.0.2.10"),
        ("sender", "192.0.2.10"),
        ("selectors", "kept1, a b"),
    ],
)
def test_bad_input_shows_the_form_again_with_what_was_typed(as_ida: Client, field: str, value: str) -> None:
    response = as_ida.post(URL, {"target": "north.example", "selectors": "kept1", field: value})
    assert response.status_code == 400
    assert field in response.context["form"].errors
    assert b"kept1" in response.content
    assert not Run.objects.exists()


def test_staff_may_not(as_nora: Client) -> None:
    assert as_nora.get(URL).status_code == 403
    assert as_nora.post(URL, {"target": "north.example"}).status_code == 403


def test_strangers_sign_in(client: Client, db: None) -> None:
    assert client.get(URL).headers["Location"].startswith("/account/login/")


def test_other_methods_are_refused(as_ida: Client) -> None:
    assert as_ida.put(URL).status_code == 405
