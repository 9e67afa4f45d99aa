"""Fetching from a mailbox: everything once, nothing marked that is not stored, and problems told with a way out."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.mailroom import imap, tasks
from portal.returned.models import ReturnedMail
from tests.portal.mailroom.imap_server import Box, serving
from tests.portal.returned.conftest import by_a_person, complaint, dsn, out_of_office
from tests.tickets.queue.conftest import make_ticket
from tickets.models import Event
from tickets.selectors.reply_address import reply_address

pytestmark = pytest.mark.django_db


@pytest.fixture
def box(settings: Any) -> Iterator[Box]:
    with serving(Box()) as box:
        settings.IMAP_HOST, settings.IMAP_PORT, settings.IMAP_TLS = "127.0.0.1", box.port, "off"
        settings.IMAP_USER, settings.IMAP_PASSWORD = "desk", "secret"
        settings.IMAP_FOLDER, settings.IMAP_DONE_FOLDER = "INBOX", ""
        yield box


def fetched() -> dict[str, int]:
    out = StringIO()
    call_command("fetch_mail", "--json", stdout=out)
    document: dict[str, int] = json.loads(out.getvalue())
    return document


def test_everything_is_taken_once(box: Box) -> None:
    box.add(dsn(), complaint(), out_of_office(), by_a_person())
    assert fetched() == {"taken": 4, "failed": 0, "left": 0}
    assert ReturnedMail.objects.count() == 4
    assert all(flags == {r"\Seen"} for flags in box.flags.values())
    assert fetched() == {"taken": 0, "failed": 0, "left": 0}
    assert box.said[-1].endswith("LOGOUT")


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 MOVE UIDPLUS", "IMAP4rev1 UIDPLUS", "IMAP4rev1"])
def test_it_is_moved_away_when_it_is_done(box: Box, settings: Any, capabilities: str) -> None:
    settings.IMAP_DONE_FOLDER, box.capabilities = "Done", capabilities
    box.add(dsn(), by_a_person())
    assert fetched()["taken"] == 2
    assert set(box.moved) == {1, 2}
    # Without UIDPLUS an expunge would take what others deleted along.
    assert all(r"\Deleted" in box.flags[number] for number in box.mails)
    assert bool(box.mails) == ("UIDPLUS" not in capabilities)
    assert fetched()["taken"] == 0


def test_what_cannot_be_stored_is_left_as_it_was(box: Box, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    def fails(*args: Any, **options: Any) -> None:
        raise OperationalError("the disk is full")

    box.add(dsn())
    with monkeypatch.context() as patch:
        patch.setattr(imap, "keep", fails)
        assert fetched() == {"taken": 0, "failed": 1, "left": 0}
    assert box.flags[1] == set()
    assert fetched() == {"taken": 1, "failed": 0, "left": 0}


def test_a_look_that_breaks_off_is_made_again(box: Box) -> None:
    box.add(dsn(), complaint(), by_a_person())
    box.cut_after = 2
    with pytest.raises(CommandError):
        call_command("fetch_mail")
    assert [bool(box.flags[number]) for number in (1, 2, 3)] == [True, True, False]
    assert ReturnedMail.objects.count() == 2
    box.cut_after = 1000
    assert fetched()["taken"] == 1


def test_no_more_than_the_most_in_one_look(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "MOST", 2)
    box.add(*(dsn(f"p{number}@corp.example") for number in range(5)))
    assert [fetched() for _ in range(3)] == [
        {"taken": 2, "failed": 0, "left": 3},
        {"taken": 2, "failed": 0, "left": 1},
        {"taken": 1, "failed": 0, "left": 0},
    ]


def test_of_a_huge_mail_the_beginning(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "MOST_OCTETS", 2000)
    box.add(dsn() + b"x" * 5000)
    fetched()
    assert ReturnedMail.objects.get().size == 2000


def test_an_answer_to_a_ticket_goes_there(box: Box, settings: Any, north: BranchProfile, nora: User) -> None:
    settings.TICKET_ADDRESS = "ticket+<token>@desk.example"
    ticket = make_ticket(7, north, nora)
    head = f"From: nora@north.example\nTo: Desk <{reply_address(ticket)}>\nSubject: Re\n"
    box.add(f"{head}\nIt arrived.\n".encode(), f"Return-Path: <>\n{head}\nAway.\n".encode())
    fetched()
    assert Event.objects.get(kind="reply").body == "It arrived."
    # A null sender is nobody who answers.
    assert ReturnedMail.objects.count() == 1


def test_a_mail_that_its_room_refuses_is_kept(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*args: Any, **options: Any) -> None:
        raise imap.Refused("no")

    monkeypatch.setattr(imap, "deliver", refuses)
    box.add(dsn(to="returned@desk.example"))
    assert fetched()["taken"] == 1
    assert ReturnedMail.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("IMAP_PASSWORD", "wrong", "IMAP_PASSWORD"),
        ("IMAP_FOLDER", "Elsewhere", "IMAP_FOLDER"),
        ("IMAP_TLS", "tls", "IMAP_TLS"),
        ("IMAP_TLS", "starttls", "IMAP_"),
        ("IMAP_HOST", "", "IMAP_HOST"),
    ],
)
def test_a_problem_names_the_setting(box: Box, settings: Any, name: str, value: str, told: str) -> None:
    setattr(settings, name, value)
    with pytest.raises(CommandError, match=told):
        call_command("fetch_mail")


def test_a_server_that_is_not_there(box: Box, settings: Any) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings.IMAP_PORT = probe.getsockname()[1]
    with pytest.raises(CommandError, match="IMAP_HOST"):
        call_command("fetch_mail")


def test_beat_does_the_same_and_never_fails(box: Box, settings: Any, caplog: Any) -> None:
    box.add(dsn())
    tasks.fetch_mail()
    assert ReturnedMail.objects.count() == 1
    settings.IMAP_PASSWORD = "wrong"
    tasks.fetch_mail()
    assert "IMAP_PASSWORD" in caplog.text
    assert "wrong" not in caplog.text.replace("wrong password", "")
    settings.IMAP_HOST = ""
    tasks.fetch_mail()


def test_in_words(box: Box) -> None:
    box.add(dsn())
    out = StringIO()
    call_command("fetch_mail", stdout=out)
    assert out.getvalue().startswith("1 taken")
