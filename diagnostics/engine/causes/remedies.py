"""What is to be done, by whom: the remedy of a cause, and those of what else is known of the very case.

Each is a step of its own. Two that ask the same of the same party are told once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from diagnostics.engine.findings import Actor


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing to do, and whose turn it is."""

    actor: Actor
    text: str

    def says(self, other: Remedy) -> bool:
        """It asks of the same party what ``other`` asks: it begins with the same act, or has all of its words."""
        if self.actor is not other.actor:
            return False
        return self._act == other._act or self._words >= other._words

    @property
    def _act(self) -> str:
        """The first thing that is asked for: up to where the sentence ends, or its reason begins."""
        return re.split(r"[.:;](?:\s|$)", self.text.strip(), maxsplit=1)[0].casefold()

    @property
    def _words(self) -> frozenset[str]:
        return frozenset(re.findall(r"[^\s.,:;]+", self.text.casefold()))


def told_once(remedies: Iterable[Remedy]) -> tuple[Remedy, ...]:
    """``remedies`` in their order, without empty ones and without what another says already.

    Of two that begin with the same act the first stays; one that has all the words of an earlier one, and more, is the
    more exact and stands in its place.
    """
    told: list[Remedy] = []
    for remedy in remedies:
        if not remedy.text.strip() or any(known.says(remedy) for known in told):
            continue
        at = next((at for at, known in enumerate(told) if remedy.says(known)), None)
        if at is None:
            told.append(remedy)
        else:
            told[at] = remedy
    return tuple(told)
