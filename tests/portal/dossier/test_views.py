"""The dossier of a recipient domain, as far as the viewer may see it, and how right the suggestions were."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.allowing.services import ask
from portal.branches.models import BranchProfile
from tests import make
from tests.tickets.queue.conftest import make_ticket
from tickets.models import Ticket


@pytest.fixture
def known(north: BranchProfile, south: BranchProfile, nora: User) -> None:
    make.delivery(north, "a@corp.example", "accepted", provider="mimecast", remote_host="mx1.mimecast.com")
    make.delivery(north, "b@corp.example", "refused", cause="self_to_self_blocked", provider="mimecast")
    make.delivery(south, "c@corp.example", "deferred", cause="rate_limited")
    make_ticket(1, north, nora, recipient="b@corp.example")
    make_ticket(2, north, nora, recipient="b@corp.example")
    Ticket.objects.filter(number=2).update(cause="recipient_policy", is_open=False, state="closed")
    ask(north, domain="corp.example", product="mimecast", contact="it@corp.example", by=nora)


def test_everything_in_one_place(as_ida: Client, known: None) -> None:
    found = as_ida.get("/domains/corp.example/").context["dossier"]
    assert found.receiver.id == "mimecast"
    assert (found.fared.accepted, found.fared.deferred, found.fared.refused) == (1, 1, 1)
    assert [ticket.number for ticket in found.open_tickets] == [1]
    assert found.confirmed == [("recipient_policy", 1)]
    assert (len(found.allowed), len(found.requests)) == (1, 1)
    assert "it@corp.example" in found.contacts


def test_staff_see_their_own_part(as_nora: Client, as_sven: Client, known: None) -> None:
    own = as_nora.get("/domains/corp.example/").context["dossier"]
    assert (own.fared.looked_at, len(own.open_tickets)) == (2, 1)
    theirs = as_sven.get("/domains/corp.example/").context["dossier"]
    assert (theirs.fared.looked_at, theirs.open_tickets, theirs.allowed, theirs.requests) == (1, [], [], [])
    assert theirs.contacts == []


def test_nothing_is_known(as_nora: Client) -> None:
    assert as_nora.get("/domains/nowhere.example/").status_code == 200


@pytest.mark.parametrize(("asked", "status"), [("a@Corp.example", 302), ("corp example", 400), ("", 400)])
def test_a_domain_is_looked_up(as_nora: Client, asked: str, status: int) -> None:
    assert as_nora.get("/domains/", {"domain": asked}).status_code == status
    assert as_nora.get("/domains/").status_code == 200


def test_a_name_has_one_address(as_nora: Client) -> None:
    assert as_nora.get("/domains/CORP.example/").headers["Location"] == "/domains/corp.example/"
    assert as_nora.get("/domains/a%20b/").status_code == 404
    assert as_nora.post("/domains/corp.example/").status_code == 405


def test_the_queries_do_not_grow(
    as_ida: Client, north: BranchProfile, nora: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        make.delivery(north, f"p{number}@corp.example", "refused", cause="no_such_user")
        make_ticket(number + 1, north, nora, recipient=f"p{number}@corp.example")
    with django_assert_max_num_queries(20):
        as_ida.get("/domains/corp.example/")


def test_how_right_the_suggestions_were(as_ida: Client, as_nora: Client, known: None) -> None:
    Ticket.objects.filter(number=1).update(suggested_cause="recipient_policy", cause="recipient_policy")
    Ticket.objects.filter(number=2).update(suggested_cause="recipient_policy", cause="no_such_user")
    page = as_ida.get("/accuracy/")
    (row,) = page.context["rows"]
    assert (row.cause, row.suggested, row.right, row.instead) == ("recipient_policy", 2, 1, [("no_such_user", 1)])
    assert page.context["share"] == 50
    assert as_nora.get("/accuracy/").status_code == 403
