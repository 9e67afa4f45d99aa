"""What a check says: findings, and the words they are made of.

A check never writes prose. It emits a *code* (a stable, append-only id such as ``spf.fail``), the *arguments* that fill
the code's sentences, and the *evidence*: the very questions asked and the answers that came back. The sentences live
once, in the ``Code``, so that pages, the terminal and the tests all speak of the same thing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from diagnostics.engine.resolver import Answer

Argument = str | int | float | bool | None | list[str] | tuple[str, ...]


class Verdict(StrEnum):
    """How a finding is to be taken. UNKNOWN means that we could not find out; it is never shown as a problem."""

    OK = "ok"
    NOTICE = "notice"
    PROBLEM = "problem"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


#: From what needs a person most to what needs one least.
SEVERITY = (Verdict.PROBLEM, Verdict.NOTICE, Verdict.UNKNOWN, Verdict.OK, Verdict.NOT_APPLICABLE)


class Actor(StrEnum):
    """Whose turn it is. Everybody in a mail's path bears part of the responsibility."""

    BRANCH = "branch"
    BRANCH_IT = "branch_it"
    RECIPIENT = "recipient"
    RECIPIENT_IT = "recipient_it"
    PROVIDER = "provider"
    SUPPORT = "support"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule comes from: a document and, where it has them, a section."""

    document: str
    section: str = ""
    link: str = ""

    @property
    def url(self) -> str:
        """The address of the text, or an empty string where none is public."""
        if self.link:
            return self.link
        match = re.fullmatch(r"RFC (\d+)", self.document)
        if not match:
            return ""
        anchor = f"#section-{self.section}" if self.section else ""
        return f"https://www.rfc-editor.org/rfc/rfc{match[1]}{anchor}"

    def __str__(self) -> str:
        return f"{self.document} §{self.section}" if self.section else self.document


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was looked at: the question, and what came back, both as plain text.

    ``status`` is a word of :class:`~diagnostics.engine.resolver.Status` for DNS, or of the source's own (``record`` for
    what our own records hold). ``lines`` are a stranger's words: show them escaped, never interpret them.
    """

    question: str
    status: str
    lines: tuple[str, ...] = ()
    ttl: int | None = None
    elapsed_ms: float | None = None
    note: str = ""
    #: ``tree`` where the lines are indented by what they hang on, and end in ``[2 of 10]`` for what was used up.
    form: str = "lines"

    @classmethod
    def of(cls, answer: Answer) -> Evidence:
        """The evidence that one DNS answer is."""
        return cls(
            question=f"{answer.name} {answer.rdtype}",
            status=answer.status.value,
            lines=answer.records,
            ttl=answer.ttl,
            elapsed_ms=round(answer.elapsed_ms, 1),
            note=answer.note,
        )

    @classmethod
    def record(cls, question: str, *lines: str, note: str = "") -> Evidence:
        """The evidence that one of our own records is."""
        return cls(question=question, status="record", lines=lines, note=note)


@dataclass(frozen=True, slots=True)
class Record:
    """A DNS record to publish, ready to be copied: ``name`` without the final dot, ``rdtype``, ``value``.

    In a :class:`Code` name and value are templates, filled like its sentences.
    """

    name: str
    rdtype: str
    value: str

    @property
    def is_split(self) -> bool:
        """Its value is longer than one string of a TXT record can be, so DNS carries it as several (RFC 1035 §3.3)."""
        return self.rdtype == "TXT" and len(self.value) > 255

    def filled(self, arguments: Mapping[str, Argument]) -> Record | None:
        """The record itself; nothing where what belongs into it is not known."""
        name, value = filled(self.name, arguments).rstrip("."), filled(self.value, arguments)
        if not name or not value or value.startswith("(") or "{" in name or re.fullmatch(r"\{[a-z_]+\}", value):
            return None
        return Record(name, self.rdtype, value)


@dataclass(frozen=True, slots=True)
class Code:
    """One thing a check can say. ``title``, ``meaning`` and ``remedy`` are filled with the finding's arguments.

    ``id`` is stable and append-only, ``<subject>.<what>``. ``remedy`` says who does what, in three sentences at most,
    with the exact record or setting where there is one; it may be empty only where ``actor`` is NOBODY. ``publish`` is
    that record, where the remedy is to publish one.
    """

    id: str
    verdict: Verdict
    actor: Actor
    title: str
    meaning: str
    remedy: str = ""
    sources: tuple[Source, ...] = ()
    publish: Record | None = None

    def found(self, *evidence: Evidence | Answer, **arguments: Argument) -> Finding:
        """A finding of this code, proved by ``evidence``."""
        proofs = tuple(item if isinstance(item, Evidence) else Evidence.of(item) for item in evidence)
        return Finding(code=self, evidence=proofs, arguments=arguments)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: a code, the arguments of its sentences, and the proof."""

    code: Code
    evidence: tuple[Evidence, ...] = ()
    arguments: Mapping[str, Argument] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        return self.code.verdict

    @property
    def title(self) -> str:
        return filled(self.code.title, self.arguments)

    @property
    def meaning(self) -> str:
        return filled(self.code.meaning, self.arguments)

    @property
    def remedy(self) -> str:
        return filled(self.code.remedy, self.arguments)

    @property
    def publish(self) -> Record | None:
        """The record to publish, where that is the remedy and all of it is known."""
        return self.code.publish.filled(self.arguments) if self.code.publish else None


def filled(template: str, arguments: Mapping[str, Argument]) -> str:
    """``template`` with each ``{name}`` replaced by that argument; lists are joined with commas.

    A plain replacement, not ``str.format``: the arguments may hold a stranger's text, and a template may hold braces of
    its own (SPF macros). A name without an argument is left as it stands.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] not in arguments:
            return match[0]
        argument = arguments[match[1]]
        if isinstance(argument, list | tuple):
            return ", ".join(str(item) for item in argument)
        return "" if argument is None else str(argument)

    return re.sub(r"\{([a-z_]+)\}", value, template)


def worst(verdicts: list[Verdict]) -> Verdict:
    """The verdict that needs a person most; NOT_APPLICABLE where there is none."""
    return min(verdicts, key=SEVERITY.index, default=Verdict.NOT_APPLICABLE)
