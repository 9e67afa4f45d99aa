"""The letter to whoever runs the recipient's mail. People copy it; nothing here is sent by itself.

It says no more than the record of the message proves: what a server said stands as it said it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from django.template.loader import render_to_string

from diagnostics.engine.causes import CAUSES, Arrival, Cause, Ranked
from diagnostics.engine.findings import Actor
from portal.branches.models import BranchProfile, SendingServer
from portal.maillog.models import Delivery, State
from portal.watch.selectors import listed_of, listings_of
from portal.web.moments import zone_of
from portal.web.text import visible
from tickets.models import Report
from tickets.selectors.message import MessageFacts, facts_about, facts_of_record
from tickets.selectors.reports import domain_of

#: States in which a server of the recipient's has said something that its people can look up.
AT_THEIRS = frozenset({State.ACCEPTED, State.REFUSED, State.DEFERRED, State.EXPIRED})


#: Causes that no leave given to the sender would mend.
NO_MATTER_OF_ALLOWING = frozenset(
    {
        "no_such_user", "mailbox_full", "mailbox_disabled", "domain_or_dns", "address_typo", "address_malformed",
        "malware_or_attachment", "message_too_big", "malformed_message", "tls_required", "relay_denied",
        "remote_system_error", "network_or_timeout",
    }
)  # fmt: skip


def letter_to_their_it(report: Report) -> str:
    """A letter to whoever runs the recipient's mail, with all that they need to find the message in their trace.

    Empty where no record shows that a server of theirs was reached.
    """
    return _letter(report.branch, report.recipient, report.delivery, facts_about(report))


def letter_about(delivery: Delivery, believed: Sequence[Ranked]) -> str:
    """The same about a record of the log; empty where what is ``believed`` first is not their IT's to look into."""
    lead = believed[0] if believed else None
    if lead is None or not is_for_their_it(lead.known, lead):
        return ""
    return _letter(delivery.branch, delivery.recipient, delivery, facts_of_record(delivery))


def may_be_allowed(delivery: Delivery) -> bool:
    """Leave given to the sender may mend what became of it."""
    return delivery.cause not in NO_MATTER_OF_ALLOWING


def before_asking(delivery: Delivery | None, letter: str) -> tuple[list[str], tuple[str, ...]]:
    """Where ``letter`` is about being allowed: what stands on a blocklist of the sending server, in words and as its
    addresses. It is to be mended before anybody is asked.
    """
    if delivery is None or not letter or not may_be_allowed(delivery):
        return [], ()
    server = _server(delivery, delivery.branch)
    return listings_of(server), listed_of(server)


def is_for_their_it(cause: Cause, believed: Ranked | None) -> bool:
    """The recipient's IT has to look; not for what has reached the mailbox, which only its owner can search."""
    has_reached = believed is not None and believed.arrival is Arrival.REACHED
    return CAUSES[cause.id].actor is Actor.RECIPIENT_IT and not has_reached


def _letter(branch: BranchProfile, recipient: str, delivery: Delivery | None, message: MessageFacts) -> str:
    if not message.is_recorded or message.state not in AT_THEIRS or not (message.their_server or message.reply):
        return ""
    # Who is asked to allow an address looks it up: one that is on a blocklist is taken off it first.
    pending = listed_of(_server(delivery, branch)) if delivery is not None and may_be_allowed(delivery) else ()
    wanted = tuple(address for address in message.server_addresses if address not in pending)
    context = {
        "branch": branch,
        "recipient": recipient,
        "recipient_domain": domain_of(recipient),
        "message": message,
        "sent": _moment(message.at, branch.time_zone),
        "answered": _moment(message.state_at, branch.time_zone),
        "our_server": _our_server(message.server, message.server_addresses),
        "to_allow": _our_server(message.server, wanted),
        "allows": delivery is not None and may_be_allowed(delivery) and (bool(wanted) or not pending),
    }
    return text_of("tickets/their_it.txt", context)


def _moment(at: datetime | None, zone_name: str) -> str:
    """To the second, in the branch's zone and in UTC: a trace is searched by it."""
    if at is None:
        return ""
    local, utc = at.astimezone(zone_of(zone_name)), at.astimezone(UTC)
    return f"{local.day} {local:%b %Y, %H:%M:%S %Z} ({utc:%Y-%m-%d %H:%M:%S} UTC)"


def _server(delivery: Delivery, branch: BranchProfile) -> SendingServer | None:
    return delivery.message.sending_server or branch.sending_server


def _our_server(host: str, addresses: Sequence[str]) -> str:
    """Our sending server with its addresses, as theirs saw it."""
    told = ", ".join(addresses)
    return f"{host} ({told})" if host and told else host or told


def text_of(template: str, context: dict[str, object]) -> str:
    """The rendered text with no more than one empty line in a row; what a stranger wrote is made visible."""
    written = visible(render_to_string(template, context))
    return re.sub(r"\n{3,}", "\n\n", written).strip() + "\n"
