"""What the numbers of a branch say of its standing. Pure, and always the same for the same numbers.

All bounds stand here, each with its reason. A share is beyond its bound only when there are enough recipients and
enough of them to be counted against the branch, and when chance alone would bring so many less than once in a hundred
times (the Chernoff bound of the binomial tail). So three complaints of a small branch never condemn it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from math import log
from typing import Any

from portal.maillog.templatetags.log import percent
from portal.rates.judging import divergence
from portal.standing.models import State

#: Numbers are of so many days: long enough for a small branch to have any, short enough to be of today, and
#: of whole weeks, so that each day of the week counts alike.
DAYS = 28
#: So long without a ground, and a watched branch is in good standing again; so long a warning is given to work.
CALM = timedelta(days=14)
#: How sure one must be that a bound is passed: less than once in a hundred times by chance.
SURE = log(100)
#: An opt-out is to be honoured within two days (Gmail's and Yahoo's rules for senders); mail under way is no breach.
OPT_OUT_GRACE = timedelta(days=2)
#: Causes by which a receiver says that the address was wrong, which the branch alone can mend.
ADDRESS_CAUSES = frozenset({"no_such_user", "mailbox_disabled", "domain_or_dns", "address_malformed", "address_typo"})
SPAM_CAUSES = frozenset({"spam_content"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What is known of a branch's mail from the day ``since`` (ISO) on. All counts are recipients.

    ``refused`` are refused or given up, ``causes`` the same by cause; ``spam`` were told to be spam, refused or put
    off; ``limited`` were put off or refused for the rate. ``opted_out`` addresses asked not to be written to (or
    complained), ``written_after`` of them were written to later. ``unsubscribe`` is whether the latest test message
    held a List-Unsubscribe: "seen", "missing", or "" where none was made.
    """

    since: str = ""
    sent: int = 0
    accepted: int = 0
    refused: int = 0
    addresses: int = 0
    spam: int = 0
    limited: int = 0
    complaints: int = 0
    opted_out: int = 0
    written_after: int = 0
    unsubscribe: str = ""
    causes: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def numbers_of(stored: Mapping[str, Any]) -> Numbers:
    """The numbers as they were stored; what an older version wrote and nobody reads any more is left out."""
    known = {item.name for item in fields(Numbers)}
    return Numbers(**{name: value for name, value in stored.items() if name in known})


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound: of ``tried`` so many are ``bad``. ``watch`` and ``warn`` are shares or, with ``is_count``, numbers.

    ``why`` is where the bound comes from, ``todo`` what the branch does about it, ``back`` what it shows to be let
    back.
    """

    key: str
    name: str
    of: str
    tried: str
    bad: str
    watch: float
    warn: float
    least_tried: int
    least_bad: int
    why: str
    todo: str
    back: str
    is_count: bool = False

    def level(self, tried: int, bad: int) -> State:
        """Good, watched or warned, by this bound alone."""
        for state, bound in ((State.WARNED, self.warn), (State.WATCHED, self.watch)):
            if self._is_beyond(tried, bad, bound):
                return state
        return State.GOOD

    def _is_beyond(self, tried: int, bad: int, bound: float) -> bool:
        if self.is_count:
            return bad >= bound
        if tried < self.least_tried or bad < self.least_bad or bad <= tried * bound:
            return False
        return tried * divergence(min(bad / tried, 1.0), bound) > SURE

    @property
    def words(self) -> str:
        """The bounds in words: "more than 0.1 %; a warning from 0.3 %; from 3 of 500 recipients"."""
        if self.is_count:
            return f"from {self.watch:.0f} addresses on; a warning is proposed from {self.warn:.0f}"
        return (
            f"more than {percent(self.watch)}; a warning is proposed beyond {percent(self.warn)}; "
            f"looked at from {self.least_tried:,} recipients and {self.least_bad:,} such"
        )


BOUNDS = (
    Bound(
        "complaints", "Complaints", "recipients whose server took it called it spam", "accepted", "complaints",
        0.001, 0.003, 300, 3,
        "Gmail and Yahoo ask senders to stay below 0.1 % and never to reach 0.3 %.",
        "Write only to those who asked for it, say at the top why they get it, and let them opt out in one step.",
        "How the recipients agreed, that those who complained are written to no more, and a test message in which the "
        "way to opt out works.",
    ),
    Bound(
        "addresses", "Refused because of the address", "recipients were refused because the address is wrong or gone",
        "sent", "addresses", 0.05, 0.10, 200, 20,
        "Mail services look into an account from 5 % on and stop it at 10 %: it looks like a bought or old list.",
        "Take the refused addresses off the list, and have a planned list looked at before it is sent.",
        "A list that was looked at before sending, in which the refused addresses are no more, and where it came from.",
    ),
    Bound(
        "spam", "Taken for spam", "recipients' servers took it for spam", "sent", "spam", 0.02, 0.05, 200, 20,
        "No provider tells a share. All branches share our sending servers, and beyond this theirs would suffer.",
        "Make a test message and mend what its report finds; set up DKIM for the From-domain.",
        "A test message whose report finds nothing in the content, sent as a From-domain that is verified.",
    ),
    Bound(
        "opt_outs", "Opt-outs not kept",
        "addresses were written to more than two days after they opted out or complained",
        "opted_out", "written_after", 3, 10, 0, 0,
        "Each of them is a breach: providers give two days to honour an opt-out, laws ten. One or two may be a slip.",
        "Look at the suppression list before each mailing, or bring it into the system that keeps the recipients.",
        "That the suppression list is used where the recipients are chosen, and since when.",
        is_count=True,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measure:
    """A bound beside a branch's numbers."""

    bound: Bound
    tried: int
    bad: int
    level: State

    @property
    def share(self) -> float:
        return self.bad / self.tried if self.tried else 0.0

    @property
    def is_beyond(self) -> bool:
        return self.level != State.GOOD

    @property
    def is_enough(self) -> bool:
        """There is enough to be judged: so many were tried, and a share beyond the bound could not be chance alone."""
        if self.bound.is_count or self.is_beyond:
            return True
        return self.tried >= self.bound.least_tried and self.bad <= self.tried * self.bound.watch

    @property
    def sentence(self) -> str:
        """What is so, with the numbers and the bound it is held against."""
        if self.bound.is_count:
            return f"{self.bad:,} {self.bound.of}."
        bound = self.bound.warn if self.level == State.WARNED else self.bound.watch
        return (
            f"{self.bad:,} of {self.tried:,} {self.bound.of}: {percent(self.share)}, and the bound is {percent(bound)}."
        )


