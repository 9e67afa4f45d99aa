"""May it be sent: the one sentence above a list that was looked at, with what is to be done first and by whom. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from diagnostics.engine.findings import Actor
from portal.planning.today import Obstacle


class May(StrEnum):
    YES = "yes"
    BUT = "but"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that comes first, and whose turn it is."""

    text: str
    actor: str


@dataclass(frozen=True, slots=True)
class Answer:
    """``may`` it be sent, to so many recipients, within so many hours, and what comes first."""

    may: May
    left: int
    hours: int
    conditions: tuple[Condition, ...]


def answer_of(*, lines: int, left: int, hours: int, slow: int, obstacles: Sequence[Obstacle]) -> Answer:
    """The answer for a list of ``lines``, of which ``left`` may be written to, where the plan takes ``hours``.

    ``slow`` are the receiving servers of the plan that put off mail now.
    """
    stops = [item for item in obstacles if item.stops]
    if stops or not left:
        why = [Condition(f"{item.title}.", item.actor) for item in stops]
        nobody = Condition("Nobody is left in this list who could be written to.", Actor.BRANCH)
        return Answer(May.NO, left, hours, tuple(why or [nobody]))
    first = [Condition(f"{item.title}.", item.actor) for item in obstacles]
    if left < lines:
        out = lines - left
        which = (
            "Only to the addresses left: 1 line is" if out == 1 else f"Only to the addresses left: {out:,} lines are"
        )
        first.append(Condition(f"{which} left out.", Actor.BRANCH))
    if slow:
        which = "A receiving server puts" if slow == 1 else f"{slow} receiving servers put"
        first.append(Condition(f"{which} off mail now: keep to the plan.", Actor.BRANCH))
    return Answer(May.BUT if first else May.YES, left, hours, tuple(first))
