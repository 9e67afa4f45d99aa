"""The one door to strangers' servers: what it is opened to, and that nothing else ever sees a packet."""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

import pytest

from diagnostics.engine.connect import MOST_OCTETS, Connection, ConnectProblem, Door, is_public
from diagnostics.engine.outside import SMTP, STS_POLICY, Outside, Probe
from diagnostics.engine.resolver import Status
from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Zone
from tests.diagnostics.engine.outside.servers import serving


def _words(text: str) -> list[str]:
    return text.split()


#: Every range that is not the open internet, and every disguise of one.
FORBIDDEN = _words("""
    127.0.0.1 127.1.2.3 0.0.0.0 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 192.0.0.1 198.18.0.1
    192.0.2.1 198.51.100.1 203.0.113.1 192.88.99.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255
    ::1 :: fe80::1 fec0::1 fc00::1 fd12::1 ff02::1 100::1 2001:db8::1 3fff::1 5f00::1
    ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe ::127.0.0.1 ::ffff:0:127.0.0.1
    64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::1 2002:7f00:1:: 2002:a00:1:: 2001::1 2001:0:7f00:1::
""")
#: What some system would take for an address.
SPELLINGS = _words("127.1 0x7f.0.0.1 0177.0.0.1 2130706433 0x7f000001 127.0.0.1. fe80::1%eth0 [::1] localhost")
PUBLIC = _words("8.8.8.8 1.1.1.1 2607:f8b0:4004:c07::1b 2a00:1450:4001::1 ::ffff:8.8.8.8")


@pytest.mark.parametrize("address", [*FORBIDDEN, *SPELLINGS, "", "x", "1.2.3.4.5"])
def test_what_is_not_on_the_open_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is(address: str) -> None:
    assert is_public(address)


#: Where this process tried to connect to, or sent a packet to, while somebody listens; asked by an audit hook, since
#: that sees what the interpreter does, however it was asked to.
SEEN: list[Any] = []
LISTENING = [False]


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if LISTENING[0] and event in ("socket.connect", "socket.sendto"):
        SEEN.append(arguments[-1])


sys.addaudithook(_hear)


@pytest.fixture
def packets() -> Any:
    SEEN.clear()
    LISTENING[0] = True
    yield SEEN
    LISTENING[0] = False


async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    CALLS.append(writer.get_extra_info("peername"))


CALLS: list[Any] = []


@pytest.mark.parametrize("address", [*FORBIDDEN, *SPELLINGS])
def test_no_packet_goes_to_a_forbidden_address(address: str, packets: list[Any]) -> None:
    CALLS.clear()
    with serving(count) as port, pytest.raises(ConnectProblem) as problem:
        asyncio.run(Door(smtp_port=port, https_port=port).open([address], port, seconds=1))
    assert problem.value.code == "forbidden"
    assert (packets, CALLS) == ([], [])


@pytest.mark.parametrize("kind", [SMTP, STS_POLICY])
@pytest.mark.parametrize("address", FORBIDDEN)
def test_no_name_leads_to_a_forbidden_address(address: str, kind: str, packets: list[Any]) -> None:
    """Through the whole of the engine: a stranger's DNS names the address, and nothing is sent there."""
    CALLS.clear()
    rdtype = "AAAA" if ":" in address else "A"
    zone = Zone({"mx.hostile.net": {rdtype: [address]}})
    zone.holds = lambda name: False  # type: ignore[method-assign] -- The name is one of the real world.
    with serving(count) as port:
        outside = Outside(Door(smtp_port=port, https_port=port), Probe(helo="desk.example"))
        answer = asyncio.run(Recording(zone, outside=outside).query("mx.hostile.net", kind))
    assert answer.status is Status.REFUSED
    assert (packets, CALLS) == ([], [])


def test_a_name_that_answers_otherwise_the_second_time_gains_nothing(packets: list[Any]) -> None:
    """Rebinding: what was judged is what is connected to, and the name is not looked up again on the way."""
    judged: list[str] = []

    def may_reach(address: str) -> bool:
        judged.append(address)
        return False

    with pytest.raises(ConnectProblem):
        asyncio.run(Door(may_reach=may_reach).open(["93.184.216.34"], 25, seconds=1))
    assert (judged, packets) == (["93.184.216.34"], [])


@pytest.mark.parametrize("port", [0, 22, 53, 587, 6379, 8443, 65536])
def test_three_ports_and_no_more(port: int, packets: list[Any]) -> None:
    with pytest.raises(ConnectProblem) as problem:
        asyncio.run(Door(may_reach=lambda address: True).open(["127.0.0.1"], port, seconds=1))
    assert (problem.value.code, packets) == ("forbidden", [])


def test_without_an_address() -> None:
    with pytest.raises(ConnectProblem) as problem:
        asyncio.run(Door().open([], 25, seconds=1))
    assert problem.value.code == "no_address"


def test_one_that_may_not_be_reached_does_not_stand_in_the_way_of_one_that_may(packets: list[Any]) -> None:
    async def visit(port: int) -> str:
        door = Door(may_reach=lambda address: address == "127.0.0.1", smtp_port=port)
        async with await door.open(["10.0.0.1", "127.0.0.1"], port, seconds=2) as connection:
            return connection.address

    with serving(count) as port:
        assert asyncio.run(visit(port)) == "127.0.0.1"
    assert [target[0] for target in packets] == ["127.0.0.1"]


def read_all(sent: bytes, how: str) -> str:
    """The code of the problem when everything is read from a server that sends ``sent`` and then waits."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        await writer.drain()
        await reader.read()

    async def visit(port: int) -> None:
        door = Door(may_reach=lambda address: True, smtp_port=port)
        async with await door.open(["127.0.0.1"], port, seconds=2) as connection:
            while await (connection.read() if how == "read" else connection.read_line()) is not None:
                pass

    with serving(serve) as port, pytest.raises(ConnectProblem) as problem:
        asyncio.run(visit(port))
    return problem.value.code


def test_no_more_is_read_than_so_much() -> None:
    assert read_all(b"x" * (MOST_OCTETS + 4096), "read") == "too_much"
    assert read_all(b"x\n" * MOST_OCTETS, "read_line") == "too_much"
    assert read_all(b"x" * 100_000, "read_line") == "too_much"


def test_a_connection_that_is_not_answered_is_given_up() -> None:
    with socket.socket() as full:
        # Nobody accepts here, and the queue of those who wait is full.
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]
        for item in waiting:
            item.setblocking(False)
            item.connect_ex(("127.0.0.1", port))
        with pytest.raises(ConnectProblem) as problem:
            asyncio.run(Door(may_reach=lambda address: True, smtp_port=port).open(["127.0.0.1"], port, seconds=0.1))
        for item in waiting:
            item.close()
    assert problem.value.code == "timeout"


def test_nothing_else_in_the_house_opens_connections() -> None:
    """Only the door, the resolver and the desk's own mail speak to the network."""
    from pathlib import Path

    import diagnostics

    allowed = {"engine/connect.py", "engine/resolver.py", "engine/nameservers.py"}
    root = Path(diagnostics.__file__).parent
    words = ("open_connection", "create_connection", "urlopen", "import socket", "import smtplib", "import requests")
    found = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in words)
    }
    assert found <= allowed
    assert Connection.__module__ == "diagnostics.engine.connect"
