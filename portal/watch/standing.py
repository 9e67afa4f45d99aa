"""What has changed between two looks. Pure: findings in, differences out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from diagnostics.engine.findings import Verdict
from diagnostics.selectors import ReadFinding

Standing = Mapping[str, Mapping[str, str]]
MOST_KEY = 255


@dataclass(frozen=True, slots=True)
class Change:
    """How it stands now, what began (``worse``) and what is over (``better``); both by the keys of a standing."""

    standing: dict[str, dict[str, str]]
    worse: tuple[str, ...]
    better: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.worse or self.better)


def compare(before: Standing, findings: Iterable[ReadFinding]) -> Change:
    """``findings`` against how it stood ``before``.

    A check that could not find out changes nothing: what it had found before still stands, and nothing new begins.
    """
    found = list(findings)
    blind = {item.check for item in found if item.verdict is Verdict.UNKNOWN}
    standing = {key: dict(entry) for key, entry in before.items() if entry["check"] in blind}
    for item in found:
        if item.needs_somebody and item.check not in blind:
            standing[f"{item.code} {item.title}"[:MOST_KEY]] = {
                "check": item.check,
                "question": item.question,
                "verdict": item.verdict.value,
                "actor": item.actor.value,
                "title": item.title[:MOST_KEY],
            }
    return Change(
        standing,
        worse=tuple(key for key in standing if key not in before),
        better=tuple(key for key in before if key not in standing),
    )
