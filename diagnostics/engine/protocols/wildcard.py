"""Wildcards (RFC 4592): telling what stands at a name from what a zone gives for every name that is not there.

A TXT record at ``*.example.org`` is the answer for ``_dmarc.example.org`` too, where nobody has published a policy. So
where a name holds text of another kind than belongs there, the name beside it is asked for that nobody has published:
if that has the same text, it is a wildcard's.
"""

from __future__ import annotations

import hashlib

from diagnostics.engine.resolver import Answer, Resolver

#: What a finding says besides where a wildcard was found.
HINT = "A wildcard in the zone gives this text for every name that has no records of its own."


def unpublished_name(name: str) -> str:
    """A name beside ``name`` that nobody has published; always the same one, so that a run can be replayed."""
    return f"wildcard-{hashlib.sha256(name.encode()).hexdigest()[:16]}.{name.partition('.')[2]}"


async def wildcard_behind(answer: Answer, resolver: Resolver) -> Answer | None:
    """The answer for the unpublished name where it shows that a wildcard gave ``answer``; None where it does not."""
    beside = await resolver.query(unpublished_name(answer.name), answer.rdtype)
    return beside if beside.is_ok and set(answer.records) & set(beside.records) else None
