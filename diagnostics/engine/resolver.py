"""Asking DNS, and telling its answers apart.

"No such name", "no such record", "the server failed" and "nobody answered" are four different facts, and only the first
two say anything about the domain. So a resolver *returns* every outcome as an :class:`Answer` and raises for none of
them; a check that has not looked at ``status`` has not looked at the answer.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import dns.asyncquery
import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from diagnostics.engine.names import NameProblem, normalised
from diagnostics.engine.nameservers import NameServer, addresses_of, read_nameserver, system_nameservers
from diagnostics.engine.records import in_order, record_text

if TYPE_CHECKING:
    from diagnostics.engine.cache import Cache


class Status(StrEnum):
    """How a question ended. Only NXDOMAIN and NODATA mean absence; the last five mean that we could not find out."""

    OK = "ok"
    NXDOMAIN = "nxdomain"
    NODATA = "nodata"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    BOGUS = "bogus"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one question.

    ``name`` is absolute, lower-case, an A-label, without the trailing dot. ``records`` is in DNS presentation form,
    names lower-case without the trailing dot, in a stable order: TXT strings joined without a space and decoded as
    Latin-1 (one octet, one character), MX as ``10 mx.example.org``. ``chain`` lists the CNAME targets followed.
    ``ttl`` is in seconds, ``elapsed_ms`` in milliseconds; ``authenticated`` is the AD flag of a resolver we trust.
    """

    name: str
    rdtype: str
    status: Status
    records: tuple[str, ...] = ()
    ttl: int | None = None
    chain: tuple[str, ...] = ()
    authenticated: bool = False
    elapsed_ms: float = 0.0
    note: str = ""

    @property
    def is_ok(self) -> bool:
        """There is at least one record."""
        return self.status is Status.OK

    @property
    def is_absent(self) -> bool:
        """DNS says that there is no such record (NXDOMAIN or NODATA)."""
        return self.status in (Status.NXDOMAIN, Status.NODATA)

    @property
    def is_unknown(self) -> bool:
        """We could not find out; says nothing about the domain."""
        return not (self.is_ok or self.is_absent)


class Resolver(Protocol):
    """Anything that answers questions: DNS itself, a zone in memory, a stored transcript."""

    async def query(self, name: str, rdtype: str) -> Answer:
        """The answer for ``name`` (any case, U- or A-labels, always taken as absolute) and ``rdtype``."""
        ...


def failed(name: str, rdtype: str, status: Status, note: str, *, elapsed_ms: float = 0.0) -> Answer:
    """An answer that says nothing about the domain, and why."""
    return Answer(name=name, rdtype=rdtype, status=status, note=note, elapsed_ms=elapsed_ms)


TIMEOUT_SECONDS = 2.0
TRIES = 2
MAX_SILENT = 3  # So that a question ends well within the eight seconds of a check.
MAX_CHAIN = 8
MAX_TTL = 2**31 - 1  # RFC 2181 §8
PAYLOAD = 1232  # The size that no path has to fragment (DNS flag day 2020).

#: RFC 8914: why a validating resolver failed, as far as it is the zone's signatures that are to blame.
_BOGUS_EDE = frozenset((1, 2, 5, 6, 7, 8, 9, 10, 11, 12))
#: RFC 8914: the resolver itself forges, blocks, censors or filters this name; what it says is not what DNS says.
_LYING_EDE = frozenset((4, 15, 16, 17))
#: Of several servers' failures, the one that tells most.
_TELLING = (Status.BOGUS, Status.SERVFAIL, Status.REFUSED, Status.ERROR, Status.TIMEOUT)


@dataclass(frozen=True, slots=True)
class _Failure:
    status: Status
    note: str


@dataclass(frozen=True, slots=True)
class _Part:
    """What one message says: the records, the aliases up to them, and whether the last alias must still be asked."""

    status: Status
    records: tuple[str, ...]
    ttl: int
    chain: tuple[str, ...]
    goes_on: bool = False


