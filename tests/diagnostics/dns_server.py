"""A DNS server on 127.0.0.1 that does what a test tells it to, well or badly: real packets, UDP and TCP.

A test hands over one function, ``respond(question, transport)``, that gives back the messages to send (none: silence).
Everything that was asked stands in ``asked`` as ``(name, type, transport)``.
"""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Message = dns.message.Message
Respond = Callable[[Message, str], "Sequence[Message | bytes]"]


def reply(
    question: Message,
    *answers: str,
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR,
    authority: Sequence[str] = (),
    flags: int = dns.flags.RA,
    ede: tuple[int, str] | None = None,
) -> Message:
    """A reply with ``answers`` such as ``north.example 300 MX 10 mx.example.``."""
    message = dns.message.make_response(question)
    message.flags |= flags
    message.set_rcode(rcode)
    for section, lines in ((message.answer, answers), (message.authority, authority)):
        for line in lines:
            name, ttl, rdtype, data = line.split(" ", 3)
            section.append(dns.rrset.from_text(name.rstrip(".") + ".", int(ttl), "IN", rdtype, data))
    if ede:
        message.use_edns(0, options=[dns.edns.EDEOption(ede[0], ede[1])])
    return message


def name_of(question: Message) -> str:
    return question.question[0].name.to_text(omit_final_dot=True).lower()


def zone_of(records: dict[str, list[str]]) -> Respond:
    """A well-behaved server of ``{"north.example": ["300 TXT \\"v=spf1 -all\\""]}``, aliases followed."""

    def respond(question: Message, transport: str) -> list[Message]:
        name, kind = name_of(question), dns.rdatatype.to_text(question.question[0].rdtype)
        lines: list[str] = []
        while name in records:
            held = [(item, item.split(" ")[1]) for item in records[name]]
            lines += [f"{name} {item}" for item, rdtype in held if rdtype == kind]
            alias = [item for item, rdtype in held if rdtype == "CNAME" and kind != "CNAME"]
            if (lines and lines[-1].split(" ")[2] == kind) or not alias:
                break
            lines.append(f"{name} {alias[0]}")
            name = alias[0].split(" ")[2].rstrip(".")
        soa = [] if any(line.split(" ")[2] == kind for line in lines) else ["example 900 SOA a. b. 1 2 3 4 60"]
        rcode = dns.rcode.NOERROR if name in records else dns.rcode.NXDOMAIN
        return [reply(question, *lines, rcode=rcode, authority=soa)]

    return respond


class DNSServer:
    """Serves while the ``with`` block lasts; ``address`` is what a resolver is given."""

    def __init__(self, respond: Respond, *, tcp: bool = True) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.edns: list[int] = []
        self._respond = respond
        self._servers = _bound(self, tcp)

    @property
    def address(self) -> str:
        host, port = self._servers[0].server_address[:2]
        return f"{host}:{port}"

    def respond(self, wire: bytes, transport: str) -> list[bytes]:
        question = dns.message.from_wire(wire)
        asked = question.question[0]
        self.asked.append((name_of(question), dns.rdatatype.to_text(asked.rdtype), transport))
        self.edns.append(question.edns)
        return [
            item if isinstance(item, bytes) else item.to_wire(max_size=65535)
            for item in self._respond(question, transport)
        ]

    def __enter__(self) -> Self:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


class _UDP(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        wire, sock = self.request
        for item in self.server.desk.respond(wire, "udp"):  # type: ignore[attr-defined]
            sock.sendto(item, self.client_address)


class _TCP(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        (length,) = struct.unpack("!H", self._read(2))
        for item in self.server.desk.respond(self._read(length), "tcp"):  # type: ignore[attr-defined]
            self.request.sendall(struct.pack("!H", len(item)) + item)

    def _read(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            data += self.request.recv(length - len(data))
        return data


class _UDPServer(socketserver.ThreadingUDPServer):
    max_packet_size = 65535
    daemon_threads = True
    block_on_close = False


class _TCPServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


def _bound(desk: DNSServer, tcp: bool) -> list[Any]:
    """A UDP server and, with ``tcp``, a TCP server on one port."""
    for _ in range(20):
        udp = _UDPServer(("127.0.0.1", 0), _UDP)
        udp.desk = desk  # type: ignore[attr-defined]
        if not tcp:
            return [udp]
        try:
            stream = _TCPServer(udp.server_address, _TCP)  # type: ignore[arg-type]
        except OSError:
            udp.server_close()
            continue
        stream.desk = desk  # type: ignore[attr-defined]
        return [udp, stream]
    raise RuntimeError("No port is free for UDP and TCP both.")


def unused_port() -> int:
    """A port on which nobody listens just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
