"""Fetching an MTA-STS policy from servers that behave in every way (P81, RFC 8461 §3.3)."""

from __future__ import annotations

import asyncio

import pytest

from diagnostics.engine.connect import ConnectProblem
from diagnostics.engine.outside import policy
from tests.diagnostics.engine.outside.servers import Authority, Serve, serving

HOST = "mta-sts.corp.example"
BODY = "version: STSv1\r\nmode: enforce\r\nmx: *.corp.example\r\nmax_age: 604800\r\n"


def says(*chunks: bytes, stays: bool = False) -> Serve:
    """A server that hears the request, sends ``chunks``, and closes or ``stays``."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
        if stays:
            await reader.read()

    return serve


def ok(body: str, kind: str = "text/plain; charset=utf-8") -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


def fetched(authority: Authority, serve: Serve, *, host: str = HOST, days: int = 30) -> tuple[str, ...]:
    with serving(serve, tls=authority.context_for(host, days=days)) as port:
        return asyncio.run(policy.fetch(authority.door(port), HOST, ["127.0.0.1"]))


def test_a_policy(authority: Authority) -> None:
    assert fetched(authority, says(ok(BODY))) == ("200 text/plain", BODY)


def test_a_server_that_never_closes_is_left(authority: Authority) -> None:
    assert fetched(authority, says(ok(BODY), stays=True)) == ("200 text/plain", BODY)


def test_in_pieces_and_chunked(authority: Authority) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
    pieces = [bytes((octet,)) for octet in head + b"e\r\nversion: STSv1\r\n0\r\n\r\n"]
    assert fetched(authority, says(*pieces)) == ("200 text/plain", "version: STSv1")


def test_without_a_length_until_the_end(authority: Authority) -> None:
    answer = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + BODY.encode()
    assert fetched(authority, says(answer)) == ("200 text/plain", BODY)


@pytest.mark.parametrize(
    "status", ["301 Moved Permanently", "302 Found", "308 Permanent Redirect", "404 Not Found", "503 No"]
)
def test_p81_no_redirect_is_followed_and_no_error_read(authority: Authority, status: str) -> None:
    answer = (
        f"HTTP/1.1 {status}\r\nLocation: https://127.0.0.1/\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n"
    )
    assert fetched(authority, says(answer.encode())) == (f"{status[:3]} text/html", "")


def test_another_kind_of_text_is_told(authority: Authority) -> None:
    assert fetched(authority, says(ok("<html>", "Text/HTML")))[0] == "200 text/html"


def test_p81_too_much_is_not_read(authority: Authority) -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + b"x" * 70_000
    assert fetched(authority, says(endless, stays=True))[0].startswith("too_much ")


def test_a_promise_of_a_gigabyte_is_not_waited_for(authority: Authority) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1073741824\r\n\r\n"
    assert fetched(authority, says(head, *[b"x" * 4096] * 20, stays=True))[0].startswith("too_much ")


@pytest.mark.parametrize(("host", "days"), [("other.example", 30), (HOST, -1), ("corp.example", 30)])
def test_p81_a_certificate_that_is_not_valid(authority: Authority, host: str, days: int) -> None:
    (head,) = fetched(authority, says(ok(BODY)), host=host, days=days)
    assert head.startswith("tls ")


def test_a_certificate_of_nobody(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> None:
    stranger = Authority(tmp_path_factory.mktemp("stranger"))
    with serving(says(ok(BODY)), tls=stranger.context_for(HOST)) as port:
        (head,) = asyncio.run(policy.fetch(authority.door(port), HOST, ["127.0.0.1"]))
    assert head.startswith("tls ")


def problem_of(authority: Authority, serve: Serve, monkeypatch: pytest.MonkeyPatch, *, tls: bool = True) -> str:
    monkeypatch.setattr(policy, "SECONDS", 0.4)
    with (
        serving(serve, tls=authority.context_for(HOST) if tls else None) as port,
        pytest.raises(ConnectProblem) as problem,
    ):
        asyncio.run(policy.fetch(authority.door(port), HOST, ["127.0.0.1"]))
    return problem.value.code


@pytest.mark.parametrize(
    ("chunks", "stays", "code"),
    [
        ((), True, "timeout"),
        ((b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n",), True, "timeout"),
        ((), False, "closed"),
        ((b"SSH-2.0-OpenSSH\r\n\r\n",), False, "closed"),
        ((b"\x00\xff" * 200,), False, "closed"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",), False, "closed"),
    ],
)
def test_what_says_nothing_of_the_policy(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, chunks: tuple[bytes, ...], stays: bool, code: str
) -> None:
    assert problem_of(authority, says(*chunks, stays=stays), monkeypatch) == code


def test_a_server_that_does_not_speak_tls_is_told(authority: Authority) -> None:
    async def clear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 this is mail\r\n")
        await writer.drain()

    with serving(clear) as port:
        (head,) = asyncio.run(policy.fetch(authority.door(port), HOST, ["127.0.0.1"]))
    assert head.startswith("tls ")


def test_nobody_listens(authority: Authority) -> None:
    with serving(says()) as port:
        pass
    with pytest.raises(ConnectProblem) as problem:
        asyncio.run(policy.fetch(authority.door(port), HOST, ["127.0.0.1"]))
    assert problem.value.code == "unreachable"