class DNSResolver:
    """Asks DNS itself, through recursive name servers: ``nameservers``, or the system's own when none are given.

    A question is asked of one server after another, ``seconds`` each and ``tries`` in all at least, until one answers,
    the servers are used up or three have been silent. ``fresh`` asks anew whatever ``cache`` remembers, and lets it
    remember that. Nothing is raised for what DNS, the network or a server does, and nothing is asked before the first
    question.
    """

    def __init__(
        self,
        nameservers: Iterable[str] = (),
        cache: Cache | None = None,
        *,
        fresh: bool = False,
        seconds: float = TIMEOUT_SECONDS,
        tries: int = TRIES,
        trust_ad: bool | None = None,
    ) -> None:
        self._configured = tuple(read_nameserver(text) for text in nameservers)
        self._cache = cache
        self._is_fresh = fresh
        self._seconds = seconds
        self._tries = tries
        self._trust_ad = trust_ad
        self._servers: tuple[NameServer, ...] | None = None

    async def query(self, name: str, rdtype: str) -> Answer:
        """What DNS says, aliases (CNAME) followed."""
        rdtype = rdtype.upper()
        try:
            # The final dot makes the name absolute: a search list must never apply.
            name = normalised(name)
            dns.name.from_text(name + ".")
            kind = dns.rdatatype.from_text(rdtype)
        except NameProblem as problem:
            return failed(name, rdtype, Status.ERROR, problem.text)
        except (dns.exception.DNSException, ValueError) as error:
            return failed(name, rdtype, Status.ERROR, f"DNS cannot carry this question: {error}")
        if self._cache and not self._is_fresh and (kept := self._cache.get(name, rdtype)):
            return kept
        began = time.monotonic()
        answer = await self._follow(name, kind)
        answer = replace(answer, elapsed_ms=round((time.monotonic() - began) * 1000, 3))
        if self._cache:
            self._cache.put(answer)
        return answer

    async def _follow(self, name: str, kind: dns.rdatatype.RdataType) -> Answer:
        """The answer at the end of the aliases that begin at ``name``."""
        rdtype = dns.rdatatype.to_text(kind)
        chain: tuple[str, ...] = ()
        ttl, is_authenticated, target = MAX_TTL, True, name
        while True:
            reply = await self._ask(target, kind)
            if isinstance(reply, _Failure):
                return Answer(name=name, rdtype=rdtype, status=reply.status, chain=chain, note=reply.note)
            part = _read(reply, kind)
            chain += part.chain
            ttl = min(ttl, part.ttl)
            is_authenticated &= bool(reply.flags & dns.flags.AD)
            if len(chain) > MAX_CHAIN or len(set(chain)) < len(chain) or name in chain:
                note = f"aliases (CNAME) that run in a circle, or more than {MAX_CHAIN} of them"
                return Answer(name=name, rdtype=rdtype, status=Status.ERROR, chain=chain[: MAX_CHAIN + 1], note=note)
            if not part.goes_on:
                break
            target = chain[-1]
        return Answer(
            name=name,
            rdtype=rdtype,
            status=part.status,
            records=in_order(rdtype, part.records),
            ttl=ttl,
            chain=chain,
            authenticated=is_authenticated and await self._trusts(),
            note=_explained(reply),
        )

    async def _ask(self, name: str, kind: dns.rdatatype.RdataType) -> dns.message.Message | _Failure:
        """The first reply that says something about the domain, else the failure that tells most."""
        servers = await self._known_servers()
        if not servers:
            return _Failure(Status.ERROR, "no name server is known to ask")
        failures: list[_Failure] = []
        silent, patience = 0, max(self._tries, min(len(servers), MAX_SILENT))
        for attempt in range(max(self._tries, len(servers))):
            server = servers[attempt % len(servers)]
            reply = await self._ask_one(server, name, kind)
            if isinstance(reply, dns.message.Message):
                if attempt and server is not servers[0]:
                    # The next question starts with the one that answers, and does not wait for a dead one again.
                    self._servers = (server, *(other for other in servers if other is not server))
                return reply
            failures.append(reply)
            silent += reply.status is Status.TIMEOUT
            if silent >= patience:
                break
        told = min(failures, key=lambda failure: _TELLING.index(failure.status))
        if told.status is not Status.SERVFAIL:
            return told
        # RFC 4035 §3.2.2: with CD set a validating resolver hands over even what it believes to be forged.
        unchecked = await self._ask_one(servers[0], name, kind, flags=dns.flags.CD)
        if isinstance(unchecked, dns.message.Message):
            return _Failure(Status.BOGUS, "the server answers only when it need not check the signatures (DNSSEC)")
        return told

    async def _ask_one(
        self, server: NameServer, name: str, kind: dns.rdatatype.RdataType, *, flags: int = 0, edns: bool = True
    ) -> dns.message.Message | _Failure:
        """One server's reply, or why it is none."""
        # RFC 6840 §5.7: AD in a question asks for AD in the answer.
        question = dns.message.make_query(
            name + ".",
            kind,
            use_edns=0 if edns else False,
            payload=PAYLOAD,
            flags=dns.flags.RD | dns.flags.AD | flags,
        )
        try:
            reply = await self._exchange(question, server)
        except (dns.exception.Timeout, TimeoutError):
            return _Failure(Status.TIMEOUT, f"no answer within {self._seconds:g} s")
        except (dns.exception.DNSException, OSError, EOFError, ValueError) as error:
            return _Failure(Status.ERROR, f"{type(error).__name__}: {error}")
        code = reply.rcode()
        if edns and code in (dns.rcode.FORMERR, dns.rcode.NOTIMP, dns.rcode.BADVERS):
            # RFC 6891 §7: the server does not know EDNS; it may well know the answer.
            return await self._ask_one(server, name, kind, flags=flags, edns=False)
        return _judged(reply)

    async def _exchange(self, question: dns.message.Message, server: NameServer) -> dns.message.Message:
        """UDP, then TCP when the reply was cut short. What is no reply to this very question is not heard."""
        try:
            return await dns.asyncquery.udp(
                question,
                server.host,
                timeout=self._seconds,
                port=server.port,
                ignore_unexpected=True,
                raise_on_truncation=True,
                ignore_errors=True,
            )
        except dns.message.Truncated:
            return await dns.asyncquery.tcp(question, server.host, timeout=self._seconds, port=server.port)

    async def _known_servers(self) -> tuple[NameServer, ...]:
        """The servers by IP address, looked up once."""
        if self._servers is None:
            configured, trusts = (self._configured, False) if self._configured else system_nameservers()
            self._servers = tuple([found for server in configured for found in await addresses_of(server)])
            if self._trust_ad is None:
                # RFC 4035 §4.9.3: AD is worth what the way to the server is worth.
                self._trust_ad = bool(self._servers) and (
                    trusts or all(ipaddress.ip_address(server.host).is_loopback for server in self._servers)
                )
        return self._servers

    async def _trusts(self) -> bool:
        await self._known_servers()
        return bool(self._trust_ad)


