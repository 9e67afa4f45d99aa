"""What to do where a provider pushes back, and whose turn it is: by what it said, never by how much alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from diagnostics.engine.causes.catalogue import CAUSES
from diagnostics.engine.findings import Actor
from portal.rates.limits import provider_name
from portal.rates.queues import Queue

#: Providers that say the same of volume and of complaints, so that both have to be looked at (their error codes page).
VAGUE = {"yahoo": "Their TSS04 is said of volume and of complaints alike: look at the complaints too."}


class Now(StrEnum):
    """How a time of pushing back stands. ``UNTRIED``: nobody has tried for hours, so nobody knows."""

    PUSHING = "pushing"
    UNTRIED = "untried"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Advice:
    """Whose turn it is, in one line what it is about, and the steps."""

    actor: Actor
    words: str
    steps: tuple[str, ...] = ()


NOTHING = Advice(Actor.NOBODY, "Nothing to do")


def advice_for(provider: str, now: Now | None, queue: Queue, pushing: int | None, *, name: str = "") -> Advice:
    """What to do about the latest time of pushing back, which stands at ``now`` (None: there was none).

    ``queue`` is what waits, ``pushing`` the most that was taken in an hour while they pushed back, ``name`` whom it is
    about where the provider is not known.
    """
    if now is None:
        return NOTHING
    if now is Now.OVER:
        waits = f"; {queue.words} still wait for their next try" if queue.count else ""
        return Advice(Actor.NOBODY, f"Mail is taken again{waits}")
    if not queue.count and not queue.is_more:
        return Advice(Actor.NOBODY, "Nothing waits any more of what was put off")
    if now is Now.UNTRIED:
        return _untried(queue)
    cause = queue.said.cause if queue.said else ""
    if cause == "rate_limited":
        return Advice(Actor.SUPPORT, "Slow down, split, wait, ask", _slower(provider, pushing, name))
    if cause in {"", "unknown"}:
        steps = (
            "Open one of the deliveries that wait and read their reply.",
            "If it says why, name it under Unclassified replies; the desk then reads it so everywhere.",
        )
        return Advice(Actor.SUPPORT, "Find out what they say", steps)
    known = CAUSES[cause]
    return Advice(known.actor, known.title, (known.remedy,))


def _untried(queue: Queue) -> Advice:
    since = f"Not tried since {clock(queue.last_try)}" if queue.last_try else "Not tried for hours"
    steps = (
        "See under Logs whether the sending server's log has been read since: what is not read in is not known here.",
        "See on the sending server whether its queue is still tried. A queue tries again at least every few hours and "
        "gives up after four or five days.",
    )
    return Advice(Actor.SUPPORT, f"{since}; {queue.words} still wait", steps)


def clock(at: datetime) -> str:
    """ "27 Nov 19:50 UTC"."""
    return f"{at.astimezone(UTC):%-d %b %H:%M} UTC"


def _slower(provider: str, pushing: int | None, name: str) -> tuple[str, ...]:
    """The four things that help against a limit, in the order in which they do."""
    name = name or (provider_name(provider) if provider else "them")
    still = f"; in their best hour they still took {pushing:,}" if pushing else ""
    steps = [
        f"Slow down: have the sending server hand {name} fewer recipients an hour{still}.",
        "Split: send large mailings in parts over the day, and let passwords and receipts go first.",
        "Wait: what was put off goes out by itself. Sending it again makes it twice the load.",
        "Ask: if it lasts longer than a day, write to their postmaster with the reply and the sending address.",
    ]
    return (*steps, VAGUE[provider]) if provider in VAGUE else tuple(steps)
