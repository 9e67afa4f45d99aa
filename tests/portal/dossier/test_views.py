"""The dossier of a recipient domain, as far as the viewer may see it, and how right the suggestions were."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from diagnostics.models import Run, StoredFinding
from portal.accounts.models import User
from portal.allowing.services import ask
from portal.branches.models import BranchProfile
from portal.dossier.selectors import how_many
from portal.dossier.templatetags.dossier import contact
from portal.maillog.models import DomainCount
from tests import make
from tests.tickets.queue.conftest import make_ticket
from tickets.models import Ticket


@pytest.fixture
def known(north: BranchProfile, south: BranchProfile, nora: User) -> None:
    at = timezone.now() - timedelta(hours=1)
    make.delivery(north, "a@corp.example", "accepted", at, provider="mimecast", remote_host="mx1.mimecast.com")
    make.delivery(north, "b@corp.example", "refused", at, cause="self_to_self_blocked", provider="mimecast")
    make.delivery(south, "c@corp.example", "deferred", at, cause="rate_limited")
    make.delivery(north, "d@corp.example", "submitted", at)
    make_ticket(1, north, nora, recipient="b@corp.example")
    make_ticket(2, north, nora, recipient="b@corp.example")
    Ticket.objects.filter(number=2).update(cause="recipient_policy", is_open=False, state="closed")
    ask(north, domain="corp.example", product="mimecast", contact="it@corp.example", by=nora)
    month = timezone.now().date().replace(day=1)
    for branch, accepted, refused in ((north, 134, 2), (south, 1000, 0)):
        DomainCount.objects.create(
            branch=branch, month=month, domain="corp.example", recipients=accepted + refused + 3000,
            accepted=accepted, refused=refused,
        )  # fmt: skip


def test_everything_in_one_place(as_ida: Client, known: None) -> None:
    found = as_ida.get("/domains/corp.example/").context["dossier"]
    assert found.receiver.id == "mimecast"
    # Counted, and not taken from the latest rows; what was not heard of again hides nothing.
    assert (found.fared.sent, found.fared.accepted, found.fared.refused) == (7136, 1134, 2)
    assert (found.fared.looked_at, found.known_from) == (3, "the log")
    assert [ticket.number for ticket in found.open_tickets] == [1]
    assert found.confirmed == [("recipient_policy", 1)]
    assert (len(found.allowed), len(found.requests)) == (1, 1)
    assert "it@corp.example" in found.contacts


def test_staff_see_their_own_part(as_nora: Client, as_sven: Client, known: None) -> None:
    own = as_nora.get("/domains/corp.example/").context["dossier"]
    assert (own.fared.looked_at, own.fared.accepted, len(own.open_tickets)) == (2, 134, 1)
    theirs = as_sven.get("/domains/corp.example/").context["dossier"]
    assert theirs.fared.accepted == 1000
    assert (theirs.fared.looked_at, theirs.open_tickets, theirs.allowed, theirs.requests) == (1, [], [], [])
    assert theirs.contacts == []


def test_figures_lead_to_their_rows_and_contacts_can_be_written_to(as_ida: Client, known: None) -> None:
    content = as_ida.get("/domains/corp.example/").content.decode()
    assert "/deliveries/?domain=corp.example&amp;state=undelivered&amp;since=" in content
    assert 'href="mailto:it@corp.example"' in content


def test_a_check_tells_who_takes_the_mail_where_the_log_does_not(
    as_ida: Client, as_sven: Client, north: BranchProfile, nora: User
) -> None:
    ticket = make_ticket(1, north, nora, recipient="b@corp.example")
    run = Run.objects.create(subject={}, state="done", lease_until=timezone.now())
    Ticket.objects.filter(pk=ticket.pk).update(run=run)
    StoredFinding.objects.create(
        run=run, attempt=1, position=1, check_slug="receiver-gateway", code="receiver.gateway", verdict="ok",
        actor="nobody", arguments={"receiver": "mimecast", "name": "Mimecast"},
    )  # fmt: skip
    found = as_ida.get("/domains/corp.example/").context["dossier"]
    assert (found.receiver.id, found.known_from) == ("mimecast", "a check")
    assert as_sven.get("/domains/corp.example/").context["dossier"].receiver is None


def test_how_a_domain_without_a_known_provider_puts_off(as_ida: Client, as_nora: Client, north: BranchProfile) -> None:
    at = timezone.now() - timedelta(hours=3)
    make.delivery(north, "a@bignet.example", "deferred", at, cause="rate_limited", reply="421 too many")
    response = as_ida.get("/domains/bignet.example/")
    assert (response.context["dossier"].place.now, response.context["dossier"].place.waiting) == ("untried", 1)
    assert "421 too many" in response.content.decode()
    # It tells of all branches.
    assert as_nora.get("/domains/bignet.example/").context["dossier"].place is None


@pytest.mark.parametrize(
    ("told", "link"),
    [
        ("it@corp.example", "mailto:it@corp.example"),
        ("https://corp.example/abuse?x=1", "https://corp.example/abuse?x=1"),
        ("javascript:alert(1)", ""),
        ("https://a@corp.example/", ""),
        ("Mr <b>Lee</b>, phone 12", ""),
    ],
)
def test_a_contact(told: str, link: str) -> None:
    shown = contact(told)
    assert (f'href="{link}"' in shown) if link else ("href" not in shown)
    assert "<b>" not in shown


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
    assert page.context["right"] == "1 of 2"
    assert as_nora.get("/accuracy/").status_code == 403


def test_each_figure_of_a_suggestion_leads_to_its_tickets(as_ida: Client, known: None) -> None:
    Ticket.objects.filter(number=1).update(suggested_cause="recipient_policy", cause="recipient_policy")
    Ticket.objects.filter(number=2).update(suggested_cause="recipient_policy", cause="no_such_user")
    there = "/accuracy/recipient_policy/"
    for query, numbers in (("", [2, 1]), ("?confirmed=recipient_policy", [1]), ("?confirmed=no_such_user", [2])):
        assert f'href="{there}{query}"' in as_ida.get("/accuracy/").content.decode()
        assert [row.number for row in as_ida.get(there + query).context["page"].rows] == numbers
    assert as_ida.get(f"{there}?confirmed=mailbox_full").context["page"].rows == []
    assert as_ida.get("/accuracy/nonsense/").status_code == 404
    assert as_ida.get(f"{there}?confirmed=nonsense").status_code == 404


@pytest.mark.parametrize(("right", "of", "words"), [(3, 3, "3 of 3"), (29, 29, "29 of 29"), (27, 30, "27 of 30, 90 %")])
def test_a_share_needs_enough_of_them(right: int, of: int, words: str) -> None:
    assert how_many(right, of) == words
