"""What an answer leads to: the next step, the end of the report without a ticket, or straight to the ticket."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.engine.causes import CAUSES, Remedy, cause_for, told_once
from diagnostics.engine.findings import Actor
from tickets.models import Exit


@dataclass(frozen=True, slots=True)
class Continue:
    """Nothing is decided yet: on to the next step."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Ended without a ticket. ``cause`` is an id of ``docs/causes.md``, empty where none is proved."""

    exit: Exit
    cause: str = ""

    @property
    def remedy(self) -> str:
        """What is to be done now, and by whom."""
        return ending_of(self.exit, self.cause).remedy


@dataclass(frozen=True, slots=True)
class Escalate:
    """The steps between are of no use: straight to the ticket, because of ``cause``."""

    cause: str


Outcome = Continue | Leave | Escalate


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an ended report is told: what happened, whose turn it is, what to do, and ``then`` what else, by whom."""

    title: str
    meaning: str
    actor: Actor
    remedy: str
    then: tuple[Remedy, ...] = ()

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """All that is to be done, step by step, each with whose turn it is."""
        return told_once([Remedy(self.actor, self.remedy), *self.then])

    @property
    def turn(self) -> Actor:
        """Whose turn it is first: while one step is to wait, that of whom another one names."""
        return next((item.actor for item in self.remedies if item.actor is not Actor.NOBODY), self.actor)


ENDINGS = {
    Exit.NOT_SENT: Ending(
        title="The e-mail was not sent",
        meaning="The report says that there is neither a case note nor a message log record of it.",
        actor=Actor.BRANCH,
        remedy="Send it again, and look whether a case note appears on the client's profile.",
    ),
    Exit.ERASED: Ending(
        title="Nobody can say any more whether it was sent",
        meaning="What was known of this recipient was erased, so that no record of it is found proves nothing.",
        actor=Actor.BRANCH,
        remedy="If they still need it, send it again, and look whether a case note appears on the client's profile.",
    ),
    Exit.SUSPENDED: Ending(
        title="The e-mail function is suspended",
        meaning="While the e-mail function of your organisation is suspended, nothing is sent.",
        actor=Actor.BRANCH,
        remedy="Do what the reason asks, and show it; then support switches sending on again. What was not sent "
        "meanwhile must be sent again afterwards.",
    ),
    Exit.STILL_TRYING: Ending(
        title="It is still being tried",
        meaning="The recipient's server deferred the e-mail, and the sending server tries again by itself.",
        actor=Actor.NOBODY,
        remedy="Wait: sending it again would only make a second copy. The sending server goes on by itself, usually "
        "for about five days; come back when the log says that it was refused or given up.",
    ),
    Exit.ADDRESS_CORRECTED: Ending(
        title="The address was corrected",
        meaning="The e-mail went to an address that is not the recipient's.",
        actor=Actor.BRANCH,
        remedy="Correct the address on the client's profile and send the e-mail again.",
    ),
    Exit.FOUND_IN_JUNK: Ending(
        title="It was in the junk or spam folder",
        meaning="The e-mail arrived, and the recipient's mailbox sorted it as junk.",
        actor=Actor.RECIPIENT,
        remedy="The recipient adds the sender to the allowed list of their e-mail application.",
    ),
    Exit.ARRIVED: Ending(
        title="It arrived meanwhile",
        meaning="The recipient has the e-mail.",
        actor=Actor.NOBODY,
        remedy="",
    ),
    Exit.ABANDONED: Ending(
        title="The report was withdrawn",
        meaning="Nobody works on it. Its answers are kept.",
        actor=Actor.NOBODY,
        remedy="",
    ),
    Exit.TICKET: Ending(
        title="A ticket was opened",
        meaning="The support team has the report with all its evidence.",
        actor=Actor.SUPPORT,
        remedy="Follow it, and answer questions, on the ticket.",
    ),
}


def ending_of(exit_: str, cause: str, *, own_server: bool = False, within: bool = False) -> Ending:
    """The words of an exit; where a reply or what else is known gave the answer, those of the cause that it named.

    ``own_server``: the branch sends through a server of its own. ``within``: it wrote to itself.
    """
    if exit_ in (Exit.ANSWERED, Exit.EXPLAINED):
        found = cause_for(cause, own_server=own_server, within=within) or CAUSES["unknown"]
        return Ending(title=found.title, meaning=found.meaning, actor=Actor(found.actor), remedy=found.remedy)
    return ENDINGS[Exit(exit_)]
