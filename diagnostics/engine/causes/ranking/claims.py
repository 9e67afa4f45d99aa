"""What a rule says: a claim for one cause, with its lines, and how sure those lines may make us.

A rule only tells what it sees. How much that counts for the cause is declared once, in ``grounds``; this module weighs
the one by the other, the same for every cause:

- *certain*: a line of a kind that decides this cause alone.
- *likely*: lines that agree, and none that speaks against it.
- *possible*: else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from typing import TypeVar

from diagnostics.engine.causes.catalogue import CAUSES, Arrival, Cause, cause_for
from diagnostics.engine.causes.remedies import Remedy, told_once
from diagnostics.engine.findings import Actor

T = TypeVar("T")


class Confidence(StrEnum):
    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


SURE = (Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE)


class Kind(StrEnum):
    """Where a line comes from."""

    RECORD = "record"  # Our own record that decides by itself: suspension, suppression, an error, the syntax.
    REPLY = "reply"  # What the other side said of this message.
    LOG = "log"  # What a log shows or, being complete, lacks.
    CHECK = "check"  # What the checks found: it would stop such a message.
    ANSWER = "answer"  # What a person said.
    EARLIER = "earlier"  # What happened to another message to the same address.
    TICKET = "ticket"  # What support confirmed of an earlier report that is like this one.


class Place(IntEnum):
    """What goes first among causes that all fit. What stopped this message goes before what would have stopped it."""

    NARROWER = 0  # A narrower cause than the one that a record names.
    STOPPED = 1  # A record about this very message.
    ADDRESS = 2  # The address by itself.
    ABSENT = 3  # There should be a record, and there is none.
    ARRIVED = 4  # It got to the other side.
    FORETOLD = 5  # What would stop such a message.
    UNDECIDED = 6  # Something is known, and it names no cause.
    BESIDE = 7  # Worth a thought beside the others.


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that speaks for a cause. ``most`` is how much it may count, were its kind to count for more.

    ``link`` is where the proof can be read, as the case named it.
    """

    kind: Kind
    text: str
    most: Confidence = Confidence.CERTAIN
    link: str = ""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line for or against a cause as it is shown, with where its proof can be read, if anywhere."""

    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A cause that a rule sees. What speaks ``against`` it lowers it to possible; a ``remark`` does not.

    ``links`` are where what stands among those two can be read, by its text. ``remedies`` are what is to be done in
    this very case beside what its cause asks for.
    """

    cause: str
    lines: tuple[Line, ...]
    place: Place
    against: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    links: tuple[tuple[str, str], ...] = ()

    def joined(self, other: Claim) -> Claim:
        """Two claims for one cause: the lines of both, at the earlier place."""
        return replace(
            self,
            lines=_once(self.lines, other.lines),
            place=min(self.place, other.place),
            against=_once(self.against, other.against),
            remarks=_once(self.remarks, other.remarks),
            links=_once(self.links, other.links),
            remedies=self.remedies or other.remedies,
        )


def _once(one: tuple[T, ...], other: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys([*one, *other]))


@dataclass(frozen=True, slots=True)
class Ranked:
    """One cause of a ranking, with the lines for and against it. ``more`` is what is to be done in this very case.

    ``links`` are where a line's proof can be read, by its text. ``own_server``: the branch's own server sends.
    ``within``: the e-mail is of one organisation to itself. ``arrival``: what is known of what was accepted.
    ``is_tried``: it is still being tried.
    """

    cause: str
    confidence: Confidence
    for_: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    place: int = 0
    more: tuple[Remedy, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    own_server: bool = False
    within: bool = False
    arrival: Arrival | None = None
    is_tried: bool = False

    @property
    def speaks_for(self) -> tuple[Spoken, ...]:
        return self._spoken(self.for_)

    @property
    def speaks_against(self) -> tuple[Spoken, ...]:
        return self._spoken(self.against)

    def _spoken(self, texts: Iterable[str]) -> tuple[Spoken, ...]:
        links = dict(self.links)
        return tuple(Spoken(text, links.get(text, "")) for text in texts)

    @property
    def known(self) -> Cause:
        return cause_for(self.cause, own_server=self.own_server) or CAUSES["unknown"]

    @property
    def told(self) -> Cause:
        """The cause as people are told it of this very case."""
        found = cause_for(
            self.cause,
            own_server=self.own_server,
            within=self.within,
            arrival=self.arrival,
            is_tried=self.is_tried,
        )
        return found or self.known

    @property
    def title(self) -> str:
        return self.told.title

    @property
    def meaning(self) -> str:
        return self.told.meaning

    @property
    def actor(self) -> Actor:
        return self.known.actor

    @property
    def party(self) -> Actor:
        """Whose turn it is first, as people are told: of an organisation that writes to itself there is one IT, and
        of what was accepted the recipient looks in junk before their IT looks anywhere.
        """
        return self.told.actor

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """What is to be done, step by step, each with whose turn it is: what the cause asks for, then what the case."""
        more = (replace(item, actor=self._by(item.actor)) for item in self.more)
        return told_once([Remedy(self.party, self.told.remedy), *more])

    def _by(self, actor: Actor) -> Actor:
        """Of an organisation that writes to itself there is one IT."""
        return Actor.BRANCH_IT if self.within and actor is Actor.RECIPIENT_IT else actor

    @property
    def remedy(self) -> str:
        """The same as one text, for other programs."""
        return " ".join(item.text for item in self.remedies)


def surest(confidences: Iterable[Confidence]) -> Confidence:
    """The surest of them; possible where there is none."""
    return min(confidences, key=SURE.index, default=Confidence.POSSIBLE)


def least(one: Confidence, other: Confidence) -> Confidence:
    return max(one, other, key=SURE.index)
