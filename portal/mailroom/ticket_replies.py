"""Answers to tickets by mail: the address names the ticket, the sender must be its reporter or support.

An address of a ticket that was merged reaches the one it went into, and its reporter answers there too.

Whatever is no answer of theirs (a machine's, a stranger's, too many in an hour) is kept as returned mail, where support
sees it; nothing is lost and nobody is written to.
"""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

from django.utils import timezone

from diagnostics.engine.messages.headers.fields import read_message
from diagnostics.engine.messages.mime import Parts, read_parts
from portal.accounts.models import User
from portal.inbound import Mail
from portal.mailroom.automatic import author_of, is_automatic
from portal.returned.facts import clean, facts_of
from portal.returned.services import take as keep
from tickets.models import Event, EventKind, Ticket
from tickets.selectors.reply_address import ticket_at
from tickets.selectors.tickets import reporters_of, tickets_of
from tickets.services.tickets import TicketChangedError, reply

#: Every answer is one however often it comes.
NAMESPACE = uuid.UUID("7c0a9f0e-6f43-4ac0-9a53-2a8a6f1f5b0e")
#: More answers to one ticket in an hour are no conversation.
MOST_AN_HOUR = 20
#: As long as what is written on the page may be.
MOST_CHARACTERS = 20_000
#: How programs begin what is quoted below an answer.
_QUOTED = re.compile(
    r"^(?:On .{4,200} wrote:|Am .{4,200} schrieb .{0,200}:|Le .{4,200} a écrit\s?:|El .{4,200} escribió:"
    r"|-{2,}\s?(?:Original Message|Forwarded message|Ursprüngliche Nachricht)\s?-{2,}|_{10,}|From: .{1,200})$",
    re.IGNORECASE,
)


def knows(address: str) -> bool:
    return ticket_at(address) is not None


def take(mail: Mail) -> None:
    """Add the mail to its ticket, or keep it as returned mail."""
    ticket = ticket_at(mail.recipient)
    by = _author(mail, ticket) if ticket else None
    body = answer_in(mail.octets)
    if ticket is None or by is None or not body or _are_too_many(ticket, by):
        keep(mail.octets, source=mail.source, recipient=mail.recipient, sender=mail.sender, is_fresh=True)
        return
    fingerprint = facts_of(mail.octets, now=mail.at, is_fresh=True).fingerprint
    submission = uuid.uuid5(NAMESPACE, f"{ticket.number} {fingerprint}")
    for _ in range(5):
        try:
            reply(ticket, body=body, by=by, version=ticket.version, submission=submission)
            return
        except TicketChangedError:
            # An answer by mail was not decided on a version, so the present one is as good.
            ticket.refresh_from_db(fields=["version", "state", "waiting_on", "merged_into"])
            ticket = ticket.merged_into or ticket
    raise TicketChangedError


def _author(mail: Mail, ticket: Ticket) -> User | None:
    """Who answers, if they may and no machine did: the reporter, one of a ticket that was merged, or support."""
    if is_automatic(mail.octets, sender=mail.sender):
        return None
    address = author_of(read_message(mail.octets))
    person = User.objects.filter(email=address, is_active=True).first()
    if person is None or not (person.is_support or person in reporters_of(ticket)):
        return None
    # Who has left the branch sees its tickets no more.
    return person if tickets_of(person).filter(pk=ticket.pk).exists() else None


def _are_too_many(ticket: Ticket, by: User) -> bool:
    since = timezone.now() - timedelta(hours=1)
    return Event.objects.filter(ticket=ticket, by=by, kind=EventKind.REPLY, at__gt=since).count() >= MOST_AN_HOUR


def answer_in(octets: bytes) -> str:
    """What the sender wrote, without what is quoted below it; and what was attached, which is not taken."""
    parts = read_parts(octets)
    text = _without_quotation(clean(_text(parts), 4 * MOST_CHARACTERS)).strip()
    attached = [part for part in parts.leaves if not part.type.startswith(("text/plain", "text/html"))]
    if text and attached:
        word = "file was" if len(attached) == 1 else "files were"
        text = f"{text[: MOST_CHARACTERS - 200]}\n\n[{len(attached)} attached {word} not taken. Add them on the page.]"
    return text[:MOST_CHARACTERS]


def _text(parts: Parts) -> str:
    for kind in ("text/plain", "text/html"):
        for part in parts.of_type(kind):
            if part.text.strip():
                return part.text
    return ""


def _without_quotation(text: str) -> str:
    """The lines above what is quoted. Where that leaves nothing, all of it: an answer may stand below."""
    kept: list[str] = []
    for line in text.split("\n"):
        if _QUOTED.match(line.strip()[:500]):
            break
        kept.append(line)
    while kept and (not kept[-1].strip() or kept[-1].startswith(">")):
        kept.pop()
    return "\n".join(kept) if any(line.strip() for line in kept) else text
