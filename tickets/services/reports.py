"""What the wizard writes: drafts, answers, how a report ended, and the ticket it becomes.

A draft may be open in two browsers. Every change names the version it was decided on; who comes second gets a
:class:`ReportChangedError` and nothing is written. What to decide is the wizard's matter, not this module's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils import timezone

from diagnostics.engine.names import Address, parse_address
from diagnostics.models import Run
from diagnostics.services import start_run
from portal.accounts.models import User
from portal.bell import ring
from portal.branches.models import BranchProfile
from portal.branches.selectors import compose_subject
from portal.maillog.counts import count_missing
from portal.maillog.models import Delivery
from portal.maillog.selectors import domains_reached, last_refusal_by_rule
from tickets import tasks
from tickets.models import Event, EventKind, Exit, Report, ReportState, Ticket
from tickets.selectors.belief import believed, case_of
from tickets.selectors.reports import domain_of, part_of, profile_addresses
from tickets.traces import trace_in

#: What was answered about a recipient does not hold for another one.
ABOUT_RECIPIENT = ("sent", "address", "junk")
#: Exits that an answer of their step led to: opened again, that answer is asked for anew.
BY_ANSWER = (
    Exit.NOT_SENT,
    Exit.ERASED,
    Exit.SUSPENDED,
    Exit.STILL_TRYING,
    Exit.ANSWERED,
    Exit.EXPLAINED,
    Exit.ADDRESS_CORRECTED,
    Exit.FOUND_IN_JUNK,
)


class ReportChangedError(Exception):
    """Somebody changed the report since the form was drawn; nothing was written."""


class ReportOverError(ReportChangedError):
    """The report has ended meanwhile, solved or as a ticket; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Which e-mail it is about. Without ``around`` nobody knows when; if ``is_day_only`` the hour is not known."""

    recipient: str
    around: datetime | None = None
    is_day_only: bool = False
    span_days: int = 1
    module: str = ""
    function: str = ""
    client: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a report ends: the exit, the step it was decided at, and the cause where one is known."""

    exit: Exit
    step: str
    cause: str = ""


def _change(report: Report, *, version: int, expected: str = ReportState.DRAFT, **values: Any) -> None:
    """Write ``values`` if the report still is of ``version`` and in the ``expected`` state; else raise why not."""
    values["updated"] = timezone.now()
    changed = Report.objects.filter(pk=report.pk, version=version, state=expected).update(
        **values, version=F("version") + 1
    )
    if not changed:
        state = Report.objects.values_list("state", flat=True).get(pk=report.pk)
        raise ReportChangedError if state == expected else ReportOverError
    report.refresh_from_db(fields={*values, "state", "version"})


@transaction.atomic
def open_report(
    branch: BranchProfile, *, by: User, message: Message, submission: UUID | None, delivery: Delivery | None = None
) -> Report:
    """A draft about ``message``, with the checks begun. The same form sent twice makes one report.

    Sent again with something else in it (back, corrected, sent), the form corrects the draft it made.
    """
    made = None
    if submission is not None:
        made = Report.objects.select_related("branch", "run").filter(submission=submission, by=by).first()
    if made is not None:
        is_same = (made.branch_id, message_of(made)) == (branch.pk, message)
        if is_same or not made.is_draft or made.branch_id != branch.pk:
            return made
        return change_message(made, message=message, by=by, version=made.version)
    try:
        with transaction.atomic():
            report = Report.objects.create(
                branch=branch, by=by, submission=submission, delivery=delivery, **asdict(message)
            )
    except IntegrityError:
        # The other half of a double click was faster; its report is this one.
        return Report.objects.get(submission=submission, by=by)
    examine(report, by=by)
    return report


@transaction.atomic
def open_together(
    branch: BranchProfile, *, by: User, messages: Sequence[Message], submission: UUID | None
) -> tuple[UUID, list[Report]]:
    """A draft for each of ``messages``, and the code under which they are found together (``together_with``).

    The same form sent twice makes them once; sent again with other recipients, it makes only those that are new.
    """
    code = submission or uuid4()
    made = []
    for message in messages:
        report = open_report(branch, by=by, message=message, submission=part_of(code, message.recipient))
        if report.is_draft and report.evidence.get("together") != str(code):
            report.evidence = {**report.evidence, "together": str(code)}
            report.save(update_fields=["evidence"])
        made.append(report)
    return code, made


