"""One message, judged as a whole: its way, who vouched for it, and what the filters thought of it.

:func:`judge` takes what a person pasted or uploaded and returns a :class:`MessageReport`: facts in fields, and
findings made of codes for people. Three kinds of result are kept apart. What we verified ourselves, what the receiver
noted and is believed, and what anybody may have written; and all of it, which is about this ``message``, from the
``posture``, which is what the author's domain publishes for all its mail.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from diagnostics.engine import path
from diagnostics.engine.findings import Finding
from diagnostics.engine.messages.headers import arc
from diagnostics.engine.messages.headers.alignment import MessageAlignment, aligned, posture_of, vouchers
from diagnostics.engine.messages.headers.arc import ARCChain
from diagnostics.engine.messages.headers.authentication_results import Results, Trust, read_results, trusted
from diagnostics.engine.messages.headers.author import Authors, read_authors
from diagnostics.engine.messages.headers.connection import Connection, noted_by_us, witnessed
from diagnostics.engine.messages.headers.fields import Message, read_message
from diagnostics.engine.messages.headers.judge_findings import findings_of
from diagnostics.engine.messages.headers.received import Chain, chain
from diagnostics.engine.messages.headers.signatures import Signature, SigningDomain, by_domain, verify
from diagnostics.engine.messages.headers.spam_headers import Explained, explain
from diagnostics.engine.protocols.dmarc import InForce
from diagnostics.engine.resolver import Resolver


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReport:
    """All that one message tells.

    ``results`` are all the fields there are, ``trust`` says which of them are believed. ``alignment`` is about this
    message; ``posture`` is what the author's domain publishes, None where the message has no one author domain.
    ``arrived`` is when the last server noted that it took the message.
    """

    message: Message
    chain: Chain
    authors: Authors
    results: tuple[Results, ...]
    trust: Trust
    signatures: tuple[Signature, ...]
    signing_domains: tuple[SigningDomain, ...]
    arc: ARCChain
    alignment: MessageAlignment
    posture: InForce | None
    explained: tuple[Explained, ...]
    arrived: datetime | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def subject(self) -> str:
        """The subject with its encoded words decoded: a stranger's words."""
        field = self.message.first("Subject")
        return field.shown if field else ""


async def judge(
    message: Message | bytes | str,
    resolver: Resolver,
    *,
    authserv_id: str = "",
    now: datetime | None = None,
    connection: Connection | None = None,
) -> MessageReport:
    """What ``message`` tells. ``authserv_id`` is the server whose results are to be believed, where a person chose one.

    With a ``connection`` the message came to us, and we are the witness of SPF. Whether a signature had run out is
    judged for the time of arrival, and for ``now`` where that is not known.
    """
    given = message if isinstance(message, Message) else read_message(message)
    way, authors = chain(given.fields), read_authors(given.fields)
    arrived = next((step.hop.at for step in reversed(way.steps) if step.hop.at is not None), None)
    results = read_results(given.fields)
    if connection is not None:
        results = noted_by_us(results, given.fields)
    trust = trusted(results, given.fields, authserv_id)
    signatures, forwarders, posture, seen = await path.together(
        verify(given, resolver, at=arrived or now or datetime.now(UTC)),
        arc.verify(given, resolver),
        posture_of(authors.domain, resolver),
        witnessed(connection, resolver),
    )
    domains = by_domain(signatures)
    might = (*vouchers(domains, trust, is_text=given.is_text), *seen)
    alignment = await aligned(authors.domain, might, posture, trust, resolver)
    report = MessageReport(
        message=given,
        chain=way,
        authors=authors,
        results=results,
        trust=trust,
        signatures=signatures,
        signing_domains=domains,
        arc=forwarders,
        alignment=alignment,
        posture=posture,
        explained=explain(given.fields, trust.believed),
        arrived=arrived,
    )
    return replace(report, findings=tuple(findings_of(report)))
