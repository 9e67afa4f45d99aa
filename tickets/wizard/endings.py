"""How an ended report is told in its own case: the words of its exit, with what is known of this very e-mail.

An exit has one sentence for all; what was answered, which function sent it, and what the records say decide what is to
be done here, and by whom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from diagnostics.engine.causes import Cause, Remedy, cause_for
from diagnostics.engine.findings import Actor, Verdict
from diagnostics.selectors import ReadFinding
from portal.suppression.models import Suppression
from portal.web.moments import exact, zone_of
from tickets.models import Exit, Report
from tickets.selectors.belief import is_forgot
from tickets.wizard.decisive import decisive_of
from tickets.wizard.known import suppression_about
from tickets.wizard.outcomes import Ending, ending_of

#: The functions by which a client gets a password or a user name: no staff member sends that e-mail.
BY_CLIENT = (
    "The client uses the function again, with the email that is associated with their client profile. Then look "
    "whether a case note appears there."
)
RESENT = "Correct the address on the client's profile too, and look whether a case note of the new e-mail is there."


def told_ending(report: Report, findings: Sequence[ReadFinding]) -> Ending:
    """The words of an ended report: what happened, whose turn it is, and what to do."""
    own_server, within = report.branch.sends_through_own_server, report.is_within
    ending = ending_of(report.exit, report.cause, own_server=own_server, within=within)
    if report.exit in (Exit.NOT_SENT, Exit.ERASED):
        return _not_sent(_erased(ending, report), report, findings)
    if report.exit == Exit.ADDRESS_CORRECTED and report.answers.get("address", {}).get("resent"):
        return replace(ending, remedy=RESENT)
    if report.exit == Exit.EXPLAINED and report.cause == "suppressed":
        return _suppressed(ending, report)
    if report.exit == Exit.STILL_TRYING:
        cause = cause_for(report.cause, own_server=own_server, within=within, is_tried=True)
        return _still_trying(ending, cause)
    return ending


def _erased(ending: Ending, report: Report) -> Ending:
    """With the time at which what was known of the recipient was erased, where it was."""
    erased = report.evidence.get("sent", {}).get("erased")
    if report.exit != Exit.ERASED or not erased:
        return ending
    at = exact(datetime.fromisoformat(erased), zone_of(report.branch.time_zone))
    return replace(
        ending, meaning=f"What was known of this recipient was erased on {at}, so we cannot say whether it was sent."
    )


def _not_sent(ending: Ending, report: Report, findings: Sequence[ReadFinding]) -> Ending:
    """None is asked to send again to an address that the checks say cannot take mail, nor what only the client can."""
    if is_forgot(report.function):
        ending = replace(ending, remedy=BY_CLIENT)
    found = decisive_of(report, findings)
    if found is None or found.verdict is not Verdict.PROBLEM:
        return ending
    meant = f" Probably meant: {', '.join(found.suggestions)}." if found.suggestions else ""
    return replace(ending, remedy=f"Before it is sent: {found.title}. {found.remedy}{meant}")


def _suppressed(ending: Ending, report: Report) -> Ending:
    """With the entry's own reason: who may end it, and when, is another matter for each."""
    entry = suppression_about(report, report.delivery)
    if entry is None:
        return replace(ending, remedy="The entry is not there any more. Send the e-mail again.")
    return replace(ending, meaning=suppressed_since(report, entry), remedy=suppressed_remedy(entry))


def suppressed_since(report: Report, entry: Suppression) -> str:
    """Since when the recipient is not written to, and why, as a sentence."""
    since = exact(entry.since, zone_of(report.branch.time_zone))
    return f"{report.branch} has not written to this address since {since}: {entry.get_reason_display().lower()}."


def suppressed_remedy(entry: Suppression) -> str:
    """What has to come before the entry may end, and who ends it."""
    if entry.is_own_will:
        return "It is the recipient's own wish. Only when they say that they want mail again, ask support to end it."
    return (
        "When the recipient says that the address works again, end the entry with that as the reason, and send the "
        "e-mail again."
    )


def _still_trying(ending: Ending, cause: Cause | None) -> Ending:
    """With the reason that the last reply named: somebody may have to do something while it waits."""
    if cause is None or cause.actor is Actor.NOBODY:
        return ending
    return replace(
        ending,
        meaning=f"{ending.meaning} The reason that it gave: {cause.title}.",
        then=(Remedy(cause.actor, cause.remedy),),
    )
