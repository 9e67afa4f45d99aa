"""Adding files to a ticket: by support and the branch; a message trace is told in words and becomes evidence."""

from __future__ import annotations

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from tests.tickets.queue.conftest import make_ticket
from tickets.models import Attachment, Event, Ticket, TicketState
from tickets.notify import tell
from tickets.services.merging import merge

TRACE = (
    b"Received,SenderAddress,RecipientAddress,Subject,Status,MessageId,MessageTraceId\n"
    b"2026-03-04T12:00:05,b@north.example,lee@corp.example,Hi,Quarantined,<m1@north.example>,1\n"
)


def send(client: Client, ticket: Ticket, *files: tuple[str, bytes]) -> HttpResponse:
    data = {"attached": [SimpleUploadedFile(name, octets) for name, octets in files]} if files else {}
    return client.post(reverse("ticket_files", args=[ticket.number]), data)  # type: ignore[return-value]


def page(client: Client, ticket: Ticket) -> str:
    return client.get(reverse("ticket", args=[ticket.number])).content.decode()


@pytest.mark.parametrize("who", ["as_nora", "as_ida"])
def test_a_trace_is_told_and_counts(
    who: str, request: pytest.FixtureRequest, ticket: Ticket, as_nora: Client, as_ida: Client
) -> None:
    assert send(request.getfixturevalue(who), ticket, ("trace.csv", TRACE)).status_code == 302
    event = Event.objects.get(kind="files")
    assert [file.name for file in event.attachments.all()] == ["trace.csv"]
    for client in (as_nora, as_ida):
        text = page(client, ticket)
        assert "according to Microsoft 365" in text
        assert "quarantine" in text
        assert "Line 2 of trace.csv" in text


def test_it_is_handed_out_as_text(as_nora: Client, ticket: Ticket) -> None:
    send(as_nora, ticket, ("trace.csv", b"=cmd,b\n1,2\n"))
    response = as_nora.get(reverse("attachment", args=[Attachment.objects.get().code]))
    assert b"".join(response.streaming_content) == b"=cmd,b\n1,2\n"  # type: ignore[attr-defined]
    assert 'filename="trace.csv.txt"' in response.headers["Content-Disposition"]
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_words_of_a_stranger_are_escaped(as_ida: Client, ticket: Ticket) -> None:
    hostile = TRACE.replace(b"Quarantined", b"<script>alert(1)</script>")
    send(as_ida, ticket, ("<b>.csv", hostile))
    text = page(as_ida, ticket)
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


def test_good_files_stay_where_another_is_refused(as_nora: Client, ticket: Ticket) -> None:
    response = send(as_nora, ticket, ("trace.csv", TRACE), ("evil.exe", b"MZ\x00"))
    assert response.status_code == 400
    assert b"evil.exe is not accepted" in response.content
    assert [file.name for file in Attachment.objects.all()] == ["trace.csv"]


def test_no_file(as_nora: Client, ticket: Ticket) -> None:
    assert send(as_nora, ticket).status_code == 400
    assert not Event.objects.filter(kind="files").exists()


def test_the_same_file_twice_is_once(as_nora: Client, ticket: Ticket) -> None:
    for _ in range(2):
        assert send(as_nora, ticket, ("trace.csv", TRACE)).status_code == 302
    assert Event.objects.filter(kind="files").count() == 1


def test_what_the_branch_adds_ends_waiting(as_nora: Client, ticket: Ticket) -> None:
    Ticket.objects.update(state=TicketState.WAITING, waiting_on="recipient_it")
    send(as_nora, ticket, ("trace.csv", TRACE))
    ticket.refresh_from_db()
    assert (ticket.state, ticket.waiting_on, ticket.version) == ("open", "", 2)
    assert Event.objects.get(kind="files").changes["state"] == ["waiting", "open"]


def test_what_support_adds_changes_no_state(as_ida: Client, ticket: Ticket) -> None:
    send(as_ida, ticket, ("trace.csv", TRACE))
    ticket.refresh_from_db()
    assert ticket.state == TicketState.NEW


def test_the_other_side_is_told(as_ida: Client, ticket: Ticket, nora: User) -> None:
    send(as_ida, ticket, ("trace.csv", TRACE))
    assert tell(Event.objects.get(kind="files").pk)
    assert [message.to for message in mail.outbox] == [[nora.email]]
    assert "trace.csv" in mail.outbox[0].body


@pytest.fixture
def stays(ticket: Ticket, north: BranchProfile, nora: User, ida: User) -> Ticket:
    """The ticket that ``ticket`` was merged into; its own form is still open somewhere."""
    other = make_ticket(2, north, nora, state=TicketState.WAITING, waiting_on="branch")
    merge({row.number: row.version for row in (ticket, other)}, into=2, by=ida)
    return other


@pytest.mark.parametrize("who", ["as_nora", "as_ida"])
def test_a_merged_tickets_files_go_on_with_it(
    who: str, request: pytest.FixtureRequest, ticket: Ticket, stays: Ticket
) -> None:
    client = request.getfixturevalue(who)
    for _ in range(2):
        assert send(client, ticket, ("trace.csv", TRACE)).headers["Location"] == "/tickets/2/#story"
    file = Attachment.objects.get()
    assert file.event is not None
    assert (file.report, file.event.ticket) == (stays.report, stays)
    assert "according to Microsoft 365" in page(client, stays)
    stays.refresh_from_db()
    assert stays.state == ("open" if who == "as_nora" else "waiting")
    ticket.refresh_from_db()
    assert ticket.state == TicketState.CLOSED


def test_what_is_refused_is_told_on_the_one_that_stays(as_nora: Client, ticket: Ticket, stays: Ticket) -> None:
    response = send(as_nora, ticket, ("trace.csv", TRACE), ("evil.exe", b"MZ\x00"))
    assert response.status_code == 400
    assert response.context["ticket"] == stays  # type: ignore[attr-defined]
    assert [file.report for file in Attachment.objects.all()] == [stays.report]


def test_a_stranger_learns_of_no_merging(as_sven: Client, ticket: Ticket, stays: Ticket) -> None:
    assert send(as_sven, ticket, ("trace.csv", TRACE)).status_code == 404
    assert not Attachment.objects.exists()


def test_stranger(as_sven: Client, ticket: Ticket) -> None:
    assert send(as_sven, ticket, ("trace.csv", TRACE)).status_code == 404


def test_method(as_nora: Client, ticket: Ticket) -> None:
    there = as_nora.get(reverse("ticket_files", args=[ticket.number]))
    assert there.headers["Location"] == reverse("ticket", args=[ticket.number])
