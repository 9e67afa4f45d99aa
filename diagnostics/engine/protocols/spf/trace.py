"""What an SPF evaluation did, term by term: the tree that a page draws, with the budget used so far at every branch.

The numbers are those of RFC 7208 §4.6.4, which stops an evaluation after ten terms that ask DNS and after two questions
that came back empty. Receivers count the second differently, so both ways are kept: ``voids`` counts a name that has no
address of the client's family, ``voids_of_both`` only one that has neither an IPv4 nor an IPv6 address.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from diagnostics.engine.protocols.spf.parse import SPFRecord
from diagnostics.engine.resolver import Answer

MAX_LOOKUPS = 10  # RFC 7208 §4.6.4
MAX_VOIDS = 2  # RFC 7208 §4.6.4


class Result(StrEnum):
    """The seven results of check_host() (RFC 7208 §2.6). TEMPERROR means that DNS could not be asked, nothing else."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 -- The word of the standard.
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class Outcome(StrEnum):
    """How one term ended."""

    MATCH = "match"
    NO_MATCH = "no_match"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True)
class Budget:
    """What had been used up when a term ended."""

    lookups: int = 0
    voids: int = 0
    voids_of_both: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One term that was tried: where it stands, what it asked, how it ended and what had been used up by then."""

    term: str
    where: str
    outcome: Outcome
    used: Budget
    target: str = ""
    problem: str = ""
    answers: tuple[Answer, ...] = ()
    nested: Trace | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """The evaluation of one domain's record. ``before`` and ``after`` are the budget as it began and ended."""

    domain: str
    result: Result
    before: Budget
    after: Budget
    answer: Answer | None = None
    record: SPFRecord | None = None
    steps: tuple[Step, ...] = ()
    problem: str = ""

    @property
    def own_lookups(self) -> int:
        """How many of the ten this record and all it includes used."""
        return self.after.lookups - self.before.lookups

    def walk(self) -> Iterator[Trace]:
        """This record, and those it led to, in the order in which they were tried."""
        yield self
        for step in self.steps:
            if step.nested is not None:
                yield from step.nested.walk()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What SPF says of one address that sends for one domain."""

    ip: str
    domain: str
    result: Result
    trace: Trace
    explanation: str = ""

    @property
    def used(self) -> Budget:
        """What the whole evaluation used up."""
        return self.trace.after

    @property
    def problem(self) -> str:
        """Why the result is an error, from the place where it arose; empty where it is none."""
        problems = [item.problem for item in self.trace.walk() if item.problem]
        return problems[-1] if problems else ""

    @property
    def deciding(self) -> Step | None:
        """The innermost term that decided."""
        found: Step | None = None
        trace: Trace | None = self.trace
        while trace is not None and trace.steps:
            last = trace.steps[-1]
            if last.outcome is Outcome.NO_MATCH:
                break
            found = last
            trace = last.nested
        return found

    @property
    def failed(self) -> Answer | None:
        """The question that could not be answered, where the result is TEMPERROR."""
        for trace in reversed(list(self.trace.walk())):
            answers = [answer for step in trace.steps for answer in step.answers]
            for answer in (*reversed(answers), trace.answer):
                if answer is not None and answer.is_unknown:
                    return answer
        return None

    @property
    def is_voids_disputed(self) -> bool:
        """Too many empty answers in one way of counting and not in the other (P49): receivers will disagree."""
        return (self.used.voids > MAX_VOIDS) != (self.used.voids_of_both > MAX_VOIDS)
