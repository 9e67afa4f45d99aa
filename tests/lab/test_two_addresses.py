"""A real Postfix sends from two addresses by two services: its log tells them apart, and so does the desk."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.maillog.models import AttemptCount, Delivery
from tests import make
from tests.lab import postfix, receivers
from tests.lab.conftest import ingested
from tests.lab.receivers import Receiver
from tests.lab.scenarios import SENDER

pytestmark = [pytest.mark.lab, pytest.mark.django_db, pytest.mark.skipif(postfix.why_not() != "", reason="no Postfix")]
MACHINE, OUT2, OUT3 = postfix.HOST, "out2.xenegrade.net", "out3.xenegrade.net"
#: The server that must be told of each recipient, and the service and the address it was written to from.
TO = {
    "lee@corp.example": (OUT2, ("postfix-out2", "127.0.0.2")),
    "ann@college.example": (OUT3, ("postfix-out3", "127.0.0.3")),
    "bo@else.example": (MACHINE, ("smtp", "127.0.0.1")),
}
LATER = "450 4.2.0 Greylisted"


def test_each_recipient_was_written_to_from_its_own(tmp_path: Path) -> None:
    there = {to.partition("@")[2]: Receiver(first=LATER, listens_at=at) for to, (_, (_, at)) in TO.items()}
    bound = {to.partition("@")[2]: service for to, (server, service) in TO.items() if server != MACHINE}
    with receivers.running(there) as ports, postfix.running(ports, bound) as server:
        server.send(f"From: {SENDER}\nMessage-ID: <one@north.example>\n\nOne message.\n", sender=SENDER,
                    recipients=[*TO])  # fmt: skip
        postfix.wait_until(server.is_empty, "Mail is still on its way.")
        (tmp_path / "mail.log").write_bytes(server.log.read_bytes())
    called = {domain: receiver.called_from for domain, receiver in there.items()}
    assert called == {to.partition("@")[2]: {address} for to, (_, (_, address)) in TO.items()}

    make.branch("north")
    for name, (service, address) in ((OUT2, TO["lee@corp.example"][1]), (OUT3, TO["ann@college.example"][1])):
        make.server(name, addresses=[address], log_host=MACHINE, log_name=service)
    ingested(tmp_path / "mail.log")
    sent = {row.recipient: (row.server, row.state, row.attempts) for row in Delivery.objects.all()}
    assert sent == {to: (name, "accepted", 2) for to, (name, _) in TO.items()}
    tries = {(row.server, row.state): row.recipients for row in AttemptCount.objects.all()}
    assert tries == {(name, state): 1 for name, _ in TO.values() for state in ("deferred", "accepted")}
