"""Asking for the pictures of a message as a mail program would: is each where the page says, for anybody who comes?

A picture's address is a stranger's word. So only http and https at their own ports are asked, names go through our own
resolver, every address is judged at the one door and connected to as judged, and each redirect begins all of that anew.
HEAD first, and GET where that gives no picture; of a body no more is read than shows what it is. No cookie, no referrer
and no password goes out. What is no answer in time is "could not find out".
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http import HTTPStatus
from urllib.parse import quote, urljoin, urlsplit

import h11

from diagnostics.engine.connect import Connection, ConnectProblem, Door
from diagnostics.engine.names import NameProblem, normalised
from diagnostics.engine.outside.http import next_event
from diagnostics.engine.path import together
from diagnostics.engine.resolver import Resolver

#: Different pictures of one message that are asked for, how many at a time, and the seconds for one and for all.
MOST = 20
AT_ONCE = 4
SECONDS = 5.0
ALL_SECONDS = 10.0
MOST_REDIRECTS = 3
MOST_ADDRESSES = 2
#: Octets of a body that tell what it is.
MOST_BODY = 512
LONGEST = 2_000
_PORTS = {"http": 80, "https": 443}
#: RFC 3986 §2: all that may stand in a path or a query as it is; a percent sign there has its meaning already.
_PLAIN = "/?:@!$&'()*+,;=-._~%[]"
#: The server says that it may be otherwise in a moment.
_PASSING = frozenset((408, 425, 429))
#: OpenSSL's numbers of what is wrong with the certificate itself: not yet valid, expired, signed by itself alone, for
#: another name, for another address.
_WRONG_CERTIFICATE = frozenset((9, 10, 18, 62, 64))
#: How files begin that mail programs show, whatever the server calls them.
_BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", b"\x00\x00\x01\x00")
_BRANDS = frozenset((b"WEBP", b"avif", b"avis", b"heic", b"mif1"))


class Outcome(StrEnum):
    """What came of asking for a picture. The last two say nothing about it."""

    LOADS = "loads"
    GONE = "gone"
    NO_HOST = "no_host"
    CERTIFICATE = "certificate"
    CHAIN = "chain"
    NO_PICTURE = "no_picture"
    REFUSED = "refused"
    PRIVATE = "private"
    INSIDE = "inside"
    UNKNOWN = "unknown"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Tried:
    """A picture that was asked for: its address as the page has it, the server it ended at, what that comes to in a few
    words, and every look-up and request with its answer. ``was_asked``: a server was called on for it.
    """

    source: str
    outcome: Outcome
    host: str
    answer: str
    steps: tuple[str, ...] = ()
    was_asked: bool = False


@dataclass(frozen=True, slots=True)
class Pictures:
    """How pictures are asked for. ``desk`` is told to the servers; ``is_invented`` names hosts that a zone speaks for,
    whose addresses lead nowhere.
    """

    door: Door = field(default_factory=Door)
    desk: str = ""
    is_invented: Callable[[str], bool] = lambda host: False

    async def ask_all(self, sources: Sequence[str], resolver: Resolver) -> tuple[Tried, ...]:
        """What came of each different one of ``sources``, in their order. Raises nothing for what others do."""
        wanted = list(dict.fromkeys(sources))
        # The list of authorities is long, and is read once for all pictures.
        shared = replace(self, door=replace(self.door, context=functools.cache(self.door.context)))
        turn = asyncio.Semaphore(AT_ONCE)
        ends_at = asyncio.get_running_loop().time() + ALL_SECONDS
        asked = await together(*(shared._in_turn(source, resolver, turn, ends_at) for source in wanted[:MOST]))
        left = (_not_asked(source, f"only the first {MOST} pictures are") for source in wanted[MOST:])
        return (*asked, *left)

    async def _in_turn(self, source: str, resolver: Resolver, turn: asyncio.Semaphore, ends_at: float) -> Tried:
        errand = _Errand(self, source, resolver)
        try:
            async with asyncio.timeout_at(ends_at), turn, asyncio.timeout(SECONDS):
                return await errand.run()
        except TimeoutError:
            if not errand.host and asyncio.get_running_loop().time() >= ends_at:
                return _not_asked(source, "the time for all pictures was over")
            return errand.end(Outcome.UNKNOWN, "no answer in time")


def _not_asked(source: str, why: str) -> Tried:
    return Tried(source, Outcome.NOT_ASKED, "", f"not asked: {why}")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a request goes: what stands on its first line, and the server."""

    url: str
    scheme: str
    host: str
    target: str
    is_literal: bool

    @property
    def shown(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    type: str
    location: str
    body: bytes
    is_empty: bool

    @property
    def told(self) -> str:
        """The status with its words, and the media type."""
        words = next((item.phrase for item in HTTPStatus if item == self.status), "")
        return " ".join(part for part in (str(self.status), words, f"({self.type})" if self.type else "") if part)

    @property
    def is_redirect(self) -> bool:
        return self.status in (301, 302, 303, 307, 308) and bool(self.location)

    @property
    def is_picture(self) -> bool:
        return self.status in (200, 203, 206) and self.type.startswith("image/") and not self.is_empty


class _UnaskedError(Exception):
    """An address that nobody is asked for; the text says why."""


class _Errand:
    """One picture: from the page's address over its redirects to what a server said in the end."""

    def __init__(self, pictures: Pictures, source: str, resolver: Resolver) -> None:
        self.pictures, self.source, self.resolver = pictures, source, resolver
        self.steps: list[str] = []
        self.host = ""
        self.was_asked = False

    async def run(self) -> Tried:
        url = f"https:{self.source}" if self.source.startswith("//") else self.source
        try:
            for _ in range(MOST_REDIRECTS + 1):
                place = _place(url)
                self.host = place.host
                addresses = await self._addresses(place)
                if isinstance(addresses, Tried):
                    return addresses
                reply = await self._ask(place, addresses)
                if not reply.is_redirect:
                    return self._judged(reply)
                url = _led(place.url, reply.location)
        except _UnaskedError as why:
            return self.end(Outcome.NOT_ASKED, f"not asked: {why}")
        except ConnectProblem as problem:
            return self._broken(problem)
        return self.end(Outcome.UNKNOWN, f"it leads on more than {MOST_REDIRECTS} times")

    def end(self, outcome: Outcome, answer: str) -> Tried:
        return Tried(self.source, outcome, self.host, answer, tuple(self.steps), self.was_asked)

    async def _addresses(self, place: _Place) -> list[str] | Tried:
        """Where the server is, or what its name says already."""
        if place.is_literal:
            if not self.pictures.door.may_reach(place.host):
                self.steps.append(f"{place.host} is not on the open internet, so nothing was sent there")
                return self.end(Outcome.PRIVATE, "an address of an internal network")
            return [place.host]
        both = await together(self.resolver.query(place.host, "A"), self.resolver.query(place.host, "AAAA"))
        addresses = [record for answer in both if answer.is_ok for record in answer.records]
        self.steps += [
            f"{answer.name} {answer.rdtype}: {', '.join(answer.records) if answer.is_ok else answer.status.value}"
            for answer in both
        ]
        if not addresses:
            if unknown := next((answer for answer in both if answer.is_unknown), None):
                return self.end(Outcome.UNKNOWN, f"its name could not be looked up ({unknown.status.value})")
            return self.end(Outcome.NO_HOST, "its server's name has no address")
        if self.pictures.is_invented(place.host):
            return self.end(Outcome.NOT_ASKED, "not asked: this desk answers for that name itself")
        if not any(map(self.pictures.door.may_reach, addresses)):
            self.steps.append("none of these is on the open internet, so nothing was sent there")
            return self.end(Outcome.INSIDE, f"{', '.join(addresses[:MOST_ADDRESSES])} is internal")
        return [address for address in addresses if self.pictures.door.may_reach(address)][:MOST_ADDRESSES]

    async def _ask(self, place: _Place, addresses: list[str]) -> _Reply:
        """HEAD, and GET where that neither gives a picture nor leads on: many servers answer HEAD wrongly."""
        try:
            reply = await self._request("HEAD", place, addresses)
        except ConnectProblem as problem:
            if problem.code not in ("closed", "too_much"):
                raise
            self.steps.append(f"HEAD {place.url}: {problem.text}")
        else:
            if reply.is_picture or reply.is_redirect:
                return reply
        return await self._request("GET", place, addresses)

    async def _request(self, method: str, place: _Place, addresses: list[str]) -> _Reply:
        door, is_tls = self.pictures.door, place.scheme == "https"
        port = door.https_port if is_tls else door.http_port
        name = place.host if is_tls else ""
        self.was_asked = True
        connection = await door.open(addresses, port, seconds=SECONDS, tls_name=name)
        async with connection:
            reply = await _exchange(connection, method, place, self.pictures.desk)
        self.steps.append(f"{method} {place.url} at {connection.address}: {reply.told}")
        return reply

    def _judged(self, reply: _Reply) -> Tried:
        if reply.is_picture:
            return self.end(Outcome.LOADS, reply.told)
        if 200 <= reply.status < 300:
            # HTML Living Standard §4.8.4.3: what a picture is called is not looked at, only how it begins.
            is_one = reply.body.startswith(_BEGINNINGS) or reply.body[8:12] in _BRANDS
            return self.end(Outcome.LOADS if is_one else Outcome.NO_PICTURE, reply.told)
        if reply.status in (404, 410):
            return self.end(Outcome.GONE, reply.told)
        if 400 <= reply.status < 500 and reply.status not in _PASSING:
            return self.end(Outcome.REFUSED, reply.told)
        return self.end(Outcome.UNKNOWN, reply.told)

    def _broken(self, problem: ConnectProblem) -> Tried:
        self.steps.append(problem.text)
        cause = problem.__cause__
        if problem.code == "tls" and isinstance(cause, ssl.SSLCertVerificationError):
            is_wrong = cause.verify_code in _WRONG_CERTIFICATE
            return self.end(Outcome.CERTIFICATE if is_wrong else Outcome.CHAIN, cause.verify_message)
        return self.end(Outcome.UNKNOWN, problem.text)


def _place(url: str) -> _Place:
    """Where ``url`` leads, written as a server reads it; _UnaskedError where nobody is asked."""
    if len(url) >= LONGEST:
        raise _UnaskedError("its address is too long")
    try:
        parts = urlsplit(url.strip())
        port = parts.port
        host = parts.hostname or ""
    except ValueError as error:
        raise _UnaskedError("its address cannot be read") from error
    scheme = parts.scheme.lower()
    if scheme not in _PORTS:
        raise _UnaskedError("it leads to something other than http and https")
    if port not in (None, _PORTS[scheme]):
        raise _UnaskedError(f"it is at port {port}, and only {_PORTS[scheme]} is asked for {scheme}")
    if parts.username is not None or parts.password is not None:
        raise _UnaskedError("there is a name or a password in its address")
    is_literal = _is_address(host)
    if not is_literal:
        try:
            host = normalised(host)
        except NameProblem as problem:
            raise _UnaskedError(f"its server's name cannot be one: {problem.text}") from problem
    target = quote(parts.path or "/", safe=_PLAIN)
    if parts.query:
        target += f"?{quote(parts.query, safe=_PLAIN)}"
    shown = f"[{host}]" if ":" in host else host
    return _Place(f"{scheme}://{shown}{target}", scheme, host, target, is_literal)


def _led(url: str, location: str) -> str:
    """Where an answer leads on to from ``url``."""
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise _UnaskedError("it leads on to an address that cannot be read") from error


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def _exchange(connection: Connection, method: str, place: _Place, desk: str) -> _Reply:
    """One request and as much of the answer as tells what it is."""
    http = h11.Connection(our_role=h11.CLIENT, max_incomplete_event_size=16 * 1024)
    headers = [
        ("Host", place.shown),
        ("User-Agent", f"delivery-desk ({desk or 'test message'})"),
        ("Accept", "image/*,*/*;q=0.5"),
        ("Accept-Encoding", "identity"),
        ("Connection", "close"),
    ]
    begun = http.send(h11.Request(method=method, target=place.target, headers=headers)) or b""
    await connection.write(begun + (http.send(h11.EndOfMessage()) or b""))
    try:
        response = await _response(http, connection)
        given = {name.lower(): value.decode("latin-1") for name, value in response.headers}
        kind = given.get(b"content-type", "").partition(";")[0].strip().lower()
        body, is_whole = b"", False
        is_named = kind.startswith("image/")
        if method == "GET" and 200 <= response.status_code < 300 and not is_named:
            body, is_whole = await _beginning(http, connection)
    except h11.RemoteProtocolError as error:
        raise ConnectProblem("closed", f"What {place.host} sent is no HTTP: {error}") from error
    return _Reply(
        status=response.status_code,
        type=kind[:100],
        location=given.get(b"location", "")[:LONGEST].strip(),
        body=body,
        is_empty=given.get(b"content-length", "").strip() == "0" or (is_whole and not body),
    )


async def _response(http: h11.Connection, connection: Connection) -> h11.Response:
    """The head of the answer; what a server says before it means nothing yet (RFC 9110 §15.2)."""
    event = await next_event(http, connection)
    while isinstance(event, h11.InformationalResponse):
        event = await next_event(http, connection)
    if not isinstance(event, h11.Response):
        raise ConnectProblem("closed", "The server closed the connection.")
    return event


async def _beginning(http: h11.Connection, connection: Connection) -> tuple[bytes, bool]:
    """The first octets of the body, and whether that is all of it."""
    body = b""
    while isinstance(event := await next_event(http, connection), h11.Data):
        body += bytes(event.data)
        if len(body) >= MOST_BODY:
            return body[:MOST_BODY], False
    return body, True
