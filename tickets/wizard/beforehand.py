"""What we already know when a step asks its question, in a few lines: nobody is asked what our records can say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from diagnostics.engine.findings import Verdict
from diagnostics.engine.names import Malformed, parse_address
from diagnostics.engine.receivers import UNNAMED
from diagnostics.selectors import ReadFinding
from portal.web.moments import exact, zone_of
from tickets.models import Report
from tickets.selectors.message import facts_about
from tickets.selectors.reconciled import NOWHERE
from tickets.selectors.returned import ANSWERED, answers_to
from tickets.wizard.junk import GENERIC, for_staff, guide_for, mx_hosts
from tickets.wizard.known import AddressKnown, DescribeKnown, Known, SentKnown
from tickets.wizard.told import Told, told_of

#: So many servers of a domain are named.
MOST_HOSTS = 3


def known_already(report: Report, knows: Known, findings: Sequence[ReadFinding]) -> tuple[Told, ...]:
    """The lines for the step that shows ``knows``: what was answered before it, and what records and checks say."""
    lines = list(_of_records(report, knows)) if isinstance(knows, SentKnown) else [*told_of(report), *_how_far(report)]
    lines.append(_address(report))
    if isinstance(knows, AddressKnown):
        lines.append(_profile(knows))
    lines.append(_domain(report, findings))
    lines.append(_mailbox(report, findings))
    if isinstance(knows, DescribeKnown):
        count = len(knows.similar)
        lines.append(Told("Open tickets", f"{count or 'None'} about the same domain"))
    return tuple(lines)


def _of_records(report: Report, knows: SentKnown) -> list[Told]:
    count = len(knows.matches) + len(knows.notes)
    when = "in the whole log" if knows.is_whole_log else "around that time"
    whole = "" if knows.is_covered else ", but we hold no complete log of it"
    if knows.erased:
        zone = zone_of(report.branch.time_zone)
        whole = f"; what was known of this recipient was erased on {exact(knows.erased, zone)}"
    log = f"{count or 'No'} record{'' if count == 1 else 's'} {when}{whole}"
    entry = knows.suppression
    since = exact(entry.since, zone_of(report.branch.time_zone)) if entry else ""
    return [
        Told("Message log and case notes", log),
        Told("E-mail function", "Suspended" if report.branch.is_suspended else "On"),
        Told("Suppression list", f"On it since {since}: {entry.get_reason_display()}" if entry else "Not on it"),
    ]


def _how_far(report: Report) -> list[Told]:
    row, zone = report.delivery, zone_of(report.branch.time_zone)
    if row is None:
        return [Told("How far it got", _without_record(report), "sent" if report.is_draft else "")]
    told = [Told("How far it got", f"{row.get_state_display()}, {exact(row.state_at, zone)}")]
    if answered := answers_to([row]).get(row.pk):
        told.append(Told("What came back", f"{ANSWERED}, {exact(answered, zone)}"))
    return told


def _without_record(report: Report) -> str:
    """What the first step has shown of it, where no record was chosen there."""
    shown = report.evidence.get("sent", {})
    if any(shown.get(name) for name in ("deliveries", "case_notes", "elsewhere")):
        return "Not known: no record of it was chosen"
    if facts_about(report).was_sent:
        return "Not known: somebody saw that it was sent, and the log that we hold has no record of it"
    if not shown.get("is_covered"):
        return "Not known: the log that we hold has no record of it"
    zone = zone_of(report.branch.time_zone)
    until = f" until {exact(datetime.fromisoformat(shown['until']), zone)}" if shown.get("until") else ""
    return f"Most likely it was not sent: there is no record of it, and the log is complete{until}"


def _address(report: Report) -> Told:
    parsed = parse_address(report.recipient)
    return Told("The address", parsed.text if isinstance(parsed, Malformed) else "Written as an address has to be")


def _profile(knows: AddressKnown) -> Told:
    if not knows.profiles:
        return Told("Client profile", "We hold none with it")
    return Told("Client profile", "It is the address of one" if knows.is_on_profile else "Another address is on it")


def _domain(report: Report, findings: Sequence[ReadFinding]) -> Told:
    of_domain = [item for item in findings if item.check == "recipient-mx"]
    if of_domain:
        return Told("Its domain", of_domain[0].title)
    is_looking = report.run is not None and not report.run.is_over
    return Told("Its domain", "The checks are still looking" if is_looking else "Not known")


def _mailbox(report: Report, findings: Sequence[ReadFinding]) -> Told:
    return Told("Who takes its mail", _who_takes_it(report, findings))


def _who_takes_it(report: Report, findings: Sequence[ReadFinding]) -> str:
    guide, parsed = guide_for(report.recipient, findings), parse_address(report.recipient)
    if guide is not GENERIC:
        return for_staff(guide).name
    if isinstance(parsed, Malformed):
        return "Nobody: it is no address"
    hosts = mx_hosts(parsed.domain, findings)
    nowhere = next((item for item in findings if item.code in NOWHERE and item.verdict is Verdict.PROBLEM), None)
    if nowhere is not None:
        return f"Nobody: {nowhere.title}"
    if hosts:
        return f"{UNNAMED}: {', '.join(hosts[:MOST_HOSTS])}"
    is_looking = report.run is not None and not report.run.is_over
    return "The checks are still looking" if is_looking else "Not known"
