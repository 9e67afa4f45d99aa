"""What an SPF record costs at most: the terms that ask DNS, counted in the whole tree, branch by branch.

An evaluation stops at the first match and so never shows how near the limit of ten a record is. Somebody who is about
to add one more ``include`` has to know; and where the record is over the limit already, which branch to take out.
"""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.engine import path
from diagnostics.engine.protocols.spf.parse import RecordProblem, parse_record, select_records
from diagnostics.engine.resolver import Answer, Resolver

#: A record and what it includes: a tree with more branches than this is far over the limit anyway.
MAX_RECORDS = 40
MAX_DEPTH = 10


@dataclass(frozen=True, slots=True)
class Cost:
    """The terms that ask DNS in one domain's record (``own``), and in those below it.

    ``is_whole`` is false where a record below could not be read, because it was not answered for, has macros in its
    name, or the tree is too large: then ``total`` is the least that it can be.
    """

    domain: str
    own: int
    branches: tuple[Cost, ...] = ()
    is_whole: bool = True

    @property
    def total(self) -> int:
        """The terms of the whole tree, an upper bound of what any evaluation can use."""
        return self.own + sum(branch.total for branch in self.branches)

    @property
    def is_known(self) -> bool:
        """Nothing of the tree is missing from ``total``."""
        return self.is_whole and all(branch.is_known for branch in self.branches)


async def cost_of(resolver: Resolver, domain: str, record: str) -> Cost:
    """What ``record`` of ``domain`` costs; nothing when it breaks the grammar."""
    return await _Counter(resolver).count(domain, record, ())


class _Counter:
    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.records = 0

    async def count(self, domain: str, text: str, above: tuple[str, ...]) -> Cost:
        try:
            record = parse_record(text)
        except RecordProblem:
            return Cost(domain, 0, is_whole=False)
        reached = [item for item in record.mechanisms if item not in record.unreachable]
        own = sum(item.asks for item in reached) + (record.redirect is not None)
        names = [item.domain for item in reached if item.name == "include"]
        if record.redirect is not None:
            names.append(record.redirect.value)
        above = (*above, domain.lower())
        branches = await path.together(*(self._branch(name, above) for name in names))
        return Cost(domain, own, branches)

    async def _branch(self, name: str, above: tuple[str, ...]) -> Cost:
        is_too_large = self.records >= MAX_RECORDS or len(above) > MAX_DEPTH
        if "%" in name or name.lower() in above or is_too_large:
            return Cost(name, 0, is_whole=False)
        # Counted before it is asked, since the others of its record are asked at the same time.
        self.records += 1
        answer: Answer = await self.resolver.query(name, "TXT")
        texts = select_records(answer.records)
        if len(texts) != 1:
            return Cost(name, 0, is_whole=not answer.is_unknown)
        return await self.count(name, texts[0], above)
