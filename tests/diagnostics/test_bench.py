"""The bench: support asks for an examination of any domain or address."""

from __future__ import annotations

import pytest
from django.test import Client

from diagnostics.models import Run
from portal.branches.models import BranchProfile, DKIMEntry, SendingDomain
from tests import make

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
    assert run.subject["selectors"] == [{"selector": "xen1", "public_key": "", "is_signing": True}]


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


def test_our_records_fill_in_what_they_know_of_the_sender(as_ida: Client, north: BranchProfile) -> None:
    DKIMEntry.objects.filter(domain__branch=north).update(public_key="KEY")
    as_ida.post(URL, {"target": "lee@corp.example", "sender": "north.example"})
    subject = Run.objects.get().subject
    assert subject["selectors"] == [{"selector": "xen1", "public_key": "KEY", "is_signing": True}]
    assert subject["sending_server"]["envelope_domain"] == "xenegrade.net"
    assert subject["sending_server"]["addresses"] == ["192.0.2.10"]
    assert subject["is_from_records"] is True


def test_of_addresses_given_by_hand_the_server_is_known(as_ida: Client, north: BranchProfile) -> None:
    make.server("other.example", addresses=["198.51.100.1", "198.51.100.2"], envelope_domain="e.example")
    as_ida.post(URL, {"target": "north.example", "addresses": "198.51.100.2", "selectors": "mine"})
    subject = Run.objects.get().subject
    assert subject["sending_server"]["addresses"] == ["198.51.100.2"]
    assert subject["sending_server"]["envelope_domain"] == "e.example"
    assert [item["selector"] for item in subject["selectors"]] == ["mine"]


def test_an_address_that_is_nobodys_stays_as_it_was_given(as_ida: Client, north: BranchProfile) -> None:
    as_ida.post(URL, {"target": "north.example", "addresses": "203.0.113.9"})
    server = Run.objects.get().subject["sending_server"]
    assert (server["host"], server["addresses"]) == ("", ["203.0.113.9"])


def test_a_domain_of_two_branches_has_the_keys_of_both(
    as_ida: Client, north: BranchProfile, south: BranchProfile
) -> None:
    shared = SendingDomain.objects.create(branch=south, domain="north.example")
    DKIMEntry.objects.create(domain=shared, selector="xen2", public_key="TWO")
    as_ida.post(URL, {"target": "north.example"})
    assert {item["selector"] for item in Run.objects.get().subject["selectors"]} == {"xen1", "xen2"}
