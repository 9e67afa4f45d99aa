"""Everything that a report says of one recipient, the best first.

What it says of all of them, its opening, its subject, a verdict without an address, is gathered once: a report may name
hundreds of recipients.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from diagnostics.engine.messages.bounce import addresses
from diagnostics.engine.messages.bounce.judge import Words
from diagnostics.engine.messages.bounce.phrases import has_any
from diagnostics.engine.messages.bounce.report import Gathered
from diagnostics.engine.messages.bounce.status import Group
from diagnostics.engine.messages.bounce.text import Told, paragraphs, replies_in

#: Of what is said of the whole message, more than this is never looked at.
MOST_ASIDES = 12
#: Of what is said of one recipient.
MOST_PARAGRAPHS = 4


@dataclass(frozen=True, slots=True)
class Telling:
    """What a report says, filed by recipient."""

    told: Told
    verdicts: dict[str, list[str]]
    loose_verdicts: tuple[Words, ...]
    asides: tuple[Words, ...]
    #: What was made of lines that several recipients share.
    known: dict[int, tuple[list[str], list[str]]] = field(default_factory=dict)

    def of(self, group: Group) -> list[Words]:
        """All that is said of the recipient of ``group``."""
        lines = self.told.lines_of(group.address)
        if not lines and group.original:
            lines = self.told.lines_of(group.original)
        said = [group.diagnostic] if group.diagnostic else []
        said += [text for text in joined(self.told.answers_to(group.address)) if not text.startswith(("2", "3"))]
        replies, others = self._read(lines)
        said += replies
        said += self.verdicts.get(addresses.key(group.address), [])
        said += others
        said.append(group.comment)
        found = [Words(text) for text in said if text.strip()]
        found += self.loose_verdicts
        return found if lines and group.diagnostic else found + list(self.asides)

    def _read(self, lines: list[str]) -> tuple[list[str], list[str]]:
        """The replies in ``lines``, and their first paragraphs."""
        if id(lines) not in self.known:
            self.known[id(lines)] = replies_in(lines), telling(lines)[:MOST_PARAGRAPHS]
        return self.known[id(lines)]


def told_by(gathered: Gathered) -> Telling:
    """What the report in ``gathered`` says."""
    told = gathered.told
    verdicts: dict[str, list[str]] = defaultdict(list)
    for address, text in told.verdict_lines:
        verdicts[addresses.key(address)].append(text)
    loose = verdicts.pop("", [])
    asides = [*replies_in(told.loose), *telling(told.loose)][:MOST_ASIDES]
    return Telling(
        told=told,
        verdicts=dict(verdicts),
        # Where several recipients have a verdict of their own, one without an address may be of any of them.
        loose_verdicts=tuple(_aside(loose[:MOST_ASIDES])) if len(verdicts) < 2 else (),
        asides=tuple(_aside([*asides, gathered.subject])),
    )


def _aside(texts: list[str]) -> list[Words]:
    return [Words(text, is_aside=True) for text in texts if text.strip()]


def telling(lines: list[str]) -> list[str]:
    """The paragraphs that say something of this message, and not what the program says in every report."""
    return [text for text in paragraphs(lines) if not has_any(text.lower(), "boilerplate")]


def joined(answers: list[str]) -> list[str]:
    """The lines of one answer put together."""
    found: list[str] = []
    for answer in answers:
        if found and found[-1].rpartition("\n")[2][:4] == answer[:3] + "-":
            found[-1] += "\n" + answer
        else:
            found.append(answer)
    return found
