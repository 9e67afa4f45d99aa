"""A check: one question a person asks, and how to answer it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from diagnostics.engine.findings import Code, Finding, Source
from diagnostics.engine.resolver import Resolver
from diagnostics.engine.subject import Subject

Look = Callable[[Subject, Resolver], Awaitable[Sequence[Finding]]]


@dataclass(frozen=True, slots=True)
class Check:
    """A question in a person's words, what must be known to ask it, and the coroutine that answers it.

    ``slug`` names the check in URLs, stored findings and tests. ``needs`` are names of
    :class:`~diagnostics.engine.subject.Subject` fields, or ``person``; where one is empty the check does not apply.
    ``codes`` are all the codes ``look`` may emit, in the order people read them. ``look`` raises nothing for what DNS
    says.
    """

    slug: str
    question: str
    needs: frozenset[str]
    codes: tuple[Code, ...]
    look: Look
    sources: tuple[Source, ...] = field(default=())
