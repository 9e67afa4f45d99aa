"""The findings of a ticket, as the page asks for them while the checks last."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from diagnostics.models import Run, RunState, StoredFinding
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


@pytest.fixture
def examined(ticket: Ticket) -> Ticket:
    """A report of a run that found SPF broken, the address listed, one thing unknown, and two sound."""
    run = Run.objects.create(
        subject={}, target_domain="corp.example", attempt=1, state=RunState.DONE, lease_until=timezone.now()
    )
    for position, (code, check, verdict, actor) in enumerate(
        (
            ("spf.fail", "sender-spf", "problem", "branch_it"),
            ("list.listed", "sending-ip-listed", "problem", "support"),
            ("sts.unknown", "recipient-mta-sts", "unknown", "support"),
            ("ptr.fine", "sending-ip-reverse", "ok", "nobody"),
            ("mx.fine", "recipient-mx", "ok", "nobody"),
        )
    ):
        StoredFinding.objects.create(
            run=run, attempt=1, position=position, check_slug=check, code=code, verdict=verdict, actor=actor
        )
    Ticket.objects.update(run=run, cause="auth_failure")
    ticket.refresh_from_db()
    return ticket


def test_what_bears_on_the_cause_stands_first(as_ida: Client, as_nora: Client, examined: Ticket) -> None:
    for client, address, headers in ((as_ida, URL, HTMX), (as_nora, "/tickets/1/", {})):
        response = client.get(address, headers=headers)
        context, content = response.context, response.content.decode()
        assert [item.code for group in context["bearing"] for item in group.findings] == ["spf.fail"]
        assert [item.code for item in context["aside"]] == ["list.listed"]
        assert (context["otherwise"], context["sound"], len(context["open"])) == ([], 2, 1)
        places = [
            content.index(f'data-code="{code}"') for code in ("spf.fail", "list.listed", "sts.unknown", "ptr.fine")
        ]
        assert places == sorted(places)
        assert f"Could not find out: {escape(context['open'][0])}" in content
        assert "2 checks found nothing wrong" in content
