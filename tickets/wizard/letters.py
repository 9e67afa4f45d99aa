"""The text for the recipient, in plain words: people copy it or open it in their own e-mail application.

While nobody knows where the e-mail is, it asks them to look in junk. Once a record says why it did not arrive, it says
that, and what the recipient or their IT department does now.
"""

from __future__ import annotations

from diagnostics.engine.causes import cause_for
from diagnostics.engine.findings import Actor
from portal.web.moments import zone_of
from tickets.models import Exit, Report
from tickets.selectors.letters import letter_to_their_it, text_of
from tickets.selectors.message import facts_about
from tickets.wizard.junk import Guide

#: Exits at which a cause is told, so that the recipient is told it too where they or their side have to act.
EXPLAINED = (Exit.ANSWERED, Exit.EXPLAINED, Exit.STILL_TRYING)
THEIRS = frozenset({Actor.RECIPIENT, Actor.RECIPIENT_IT, Actor.PROVIDER})
#: What the recipient is asked for, by cause. Causes that only their IT department can mend have the letter to it.
ASKED = {
    "mailbox_full": "There is no room left in your mailbox. Please make room, and tell us when it is done.",
    "mailbox_disabled": "Your provider's server says that your mailbox is switched off. Please have it switched on, or "
    "give us another address.",
    "images_blocked": "Most e-mail applications do not load pictures until you allow it. Please open the e-mail and "
    "allow pictures of this sender, and tell us if they are missing still.",
    "network_or_timeout": "Your provider's server could not be reached. Please tell your provider, or give us another "
    "address.",
    "remote_system_error": "Your provider's server reports a fault of its own. Please tell your provider, or give us "
    "another address.",
}
#: Causes whose text is the one that asks to look in junk.
IN_JUNK = frozenset({"junked", "accepted_by_recipient_server"})


def is_for_recipient(report: Report) -> bool:
    """The report ended with something that the recipient, their IT or their provider has to do."""
    if report.exit == Exit.FOUND_IN_JUNK:
        return True
    cause = cause_for(report.cause, own_server=report.branch.sends_through_own_server, within=report.is_within)
    return report.exit in EXPLAINED and cause is not None and cause.actor in THEIRS


def text_for_recipient(report: Report, guide: Guide) -> str:
    """A letter to the recipient: which e-mail, what became of it as far as that is known, and what to do.

    Once it was found in junk, only what makes the next one arrive is left to say.
    """
    around = report.around.astimezone(zone_of(report.branch.time_zone)) if report.around else None
    is_told = is_for_recipient(report) and report.exit in EXPLAINED and report.cause not in IN_JUNK
    context = {
        "report": report,
        "day": f"{around.day} {around:%B %Y}" if around else "",
        "branch": report.branch,
        "sender": report.delivery.message.from_address if report.delivery else "",
        "guide": guide,
        "message": facts_about(report),
        "is_told": is_told,
        "asked": ASKED.get(report.cause, "") if is_told else "",
        "letter": letter_to_their_it(report) if is_told and report.cause not in ASKED else "",
        "is_found": report.exit == Exit.FOUND_IN_JUNK or (report.exit == Exit.EXPLAINED and report.cause == "junked"),
        "server": report.branch.sending_server,
    }
    return text_of("tickets/wizard/recipient.txt", context)
