"""Finding the first rule that holds without trying all of them: a report to hundreds of recipients is read in one go.

Each fragment of each rule is filed under three of its letters, those that the fewest fragments have. A reply is then
looked at once, three letters after three, and only the rules are tried of which a fragment may stand in it, in their
order, and those that hold no fragment.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from diagnostics.engine.messages.reply_rule import Rule, Said

GRAM: Final = 3
#: Of how many replies the answer is remembered, and how long they may be: the same few are said again and again.
REMEMBERED: Final = 2_048
MOST_REMEMBERED: Final = 1_000


class Index:
    """Rules in the order in which they are tried."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        #: Rules that go by codes alone, by fragments that must all stand there, or by a word of two signs, as Chinese
        #: and Japanese have them: they are always tried.
        self._always = tuple(at for at, rule in enumerate(self.rules) if _is_unfiled(rule))
        filed: dict[str, list[tuple[str, int]]] = defaultdict(list)
        fragments = [
            (item, at)
            for at, rule in enumerate(self.rules)
            for item in (*rule.any, *rule.words)
            if not _is_unfiled(rule)
        ]
        known = Counter(gram for item, _ in fragments for gram in set(_grams(item)))
        for item, at in fragments:
            filed[min(_grams(item), key=lambda gram: known[gram])].append((item, at))
        self._filed = dict(filed)
        self._remembered = lru_cache(maxsize=REMEMBERED)(self._first)

    def first(self, said: Said) -> tuple[int, Rule] | None:
        """The first rule that holds, and where it stands."""
        return self._remembered(said) if len(said.text) <= MOST_REMEMBERED else self._first(said)

    def _first(self, said: Said) -> tuple[int, Rule] | None:
        text = said.text
        found = set(self._always)
        for gram in set(_grams(text)) & self._filed.keys():
            found.update(at for item, at in self._filed[gram] if at not in found and item in text)
        return next(((at, self.rules[at]) for at in sorted(found) if self.rules[at].holds(said)), None)


def _is_unfiled(rule: Rule) -> bool:
    fragments = (*rule.any, *rule.words)
    return not fragments or any(len(item) < GRAM for item in fragments)


def _grams(text: str) -> Iterable[str]:
    return (text[at : at + GRAM] for at in range(len(text) - GRAM + 1))
