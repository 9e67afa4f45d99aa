"""Through every door of the desk: a stranger's DNS names an address that is none of his, and nobody is called there.

Each door begins a run of its own; all of DNS is one server that answers every name with a forbidden address. At that
address, where it is this machine, somebody listens at the very port; for all others the connections of this process
are counted as it tries to make them.
"""

from __future__ import annotations

import asyncio
import io
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import dns.rdatatype
import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from diagnostics import resolving, runner
from diagnostics.engine.connect import Door
from diagnostics.engine.outside import Outside
from diagnostics.management.commands import diagnose
from diagnostics.models import Run, RunState, StoredFinding
from portal.accounts.models import User
from portal.branches.models import BranchProfile, SendingDomain
from portal.inbound import Mail
from portal.trials.addresses import address_of
from portal.trials.services import open_trial, take
from portal.watch import rounds
from portal.watch.models import Watch
from tests.diagnostics.dns_server import DNSServer, Message, name_of, reply
from tests.diagnostics.engine.outside.servers import serving
from tests.tickets.queue.conftest import make_ticket
from tests.tickets.wizard.conftest import make_report
from tickets.services.reports import examine

#: Some of each kind; tests/diagnostics/engine/test_connect.py tries all at the door itself.
ADDRESSES = (
    *("127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0"),
    *("::1", "fd12::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"),
)
TARGET = "lee@hostile.net"
MESSAGE = "From: a@hostile.net\nDKIM-Signature: v=1; a=rsa-sha256; d=hostile.net; s=x; h=from; bh=AA; b=AA\n\nx"
PICTURES = (
    b"From: a@hostile.net\r\nContent-Type: text/html\r\n\r\n"
    b'<img src="https://img.hostile.net/1.png"><img src="http://img.hostile.net/2.png">'
    b'<img src="https://127.0.0.1/3.png"><img src="http://[::1]/4.png"><img src="http://169.254.169.254/latest/">'
)


def hostile(address: str) -> Callable[[Message, str], list[Message]]:
    """Every domain has a mail server and an MTA-STS policy, and every name is ``address``."""
    family = "AAAA" if ":" in address else "A"

    def respond(question: Message, transport: str) -> list[Message]:
        name, kind = name_of(question), dns.rdatatype.to_text(question.question[0].rdtype)
        if name.startswith("_mta-sts."):
            data = {"TXT": '"v=STSv1; id=1"'}
        else:
            data = {
                family: address,
                "MX": "10 mx.hostile.net.",
                "PTR": "mx.hostile.net.",
                "TXT": f'"v=spf1 a:{name} -all"',
            }
        return [reply(question, *([f"{name} 60 {kind} {data[kind]}"] if kind in data else []))]

    return respond


class Listener:
    """``calls`` were accepted by somebody; ``tried`` are all that this process sent or connected to: from, to."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.tried: list[Any] = []
        self.is_listening = False

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls.append(writer.get_extra_info("peername"))


LISTENER = Listener()


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if LISTENER.is_listening and event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        LISTENER.tried.append((arguments[0].getsockname(), arguments[-1]))


sys.addaudithook(_hear)


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Listener]:
    """Somebody at this machine's own addresses, at the ports that the door goes to."""
    settings.DIAGNOSTICS_ZONE, settings.SMTP_PROBE = "", "greeting"
    settings.PICTURE_PROBE, settings.TRIAL_ADDRESS = True, "test+<token>@desk.example"
    resolving._remembered.clear()
    LISTENER.calls, LISTENER.tried = [], []
    with ExitStack() as stack:
        four = stack.enter_context(serving(LISTENER.accept))
        six = stack.enter_context(serving(LISTENER.accept, host="::1")) if socket.has_ipv6 else four

        def through(probe: Any = None) -> Outside:
            return Outside(Door(smtp_port=four, https_port=six), probe)

        for place in (resolving, diagnose):
            monkeypatch.setattr(place, "Outside", through)
        yield LISTENER
        LISTENER.is_listening = False


@dataclass(frozen=True, slots=True)
class Cast:
    """Who stands at the doors, and what they hold in their hands."""

    ida: Client
    nora: Client
    support: User
    branch: BranchProfile
    staff: User


