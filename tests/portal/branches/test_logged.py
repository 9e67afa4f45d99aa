"""Which sending server a log means: by host, short name, address, and the name of a service or an instance."""

from __future__ import annotations

import pytest

from portal.branches.logged import LoggedServers
from tests import make

pytestmark = pytest.mark.django_db

MACHINE, OUT2, OUT3 = "smtp.xenegrade.net", "out2.xenegrade.net", "out3.xenegrade.net"


@pytest.fixture
def servers() -> LoggedServers:
    """A machine with three addresses, each a server; and two machines behind one gateway."""
    make.server(MACHINE, addresses=["192.0.2.10"])
    make.server(OUT2, addresses=["192.0.2.11", "2001:db8::11"], log_host=MACHINE, log_name="postfix-out2")
    make.server(OUT3, addresses=["192.0.2.12"], log_host=MACHINE, log_name="postfix/out3")
    make.server("a.west.example", addresses=["198.51.100.1"])
    make.server("b.west.example", addresses=["198.51.100.1"])
    make.server("inside.west.example", addresses=["198.51.100.2"], log_host="box.internal", log_name="10.0.0.2",
                helo="mail.west.example")  # fmt: skip
    return LoggedServers()


@pytest.mark.parametrize(
    ("server", "log_name", "found"),
    [
        (MACHINE, "", MACHINE),
        ("smtp", "", MACHINE),
        ("smtp", "postfix", MACHINE),
        ("smtp", "postfix-out2", OUT2),
        (MACHINE, "Postfix-Out2", OUT2),
        (MACHINE, "postfix/out3", OUT3),
        (MACHINE, "postfix-out9", MACHINE),
        ("a.west.example", "postfix-out2", "a.west.example"),
        (OUT2, "", OUT2),
        ("out2", "postfix", OUT2),
        # By the address it sent from.
        (MACHINE, "192.0.2.12", OUT3),
        ("", "192.0.2.12", OUT3),
        ("unheard.example", "2001:DB8:0::11", OUT2),
        (MACHINE, "203.0.113.9", MACHINE),
        ("a.west.example", "192.0.2.12", OUT3),
        ("box", "10.0.0.2", "inside.west.example"),
        ("a.west.example", "198.51.100.1", "a.west.example"),
        # By an address in the place of the host.
        ("192.0.2.11", "", OUT2),
        ("[2001:db8::11]", "", OUT2),
        ("::ffff:192.0.2.11", "", OUT2),
        # Nothing tells which.
        ("198.51.100.1", "", ""),
        ("", "198.51.100.1", ""),
        ("203.0.113.9", "", ""),
        ("mail.relay.example", "postfix-out2", ""),
        ("mail.west.example", "", "inside.west.example"),
        ("", "postfix-out2", ""),
        ("", "", ""),
    ],
)
def test_who_is_meant(servers: LoggedServers, server: str, log_name: str, found: str) -> None:
    assert servers.host(servers.number(server, log_name)) == found


def test_a_short_name_of_two_is_nobodys() -> None:
    make.server("smtp.north.example")
    make.server("smtp.south.example")
    servers = LoggedServers()
    assert servers.number("smtp") is None
    assert servers.host(servers.number("smtp.south.example")) == "smtp.south.example"


def test_a_machine_may_keep_the_addresses_of_those_beside_it() -> None:
    make.server(MACHINE, addresses=["192.0.2.10", "192.0.2.11"])
    make.server(OUT2, addresses=["192.0.2.11"], log_host=MACHINE, log_name="postfix-out2")
    servers = LoggedServers()
    assert servers.host(servers.number(MACHINE, "192.0.2.11")) == OUT2
    assert servers.host(servers.number("192.0.2.11")) == OUT2
    assert servers.host(servers.number("192.0.2.10")) == MACHINE