def measures(numbers: Numbers) -> list[Measure]:
    """Every bound beside the numbers."""
    found = []
    for bound in BOUNDS:
        tried, bad = getattr(numbers, bound.tried), getattr(numbers, bound.bad)
        found.append(Measure(bound, tried, bad, bound.level(tried, bad)))
    return found


def grounds(numbers: Numbers) -> list[Measure]:
    """Those that are beyond their bound, the graver first."""
    beyond = [item for item in measures(numbers) if item.is_beyond]
    return sorted(beyond, key=lambda item: item.level != State.WARNED)


def reason_of(found: list[Measure]) -> str:
    """The grounds in one paragraph; "" without any."""
    return " ".join(item.sentence for item in found)[:1000]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the desk proposes to people, and why. It does none of it by itself."""

    deed: str
    words: str


def proposal(state: State, since: datetime, numbers: Numbers, now: datetime) -> Proposal | None:
    """What is to be decided about a branch in ``state`` ``since`` then; None: nothing."""
    found = grounds(numbers)
    is_grave = any(item.level == State.WARNED for item in found)
    if state in {State.GOOD, State.WATCHED} and is_grave:
        return Proposal("warn", "It is beyond the bound from which a branch should be warned.")
    if state == State.WARNED and is_grave:
        return Proposal("suspend", "It is beyond that bound again with what was sent since the warning.")
    if state == State.WARNED and not found and now - since >= CALM:
        return Proposal("withdraw", f"Nothing is beyond a bound in the {CALM.days} days since the warning.")
    return None
