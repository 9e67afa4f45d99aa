"""Asking to be allowed: the letter, the link that needs no sign-in, and the answer as fields of the allow-list."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.accounts.models import User
from portal.allowing import services
from portal.allowing.models import AllowRequest
from portal.branches.models import AllowListEntry, BranchProfile
from portal.maillog.models import Delivery
from portal.watch.models import Watch
from tests import make
from tests.tickets.queue.conftest import make_ticket

ANSWER: dict[str, Any] = {
    "answer": "allowed",
    "answered_by": "IT of Corp",
    "addresses": ["192.0.2.10"],
    "product": "Mimecast",
}


@pytest.fixture
def asked(north: BranchProfile, nora: User) -> AllowRequest:
    return services.ask(north, domain="corp.example", product="mimecast", contact="it@corp.example", by=nora)


def link(asked: AllowRequest) -> str:
    return f"/allow/{asked.token}/"


def test_asking_is_an_entry_too(asked: AllowRequest) -> None:
    entry = AllowListEntry.objects.get()
    assert (entry.domain, entry.state, entry.product, entry.addresses) == (
        "corp.example", "asked", "Mimecast", ["192.0.2.10"],
    )  # fmt: skip


def test_whoever_holds_the_link_reads_and_answers(asked: AllowRequest) -> None:
    stranger = Client()
    page = stranger.get(link(asked))
    assert page.status_code == 200
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "192.0.2.10" in page.content.decode()
    assert stranger.post(link(asked), ANSWER).status_code == 302
    asked.refresh_from_db()
    entry = AllowListEntry.objects.get()
    assert (asked.answer, asked.answered_by) == ("allowed", "IT of Corp")
    assert (entry.state, entry.by, entry.addresses) == ("confirmed", "IT of Corp", ["192.0.2.10"])
    assert entry.expires is not None
    assert entry.expires - timezone.now() > timedelta(days=170)


def test_an_answer_can_be_changed(asked: AllowRequest) -> None:
    Client().post(link(asked), ANSWER)
    Client().post(link(asked), {"answer": "refused", "answered_by": "Boss", "note": "Never"})
    entry = AllowListEntry.objects.get()
    assert (entry.state, entry.addresses, entry.expires, entry.note) == ("refused", [], None, "Never")


@pytest.mark.parametrize(
    "change",
    [
        {"answer": "perhaps"},
        {"answered_by": ""},
        {"addresses": ["8.8.8.8"]},
        # A "yes" to none of the addresses is no answer.
        {"addresses": []},
        {"holds_until": "2020-01-01"},
    ],
)
def test_what_is_no_answer_is_asked_again(asked: AllowRequest, change: dict[str, Any]) -> None:
    assert Client().post(link(asked), {**ANSWER, **change}).status_code == 400
    assert AllowListEntry.objects.get().state == "asked"


def test_a_link_that_has_run_out_tells_nothing(asked: AllowRequest, as_nora: Client) -> None:
    AllowRequest.objects.update(expires=timezone.now() - timedelta(seconds=1))
    over = Client().get(link(asked))
    assert over.status_code == 410
    assert "192.0.2.10" not in over.content.decode()
    assert Client().post(link(asked), ANSWER).status_code == 410
    as_nora.post(f"/allow-requests/{asked.pk}/link/", {"renew": "yes"})
    assert Client().get(link(asked)).status_code == 200
    as_nora.post(f"/allow-requests/{asked.pk}/link/")
    assert Client().get(link(asked)).status_code == 410
    assert Client().get("/allow/nonsense/").status_code == 404


def test_the_letter_names_the_steps_of_the_product(asked: AllowRequest, as_nora: Client) -> None:
    text = as_nora.get(f"/allow-requests/{asked.pk}/").content.decode()
    assert "Permitted Senders" in text
    assert link(asked) in text


def test_the_pages(as_nora: Client, as_sven: Client, asked: AllowRequest) -> None:
    path = "/branches/north/allow-requests/"
    assert (
        as_nora.get(path + "?domain=other.example&product=cisco").context["form"].initial["domain"] == "other.example"
    )
    assert as_nora.post(path, {"domain": "corp example", "product": "other"}).status_code == 400
    assert as_nora.post(path, {"domain": "a@other.example", "product": "other"}).status_code == 302
    assert as_sven.get(path).status_code == 404
    assert as_sven.get(f"/allow-requests/{asked.pk}/").status_code == 404
    assert as_nora.get(f"/allow-requests/{asked.pk}/link/").status_code == 405
    BranchProfile.objects.update(sending_server=None)
    assert as_nora.post(path, {"domain": "other.example", "product": "other"}).status_code == 400


def test_a_partial_answer_is_told_as_partial_everywhere(
    asked: AllowRequest, as_nora: Client, as_ida: Client, north: BranchProfile, nora: User
) -> None:
    server = north.sending_server
    assert server is not None
    server.addresses = ["192.0.2.10", "192.0.2.11"]
    server.save(update_fields=["addresses"])
    AllowRequest.objects.update(addresses=server.addresses)
    Client().post(link(asked), ANSWER | {"addresses": ["192.0.2.10"]})
    entry = AllowListEntry.objects.select_related("branch__sending_server").get()
    assert entry.missing == ("192.0.2.11",)
    make_ticket(1, north, nora, recipient="lee@corp.example")
    for client, page in (
        (Client(), link(asked)),
        (as_nora, f"/allow-requests/{asked.pk}/"),
        (as_nora, "/branches/north/allow-requests/"),
        (as_nora, "/tickets/1/"),
        (as_ida, "/tickets/1/"),
        (as_ida, "/allow-lists/"),
        (as_ida, "/domains/corp.example/"),
    ):
        found = client.get(page)
        assert found.status_code == 200, page
        assert "192.0.2.11" in found.content.decode(), page
    Client().post(link(asked), ANSWER | {"addresses": server.addresses})
    assert AllowListEntry.objects.select_related("branch__sending_server").get().missing == ()


def test_what_another_branch_was_told_is_not_on_the_ticket(
    asked: AllowRequest, south: BranchProfile, sven: User, as_sven: Client
) -> None:
    make_ticket(1, south, sven, recipient="lee@corp.example")
    assert as_sven.get("/tickets/1/").context["allowed"] is None


def test_the_letter_opens_in_ones_own_mail_program(asked: AllowRequest, as_nora: Client) -> None:
    mailto = as_nora.get(f"/allow-requests/{asked.pk}/").context["mailto"]
    assert mailto.startswith("mailto:it@corp.example?subject=")
    assert asked.token in mailto
    assert "+" not in mailto
    AllowRequest.objects.update(contact="their IT, ?bcc=evil@evil.example")
    assert as_nora.get(f"/allow-requests/{asked.pk}/").context["mailto"].startswith("mailto:?subject=")


def test_it_opens_with_the_product_that_is_known(as_nora: Client, north: BranchProfile) -> None:
    def opened_with(query: str) -> Any:
        return as_nora.get(f"/branches/north/allow-requests/?{query}").context["form"]["product"].value()

    assert opened_with("domain=corp.example&product=proofpoint") == "proofpoint"
    assert opened_with("domain=corp.example") == "other"


def test_what_was_recorded_by_hand_stands_beside_the_letters(
    asked: AllowRequest, north: BranchProfile, south: BranchProfile, as_nora: Client
) -> None:
    by_hand = AllowListEntry.objects.create(branch=north, domain="other.example", state="asked")
    AllowListEntry.objects.create(branch=south, domain="theirs.example", state="asked")
    assert as_nora.get("/branches/north/allow-requests/").context["told"] == [by_hand]


def test_the_answer_begins_with_all_that_was_asked_for_and_then_with_what_was_said(asked: AllowRequest) -> None:
    AllowRequest.objects.update(addresses=["192.0.2.10", "192.0.2.11"])
    assert Client().get(link(asked)).context["form"]["addresses"].value() == ["192.0.2.10", "192.0.2.11"]
    Client().post(link(asked), ANSWER)
    assert Client().get(link(asked)).context["form"]["addresses"].value() == ["192.0.2.10"]


def test_a_person_to_ask_back_stands_on_the_page_and_in_the_letter(
    asked: AllowRequest, nora: User, as_nora: Client
) -> None:
    for text in (
        Client().get(link(asked)).content.decode(),
        as_nora.get(f"/allow-requests/{asked.pk}/").context["letter"],
    ):
        assert nora.name in text
        assert nora.email in text
    AllowRequest.objects.update(by=None)
    assert Client().get(link(asked)).status_code == 200


@pytest.fixture
def refused(north: BranchProfile) -> Delivery:
    return make.delivery(
        north, "lee@corp.example", "refused", message=make.message(north, message_id="<1@north.example>"),
        cause="recipient_policy", reply="550 5.7.1 <lee> refused & logged", provider="mimecast",
    )  # fmt: skip


def test_it_opens_with_the_product_that_the_log_knows_and_names_a_message_that_was_refused(
    refused: Delivery, asked: AllowRequest, north: BranchProfile, south: BranchProfile, sven: User, as_nora: Client
) -> None:
    page = as_nora.get("/branches/north/allow-requests/?domain=corp.example")
    assert page.context["form"]["product"].value() == "mimecast"
    letter = as_nora.get(f"/allow-requests/{asked.pk}/").context["letter"]
    for text in (letter, html.unescape(Client().get(link(asked)).content.decode())):
        assert "550 5.7.1 <lee> refused & logged" in text
        assert "<1@north.example>" in text
    theirs = services.ask(south, domain="corp.example", product="", contact="", by=sven)
    assert "550 5.7.1" not in Client().get(link(theirs)).content.decode()


def test_who_was_asked_and_has_not_answered_is_asked_again_only_on_purpose(
    asked: AllowRequest, as_nora: Client
) -> None:
    path = "/branches/north/allow-requests/"
    page = as_nora.get(path + "?domain=corp.example")
    assert page.context["on_record"].state == "asked"
    again = {"domain": "corp.example", "product": "mimecast"}
    refused = as_nora.post(path, again)
    assert (refused.status_code, list(refused.context["form"].errors)) == (400, ["again"])
    assert as_nora.post(path, again | {"again": "on"}).status_code == 302
    AllowRequest.objects.update(answered=timezone.now(), answer="refused")
    assert as_nora.post(path, again).status_code == 302


def test_a_listing_of_the_server_is_told_before_the_letter_is_written(
    asked: AllowRequest, north: BranchProfile, as_nora: Client
) -> None:
    pages = ("/branches/north/allow-requests/", f"/allow-requests/{asked.pk}/")
    entry = {"check": "sending-ip-listed", "verdict": "problem", "actor": "support", "title": "192.0.2.10 is listed"}
    fine = entry | {"verdict": "notice", "title": "The list is not healthy"}
    watch = Watch.objects.create(server=north.sending_server, next_at=timezone.now(), standing={"a": entry, "b": fine})
    assert [as_nora.get(page).context["listings"] for page in pages] == [["192.0.2.10 is listed"]] * 2
    watch.delete()
    assert [as_nora.get(page).context["listings"] for page in pages] == [[], []]


def test_that_all_branches_asked_is_told_until_they_have_answered(
    asked: AllowRequest, north: BranchProfile, as_nora: Client
) -> None:
    for_all = AllowListEntry.objects.create(
        branch=None, domain="corp.example", state="asked", at=timezone.now() - timedelta(days=6)
    )
    page = "/branches/north/allow-requests/"
    assert as_nora.get(page).context["told"] == [for_all]
    Client().post(link(asked), ANSWER)
    assert as_nora.get(page).context["told"] == []


def test_the_name_is_kept_and_what_is_wrong_stands_first(asked: AllowRequest) -> None:
    stranger = Client()
    stranger.post(link(asked), ANSWER)
    assert stranger.get(link(asked)).context["form"].initial["answered_by"] == "IT of Corp"
    page = stranger.post(link(asked), ANSWER | {"answered_by": ""})
    content = page.content.decode()
    assert page.status_code == 400
    assert 0 < content.index("dd-error-summary") < content.index("For the IT department")


def test_a_link_that_is_cut_tells_nothing_of_branches(asked: AllowRequest) -> None:
    page = Client().get(link(asked)[:-3] + "/")
    assert page.status_code == 404
    assert "allowing/no_link.html" in [item.name for item in page.templates]
