"""Whether a share has left its own habit. Pure, and always the same for the same counts.

How it is judged, in words: the last hours are compared with the same hours of the four preceding weeks (where too
little was sent then, with all of those weeks). They are out of the ordinary when all of this holds:

- there are enough recipients, and enough of them fared badly, that it is not a handful (:data:`LEAST_TRIED`,
  :data:`LEAST_BAD`);
- the share is ten points above the habit, and by four times as much as single hours usually differ from it, since bad
  hours come in lumps; and it is above the worst of the same hours;
- were the habit still true, so many would come about less than once in a million times (the Chernoff bound of the
  binomial tail: ``n`` times the Kullback-Leibler divergence of the two shares, against ``ln`` 1,000,000).

They are in order again when the share is back within five points of the habit, or when hardly anything is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, lgamma, log, sqrt

LEAST_TRIED = 50
LEAST_BAD = 20
#: With so few there is nothing to be said, not even that it is over.
LEAST_TO_SAY = 20
#: Below so many recipients in the same hours, the habit is that of the whole four weeks.
LEAST_HABIT = 200
RISE, RETURN = 0.10, 0.05
#: So many times the usual difference of single hours is out of the ordinary.
FAR = 4
#: Hours are taken to differ as if so few recipients decided each of them, where they are not known to differ more.
LUMP = 50
#: Fewer hours than these, with LEAST_TO_SAY recipients each, do not tell how much hours differ.
LEAST_HOURS = 6
SURE = log(1_000_000)
#: What is taken for granted of whom nothing is known yet: one in fifty.
PRIOR_BAD, PRIOR_TRIED = 1, 50

#: Complaints: the share that providers ask senders to stay under, and how sure one must be that it is passed.
COMPLAINT_SHARE = 0.001
LEAST_COMPLAINTS = 3
COMPLAINT_CHANCE = 0.01


@dataclass(frozen=True, slots=True)
class Tally:
    """Of ``tried`` recipients ``bad`` fared badly: put off, or refused."""

    tried: int = 0
    bad: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.tried + other.tried, self.bad + other.bad)

    def without(self, bad: int) -> Tally:
        """The same without so many of the bad."""
        taken = max(0, min(bad, self.bad))
        return Tally(self.tried - taken, self.bad - taken)

    @property
    def share(self) -> float:
        return self.bad / self.tried if self.tried else 0.0

    @property
    def usual(self) -> float:
        """The share of a habit: what was counted, drawn towards one in fifty where that is little."""
        return (self.bad + PRIOR_BAD) / (self.tried + PRIOR_TRIED)


class Standing(StrEnum):
    """How the last hours stand to the habit. ``UNCLEAR``: neither beyond it nor back in it. ``QUIET``: too little."""

    BEYOND = "beyond"
    UNCLEAR = "unclear"
    USUAL = "usual"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The last hours beside the habit; ``worst`` is the highest share of one of the same hours of the four weeks."""

    standing: Standing
    now: Tally
    habit: Tally
    worst: float

    @property
    def is_beyond(self) -> bool:
        return self.standing is Standing.BEYOND


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them as one."""
    return sum(tallies, Tally())


def is_suspicious(now: Tally) -> bool:
    """There is enough in the last hours to be worth a comparison."""
    return now.tried >= LEAST_TRIED and now.bad >= LEAST_BAD and now.share >= RISE


def judge(now: Tally, hours: Sequence[Tally], *, month: Tally | None = None) -> Judgement:
    """The last hours ``now`` against the same single ``hours`` of the weeks before, or the whole ``month`` before."""
    habit = total(hours)
    if habit.tried < LEAST_HABIT and month is not None:
        habit = month
    shares = [hour.share for hour in hours if hour.tried >= LEAST_TO_SAY]
    worst = max(shares, default=0.0)
    return Judgement(_standing(now, habit.usual, worst, spread(habit.usual, shares)), now, habit, worst)


def spread(usual: float, shares: Sequence[float]) -> float:
    """How much single hours differ from what is usual: as they did, and never less than lumps of mail make them."""
    least = sqrt(usual * (1 - usual) / (LUMP + 1))
    if len(shares) < LEAST_HOURS:
        return least
    return max(least, sqrt(sum((share - usual) ** 2 for share in shares) / len(shares)))


def _standing(now: Tally, usual: float, worst: float, differ: float) -> Standing:
    if now.tried < LEAST_TO_SAY:
        return Standing.QUIET
    if now.share <= usual + RETURN:
        return Standing.USUAL
    is_rise = is_suspicious(now) and now.share >= usual + max(RISE, FAR * differ) and now.share > worst
    return Standing.BEYOND if is_rise and now.tried * divergence(now.share, usual) > SURE else Standing.UNCLEAR


def divergence(share: float, usual: float) -> float:
    """The Kullback-Leibler divergence of two shares, in nats: how badly ``usual`` explains ``share``."""
    usual = min(max(usual, 1e-9), 1 - 1e-9)
    left = share * log(share / usual) if share else 0.0
    right = (1 - share) * log((1 - share) / (1 - usual)) if share < 1 else 0.0
    return left + right


def is_complained_about(accepted: int, complaints: int) -> bool:
    """More than one in a thousand complained, and not by chance: a Poisson tail below one in a hundred."""
    if complaints < LEAST_COMPLAINTS or not accepted or complaints <= accepted * COMPLAINT_SHARE:
        return False
    return chance_of(complaints, accepted * COMPLAINT_SHARE) < COMPLAINT_CHANCE


def chance_of(least: int, expected: float) -> float:
    """The chance of at least ``least`` where ``expected`` come on average (Poisson)."""
    # By logarithms: exp(-expected) alone is nothing from some 745 on.
    scale = log(expected) if expected > 0 else 0.0
    below = sum(exp(number * scale - expected - lgamma(number + 1)) for number in range(least))
    return max(0.0, 1 - below)
