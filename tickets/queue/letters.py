"""The draft of a reply to the branch. Support edits it; nothing here is sent by itself.

It says no more than the ticket proves: what a server said stands as it said it.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse

from diagnostics.engine.causes import Cause, Ranked, Remedy, cause_for, told_once
from diagnostics.engine.causes.ranking.foretold import may_explain
from diagnostics.selectors import ReadFinding, findings_of
from portal.accounts.models import User
from portal.branches.models import AllowListState
from portal.branches.selectors import allowed_at
from portal.web.moments import exact, zone_of
from tickets.models import Ticket
from tickets.selectors.letters import before_asking, is_for_their_it, letter_to_their_it, may_be_allowed, text_of
from tickets.selectors.message import facts_about


def reply_draft(ticket: Ticket, beliefs: Sequence[Ranked], *, by: User) -> str:
    """A reply to the reporter from the cause: what happened, whose turn it is, what to do, and the proof.

    It holds all that it speaks of: the records to publish, and the letter where the recipient's IT must look.

    The cause is the confirmed one, else the one that is believed most; empty where none is known.
    """
    ranked = next((item for item in beliefs if item.cause == ticket.cause), None) if ticket.cause else None
    believed = beliefs[0] if beliefs and not ticket.cause else ranked
    ident = ticket.cause or (believed.cause if believed else "")
    own_server = ticket.branch.sends_through_own_server
    arrival = believed.arrival if believed else None
    is_tried = believed is not None and believed.is_tried
    cause = cause_for(ident, own_server=own_server, within=ticket.is_within, arrival=arrival, is_tried=is_tried)
    if cause is None or cause.id == "unknown":
        return ""
    message = facts_about(ticket.report)
    letter = letter_to_their_it(ticket.report) if is_for_their_it(cause, believed) else ""
    records = [
        item
        for item in findings_of(ticket.run)
        if item.publish and item.needs_somebody and may_explain(item.code, item.check, {cause.id})
    ]
    context = {
        "ticket": ticket,
        "cause": cause,
        "remedies": _remedies(cause, believed, records),
        "is_sure": bool(ticket.cause) or (believed is not None and believed.confidence == "certain"),
        "proof": believed.for_ if believed else (),
        # What support has confirmed is no longer in doubt.
        "doubts": believed.against if believed and not ticket.cause else (),
        "message": message,
        "sent": message.day or (exact(message.at, zone_of(ticket.branch.time_zone)) if message.at else ""),
        "records": records,
        "letter": letter,
        "pending": before_asking(ticket.report.delivery, letter)[1],
        "asked": _asked(ticket, by) if letter else "",
        "url": settings.BASE_URL + reverse("ticket", args=[ticket.number]),
        "by": by,
    }
    return text_of("tickets/queue/reply.txt", context)


def _remedies(cause: Cause, believed: Ranked | None, records: Sequence[ReadFinding]) -> tuple[Remedy, ...]:
    """What is to be done, step by step; a record to publish stands below by itself."""
    values = [item.publish.value for item in records if item.publish]
    more = believed.remedies if believed else ()
    return told_once(
        [Remedy(cause.actor, cause.remedy), *(r for r in more if not any(value in r.text for value in values))]
    )


def _asked(ticket: Ticket, by: User) -> str:
    """The day on which the recipient's organisation was asked to allow the server, where it has not answered."""
    entry, delivery = allowed_at(by, ticket.branch, ticket.recipient_domain), ticket.report.delivery
    if entry is None or entry.state != AllowListState.ASKED or delivery is None or not may_be_allowed(delivery):
        return ""
    at = entry.at.astimezone(zone_of(ticket.branch.time_zone))
    return f"{at.day} {at:%b %Y}"
