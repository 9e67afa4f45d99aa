"""What was done, in a sentence, for the person who did it: never "saved" where something else than that happened."""

from __future__ import annotations

from collections.abc import Sequence

from portal.accounts.models import User
from portal.web.words import ACTORS, TICKET_STATES
from tickets.models import Attachment, Event, EventKind, Ticket
from tickets.notify import recipients_of
from tickets.selectors.tickets import reporters_of
from tickets.selectors.traces import told_trace
from tickets.templatetags.tickets import party, value_word


def deed_of(event: Event | None, ticket: Ticket) -> str:
    """The sentence for what ``event`` records; without one it stood so already."""
    if event is None:
        return f"Nothing changed: ticket {ticket.number} stood so already."
    told = _told(event, ticket)
    if event.kind == EventKind.REPLY:
        return f"Your reply is on ticket {ticket.number}{told}.{_moved(event, begin=' The ticket ')}"
    if event.kind == EventKind.NOTE:
        return f"Your note is on ticket {ticket.number}, seen by support alone."
    if event.kind == EventKind.ASSIGNED:
        return f"Ticket {ticket.number} is assigned to {ticket.assignee or 'nobody'}."
    if event.kind == EventKind.CAUSE and not ticket.cause:
        return f"The cause of ticket {ticket.number} is no longer confirmed."
    if event.kind == EventKind.CAUSE:
        return f"The cause of ticket {ticket.number} is confirmed: {value_word(ticket.cause)}."
    return _moved(event, begin=f"Ticket {ticket.number} ").removesuffix(".") + f"{told}."


def added_of(files: Sequence[Attachment], ticket: Ticket) -> str:
    """What became of files that were added: which were read as a trace or a bounce, and which are kept as they are."""
    sentences = []
    for file in files:
        told = told_trace(file, ticket.report)
        if told is None or told.why:
            why = f" It is no message trace that can be read: {told.why}" if told else ""
            sentences.append(f"{file.name} is on ticket {ticket.number}.{why}")
        elif told.is_bounce:
            about = "is" if told.is_named or not told.how_far else "may be"
            which = "this" if told.how_far else "another"
            sentences.append(f"{file.name} was read as a bounce; it {about} about {which} e-mail.")
        elif told.how_far:
            sentences.append(f"{file.name} was read as a message trace. According to {told.system}: {told.how_far}.")
        else:
            sentences.append(f"{file.name} was read as a message trace; none of its rows is about this e-mail.")
    return " ".join(sentences)


def _told(event: Event, ticket: Ticket) -> str:
    """Who is told by mail, where somebody is."""
    to = set(recipients_of(event)) if not event.is_told else set()
    if not to:
        return ""
    names = [person.name for person in _known(ticket) if person.email in to]
    others = len(names) - 1
    if others > 0:
        return f"; {names[0]} and {others} other{'s' if others > 1 else ''} are told by e-mail"
    return f"; {names[0] if names else 'support'} is told by e-mail"


def _known(ticket: Ticket) -> list[User]:
    people = [*reporters_of(ticket), *([ticket.assignee] if ticket.assignee is not None else [])]
    return list(dict.fromkeys(people))


def _moved(event: Event, *, begin: str) -> str:
    """Where the ticket went with it; nothing where it stayed."""
    changes = event.changes
    state = str(changes.get("state", ["", event.ticket.state])[1])
    waiting_on = str(changes.get("waiting_on", ["", event.ticket.waiting_on])[1])
    if not {"state", "waiting_on"} & changes.keys():
        return ""
    if state == "waiting" and waiting_on in ACTORS:
        return f"{begin}now waits for {party(waiting_on)}."
    return f"{begin}is now: {TICKET_STATES[state].word.lower()}."
