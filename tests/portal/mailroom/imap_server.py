"""A small IMAP server on loopback, with one folder of mails and one for what is done. It can be told to misbehave."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_LINE = re.compile(r"(\S+) (?:UID )?(\S+) ?(.*)")


@dataclass
class Box:
    """The mails by number, their flags, what was moved away, and every command that came."""

    mails: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    moved: dict[int, bytes] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    capabilities: str = "IMAP4rev1 MOVE UIDPLUS"
    password: str = "secret"
    #: After so many fetches the connection is cut.
    cut_after: int = 1000
    port: int = 0

    def add(self, *mails: bytes) -> None:
        for octets in mails:
            number = max(self.mails, default=0) + 1
            self.mails[number], self.flags[number] = octets.replace(b"\n", b"\r\n"), set()


class Handler(socketserver.StreamRequestHandler):
    box: Box

    def handle(self) -> None:
        fetches = 0
        self.wfile.write(b"* OK ready\r\n")
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            self.box.said.append(line)
            tag, command, rest = _LINE.match(line).groups()  # type: ignore[union-attr]
            if command == "FETCH":
                fetches += 1
                if fetches > self.box.cut_after:
                    return
            answer, status = getattr(self, command.lower(), self.unknown)(rest)
            self.wfile.write(answer + f"{tag} {status} that is all\r\n".encode())
            if command == "LOGOUT":
                return

    def unknown(self, rest: str) -> tuple[bytes, str]:
        return b"", "BAD what?"

    def capability(self, rest: str) -> tuple[bytes, str]:
        return f"* CAPABILITY {self.box.capabilities}\r\n".encode(), "OK"

    def login(self, rest: str) -> tuple[bytes, str]:
        return b"", "OK" if rest.split()[1].strip('"') == self.box.password else "NO wrong password"

    def select(self, rest: str) -> tuple[bytes, str]:
        known = rest.strip('"') == "INBOX"
        return f"* {len(self.box.mails)} EXISTS\r\n".encode(), "OK" if known else "NO no such folder"

    def search(self, rest: str) -> tuple[bytes, str]:
        unwanted = {r"\Deleted"} | ({r"\Seen"} if "UNSEEN" in rest else set())
        found = [str(number) for number in self.box.mails if not self.box.flags[number] & unwanted]
        return f"* SEARCH {' '.join(found)}\r\n".encode(), "OK"

    def fetch(self, rest: str) -> tuple[bytes, str]:
        number, most = int(rest.split()[0]), int(re.findall(r"<0\.(\d+)>", rest)[0])
        if number not in self.box.mails:
            return b"", "OK"
        octets = self.box.mails[number][:most]
        return f"* 1 FETCH (UID {number} BODY[]<0> {{{len(octets)}}}\r\n".encode() + octets + b")\r\n", "OK"

    def store(self, rest: str) -> tuple[bytes, str]:
        number, flag = rest.split()[0], rest.rpartition("(")[2].rstrip(")")
        self.box.flags[int(number)].add(flag)
        return b"", "OK"

    def move(self, rest: str) -> tuple[bytes, str]:
        self.copy(rest)
        del self.box.mails[int(rest.split()[0])]
        return b"", "OK"

    def copy(self, rest: str) -> tuple[bytes, str]:
        number = int(rest.split()[0])
        self.box.moved[number] = self.box.mails[number]
        return b"", "OK"

    def expunge(self, rest: str) -> tuple[bytes, str]:
        del self.box.mails[int(rest)]
        return b"", "OK"

    def logout(self, rest: str) -> tuple[bytes, str]:
        return b"* BYE\r\n", "OK"


@contextmanager
def serving(box: Box) -> Iterator[Box]:
    """The server until the block ends; ``box.port`` is where."""
    handler = type("BoxHandler", (Handler,), {"box": box})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()
