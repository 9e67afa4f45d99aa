"""What to do where a provider pushes back, and whose turn it is: by what it said, never by how much alone."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.engine.causes.catalogue import CAUSES
from diagnostics.engine.findings import Actor
from portal.rates.hours import Episode, Taken
from portal.rates.limits import provider_name

#: Providers that say the same of volume and of complaints, so that both have to be looked at (their error codes page).
VAGUE = {"yahoo": "Their TSS04 is said of volume and of complaints alike: look at the complaints too."}


@dataclass(frozen=True, slots=True)
class Advice:
    """Whose turn it is, in one line what it is about, and the steps."""

    actor: Actor
    words: str
    steps: tuple[str, ...] = ()


NOTHING = Advice(Actor.NOBODY, "Nothing to do")


def advice_for(provider: str, episode: Episode | None, cause: str, took: Taken) -> Advice:
    """What to do about the latest time of pushing back; ``cause`` is that of what was last said ("" where unknown)."""
    if episode is None:
        return NOTHING
    if episode.is_over:
        return Advice(Actor.NOBODY, "It is over; what waited is being taken")
    if cause == "rate_limited":
        return Advice(Actor.SUPPORT, "Slow down, split, wait, ask", _slower(provider, took))
    if cause in {"", "unknown"}:
        steps = (
            "Open one of the deliveries that wait and read their reply.",
            "If it says why, name it under Unclassified replies; the desk then reads it so everywhere.",
        )
        return Advice(Actor.SUPPORT, "Find out what they say", steps)
    known = CAUSES[cause]
    return Advice(known.actor, known.title, (known.remedy,))


def _slower(provider: str, took: Taken) -> tuple[str, ...]:
    """The four things that help against a limit, in the order in which they do."""
    name = provider_name(provider) if provider else "them"
    still = f"; in their best hour they still took {took.pushing:,}" if took.pushing else ""
    steps = [
        f"Slow down: have the sending server hand {name} fewer recipients an hour{still}.",
        "Split: send large mailings in parts over the day, and let passwords and receipts go first.",
        "Wait: what was put off goes out by itself. Sending it again makes it twice the load.",
        "Ask: if it lasts longer than a day, write to their postmaster with the reply and the sending address.",
    ]
    return (*steps, VAGUE[provider]) if provider in VAGUE else tuple(steps)
