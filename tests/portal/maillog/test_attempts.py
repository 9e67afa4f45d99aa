"""Who made an attempt: a machine that sends from several addresses, as far as its log tells them apart."""

from __future__ import annotations

from io import BytesIO
from itertools import permutations
from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.importers import IMPORTERS
from portal.maillog.models import AttemptCount, DayPart, Delivery, DeliveryEvent
from portal.maillog.recounting import recount
from portal.maillog.services import Zones, ingest
from portal.rates.tries import Asked, tries_of
from tests import make

MACHINE, OUT2, OUT3 = "smtp.xenegrade.net", "out2.xenegrade.net", "out3.xenegrade.net"
IDENT = "4jbgK90c8HzKWXP"
BEGIN = (
    f"2026-03-04T14:00:00Z smtp postfix/cleanup[1]: {IDENT}: message-id=<m1@north.example>\n"
    f"2026-03-04T14:00:00Z smtp postfix/qmgr[1]: {IDENT}: from=<b@north.example>, size=9, nrcpt=2 (queue active)\n"
)
APPLICATION = (
    '{"kind": "message", "branch": "north", "key": "k1", "message_id": "<m1@north.example>", "at": '
    '"2026-03-04T14:00:00Z", "recipient": ["lee@corp.example", "ann@else.example"], "server": "smtp.xenegrade.net"}\n'
)
Counted = dict[tuple[str, str], int]


@pytest.fixture(autouse=True)
def _servers(north: BranchProfile) -> None:
    """North College sends by a machine with three addresses; its log tells one by a name, one by the address."""
    make.server(MACHINE)
    make.server(OUT2, addresses=["192.0.2.11"], log_host=MACHINE, log_name="postfix-out2")
    make.server(OUT3, addresses=["192.0.2.12"])


def tried(minute: int, to: str, daemon: str, status: str = "sent (250 2.0.0 OK)") -> str:
    return (
        f"2026-03-04T14:{minute:02}:00Z smtp {daemon}[1]: {IDENT}: to=<{to}>, relay=mx.{to.partition('@')[2]}"
        f"[198.51.100.7]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status={status}\n"
    )


def take(text: str, source: str = "postfix", branch: str = "north") -> None:
    read = IMPORTERS["jsonl" if source == "dsn" else source]
    batch = ingest(read(BytesIO(text.encode()), branch, Zones()), source=source, name="test")
    assert batch.rejected_count == 0, batch.rejected


def sent_by() -> dict[str, str]:
    return dict(Delivery.objects.values_list("recipient_normal", "server"))


def tries() -> Counted:
    """Tries by server and state."""
    found: Counted = {}
    for row in AttemptCount.objects.filter(recipients__gt=0):
        found[row.server, row.state] = found.get((row.server, row.state), 0) + row.recipients
    return found


def days() -> dict[str, int]:
    """The recipients of the history by server."""
    rows = DayPart.objects.filter(part="server")
    return {row.value: row.accepted for row in rows if row.accepted}


class TestPostfix:
    def test_two_recipients_of_one_message(self) -> None:
        take(BEGIN + tried(1, "lee@corp.example", "postfix-out2/smtp") + tried(1, "ann@else.example", "postfix/smtp"))
        assert sent_by() == {"lee@corp.example": OUT2, "ann@else.example": MACHINE}
        assert tries() == {(OUT2, "accepted"): 1, (MACHINE, "accepted"): 1}

    @pytest.mark.parametrize("order", [*permutations(range(3))])
    def test_whatever_is_read_first(self, order: tuple[int, ...]) -> None:
        """The application names the machine, and what tries no more tells of no address."""
        wait = "deferred (host mx.corp.example[198.51.100.7] said: 450 4.2.0 Later)"
        pieces = [
            (APPLICATION, "jsonl"),
            (BEGIN + tried(1, "lee@corp.example", "postfix/smtp", wait), "postfix"),
            (
                BEGIN
                + tried(2, "lee@corp.example", "postfix-out2/smtp", wait)
                + tried(3, "ann@else.example", "postfix/error", "deferred (delivery temporarily suspended: x)"),
                "postfix",
            ),
        ]
        for number in order:
            take(*pieces[number])
        assert sent_by() == {"lee@corp.example": OUT2, "ann@else.example": MACHINE}
        assert tries() == {(MACHINE, "deferred"): 2, (OUT2, "deferred"): 1}

    def test_given_up_from_the_same_address(self) -> None:
        take(
            BEGIN
            + tried(1, "lee@corp.example", "postfix-out2/smtp", "deferred (connect to x[192.0.2.7]:25: timed out)")
            + f"2026-03-04T14:30:00Z smtp postfix/qmgr[1]: {IDENT}: from=<b@north.example>, status=expired, returned\n"
        )
        assert (sent_by(), Delivery.objects.get().state) == ({"lee@corp.example": OUT2}, "expired")

    def test_read_again_it_is_known(self) -> None:
        log = BEGIN + tried(1, "lee@corp.example", "postfix-out2/smtp")
        take(log)
        take(log)
        assert (DeliveryEvent.objects.count(), tries()) == (1, {(OUT2, "accepted"): 1})