def bench_domain(cast: Cast) -> None:
    assert cast.ida.post("/diagnostics/", {"target": "hostile.net", "calls": "on"}).status_code == 302


def bench_address(cast: Cast) -> None:
    given = {"target": TARGET, "sender": "hostile.net", "addresses": "10.0.0.1, ::1", "selectors": "x", "calls": "on"}
    assert cast.ida.post("/diagnostics/", given).status_code == 302


def bench_literal(cast: Cast) -> None:
    for literal in ("lee@[127.0.0.1]", "lee@[IPv6:::1]"):
        assert cast.ida.post("/diagnostics/", {"target": literal, "sender": "hostile.net"}).status_code == 302


def bench_again(cast: Cast) -> None:
    bench_domain(cast)
    assert cast.ida.post(f"/diagnostics/runs/{Run.objects.get().code}/again/").status_code == 302


def message(cast: Cast) -> None:
    assert cast.ida.post("/diagnostics/messages/", {"text": MESSAGE}).status_code == 302


def trial(cast: Cast) -> None:
    made = open_trial(cast.branch, by=cast.staff, module="webreg", asks_for_pictures=True)
    take(Mail(octets=PICTURES, recipient=address_of(made), source="mailroom", at=timezone.now(), peer="127.0.0.1"))


def report(cast: Cast) -> None:
    made = make_report(cast.branch, cast.staff, recipient=TARGET)
    made.run = None
    examine(made, by=cast.staff)


def ticket(cast: Cast) -> None:
    make_ticket(1, cast.branch, cast.staff, recipient=TARGET)
    assert cast.ida.post("/tickets/1/examine/", {"calls": "on"}).status_code == 302


def domain_report(cast: Cast) -> None:
    domain = SendingDomain.objects.get(branch=cast.branch)
    assert cast.nora.post(f"/branches/{cast.branch.code}/domains/{domain.pk}/look/").status_code == 302


def rounds_of_the_watch(cast: Cast) -> None:
    rounds.enrol()
    Watch.objects.update(next_at=timezone.now())
    for pk in rounds.begin_due():
        rounds.look_at_list(pk)


def terminal(cast: Cast) -> None:
    call_command("diagnose", TARGET, "--sender", "hostile.net", "--probe", "greeting", "--json", stdout=io.StringIO())


#: Each with the dialogues that it would have, were the address one that may be called on.
DOORS = (
    (bench_domain, {"SMTP", "STS-POLICY"}),
    (bench_address, {"SMTP", "STS-POLICY"}),
    (bench_literal, set()),
    (bench_again, {"SMTP", "STS-POLICY"}),
    (message, set()),
    (trial, set()),
    (report, {"STS-POLICY"}),
    (ticket, {"SMTP", "STS-POLICY"}),
    (domain_report, set()),
    (rounds_of_the_watch, set()),
    (terminal, set()),
)


@pytest.fixture
def cast(as_ida: Client, as_nora: Client, ida: User, nora: User, north: BranchProfile) -> Cast:
    return Cast(as_ida, as_nora, ida, north, nora)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(("door", "dialogues"), DOORS, ids=[door.__name__ for door, _ in DOORS])
def test_nobody_is_called_at_a_forbidden_address(
    door: Callable[[Cast], None], dialogues: set[str], address: str, cast: Cast, listener: Listener, settings: Any
) -> None:
    with DNSServer(hostile(address)) as server:
        settings.RESOLVERS = [server.address]
        listener.is_listening = True
        door(cast)
        for pk in Run.objects.filter(state=RunState.QUEUED).values_list("pk", flat=True):
            runner.perform(pk)
        listener.is_listening = False
        host, _, port = server.address.partition(":")
        resolver = (host, int(port))
    assert server.asked
    # What goes to the name server, and what that answers.
    assert [pair for pair in listener.tried if resolver not in pair] == []
    assert listener.calls == []
    refused = {item["rdtype"] for run in Run.objects.all() for item in run.transcript if item["status"] == "refused"}
    assert dialogues <= refused
    assert not StoredFinding.objects.filter(code="check.failed").exists()
