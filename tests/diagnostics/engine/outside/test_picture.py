"""Asking for pictures: servers that behave in every way, and addresses to which nothing is ever sent."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from diagnostics.engine.connect import Door, is_public
from diagnostics.engine.outside import picture
from diagnostics.engine.outside.picture import MOST, Outcome, Pictures, Tried
from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Zone
from tests.diagnostics.engine.outside.servers import Authority, Serve, serving

HOST = "img.corp.example"
AT = f"https://{HOST}/banner.png"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
ZONE: dict[str, Any] = {
    HOST: {"A": ["127.0.0.1"]},
    "other.corp.example": {"A": ["127.0.0.1"]},
    "inside.corp.example": {"A": ["10.0.0.5"], "AAAA": ["fd12::1"]},
    "nowhere.corp.example": {"TXT": ["x"]},
    "silent.corp.example": "TIMEOUT",
}


def answer(status: str, kind: str = "", body: bytes = b"", *, more: str = "", length: bool = True) -> bytes:
    head = f"HTTP/1.1 {status}\r\n" + (f"Content-Type: {kind}\r\n" if kind else "") + more
    return (head + (f"Content-Length: {len(body)}\r\n" if length else "") + "\r\n").encode() + body


class Server:
    """Answers by method and path; ``asked`` are the heads of what came."""

    def __init__(self, answers: Mapping[str, bytes] | Callable[[str], bytes], *, stays: bool = False) -> None:
        self.answers, self.stays = answers, stays
        self.asked: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head)
        line = head.partition(" HTTP/")[0]
        given = self.answers(line) if callable(self.answers) else self.answers.get(line, answer("404 Not Found"))
        writer.write(given.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if line.startswith("HEAD") else given)
        await writer.drain()
        if self.stays:
            await reader.read()

    @property
    def lines(self) -> list[str]:
        return [head.partition(" HTTP/")[0] for head in self.asked]


def tried(
    authority: Authority,
    server: Serve,
    *sources: str,
    clear: Serve | None = None,
    may_reach: Callable[[str], bool] = lambda address: True,
    certificate: tuple[str, int] = (HOST, 30),
    invented: Callable[[str], bool] = lambda host: False,
) -> tuple[Tried, ...]:
    with ExitStack() as stack:
        port = stack.enter_context(serving(server, tls=authority.context_for(certificate[0], days=certificate[1])))
        plain = stack.enter_context(serving(clear)) if clear else port
        door = replace(authority.door(port), http_port=plain, may_reach=may_reach)
        pictures = Pictures(door=door, desk="desk.example", is_invented=invented)
        return asyncio.run(pictures.ask_all(sources or (AT,), Recording(Zone(ZONE))))


def outcome(authority: Authority, server: Serve, *sources: str, **options: Any) -> Outcome:
    (one,) = tried(authority, server, *sources, **options)
    return one.outcome


def test_a_picture_that_is_there_is_asked_for_once(authority: Authority) -> None:
    server = Server({"HEAD /banner.png": answer("200 OK", "image/png", PNG)})
    (found,) = tried(authority, server)
    assert (found.outcome, found.source, found.host, found.was_asked) == (Outcome.LOADS, AT, HOST, True)
    assert server.lines == ["HEAD /banner.png"]
    assert any("127.0.0.1" in step and "200 OK" in step for step in found.steps)


def test_what_is_said_to_the_server(authority: Authority) -> None:
    server = Server({"HEAD /banner.png": answer("200 OK", "image/png", PNG, more="Set-Cookie: seen=1\r\n")})
    tried(authority, server, AT, f"{AT}?2")
    for head in server.asked:
        lines = dict(line.split(": ", 1) for line in head.strip().split("\r\n")[1:])
        assert lines["User-Agent"] == "delivery-desk (desk.example)"
        assert lines["Host"] == HOST
        assert not {"Cookie", "Referer", "Authorization"} & set(lines)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (answer("200 OK", "image/png", PNG), Outcome.LOADS),
        (answer("200 OK", "", PNG), Outcome.LOADS),
        (answer("200 OK", "application/octet-stream", b"\xff\xd8\xff\xe0" + b"x" * 9), Outcome.LOADS),
        (answer("200 OK", "text/plain", b"RIFF\x00\x00\x00\x00WEBPVP8 "), Outcome.LOADS),
        (answer("200 OK", "text/html", b"<html>Sign in"), Outcome.NO_PICTURE),
        (answer("200 OK", "image/png", b""), Outcome.NO_PICTURE),
        (answer("204 No Content"), Outcome.NO_PICTURE),
        (answer("404 Not Found", "text/html", b"gone"), Outcome.GONE),
        (answer("404 Not Found", "image/png", PNG), Outcome.GONE),
        (answer("410 Gone"), Outcome.GONE),
        (answer("401 Unauthorized"), Outcome.REFUSED),
        (answer("403 Forbidden"), Outcome.REFUSED),
        (answer("429 Too Many Requests"), Outcome.UNKNOWN),
        (answer("500 Internal Server Error"), Outcome.UNKNOWN),
        (answer("503 Service Unavailable"), Outcome.UNKNOWN),
        (answer("304 Not Modified"), Outcome.UNKNOWN),
        (answer("302 Found"), Outcome.UNKNOWN),
        (b"SSH-2.0-OpenSSH\r\n\r\n", Outcome.UNKNOWN),
        (b"", Outcome.UNKNOWN),
    ],
)
def test_an_answer(authority: Authority, given: bytes, expected: Outcome) -> None:
    assert outcome(authority, Server(lambda line: given)) is expected


@pytest.mark.parametrize("wrong", ["405 Method Not Allowed", "404 Not Found", "403 Forbidden", "501 Not Implemented"])
def test_a_server_that_answers_head_wrongly_is_asked_with_get(authority: Authority, wrong: str) -> None:
    right = answer("200 OK", "image/png", PNG)
    server = Server(lambda line: answer(wrong) if line.startswith("HEAD") else right)
    assert outcome(authority, server) is Outcome.LOADS
    assert server.lines == ["HEAD /banner.png", "GET /banner.png"]


def test_a_server_that_hangs_up_on_head_is_asked_with_get(authority: Authority) -> None:
    right = answer("200 OK", "image/png", PNG)
    assert outcome(authority, Server(lambda line: b"" if line.startswith("HEAD") else right)) is Outcome.LOADS


def test_a_huge_body_is_not_read(authority: Authority) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1073741824\r\n\r\n")
        if not head.startswith(b"HEAD"):
            writer.write(b"x" * 200_000)
            await reader.read()

    # It neither waits for the gigabyte nor reads so much that the connection's own bound would be met.
    assert outcome(authority, endless) is Outcome.NO_PICTURE


def test_a_huge_head_is_not_read(authority: Authority) -> None:
    huge = answer("200 OK", "image/png", more=f"X-Long: {'x' * 70_000}\r\n")
    assert outcome(authority, Server(lambda line: huge)) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "given",
    [b"", b"HTTP/1.1 200 OK\r\n", answer("200 OK", "text/plain", b"", more="Content-Length: 9\r\n", length=False)],
)
def test_whoever_is_slow_is_not_judged(authority: Authority, monkeypatch: pytest.MonkeyPatch, given: bytes) -> None:
    monkeypatch.setattr(picture, "SECONDS", 0.4)

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(given)
        await writer.drain()
        await reader.read()

    assert outcome(authority, slow) is Outcome.UNKNOWN


def test_the_time_for_all_is_over(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "ALL_SECONDS", 0.4)
    monkeypatch.setattr(picture, "AT_ONCE", 1)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    first, second = tried(authority, silent, AT, f"{AT}?2")
    assert (first.outcome, second.outcome) == (Outcome.UNKNOWN, Outcome.NOT_ASKED)


@pytest.mark.parametrize(
    ("host", "days", "expected"),
    [("other.example", 30, Outcome.CERTIFICATE), (HOST, -1, Outcome.CERTIFICATE), (HOST, 30, Outcome.LOADS)],
)
def test_a_certificate(authority: Authority, host: str, days: int, expected: Outcome) -> None:
    server = Server({"HEAD /banner.png": answer("200 OK", "image/png", PNG)})
    assert outcome(authority, server, certificate=(host, days)) is expected


def test_an_authority_that_only_we_may_not_know(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> None:
    stranger = Authority(tmp_path_factory.mktemp("stranger"))
    with serving(Server({}), tls=stranger.context_for(HOST)) as port:
        pictures = Pictures(door=authority.door(port))
        (found,) = asyncio.run(pictures.ask_all([AT], Zone(ZONE)))
    assert found.outcome is Outcome.CHAIN


def test_no_tls_at_all_is_not_judged(authority: Authority) -> None:
    with serving(Server({})) as port:
        (found,) = asyncio.run(Pictures(door=authority.door(port)).ask_all([AT], Zone(ZONE)))
    assert found.outcome is Outcome.UNKNOWN


def test_nobody_listens(authority: Authority) -> None:
    with serving(Server({})) as port:
        pass
    (found,) = asyncio.run(Pictures(door=authority.door(port)).ask_all([AT], Zone(ZONE)))
    assert found.outcome is Outcome.UNKNOWN


def leads(to: str, status: str = "302 Found") -> bytes:
    return answer(status, more=f"Location: {to}\r\n")


def test_redirects_are_followed_three_times(authority: Authority) -> None:
    way = {"HEAD /banner.png": leads("/1"), "HEAD /1": leads("2", "301 Moved Permanently"), "HEAD /2": leads("?3")}
    server = Server({**way, "HEAD /2?3": answer("200 OK", "image/png", PNG)})
    assert outcome(authority, server) is Outcome.LOADS
    server = Server({**way, "HEAD /2?3": leads("/4"), "HEAD /4": answer("200 OK", "image/png", PNG)})
    assert outcome(authority, server) is Outcome.UNKNOWN
    assert "HEAD /4" not in server.lines


def test_a_redirect_from_http_to_https(authority: Authority) -> None:
    secure = Server({"HEAD /banner.png": answer("200 OK", "image/png", PNG)})
    clear = Server({"HEAD /banner.png": leads(AT, "301 Moved Permanently")})
    assert outcome(authority, secure, AT.replace("https:", "http:"), clear=clear) is Outcome.LOADS
    assert (len(clear.lines), len(secure.lines)) == (1, 1)


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("https://10.0.0.1/x.png", Outcome.PRIVATE),
        ("http://169.254.169.254/latest/meta-data/", Outcome.PRIVATE),
        ("http://[::1]/x.png", Outcome.PRIVATE),
        ("//inside.corp.example/x.png", Outcome.INSIDE),
        ("https://nowhere.corp.example/x.png", Outcome.NO_HOST),
        (f"https://{HOST}:8443/x.png", Outcome.NOT_ASKED),
        ("ftp://img.corp.example/x.png", Outcome.NOT_ASKED),
        ("file:///etc/passwd", Outcome.NOT_ASKED),
        ("gopher://img.corp.example/", Outcome.NOT_ASKED),
        (f"https://me:secret@{HOST}/x.png", Outcome.NOT_ASKED),
        ("http://[", Outcome.NOT_ASKED),
    ],
)
def test_every_redirect_is_judged_anew(authority: Authority, to: str, expected: Outcome) -> None:
    server = Server({"HEAD /banner.png": leads(to)})
    found = outcome(authority, server, may_reach=lambda address: address == "127.0.0.1" or is_public(address))
    assert found is expected
    assert server.lines == ["HEAD /banner.png"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f"https://{HOST}:25/x.png", Outcome.NOT_ASKED),
        (f"http://{HOST}:443/x.png", Outcome.NOT_ASKED),
        (f"https://{HOST}:0/x.png", Outcome.NOT_ASKED),
        (f"https://{HOST}:99999/x.png", Outcome.NOT_ASKED),
        (f"https://me@{HOST}/x.png", Outcome.NOT_ASKED),
        ("https:///x.png", Outcome.NOT_ASKED),
        ("https://a..b/x.png", Outcome.NOT_ASKED),
        (f"https://{HOST}/{'x' * 2000}", Outcome.NOT_ASKED),
        ("https://nowhere.corp.example/x.png", Outcome.NO_HOST),
        ("https://no.such.host.example/x.png", Outcome.NO_HOST),
        ("https://2130706433/x.png", Outcome.NO_HOST),
        ("https://0x7f.1/x.png", Outcome.NO_HOST),
        ("https://silent.corp.example/x.png", Outcome.UNKNOWN),
        ("https://[::ffff:127.0.0.1]/x.png", Outcome.PRIVATE),
        ("https://127.0.0.1/x.png", Outcome.PRIVATE),
        ("https://inside.corp.example/x.png", Outcome.INSIDE),
    ],
)
def test_what_is_known_without_asking(authority: Authority, source: str, expected: Outcome) -> None:
    server = Server({})
    (found,) = tried(authority, server, source, may_reach=is_public)
    assert (found.outcome, found.was_asked) == (expected, False)
    assert server.asked == []


def test_a_name_of_a_zone_leads_nowhere(authority: Authority) -> None:
    server = Server({})
    assert outcome(authority, server, invented=lambda host: host == HOST) is Outcome.NOT_ASKED
    assert server.asked == []


def test_the_address_is_written_as_a_server_reads_it(authority: Authority) -> None:
    server = Server(lambda line: answer("200 OK", "image/png", PNG))
    tried(authority, server, "https://IMG.Corp.Example/A b/ü%20.png?n=1&m=<x>#part", f"//{HOST}")
    assert sorted(server.lines) == ["HEAD /", "HEAD /A%20b/%C3%BC%20.png?n=1&m=%3Cx%3E"]


def test_a_line_cannot_be_added_to_what_is_asked(authority: Authority) -> None:
    server = Server(lambda line: answer("200 OK", "image/png", PNG))
    tried(authority, server, f"{AT}\r\nX-Forged: yes\r\n\r\nGET /other HTTP/1.1")
    assert all("\nX-Forged" not in head and "/other HTTP/1.1\r\nX" not in head for head in server.asked)
    assert len(server.asked) == 1


def test_each_once_and_no_more_than_so_many(authority: Authority) -> None:
    server = Server(lambda line: answer("200 OK", "image/png", PNG))
    found = tried(authority, server, *[f"{AT}?{number}" for number in range(MOST + 3)], AT + "?0")
    assert [item.outcome for item in found] == [Outcome.LOADS] * MOST + [Outcome.NOT_ASKED] * 3
    assert len(server.asked) == MOST


CONNECTED: list[Any] = []
IS_HEARD = False


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if IS_HEARD and event == "socket.connect":
        CONNECTED.append(arguments[-1])


sys.addaudithook(_hear)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.2.1",
            "192.168.1.1",
        ),
        *("198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.88.99.1"),
        *(
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
        ),
        *("2002:7f00:1::", "2001::1", "::127.0.0.1"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_packet_goes_to_a_forbidden_address(scheme: str, address: str) -> None:
    global IS_HEARD
    shown = f"[{address}]" if ":" in address else address
    zone = Zone({"img.hostile.net": {"AAAA" if ":" in address else "A": [address]}})
    CONNECTED.clear()
    IS_HEARD = True
    try:
        sources = [f"{scheme}://{shown}/x.png", f"{scheme}://img.hostile.net/x.png"]
        found = asyncio.run(Pictures(door=Door()).ask_all(sources, zone))
    finally:
        IS_HEARD = False
    assert CONNECTED == []
    assert [item.outcome for item in found] == [Outcome.PRIVATE, Outcome.INSIDE]


def test_a_name_that_answers_otherwise_the_second_time_gains_nothing(authority: Authority) -> None:
    """One question a run: the address that was judged is the one that is connected to."""

    class Rebinding:
        asked = 0

        async def query(self, name: str, rdtype: str) -> Any:
            Rebinding.asked += rdtype == "A"
            first = {"img.corp.example": {"A": ["127.0.0.1"]}}
            return await Zone(first if Rebinding.asked <= 1 else {HOST: {"A": ["10.0.0.1"]}}).query(name, rdtype)

    reached: list[str] = []

    def may_reach(address: str) -> bool:
        reached.append(address)
        return address == "127.0.0.1"

    way = {"HEAD /banner.png": leads("/1"), "HEAD /1": answer("200 OK", "image/png", PNG)}
    with serving(Server(way), tls=authority.context_for(HOST)) as port:
        door = replace(authority.door(port), may_reach=may_reach)
        (found,) = asyncio.run(Pictures(door=door).ask_all([AT], Recording(Rebinding())))
    assert found.outcome is Outcome.LOADS
    assert (set(reached), Rebinding.asked) == ({"127.0.0.1"}, 1)


@given(some.text(max_size=60))
def test_any_address_comes_to_an_end(text: str) -> None:
    door = Door(may_reach=lambda address: False)
    zone = Zone({"a.example": {"A": ["192.0.2.1"]}})
    for source in (text, f"https://{text}", f"//a.example/{text}"):
        (found,) = asyncio.run(Pictures(door=door).ask_all([source], zone))
        assert found.outcome in (Outcome.NOT_ASKED, Outcome.NO_HOST, Outcome.PRIVATE, Outcome.INSIDE, Outcome.UNKNOWN)