def message_of(report: Report) -> Message:
    """Which e-mail the report is about, as it stands."""
    return Message(**{name: getattr(report, name) for name in Message.__dataclass_fields__})


@transaction.atomic
def change_message(report: Report, *, message: Message, by: User, version: int) -> Report:
    """Say anew which e-mail it is about. What was answered about another recipient or time is asked again."""
    before = message_of(report)
    if before == message:
        return report
    answers, values = dict(report.answers), asdict(message)
    gone: tuple[str, ...] = ()
    if before.recipient != message.recipient:
        gone = ABOUT_RECIPIENT
    elif (before.around, before.span_days) != (message.around, message.span_days):
        gone = ("sent",)
    evidence = _beyond(report) if gone else {name: kept for name, kept in report.evidence.items() if name != "told"}
    values |= {"evidence": evidence} | ({"delivery": None} if gone else {})
    _change(report, version=version, answers={k: v for k, v in answers.items() if k not in gone}, **values)
    if before.recipient != message.recipient:
        examine(report, by=by)
        _read_traces_anew(report)
    return report


def _beyond(report: Report) -> dict[str, Any]:
    """What is kept with a report whatever e-mail it is about."""
    return {name: kept for name, kept in report.evidence.items() if name == "together"}


def _read_traces_anew(report: Report) -> None:
    """Keep of the message traces what they say about the recipient that the report has now."""
    for file in report.attachments.filter(trace__isnull=False):
        try:
            with file.file.open("rb") as content:
                file.trace = trace_in(content, file.name, report)
        except FileNotFoundError:
            file.trace = None
        file.save(update_fields=["trace"])


@transaction.atomic
def answer(
    report: Report,
    *,
    step: str,
    data: dict[str, Any],
    version: int,
    delivery: Delivery | None = None,
    noted_at: datetime | None = None,
    evidence: dict[str, Any] | None = None,
    ending: Ending | None = None,
) -> Report:
    """Keep what was answered at ``step``; with ``ending`` the report ends with it. Saying the same twice is once.

    ``delivery`` (or ``noted_at``, the time of a case note) and ``evidence`` belong to the step that asks whether it was
    sent and are kept otherwise. What the chosen record says of the e-mail then stands in the report.
    """
    if report.answers.get(step) == data and ending is None:
        return report
    values: dict[str, Any] = {"answers": {**report.answers, step: data}}
    if evidence is not None:
        told = report.evidence.get("told") or _told(report)
        values |= {"evidence": {**report.evidence, step: evidence, "told": told}, "delivery": delivery}
        values |= _as_recorded(told, delivery, noted_at)
    if ending is not None:
        values |= _ended(ending)
        if ending.exit == Exit.ADDRESS_CORRECTED:
            values["corrected_recipient"] = data.get("corrected", "")
    _change(report, version=version, **values)
    return report


def _told(report: Report) -> dict[str, Any]:
    """What was told of the e-mail before a record of it was chosen, as JSON takes it."""
    names = ("is_day_only", "span_days", "module", "function")
    return {"around": report.around.isoformat() if report.around else "", **{n: getattr(report, n) for n in names}}


def _as_recorded(told: dict[str, Any], delivery: Delivery | None, noted_at: datetime | None) -> dict[str, Any]:
    """Time and method as the chosen record has them, and what was told where the record says nothing."""
    around = datetime.fromisoformat(told["around"]) if told["around"] else None
    values = {**told, "around": around}
    at = delivery.at if delivery else noted_at
    if at is not None:
        values |= {"around": at.replace(second=0, microsecond=0), "is_day_only": False, "span_days": 1}
    if delivery is not None:
        values |= {
            "module": delivery.message.module,
            "function": delivery.message.function or told["function"],
        }
    return values


def _ended(ending: Ending) -> dict[str, Any]:
    state = ReportState.SUBMITTED if ending.exit == Exit.TICKET else ReportState.SOLVED
    return {
        "state": state,
        "exit": ending.exit,
        "exit_step": ending.step,
        "cause": ending.cause,
        "ended": timezone.now(),
    }


@transaction.atomic
def withdraw(report: Report, *, step: str, has_arrived: bool, version: int) -> Report:
    """End a draft without an answer: the e-mail arrived meanwhile, or the report is not needed."""
    ending = Ending(exit=Exit.ARRIVED if has_arrived else Exit.ABANDONED, step=step)
    _change(report, version=version, **_ended(ending))
    return report


