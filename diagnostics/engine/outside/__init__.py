"""Questions that are not asked of DNS but of a server: its MTA-STS policy, and how its mail server greets.

They go through the same seam as the questions to DNS, so that they too are asked once a run, kept in its transcript,
counted in its critical path, replayed, and put into a zone by a test. ``STS-POLICY`` of ``mta-sts.example.org`` is what
that host serves at its well-known address, ``SMTP`` of a mail server's name is the dialogue with it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from diagnostics.engine.connect import ConnectProblem, Door
from diagnostics.engine.outside import policy, smtp
from diagnostics.engine.outside.smtp import Probe
from diagnostics.engine.path import together
from diagnostics.engine.records import DIALOGUES, SMTP, STS_POLICY
from diagnostics.engine.resolver import Answer, Resolver, Status, failed

__all__ = ["DIALOGUES", "SMTP", "STS_POLICY", "Outside", "Probe"]

#: How long an answer may be used again, in seconds. WL-16: a mail server is not asked twice within ten minutes.
TTLS = {STS_POLICY: 300, SMTP: 600}
MOST_ADDRESSES = 2

#: What a failed connection says, as a resolver would say it. What a server *did* (``tls``, ``too_much``) is an answer.
_STATUSES = {"timeout": Status.TIMEOUT, "unreachable": Status.ERROR, "forbidden": Status.REFUSED}


@dataclass(frozen=True, slots=True)
class Outside:
    """Asks servers. ``probe`` is what may be said to a mail server; without one none is asked, for ``why_not``."""

    door: Door = field(default_factory=Door)
    probe: Probe | None = None
    why_not: str = "this desk does not call on mail servers"

    async def query(self, name: str, rdtype: str, resolver: Resolver) -> Answer:
        """What the server called ``name`` says to a question of one of :data:`DIALOGUES`.

        Its address is looked up by ``resolver``. Raises nothing for what the network or the server does.
        """
        if rdtype == SMTP and self.probe is None:
            return failed(name, rdtype, Status.ERROR, f"not asked: {self.why_not}")
        began = time.monotonic()
        answer = await self._ask(name, rdtype, resolver)
        return replace(answer, elapsed_ms=round((time.monotonic() - began) * 1000, 3))

    async def _ask(self, name: str, rdtype: str, resolver: Resolver) -> Answer:
        both = await together(resolver.query(name, "A"), resolver.query(name, "AAAA"))
        addresses = [record for answer in both for record in answer.records if answer.is_ok][:MOST_ADDRESSES]
        if not addresses:
            # A name without an address is absent as DNS has it; what DNS could not say stays unknown.
            told = next((answer for answer in both if answer.is_unknown), both[0])
            return Answer(name, rdtype, told.status, chain=told.chain, ttl=told.ttl, note=told.note)
        try:
            lines = await self._talk(name, rdtype, addresses)
        except ConnectProblem as problem:
            return failed(name, rdtype, _STATUSES.get(problem.code, Status.ERROR), problem.text)
        return Answer(name, rdtype, Status.OK, lines, ttl=TTLS[rdtype])

    async def _talk(self, name: str, rdtype: str, addresses: list[str]) -> tuple[str, ...]:
        if rdtype == STS_POLICY:
            return await policy.fetch(self.door, name, addresses)
        assert self.probe is not None  # query() has answered already where there is none.
        return await smtp.talk(self.door, name, addresses, self.probe)
