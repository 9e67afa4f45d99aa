"""A run's findings as a report for a terminal: grouped by whose turn it is, what needs a person first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.core.management.color import Style

from diagnostics.engine.findings import SEVERITY, Actor, Evidence, Finding, Verdict
from diagnostics.telling import Teller
from portal.web.text import visible
from portal.web.words import ACTORS, VERDICTS, sign_of

WIDTH = 100
MAX_LINES = 12
#: A mark and a colour of Django's palette for each verdict; the word always stands beside them.
MARKS = {
    Verdict.OK: ("✔", "SUCCESS"),
    Verdict.NOTICE: ("▲", "WARNING"),
    Verdict.PROBLEM: ("✖", "ERROR"),
    Verdict.UNKNOWN: ("?", "NOTICE"),
    Verdict.NOT_APPLICABLE: ("–", "HTTP_NOT_MODIFIED"),
}
NEEDS_SOMEBODY = (Verdict.PROBLEM, Verdict.NOTICE)


@dataclass(frozen=True, slots=True)
class Told:
    """One finding and the slug of the check that found it."""

    check: str
    finding: Finding


def report(
    told: Sequence[Told], *, style: Style, with_evidence: bool = False, teller: Teller | None = None
) -> Iterator[str]:
    """The lines of the report, told by ``teller`` as the pages tell them.

    1. What needs somebody, one group for each actor.
    2. What we could not find out.
    3. What is in order, and what was not asked.
    """
    teller = teller or Teller()
    codes = frozenset(item.finding.code.id for item in told)
    told = [item for item in told if not teller.is_moot(item.check, codes)]
    groups: dict[Actor, list[Told]] = {}
    for item in told:
        if item.finding.verdict in NEEDS_SOMEBODY:
            groups.setdefault(_actor(item, teller), []).append(item)
    for actor, group in sorted(groups.items(), key=_rank):
        heading = "Worth knowing" if actor is Actor.NOBODY else f"Whose turn: {sign_of(ACTORS, actor).word}"
        yield from _group(heading, group, style, teller, with_evidence)
    for verdict, heading in (
        (Verdict.UNKNOWN, "Could not find out"),
        (Verdict.OK, "In order"),
        (Verdict.NOT_APPLICABLE, "Does not apply"),
    ):
        group = [item for item in told if item.finding.verdict is verdict]
        yield from _group(heading, group, style, teller, with_evidence)


def counted(told: Iterable[Told]) -> str:
    """How many findings of each verdict there are, in words."""
    verdicts = [item.finding.verdict for item in told]
    parts = [f"{verdicts.count(verdict)} {_word(verdict).lower()}" for verdict in SEVERITY if verdict in verdicts]
    return ", ".join(parts) or "nothing found"


def _actor(item: Told, teller: Teller) -> Actor:
    return teller.actor(item.finding.code.actor, check=item.check, verdict=item.finding.verdict)


def _rank(group: tuple[Actor, list[Told]]) -> tuple[int, int]:
    actor, told = group
    return (min(SEVERITY.index(item.finding.verdict) for item in told), list(Actor).index(actor))


def _group(heading: str, told: Sequence[Told], style: Style, teller: Teller, with_evidence: bool) -> Iterator[str]:
    if not told:
        return
    yield style.MIGRATE_HEADING(heading)
    for item in sorted(told, key=lambda item: SEVERITY.index(item.finding.verdict)):
        yield from _finding(item, style, teller, with_evidence)
    yield ""


def _finding(item: Told, style: Style, teller: Teller, with_evidence: bool) -> Iterator[str]:
    finding = item.finding
    mark, colour = MARKS[finding.verdict]
    yield f"  {getattr(style, colour)(f'{mark} {_word(finding.verdict)}')}  {_one_line(teller.text(finding.title))}"
    yield f"      {style.HTTP_NOT_MODIFIED(f'{item.check} · {finding.code.id}')}"
    if finding.verdict not in (Verdict.OK, Verdict.NOT_APPLICABLE) or with_evidence:
        yield from _wrapped(teller.text(finding.meaning), "      ")
    if finding.remedy:
        yield from _wrapped(teller.text(finding.remedy), "      ", first="    → ")
    if with_evidence:
        for evidence in finding.evidence:
            yield from _evidence(evidence)


def _evidence(evidence: Evidence) -> Iterator[str]:
    facts = [evidence.status]
    if evidence.ttl is not None:
        facts.append(f"ttl {evidence.ttl} s")
    if evidence.elapsed_ms is not None:
        facts.append(f"{evidence.elapsed_ms:g} ms")
    if evidence.note:
        facts.append(_one_line(evidence.note))
    yield f"      asked {_one_line(evidence.question)}: {', '.join(facts)}"
    for line in evidence.lines[:MAX_LINES]:
        yield from _wrapped(line, "          ", first="        | ")
    if len(evidence.lines) > MAX_LINES:
        yield f"        … and {len(evidence.lines) - MAX_LINES} more"


def _word(verdict: Verdict) -> str:
    return sign_of(VERDICTS, verdict).word


def _one_line(text: str) -> str:
    """A stranger's text on one line: no control character of it reaches the terminal."""
    return visible(text.replace("\n", "␊").replace("\t", " "))


def _wrapped(text: str, indent: str, *, first: str = "") -> Iterator[str]:
    # A name or a record that is to be copied stays in one piece.
    yield from textwrap.wrap(
        _one_line(text),
        WIDTH,
        initial_indent=first or indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
