"""Reports and tickets of the demo world, made through the services people use: some solved, some in the queue."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from portal.accounts.models import User
from portal.branches.models import BranchProfile
from portal.maillog.counts import count_missing
from portal.maillog.models import Delivery, MissingCount
from tickets.models import Event, EventKind, Exit, Incident, Report, Ticket, TicketState
from tickets.selectors.reports import sends_for
from tickets.services import reports as wizard
from tickets.services import tickets as desk
from tickets.services.bulk import link_to_incident
from tickets.services.merging import merge

NAMESPACE = uuid.UUID("5d0c9bd2-24a5-4d0b-9d2e-5b0c3f3f7208")


@dataclass(frozen=True, slots=True)
class Told:
    """One report: who, about whom, how long ago, how it ended, and what support did with the ticket."""

    by: str
    branch: str
    recipient: str
    days_ago: float
    exit: Exit
    function: str = "Class confirmation"
    description: str = ""
    symptom: str = "not_received"
    other_domain: str = "no"
    corrected: str = ""
    replies: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    assignee: str = ""
    state: str = ""
    waiting_on: str = ""
    cause: str = ""
    client: str = ""
    module: str = field(default="webreg")


TOLD = (
    # Ended without a ticket.
    Told("nora@north.example", "north", "lena.grant@riversde.example", 0.3, Exit.ADDRESS_CORRECTED,
         corrected="lena.grant@riverside.example", client="Lena Grant"),
    Told("nora@north.example", "north", "priya.nair@oakwood.example", 1.9, Exit.NOT_SENT, client="Priya Nair"),
    Told("nora@north.example", "north", "t.novak@letterbox.example", 2.0, Exit.ANSWERED),
    Told("nora@north.example", "north", "member077@bignet.example", 0.1, Exit.STILL_TRYING, "Class reminder"),
    Told("hal@harbor.example", "harbor", "gita.kim@oakwood.example", 3.0, Exit.FOUND_IN_JUNK),
    Told("sven@summit.example", "summit", "kim.evans@oakwood.example", 0.6, Exit.SUSPENDED, "Class reminder"),
    # Tickets.
    Told("nora@north.example", "north", "a.meyer@stateagency.example", 0.25, Exit.TICKET,
         description="The confirmation bounced. Three other people of the agency told us the same this week.",
         other_domain="arrived", client="A. Meyer"),
    Told("hal@harbor.example", "harbor", "uma.brandt@mailhub.example", 0.15, Exit.TICKET, "Registration notice",
         description="Nobody with an address there gets our registration notices since the first of the month.",
         replies=(("ida@desk.example", "Their server says that your domain forbids our mail. Your IT has to publish "
                   "one DNS record; it stands below, ready to copy. Could you pass it on to them?"),),
         notes=("DMARC p=reject and no DKIM record. Same cause as the three others from Harbor.",),
         assignee="ida@desk.example", state=TicketState.WAITING, waiting_on="branch_it", cause="auth_failure"),
    Told("hal@harbor.example", "harbor", "office@harbor.example", 0.2, Exit.TICKET, "Registration notice",
         description="We no longer get our own copies of registrations. They stopped when IT changed the mail filter."),
    Told("nora@north.example", "north", "dev.lopez@union.example", 0.5, Exit.TICKET, "Class reminder",
         description="The reminder to Mr Lopez came back with something about a blocklist.",
         assignee="ida@desk.example", state=TicketState.OPEN, cause="sender_ip_blocked"),
    Told("nora@north.example", "north", "ximena.ferro@union.example", 0.14, Exit.TICKET, "Class reminder",
         description="The reminder to Ms Ferro came back as well, with the same words as the one to Mr Lopez."),
    Told("hal@harbor.example", "harbor", "elif.hansen@union.example", 0.13, Exit.TICKET, "Registration notice",
         description="Union says that our registration notice was blocked. What did we do wrong?",
         replies=(("ida@desk.example", "Nothing. An address that we send from is on a blocklist. Having it taken off "
                   "is our part; please send the notice again when we write that it is off."),),
         assignee="ida@desk.example", state=TicketState.OPEN, cause="sender_ip_blocked"),
    Told("nora@north.example", "north", "nina.cruz@post.example", 0.4, Exit.TICKET, "Class reminder",
         description="QuickTools showed an error when I sent the reminder.", module="quicktools"),
    Told("nora@north.example", "north", "iris.kaya@hospital.example", 6.9, Exit.TICKET,
         description="The timetable with the macro sheet never arrived at the hospital.",
         replies=(("ida@desk.example", "Their filter refuses .xlsm attachments. Please send it as PDF."),
                  ("nora@north.example", "As PDF it arrived. Thank you!")),
         assignee="ida@desk.example", state=TicketState.SOLVED, cause="malware_or_attachment"),
    Told("sven@summit.example", "summit", "ben.ito@mailhub.example", 3.1, Exit.TICKET, "Class reminder",
         description="All reminders to this provider come back since we moved our mail server."),
)  # fmt: skip
#: One listing that these tickets share, of two branches: the recipients they are about.
INCIDENT = "Our sending address 192.0.2.11 is on a blocklist"
LINKED = ("dev.lopez@union.example", "elif.hansen@union.example")
#: Whose ticket goes on in the first of them; it is of the same branch.
MERGED = "ximena.ferro@union.example"
#: How long ago support saw that they belong together.
SEEN = timedelta(hours=1)


def tell(now: datetime) -> list[Ticket]:
    """Make the reports and tickets; returns the tickets."""
    people = {person.email: person for person in User.objects.all()}
    branches = {branch.code: branch for branch in BranchProfile.objects.select_related("sending_server")}
    made = (_tell(item, now, people, branches[item.branch]) for item in sorted(TOLD, key=lambda item: -item.days_ago))
    tickets = [ticket for ticket in made if ticket is not None]
    _bring_together(people["ida@desk.example"], now - SEEN)
    _count_anew()
    return tickets


def _bring_together(support: User, at: datetime) -> None:
    """Merge what one branch reported twice, and link what two branches reported of one cause."""
    numbers = dict(Ticket.objects.values_list("recipient", "number"))
    first, merged = numbers[LINKED[0]], numbers[MERGED]
    merge(_versions(first, merged), into=first, by=support)
    linked = _versions(*(numbers[recipient] for recipient in LINKED))
    link_to_incident(linked, incident=None, title=INCIDENT, by=support)
    Incident.objects.update(created=at)
    together = Ticket.objects.filter(number__in={merged, *linked})
    together.update(last_activity=at)
    kinds = (EventKind.MERGED, EventKind.INCIDENT)
    Event.objects.filter(ticket__in=together, kind__in=kinds).update(at=at, is_told=True)


def _versions(*numbers: int) -> dict[int, int]:
    return dict(Ticket.objects.filter(number__in=numbers).values_list("number", "version"))


def _count_anew() -> None:
    """Count the reports on the days they are told to have been made, not all on the day the demo world was."""
    MissingCount.objects.all().delete()
    for ticket in Ticket.objects.select_related("branch"):
        count_missing(ticket.branch, ticket.created)


def _tell(told: Told, now: datetime, people: dict[str, User], branch: BranchProfile) -> Ticket | None:
    by = people[told.by]
    around = (now - timedelta(days=told.days_ago)).replace(second=0, microsecond=0)
    message = wizard.Message(
        recipient=told.recipient, around=around, module=told.module, function=told.function, client=told.client
    )
    submission = uuid.uuid5(NAMESPACE, f"{told.by} {told.recipient}")
    report = wizard.open_report(branch, by=by, message=message, submission=submission)
    delivery = next(iter(sends_for(by, report).deliveries), None)
    _answer(report, told, delivery)
    ticket = None
    if told.exit == Exit.TICKET:
        ticket = wizard.submit_report(report, by=by, version=report.version)
        _work_on(ticket, told, people)
    _set_back(report, ticket, at=around + timedelta(minutes=25))
    return ticket


def _answer(report: Report, told: Told, delivery: Delivery | None) -> None:
    """Answer the steps up to the one the report ends at."""
    choice = f"delivery-{delivery.pk}" if delivery else "not_sent"
    if told.exit == Exit.NOT_SENT or told.exit == Exit.SUSPENDED:
        choice = "not_sent"
    stops = told.exit in (Exit.ANSWERED, Exit.STILL_TRYING)
    evidence = {"deliveries": [[delivery.pk, delivery.state]] if delivery else [], "case_notes": [], "is_covered": True}
    steps: list[tuple[str, dict[str, object]]] = [("sent", {"choice": choice, "stop": stops})]
    if told.exit in (Exit.ADDRESS_CORRECTED, Exit.FOUND_IN_JUNK, Exit.TICKET):
        is_wrong = told.exit == Exit.ADDRESS_CORRECTED
        cause = "address_typo" if is_wrong else ""
        answer: dict[str, object] = {"choice": "wrong" if is_wrong else "right", "corrected": told.corrected}
        steps.append(("address", answer | {"resent": is_wrong, "cause": cause}))
    if told.exit == Exit.FOUND_IN_JUNK or (told.exit == Exit.TICKET and delivery and delivery.state == "accepted"):
        steps.append(("junk", {"choice": "found" if told.exit == Exit.FOUND_IN_JUNK else "not_there"}))
    if told.exit == Exit.TICKET:
        described = {"symptom": told.symptom, "other_domain": told.other_domain, "other_address": ""}
        steps.append(("describe", {**described, "description": told.description}))
    cause = {Exit.ANSWERED: delivery.cause if delivery else "", Exit.NOT_SENT: "not_sent"}.get(told.exit, "")
    for step, data in steps:
        is_last = step == steps[-1][0] and told.exit != Exit.TICKET
        wizard.answer(
            report,
            step=step,
            data=data,
            version=report.version,
            delivery=delivery if choice != "not_sent" else None,
            evidence=evidence if step == "sent" else None,
            ending=wizard.Ending(exit=told.exit, step=step, cause=cause) if is_last else None,
        )


def _work_on(ticket: Ticket, told: Told, people: dict[str, User]) -> None:
    """What support and the branch did with the ticket."""
    support = people.get(told.assignee)
    if support is None:
        return
    desk.assign(ticket, to=support, by=support, version=ticket.version)
    for number, (who, body) in enumerate(told.replies):
        submission = uuid.uuid5(NAMESPACE, f"{told.recipient} reply {number}")
        desk.reply(ticket, body=body, by=people[who], version=ticket.version, submission=submission)
    for number, body in enumerate(told.notes):
        submission = uuid.uuid5(NAMESPACE, f"{told.recipient} note {number}")
        desk.note(ticket, body=body, by=support, version=ticket.version, submission=submission)
    if told.cause:
        desk.confirm_cause(ticket, cause=told.cause, by=support, version=ticket.version)
    if told.state:
        desk.change_state(ticket, state=told.state, waiting_on=told.waiting_on, by=support, version=ticket.version)


def _set_back(report: Report, ticket: Ticket | None, *, at: datetime) -> None:
    """Let it have happened then, not all at once now; and nobody is mailed about it."""
    Report.objects.filter(pk=report.pk).update(created=at, updated=at, ended=at if report.exit else None)
    if ticket is None:
        return
    Ticket.objects.filter(pk=ticket.pk).update(created=at, last_activity=at + timedelta(minutes=40))
    for minutes, event in enumerate(ticket.events.order_by("id")):
        event.at = at + timedelta(minutes=6 * minutes)
        event.is_told = True
        event.save(update_fields=["at", "is_told"])
