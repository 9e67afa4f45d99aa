"""Texts to send on: the draft of a reply to the branch, and a letter to the recipient's IT. People edit or copy them.

Nothing here is sent by itself. A text says no more than the ticket proves: what a server said stands as it said it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from diagnostics.engine.causes import Ranked, cause_for
from diagnostics.engine.causes.ranking.foretold import may_explain
from diagnostics.engine.findings import Actor
from diagnostics.selectors import findings_of
from portal.accounts.models import User
from portal.maillog.models import State
from portal.web.moments import exact, zone_of
from portal.web.text import visible
from tickets.models import Ticket
from tickets.selectors.message import MessageFacts, facts_about

#: States in which a server of the recipient's has said something that its people can look up.
AT_THEIRS = frozenset({State.ACCEPTED, State.REFUSED, State.DEFERRED, State.EXPIRED})


def reply_draft(ticket: Ticket, beliefs: Sequence[Ranked], *, by: User) -> str:
    """A reply to the reporter from the cause: what happened, whose turn it is, what to do, and the proof.

    It holds all that it speaks of: the records to publish, and the letter where the recipient's IT must look.

    The cause is the confirmed one, else the one that is believed most; empty where none is known.
    """
    ranked = next((item for item in beliefs if item.cause == ticket.cause), None) if ticket.cause else None
    believed = beliefs[0] if beliefs and not ticket.cause else ranked
    own_server = ticket.branch.sends_through_own_server
    cause = cause_for(ticket.cause or (believed.cause if believed else ""), own_server=own_server)
    if cause is None or cause.id == "unknown":
        return ""
    message = facts_about(ticket.report)
    context = {
        "ticket": ticket,
        "cause": cause,
        "is_sure": bool(ticket.cause) or (believed is not None and believed.confidence == "certain"),
        "proof": believed.for_ if believed else (),
        # What support has confirmed is no longer in doubt.
        "doubts": believed.against if believed and not ticket.cause else (),
        "message": message,
        "sent": message.day or (exact(message.at, zone_of(ticket.branch.time_zone)) if message.at else ""),
        "records": [
            item
            for item in findings_of(ticket.run)
            if item.publish and item.needs_somebody and may_explain(item.code, item.check, {cause.id})
        ],
        "letter": letter_to_their_it(ticket) if cause.actor is Actor.RECIPIENT_IT else "",
        "url": settings.BASE_URL + reverse("ticket", args=[ticket.number]),
        "by": by,
    }
    return _text("tickets/queue/reply.txt", context)


def letter_to_their_it(ticket: Ticket) -> str:
    """A letter to whoever runs the recipient's mail, with all that they need to find the message in their trace.

    Empty where no record shows that a server of theirs was reached.
    """
    message = facts_about(ticket.report)
    if not message.is_recorded or message.state not in AT_THEIRS or not (message.their_server or message.reply):
        return ""
    context = {
        "ticket": ticket,
        "message": message,
        "sent": _moment(message.at, ticket.branch.time_zone),
        "answered": _moment(message.state_at, ticket.branch.time_zone),
        "our_server": _our_server(message),
    }
    return _text("tickets/queue/their_it.txt", context)


def _moment(at: datetime | None, zone_name: str) -> str:
    """To the second, in the branch's zone and in UTC: a trace is searched by it."""
    if at is None:
        return ""
    local, utc = at.astimezone(zone_of(zone_name)), at.astimezone(UTC)
    return f"{local.day} {local:%b %Y, %H:%M:%S %Z} ({utc:%Y-%m-%d %H:%M:%S} UTC)"


def _our_server(message: MessageFacts) -> str:
    """Our sending server with its addresses, as theirs saw it."""
    addresses = ", ".join(message.server_addresses)
    return f"{message.server} ({addresses})" if message.server and addresses else message.server or addresses


def _text(template: str, context: dict[str, object]) -> str:
    """The rendered text with no more than one empty line in a row; what a stranger wrote is made visible."""
    written = visible(render_to_string(template, context))
    return re.sub(r"\n{3,}", "\n\n", written).strip() + "\n"
