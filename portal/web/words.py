"""The words, icons and tones of everything that has a state: one table each, so that all pages say the same.

The keys are the stored values of the rooms above; this room imports none of them, and a test holds the tables against
their enumerations. A tone is a colour's meaning (``ok notice problem unknown neutral accent``), never a colour.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sign:
    """How one value is shown: its word, its icon, its tone, and a sentence for who hovers."""

    word: str
    icon: str
    tone: str
    hint: str = ""


VERDICTS = {
    "ok": Sign("OK", "check-circle", "ok"),
    "notice": Sign("Notice", "exclamation-triangle", "notice", "Worth knowing; it may matter."),
    "problem": Sign("Problem", "x-octagon", "problem", "This stands in the way and has a remedy."),
    "unknown": Sign("Unknown", "question-circle", "unknown", "We could not find out. That is not a fault."),
    "not_applicable": Sign("Not applicable", "dash-circle", "neutral", "The question does not arise here."),
}

DELIVERY_STATES = {
    "error": Sign("Error before sending", "x-octagon", "problem", "It failed before it went out."),
    "submitted": Sign("Submitted", "clock", "neutral", "The application asked for it; no server has it yet."),
    "handed": Sign("Handed over", "send", "accent", "The sending server has it. What happened next is not known."),
    "deferred": Sign("Deferred", "hourglass-split", "notice", "Their server put it off; ours tries again."),
    "accepted": Sign("Accepted", "check-circle", "ok", "Their server accepted it. That does not show it in an inbox."),
    "refused": Sign("Refused", "x-octagon", "problem", "Their server refused it."),
    "expired": Sign("Given up", "stopwatch", "problem", "Our server tried until the time ran out."),
    "complained": Sign("Complained about", "flag", "notice", "The recipient marked it as spam."),
}

TICKET_STATES = {
    "new": Sign("New", "inbox", "accent"),
    "open": Sign("In progress", "play-circle", "accent"),
    "waiting": Sign("Waiting", "pause-circle", "notice"),
    "solved": Sign("Solved", "check-circle", "ok"),
    "closed": Sign("Closed", "lock", "neutral"),
}

ACTORS = {
    "branch": Sign("The branch", "building", "neutral"),
    "branch_it": Sign("The branch's IT", "tools", "neutral"),
    "recipient": Sign("The recipient", "person", "neutral"),
    "recipient_it": Sign("The recipient's IT", "hdd-network", "neutral"),
    "provider": Sign("The mailbox provider", "mailbox", "neutral"),
    "support": Sign("Support", "headset", "neutral"),
    "nobody": Sign("Nobody", "check2", "neutral"),
}

#: What staff read instead: it is their own branch that is spoken of.
ACTORS_FOR_STAFF = {"branch": "Your branch", "branch_it": "Your branch's IT"}


def sign_of(table: dict[str, Sign], value: object) -> Sign:
    """The sign of ``value``; a value nobody has drawn yet is shown as its own word rather than hidden."""
    key = str(value)
    return table.get(key) or Sign(key.replace("_", " ").capitalize(), "question-circle", "neutral")


#: How sure a cause is; the page "How sure is that" tells it at length.
CONFIDENCES = {
    "certain": Sign(
        "certain", "check-circle", "accent",
        "A record decides it alone: a reply that names it, our suspension or suppression list, an error, the address.",
    ),
    "likely": Sign(
        "likely", "dash-circle", "neutral",
        "Everything known agrees and nothing speaks against it, but no record names it.",
    ),
    "possible": Sign(
        "possible", "question-circle", "unknown",
        "It would fit, but something speaks against it or is not known.",
    ),
    "confirmed": Sign("confirmed", "check-lg", "ok", "Support has looked and says that this was the cause."),
}  # fmt: skip