@transaction.atomic
def reopen(report: Report, *, by: User, version: int) -> Report:
    """Take a solved report up again: it still did not arrive. How it ended stays known.

    After a corrected address the report is about the message that was sent again, to the new address.
    """
    past = {
        "exit": report.exit,
        "step": report.exit_step,
        "cause": report.cause,
        "ended": report.ended.isoformat() if report.ended else "",
        "reopened_by": by.name,
    }
    answers = dict(report.answers)
    values: dict[str, Any] = {}
    if report.exit == Exit.ADDRESS_CORRECTED and report.corrected_recipient:
        past["recipient"] = report.recipient
        answers = {k: v for k, v in answers.items() if k not in ABOUT_RECIPIENT}
        values = {"recipient": report.corrected_recipient, "delivery": None, "evidence": _beyond(report)}
        values["around"] = (report.ended or timezone.now()).replace(second=0, microsecond=0)
    elif report.exit in BY_ANSWER:
        answers.pop(report.exit_step, None)
    values |= {"state": ReportState.DRAFT, "exit": "", "exit_step": "", "cause": "", "ended": None}
    values |= {"answers": answers, "corrected_recipient": "", "past_exits": [*report.past_exits, past]}
    _change(report, version=version, expected=ReportState.SOLVED, **values)
    if "recipient" in values:
        examine(report, by=by)
        _read_traces_anew(report)
    return report


@transaction.atomic
def examine(report: Report, *, by: User) -> Run:
    """Begin the checks for the report's recipient, unless they were begun for this very one."""
    if report.run is not None and report.run.subject.get("recipient") == report.recipient:
        return report.run
    subject = compose_subject(
        report.branch,
        report.recipient,
        sender_domain=_sender_domain(report),
        profile_addresses=profile_addresses(by, report),
        known_domains=domains_reached(by, report.branch),
        refused_at=last_refusal_by_rule(by, report.branch, domain_of(report.recipient)),
    )
    report.run = start_run(subject, by=by)
    report.save(update_fields=["run"])
    return report.run


def _sender_domain(report: Report) -> str:
    """The From-domain of the very message, where it is known; else the branch's usual one is looked at."""
    sender = parse_address(report.delivery.message.from_address) if report.delivery else None
    return sender.domain if isinstance(sender, Address) else ""


@transaction.atomic
def submit_report(report: Report, *, by: User, version: int) -> Ticket:
    """The ticket of this report: made once, however often it is asked for. Support is told on commit."""
    made = Ticket.objects.filter(report=report).first()
    if made is not None:
        return made
    if report.run is None:
        examine(report, by=by)
    _change(report, version=version, **_ended(Ending(exit=Exit.TICKET, step="review")))
    ticket = _numbered(report, by=by)
    count_missing(report.branch, timezone.now())
    event = Event.objects.create(ticket=ticket, by=by, kind=EventKind.OPENED, body=ticket.description, is_told=False)
    report.attachments.filter(event=None).update(event=event)
    ring(tasks.tell_event, event.pk)
    return ticket


def _numbered(report: Report, *, by: User) -> Ticket:
    """The ticket row under the next free number.

    Two submissions may read the same highest number. The database lets one of them have it, the other one waits for
    that commit, is refused, and reads again; each round at least one gets through, on SQLite as on PostgreSQL.
    """
    described = report.answers.get("describe", {})
    # The branch reads it in its queue, so it is what the branch may know.
    first = believed(report, case_of(by, report, report.run).for_branch())[0]
    for _ in range(50):
        highest = Ticket.objects.aggregate(highest=Max("number"))["highest"] or 0
        try:
            with transaction.atomic():
                return Ticket.objects.create(
                    number=highest + 1,
                    report=report,
                    branch=report.branch,
                    run=report.run,
                    recipient=report.recipient,
                    recipient_domain=domain_of(report.recipient),
                    suggested_cause=first.cause,
                    suggested_confidence=first.confidence,
                    **{k: described[k] for k in ("symptom", "other_domain", "description") if k in described},
                )
        except IntegrityError:
            continue
    raise IntegrityError("No free ticket number was found; the queue is being written to from everywhere at once.")
