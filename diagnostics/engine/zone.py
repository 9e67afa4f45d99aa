"""A zone in memory: a resolver for tests, for the demo, and for asking "what would a receiver see".

The form is a JSON object of names, each an object of record types: ``{"north.example": {"MX": [[10, "mx.example"]]}}``.
A name that is not held does not exist unless names below it do, a name held without the asked type has no such record,
and ``"TIMEOUT"``, ``"SERVFAIL"``, ``"REFUSED"`` in the place of records, or of a whole name, are that failure.
:class:`Overlay` lays a zone over real DNS for the names it speaks for.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from diagnostics.engine.ip import documentation_address_in
from diagnostics.engine.names import NameProblem, is_under, normalised, parents
from diagnostics.engine.records import in_order, record_text
from diagnostics.engine.resolver import Answer, Resolver, Status, failed

TTL = 300
MAX_CHAIN = 8
FAILURES = {status.name: status for status in (Status.TIMEOUT, Status.SERVFAIL, Status.REFUSED, Status.BOGUS)}
#: RFC 2606 and RFC 6761: names under these never lead anywhere, so a zone may speak for all of them.
RESERVED = ("example", "test", "invalid")

_MX = re.compile(r"\d{1,5} +\S.*")

Held = Mapping[str, tuple[str, ...] | Status]


class ZoneProblem(ValueError):
    """A zone that cannot be read; the text says which name and why."""


class Zone:
    """Answers from ``names`` alone. ``delay`` is how many seconds each answer takes, or a table of name to seconds."""

    is_over_zone = True

    def __init__(self, names: Mapping[str, Any], *, delay: float | Mapping[str, float] = 0.0) -> None:
        self._names: dict[str, Held | Status] = {}
        for name, held in names.items():
            self._names[_name(name)] = _held(name, held)
        self._delay = delay
        #: RFC 8020: a name with names below it exists, and stands in the way of a wildcard above it (RFC 4592 §3.3.1).
        self._inner = {above for name in self._names for above in parents(name)}

    def holds(self, name: str) -> bool:
        """``name`` (normalised) is held here, or lies under a name that is, or under a reserved top-level domain."""
        if any(is_under(name, top) for top in RESERVED) or documentation_address_in(name):
            return True
        return any(candidate in self._names for candidate in (name, *parents(name)))

    async def query(self, name: str, rdtype: str) -> Answer:
        """What the zone holds, CNAMEs followed inside it."""
        rdtype = rdtype.upper()
        try:
            asked = normalised(name)
        except NameProblem as problem:
            return failed(name, rdtype, Status.ERROR, problem.text)
        seconds = self._delay if isinstance(self._delay, float | int) else self._delay.get(asked, 0.0)
        if seconds:
            await asyncio.sleep(seconds)
        status, records, chain = self._look_up(asked, rdtype)
        return Answer(
            name=asked,
            rdtype=rdtype,
            status=status,
            records=records,
            ttl=TTL if status in (Status.OK, Status.NXDOMAIN, Status.NODATA) else None,
            chain=chain,
            elapsed_ms=seconds * 1000,
            note="a loop of aliases (CNAME)" if status is Status.ERROR else "",
        )

    def _look_up(self, asked: str, rdtype: str) -> tuple[Status, tuple[str, ...], tuple[str, ...]]:
        name = asked
        chain: tuple[str, ...] = ()
        while len(chain) <= MAX_CHAIN:
            held = self._held(name)
            if isinstance(held, Status):
                return held, (), chain
            found = held.get(rdtype, ())
            if isinstance(found, Status):
                return found, (), chain
            alias = held.get("CNAME", ())
            # P16: a name that has both an alias and the record itself is illegal, and is answered all the same.
            if found or not alias or isinstance(alias, Status):
                return (Status.OK if found else Status.NODATA), found, chain
            name = alias[0]
            chain = (*chain, name)
        return Status.ERROR, (), chain

    def _held(self, name: str) -> Held | Status:
        if name in self._names:
            return self._names[name]
        for above in parents(name):
            held = self._names.get(above)
            if isinstance(held, Status):
                # The servers of a name that fails are the servers of what lies below it.
                return held
            if f"*.{above}" in self._names:
                return self._names[f"*.{above}"]
            if held is not None or above in self._inner:
                break
        # RFC 4592 §2.2.2, P67: a name that only has names below it exists, without records of its own.
        return {} if name in self._inner else Status.NXDOMAIN


class Overlay:
    """A zone laid over another resolver: the zone answers for what it ``holds``, the resolver for the rest."""

    is_over_zone = True

    def __init__(self, zone: Zone, resolver: Resolver) -> None:
        self.zone = zone
        self.resolver = resolver

    def holds(self, name: str) -> bool:
        """The zone speaks for ``name``."""
        return self.zone.holds(name)

    async def query(self, name: str, rdtype: str) -> Answer:
        """The answer of the one that speaks for ``name``; an alias out of the zone is followed by the resolver."""
        try:
            asked = normalised(name)
        except NameProblem as problem:
            return failed(name, rdtype.upper(), Status.ERROR, problem.text)
        if not self.zone.holds(asked):
            return await self.resolver.query(asked, rdtype)
        answer = await self.zone.query(asked, rdtype)
        if not answer.chain or self.zone.holds(answer.chain[-1]):
            return answer
        beyond = await self.resolver.query(answer.chain[-1], rdtype)
        return replace(
            beyond,
            name=asked,
            chain=answer.chain + beyond.chain,
            elapsed_ms=answer.elapsed_ms + beyond.elapsed_ms,
            # The zone file vouches for nothing.
            authenticated=False,
        )


def is_over_zone(resolver: Resolver) -> bool:
    """``resolver`` speaks for invented names and documentation addresses, so lists may be asked about those too."""
    while (inner := getattr(resolver, "inner", None)) is not None:
        resolver = inner
    return bool(getattr(resolver, "is_over_zone", False))


def read_zone(path: str | Path) -> Zone:
    """The zone in a JSON file: the object itself, or the ``zone`` of a whole case. ZoneProblem when it is none."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ZoneProblem(f"The zone file {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ZoneProblem(f"The zone file {path} is not JSON: {error}.") from error
    if isinstance(document, dict) and isinstance(document.get("zone"), dict):
        document = document["zone"]
    if not isinstance(document, dict):
        raise ZoneProblem(f"The zone file {path} holds no object of names.")
    return Zone(document)


def _name(name: str) -> str:
    try:
        return normalised(name)
    except NameProblem as problem:
        raise ZoneProblem(problem.text) from problem


def _held(name: str, held: Any) -> Held | Status:
    if isinstance(held, str):
        return _failure(name, held)
    if not isinstance(held, Mapping):
        raise ZoneProblem(f"{name}: expected an object of record types, or one of {', '.join(FAILURES)}.")
    return {
        rdtype.upper(): _failure(name, value) if _is_failure(value) else _records(name, rdtype.upper(), value)
        for rdtype, value in held.items()
    }


def _is_failure(value: Any) -> bool:
    return isinstance(value, str) and value.upper() in FAILURES


def _failure(name: str, word: str) -> Status:
    if not _is_failure(word):
        raise ZoneProblem(f"{name}: {word[:60]!r} is none of {', '.join(FAILURES)}.")
    return FAILURES[word.upper()]


def _records(name: str, rdtype: str, value: Any) -> tuple[str, ...]:
    values: Sequence[Any] = [value] if isinstance(value, str) else value
    if not isinstance(values, list | tuple):
        raise ZoneProblem(f"{name} {rdtype}: expected a list of records.")
    return in_order(rdtype, (_record(name, rdtype, item) for item in values))


def _record(name: str, rdtype: str, item: Any) -> str:
    """One record's text; TXT as a list of strings is joined without a space, MX may be ``[10, "mx.example"]``."""
    if isinstance(item, list | tuple):
        item = ("" if rdtype in ("TXT", "SPF") else " ").join(str(part) for part in item)
    if not isinstance(item, str):
        raise ZoneProblem(f"{name} {rdtype}: {repr(item)[:60]} is no record.")
    if rdtype == "MX" and _MX.fullmatch(item.strip()) is None:
        raise ZoneProblem(f'{name} MX: {item[:60]!r} is no record; give preference and host: [10, "mx.example"].')
    return record_text(rdtype, item)