def _judged(reply: dns.message.Message) -> dns.message.Message | _Failure:
    """``reply`` when it says something about the domain, else what it says about the server."""
    code, explained = reply.rcode(), _explained(reply)
    lies = _LYING_EDE & {int(error.code) for error in _extended_errors(reply)}
    if lies and code in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return _Failure(Status.REFUSED, f"the name server blocks or forges this name: {explained}")
    if code is dns.rcode.SERVFAIL:
        is_bogus = _BOGUS_EDE & {int(error.code) for error in _extended_errors(reply)}
        return _Failure(Status.BOGUS if is_bogus else Status.SERVFAIL, explained)
    if code is dns.rcode.REFUSED:
        return _Failure(Status.REFUSED, explained)
    if code not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return _Failure(Status.ERROR, f"the name server answered {dns.rcode.to_text(code)}")
    kinds = {rrset.rdtype for rrset in reply.authority}
    is_final = reply.answer or reply.flags & dns.flags.AA or code is dns.rcode.NXDOMAIN
    if not is_final and dns.rdatatype.NS in kinds and dns.rdatatype.SOA not in kinds:
        # RFC 2308 §2.2: name servers and no SOA is a referral, which is no answer to one that asked for recursion.
        return _Failure(Status.ERROR, "the name server only pointed to others (a lame delegation, or no recursion)")
    return reply


def _read(reply: dns.message.Message, kind: dns.rdatatype.RdataType) -> _Part:
    """What ``reply`` says of ``kind``, its own aliases followed."""
    name = reply.question[0].name
    chain: list[str] = []
    ttl = MAX_TTL
    while len(chain) <= MAX_CHAIN:
        if found := _rrset(reply, name, kind):
            records = tuple({_text(kind, rdata): None for rdata in found})
            return _Part(Status.OK, records, min(ttl, found.ttl), tuple(chain))
        alias = _rrset(reply, name, dns.rdatatype.CNAME)
        if alias is None:
            break
        ttl = min(ttl, alias.ttl)
        name = alias[0].target
        chain.append(name.to_text(omit_final_dot=True).lower())
    soa = next((rrset for rrset in reply.authority if rrset.rdtype == dns.rdatatype.SOA), None)
    # RFC 2308 §5: absence lives as long as the lesser of the SOA's own TTL and its minimum; without SOA not at all.
    ttl = min(ttl, soa.ttl, soa[0].minimum) if soa else 0
    if reply.rcode() is dns.rcode.NXDOMAIN:
        return _Part(Status.NXDOMAIN, (), ttl, tuple(chain))
    return _Part(Status.NODATA, (), MAX_TTL if chain and not soa else ttl, tuple(chain), bool(chain and not soa))


def _rrset(reply: dns.message.Message, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> dns.rrset.RRset | None:
    return reply.get_rrset(dns.message.ANSWER, name, dns.rdataclass.IN, kind)


def _text(kind: dns.rdatatype.RdataType, rdata: dns.rdata.Rdata) -> str:
    if kind in (dns.rdatatype.TXT, dns.rdatatype.SPF):
        # RFC 7208 §3.3: the strings of one record are joined without anything between them.
        return b"".join(rdata.strings).decode("latin-1")  # type: ignore[attr-defined]
    return record_text(dns.rdatatype.to_text(kind), rdata.to_text())


def _extended_errors(reply: dns.message.Message) -> list[dns.edns.EDEOption]:
    return [option for option in reply.options if isinstance(option, dns.edns.EDEOption)]


def _explained(reply: dns.message.Message) -> str:
    """The server's own explanations (RFC 8914), such as ``EDE 7 Signature Expired: …``."""
    return "; ".join(
        f"EDE {int(error.code)} {dns.edns.EDECode.to_text(error.code).replace('_', ' ').title()}"
        + (f": {error.text}" if error.text else "")
        for error in _extended_errors(reply)
    )
