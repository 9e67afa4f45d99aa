"""The findings of a ticket, as the page asks for them while the checks last."""

from __future__ import annotations

from django.test import Client

from tickets.models import Ticket

URL = "/tickets/1/findings/"
HTMX = {"HX-Request": "true"}


def test_htmx_gets_the_fragment(ticket: Ticket, as_nora: Client) -> None:
    response = as_nora.get(URL, headers=HTMX)
    assert response.status_code == 200
    assert b"<html" not in response.content


def test_a_browser_is_sent_to_the_ticket(ticket: Ticket, as_nora: Client) -> None:
    assert as_nora.get(URL).headers["Location"] == "/tickets/1/"


def test_another_branch_finds_nothing(ticket: Ticket, as_sven: Client) -> None:
    assert as_sven.get(URL, headers=HTMX).status_code == 404


def test_strangers_sign_in(ticket: Ticket, client: Client) -> None:
    assert client.get(URL, headers=HTMX).status_code == 302


def test_other_methods_are_refused(ticket: Ticket, as_nora: Client) -> None:
    assert as_nora.post(URL).status_code == 405


def test_what_is_believed_comes_with_it(as_ida: Client, ticket: Ticket) -> None:
    content = as_ida.get(URL, headers=HTMX).content.decode()
    assert '<section class="dd-panel" id="belief" hx-swap-oob="true">' in content
    page = as_ida.get("/tickets/1/").content.decode()
    assert page.count('id="belief"') == 1
    assert 'hx-swap-oob="true">\n  <div class="dd-panel-head"><h2>What most' not in page