class TestExim:
    @pytest.mark.parametrize("host", ["", "Mar  4 14:00:01 smtp exim[1]: "])
    def test_the_address_tells(self, host: str) -> None:
        ident, to = "1xWzsw-00063T-0X", "R=dnslookup T=remote_smtp H=mx.corp.example [198.51.100.7]"
        lines = (
            f"{ident} <= b@north.example H=app [192.0.2.33] P=esmtp S=350 id=m1@north.example",
            f"{ident} == lee@corp.example {to.partition(' H=')[0]} defer (-44) H=mx.corp.example [198.51.100.7]: SMTP "
            "error from remote mail server after RCPT TO:<lee@corp.example>: 450 4.2.0 Later",
            f'{ident} => lee@corp.example {to} I=[192.0.2.12]:40112 C="250 2.0.0 OK"',
        )
        take("".join(f"{host}2026-03-04 14:0{n}:00 +0000 {text}\n" for n, text in enumerate(lines)), "exim")
        assert sent_by() == {"lee@corp.example": OUT3}
        # A line that it was put off never tells from where: that try is the machine's, where that is known.
        assert tries() == {(MACHINE if host else "", "deferred"): 1, (OUT3, "accepted"): 1}


ROW = {"kind": "accepted", "branch": "north", "recipient": "lee@corp.example", "at": "2026-03-04T14:02:00Z"}


@pytest.mark.parametrize(
    ("server", "name"),
    [("192.0.2.11", OUT2), ("[192.0.2.12]", OUT3), (OUT3, OUT3), ("out3", OUT3), ("smtp", MACHINE), ("192.0.2.99", "")],
)
@pytest.mark.parametrize("source", ["jsonl", "csv"])
def test_a_row_that_names_an_address(source: str, server: str, name: str) -> None:
    told: dict[str, Any] = {**ROW, "key": "k1", "server": server}
    if source == "csv":
        take(f"{','.join(told)}\n{','.join(told.values())}\n", "csv")
    else:
        take("{" + ", ".join(f'"{key}": "{value}"' for key, value in told.items()) + "}\n", "jsonl")
    assert (sent_by(), tries()) == ({"lee@corp.example": name}, {(name or server, "accepted"): 1})


@pytest.mark.parametrize(
    ("log", "server", "name"),
    [
        (
            tried(1, "lee@corp.example", "postfix-out2/smtp", "bounced (host x[192.0.2.7] said: 550 5.1.1 No)"),
            MACHINE,
            OUT2,
        ),
        (tried(1, "lee@corp.example", "postfix/error", "bounced (no such domain)"), OUT3, OUT3),
        (tried(1, "lee@corp.example", "postfix/error", "bounced (no such domain)"), "mx.corp.example", MACHINE),
    ],
)
@pytest.mark.parametrize("is_first", [False, True])
def test_a_report_tells_where_the_log_does_not(log: str, server: str, name: str, is_first: bool) -> None:
    """Who wrote it made the attempt, if it is one of ours; what the log tells of the same attempt goes before it."""
    row = {**ROW, "kind": "refused", "key": "<m1@north.example>", "server": server, "at": "2026-03-04T14:05:00Z"}
    report = "{" + ", ".join(f'"{key}": "{value}"' for key, value in row.items()) + "}\n"
    told = [(BEGIN + log, "postfix"), (report, "dsn")]
    for text, source in reversed(told) if is_first else told:
        take(text, source)
    assert sent_by() == {"lee@corp.example": name}


def test_figures_lead_to_what_they_are_the_sum_of(as_ada: Client) -> None:
    """History, search and tries, before and after all is counted anew."""
    wait = "deferred (host mx.corp.example[198.51.100.7] said: 450 4.2.0 Later)"
    take(
        BEGIN
        + tried(1, "lee@corp.example", "postfix/smtp", wait)
        + tried(2, "lee@corp.example", "postfix-out2/smtp")
        + tried(3, "ann@else.example", "postfix/smtp")
    )
    for _ in range(2):
        assert days() == {MACHINE: 1, OUT2: 1}
        assert tries() == {(MACHINE, "deferred"): 1, (MACHINE, "accepted"): 1, (OUT2, "accepted"): 1}
        for server, states in ((MACHINE, ["accepted", "deferred"]), (OUT2, ["accepted"])):
            assert found_tries(server) == states
        for asked in (OUT2, "192.0.2.11"):
            page = as_ada.get("/branches/north/deliveries/", {"server": asked}).content.decode()
            assert "lee@corp.example" in page
            assert "ann@else.example" not in page
        recount()


def found_tries(server: str) -> list[str]:
    ada = User.objects.get(email__startswith="ada")
    events = DeliveryEvent.objects.order_by("at")
    first, last = events[0].at, events.reverse()[0].at
    found = []
    for provider in {row.provider for row in AttemptCount.objects.all()}:
        asked = Asked(provider=provider, begins=first, ends=last.replace(minute=59), server=server)
        found += [item.event.state for item in tries_of(ada, asked).rows]
    return sorted(found)
