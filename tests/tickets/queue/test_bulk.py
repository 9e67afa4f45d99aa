"""Marked tickets: what the page shows before anything is done, doing it, and who may."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from tests.tickets.queue.conftest import make_ticket
from tickets.models import Event, EventKind, Incident, Ticket, TicketState

URL = "/tickets/bulk/"


@pytest.fixture
def tickets(north: BranchProfile, south: BranchProfile, nora: User, sven: User) -> list[Ticket]:
    return [make_ticket(1, north, nora), make_ticket(2, north, nora), make_ticket(3, south, sven)]


def named(*numbers: int) -> list[str]:
    return [f"{row.number}:{row.version}" for row in Ticket.objects.filter(number__in=numbers).order_by("number")]


def reply(*numbers: int, **more: Any) -> dict[str, Any]:
    return {"deed": "reply", "ticket": named(*numbers), "submission": UUID(int=1), "body": "Hello", "then": "", **more}


def test_it_shows_what_is_marked(tickets: list[Ticket], as_ida: Client) -> None:
    response = as_ida.get(f"{URL}?ticket=1&ticket=3&ticket=77&ticket=x")
    assert [row.number for row in response.context["marked"].tickets] == [1, 3]
    assert response.context["marked"].missing == [77]


@pytest.mark.parametrize("query", ["", "?ticket=", "?ticket=99999999999999", "?ticket=9"])
def test_nothing_is_marked(query: str, tickets: list[Ticket], as_ida: Client) -> None:
    response = as_ida.get(URL + query)
    assert response.status_code == 200
    assert not response.context["marked"].tickets


def test_too_many(tickets: list[Ticket], as_ida: Client) -> None:
    response = as_ida.get(URL, {"ticket": list(range(1, 102))})
    assert response.status_code == 400
    assert response.context["marked"].are_too_many


def test_a_reply_is_shown_before_it_is_sent(tickets: list[Ticket], as_ida: Client) -> None:
    response = as_ida.post(URL, reply(1, 3, then="solved"))
    assert response.status_code == 200
    assert [row.number for row in response.context["plan"].taken] == [1, 3]
    assert not Event.objects.filter(kind=EventKind.REPLY).exists()
    assert b'name="confirmed"' in response.content


def test_confirmed_it_is_sent(tickets: list[Ticket], as_ida: Client) -> None:
    response = as_ida.post(URL, reply(1, 3, then="waiting:branch_it", confirmed="yes"))
    assert response.status_code == 302
    assert response.headers["Location"] == f"{URL}?ticket=1&ticket=3"
    assert Event.objects.filter(kind=EventKind.REPLY, body="Hello").count() == 2
    assert set(Ticket.objects.exclude(number=2).values_list("state", "waiting_on")) == {("waiting", "branch_it")}


def test_changed_meanwhile_it_is_shown_again(tickets: list[Ticket], as_ida: Client, nora: User) -> None:
    data = reply(1, 3, confirmed="yes")
    Event.objects.create(ticket=tickets[0], by=nora, kind=EventKind.REPLY, body="Never mind")
    Ticket.objects.filter(number=1).update(version=2)
    response = as_ida.post(URL, data)
    assert response.status_code == 409
    assert [(row.number, [event.by for event in events]) for row, events in response.context["missed"]] == [(1, [nora])]
    assert b'value="1:2"' in response.content
    assert as_ida.post(URL, reply(1, 3, confirmed="yes")).status_code == 302


def test_without_the_versions_nothing_is_done(tickets: list[Ticket], as_ida: Client) -> None:
    assert as_ida.post(URL, reply(1, confirmed="yes") | {"ticket": ["1", "2"]}).status_code == 409
    assert not Event.objects.filter(kind=EventKind.REPLY).exists()


@pytest.mark.parametrize(
    "values",
    [
        {"deed": "reply", "body": "", "submission": UUID(int=1)},
        {"deed": "cause", "cause": ""},
        {"deed": "cause", "cause": "nonsense"},
        {"deed": "merge", "into": "99"},
        {"deed": "merge", "into": ""},
        {"deed": "incident", "incident": "new", "title": ""},
        {"deed": "incident", "incident": "12"},
        {"deed": "nonsense"},
        {},
    ],
)
def test_what_cannot_be_done_is_asked_again(values: dict[str, Any], tickets: list[Ticket], as_ida: Client) -> None:
    response = as_ida.post(URL, {**values, "ticket": named(1, 2), "confirmed": "yes"})
    assert response.status_code == 400
    assert set(Ticket.objects.values_list("version", flat=True)) == {1}


def test_what_was_typed_can_be_changed(tickets: list[Ticket], as_ida: Client) -> None:
    response = as_ida.post(URL, reply(1, 2, body="Kept text", change="yes"))
    assert b"Kept text" in response.content
    assert b'name="confirmed"' not in response.content


@pytest.mark.parametrize(
    ("values", "taken"),
    [
        ({"deed": "assign", "to": ""}, []),
        ({"deed": "cause", "cause": "mailbox_full"}, [1, 2, 3]),
        ({"deed": "merge", "into": "1"}, [2]),
        ({"deed": "merge", "into": "3"}, []),
        ({"deed": "incident", "incident": "new", "title": "corp.example"}, [1, 2, 3]),
    ],
)
def test_each_deed_is_shown_and_done(
    values: dict[str, Any], taken: list[int], tickets: list[Ticket], as_ida: Client
) -> None:
    response = as_ida.post(URL, {**values, "ticket": named(1, 2, 3)})
    assert [row.number for row in response.context["plan"].taken] == taken
    assert set(Ticket.objects.values_list("version", flat=True)) == {1}
    assert as_ida.post(URL, {**values, "ticket": named(1, 2, 3), "confirmed": "yes"}).status_code == 302
    changed = list(Ticket.objects.exclude(version=1).order_by("number").values_list("number", flat=True))
    assert changed == ([1, 2] if values.get("into") == "1" else taken)


def test_the_one_that_stays_need_not_be_marked(tickets: list[Ticket], as_ida: Client) -> None:
    data = {"deed": "merge", "into": "2", "ticket": named(1)}
    shown = as_ida.post(URL, data)
    assert b'value="2:1"' in shown.content
    assert as_ida.post(URL, {**data, "ticket": named(1, 2), "confirmed": "yes"}).status_code == 302
    assert Ticket.objects.get(number=1).merged_into == Ticket.objects.get(number=2)


def merged(by: Client) -> None:
    by.post(URL, {"deed": "merge", "into": "1", "ticket": named(1, 2), "confirmed": "yes"})


def test_a_merged_ticket_leads_on(tickets: list[Ticket], as_ida: Client, as_nora: Client) -> None:
    merged(as_ida)
    for client in (as_ida, as_nora):
        page = client.get("/tickets/2/").content
        assert b"It goes on in ticket 1" in page
        assert b'action="/tickets/2/reply/"' not in page
        assert b"1 other ticket went into this one" in client.get("/tickets/1/").content


@pytest.mark.parametrize("name", ["reply", "note", "assign", "state", "cause", "examine"])
def test_what_is_sent_to_a_merged_ticket_is_kept_and_led_on(name: str, tickets: list[Ticket], as_ida: Client) -> None:
    merged(as_ida)
    before = Event.objects.count()
    data = {"version": "1", "submission": UUID(int=9), "body": "Kept text", "state": "open", "reason": "Kept text"}
    response = as_ida.post(f"/tickets/2/{name}/", data)
    assert response.status_code == (302 if name == "examine" else 409)
    assert Event.objects.count() == before
    if name in ("reply", "note", "state"):
        assert b"Kept text" in response.content
        assert response.context["ticket"].number == 1


def test_the_branchs_answer_goes_on_with_the_ticket(tickets: list[Ticket], as_ida: Client, as_nora: Client) -> None:
    merged(as_ida)
    Ticket.objects.filter(number=1).update(state="waiting", waiting_on="branch")
    data = {"version": "1", "submission": UUID(int=9), "body": "Kept text", "then": ""}
    for _ in range(2):
        response = as_nora.post("/tickets/2/reply/", data, follow=True)
        assert response.redirect_chain == [("/tickets/1/", 302)]
    reply = Event.objects.get(kind=EventKind.REPLY)
    assert (reply.ticket.number, reply.body) == (1, "Kept text")
    assert dict(Ticket.objects.values_list("number", "state")) == {1: "open", 2: "closed", 3: "new"}


def test_that_it_is_solved_is_said_of_the_ticket_that_stays(
    tickets: list[Ticket], as_ida: Client, as_nora: Client
) -> None:
    merged(as_ida)
    data = {"version": "1", "submission": UUID(int=9), "body": "Kept text", "then": "solved"}
    response = as_nora.post("/tickets/2/reply/", data)
    assert response.status_code == 409
    assert b"Kept text" in response.content
    assert not Event.objects.filter(kind=EventKind.REPLY).exists()
    version = response.context["reply_form"].data["version"]
    assert as_nora.post("/tickets/1/reply/", data | {"version": version}).status_code == 302
    assert Ticket.objects.get(number=1).state == "solved"


@pytest.mark.parametrize("name", ["reply", "note"])
def test_what_was_sent_before_the_merging_is_not_sent_again(name: str, tickets: list[Ticket], as_ida: Client) -> None:
    data = {"version": "1", "submission": UUID(int=9), "body": "Kept text"}
    as_ida.post(f"/tickets/2/{name}/", data)
    merged(as_ida)
    before = Event.objects.count()
    assert as_ida.post(f"/tickets/2/{name}/", data).headers["Location"] == "/tickets/1/"
    assert Event.objects.count() == before


def test_merging_is_undone(tickets: list[Ticket], as_ida: Client) -> None:
    merged(as_ida)
    assert as_ida.post("/tickets/2/unmerge/", {"version": "1"}).status_code == 302
    assert Ticket.objects.get(number=2).merged_into is not None
    for _ in range(2):
        as_ida.post("/tickets/2/unmerge/", {"version": "2"})
    row = Ticket.objects.get(number=2)
    assert (row.merged_into, row.state, row.is_open) == (None, TicketState.NEW, True)


def test_an_incident_is_for_support_alone(
    tickets: list[Ticket], as_ida: Client, as_nora: Client, south: BranchProfile
) -> None:
    as_ida.post(
        URL, {"deed": "incident", "incident": "new", "title": "Kanarie", "ticket": named(1, 3), "confirmed": "yes"}
    )
    incident = Incident.objects.get()
    listed = as_ida.get(f"/tickets/?incident={incident.pk}")
    assert sorted(row.number for row in listed.context["page"].rows) == [1, 3]
    assert b"Kanarie" in listed.content
    assert b"Kanarie" in as_ida.get("/tickets/1/").content
    for address in (f"/tickets/?incident={incident.pk}", "/tickets/", "/tickets/1/", "/"):
        page = as_nora.get(address).content
        assert b"Kanarie" not in page
        assert south.organisation.encode() not in page
    assert not as_nora.get(f"/tickets/?incident={incident.pk}").context["page"].rows
    as_ida.post("/tickets/1/unlink/")
    assert Ticket.objects.get(number=1).incident is None


@pytest.mark.parametrize("query", ["?incident=x", "?incident=-1", "?incident=999999999999"])
def test_an_incident_that_cannot_be_read_narrows_nothing(query: str, tickets: list[Ticket], as_ida: Client) -> None:
    assert len(as_ida.get("/tickets/" + query).context["page"].rows) == 3


@pytest.mark.parametrize("address", [URL, "/tickets/1/unmerge/", "/tickets/1/unlink/"])
def test_only_support(address: str, tickets: list[Ticket], as_nora: Client, client: Client) -> None:
    assert as_nora.post(address, reply(1, 2, confirmed="yes")).status_code == 403
    assert client.post(address).status_code == 302
    assert not Event.objects.exclude(kind=EventKind.OPENED).exists()
