"""What the portal believes of a report: its records, findings and answers put together as a case, and ranked.

The engine ranks; this module only gathers. It reads what was kept with the report when it was judged, so support sees
on the ticket the same that the branch saw before submitting, plus what the checks have found since.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.utils import timezone

from diagnostics.engine.causes import Case, Confidence, FindingFact, Ranked, rank
from diagnostics.engine.causes.ranking.undated import REMEMBERED
from diagnostics.models import Run
from diagnostics.selectors import ReadFinding, findings_of
from portal.accounts.models import Role, User
from portal.maillog.addresses import domain_of, normal
from portal.maillog.models import Delivery
from tickets.models import OtherDomain, Report, Symptom
from tickets.selectors.evidence import Asked, Gathered, gathered
from tickets.selectors.reconciled import beside_the_log
from tickets.selectors.sends import is_complete
from tickets.selectors.surroundings import Around, with_surroundings
from tickets.selectors.traces import traced

FORGOT = re.compile(r"forg[oe]t|password|user ?name|log ?in|sign ?in", re.I)
#: Answers that leave open which of our records it is, if any. Each other one names it, or says that it is none of them.
MAY_BE_ANY = frozenset({"", "unknown"})
JUNK = {"found": "yes", "not_there": "no"}
SUPPORT = User(role=Role.SUPPORT)
#: A record's time is exact, but for the clocks.
A_RECORDS_TIME = timedelta(minutes=30)
SAW_AN_ERROR = "The reporter saw an error before the email went out."


def is_forgot(function: str) -> bool:
    """The function is one that sends only to the address on the client profile: forgot password or username."""
    return FORGOT.search(function) is not None


def belief(viewer: User, report: Report, run: Run | None = None) -> tuple[Ranked, ...]:
    """What most likely happened, the most sure first; with ``run`` by its findings rather than the report's own."""
    return believed(report, case_of(viewer, report, run or report.run))


def about_delivery(delivery: Delivery) -> tuple[Ranked, ...]:
    """The same of a record of the log, by the log and what came back; the checks of a report know more."""
    sender = delivery.message.from_address
    found = gathered(
        Asked(
            viewer=SUPPORT,
            branch=delivery.branch,
            recipient=delivery.recipient,
            now=timezone.now(),
            around=delivery.at,
            delivery=delivery,
            is_beside=True,
            sender_domain=domain_of(normal(sender)) if sender else "",
        )
    )
    return rank(found.case)


def of_itself(report: Report) -> tuple[Ranked, ...]:
    """The same by the report's own records, findings and answers alone, which is quicker."""
    return believed(report, case_of(None, report, report.run))


def believed(report: Report, case: Case) -> tuple[Ranked, ...]:
    """The ranking of ``case``, with what the reporter said of it."""
    ranked = rank(case)
    if report.answers.get("sent", {}).get("choice") != "error":
        return ranked
    # A person's word is no record: it makes the cause likely, and speaks against "it was simply not sent".
    others = tuple(item for item in ranked if item.cause not in ("send_error", "not_sent", "unknown"))
    recorded = tuple(item for item in ranked if item.cause == "send_error")
    return (*(recorded or (Ranked("send_error", Confidence.LIKELY, (SAW_AN_ERROR,)),)), *others)


def case_of(viewer: User | None, report: Report, run: Run | None) -> Case:
    """The case of ``report`` as the engine takes it, with what ``viewer`` may know of what stands around it.

    Without a viewer, of that nothing is known.
    """
    answers, branch = report.answers, report.branch
    choice = str(answers.get("sent", {}).get("choice", ""))
    described = answers.get("describe", {})
    subject = run.subject if run else {}
    now = timezone.now()
    found = gathered(
        Asked(
            # Nothing of another branch is asked for, so who looks does not matter.
            viewer=SUPPORT,
            branch=branch,
            recipient=report.recipient,
            now=now,
            asked_at=report.ended,
            around=report.around,
            span=timedelta(days=report.span_days),
            covered_for=REMEMBERED,
            # Where records were erased, their absence proves nothing.
            is_covered=False if report.taken_out else _is_covered(report, now),
            delivery=report.delivery,
            is_none=choice not in MAY_BE_ANY,
            is_beside=True,
            module=report.module,
            function=report.function,
            sender_domain=subject.get("sender_domain", ""),
            profile_addresses=tuple(subject.get("profile_addresses", ())),
            is_forgot=is_forgot(report.function),
            in_junk=JUNK.get(answers.get("junk", {}).get("choice", ""), ""),
            case_note_seen={"seen": "yes", "not_sent": "no", "error": "no"}.get(choice, ""),
            other_domain=described.get("other_domain", OtherDomain.NO),
            symptom=described.get("symptom", Symptom.NOT_RECEIVED),
            findings=_facts(map(beside_the_log(branch, report.recipient, report.delivery), findings_of(run))),
        )
    )
    case = replace(
        found.case,
        covered_since=None if report.taken_out else _told_at(report, "since"),
        covered_until=None if report.taken_out else _told_at(report, "until"),
        has_case_note=choice.startswith("case_note-") or (found.case.has_case_note and choice in MAY_BE_ANY),
        traced=traced(report),
    )
    return case if viewer is None else with_surroundings(case, _around(viewer, report, found, now))


def _is_covered(report: Report, now: datetime) -> bool:
    """The log was complete when the step was answered; before that, whether it is so now."""
    shown = report.evidence.get("sent", {}).get("is_covered")
    if shown is not None:
        return bool(shown)
    span, asked = timedelta(days=report.span_days), report.ended or now
    return is_complete(report.branch, around=report.around, span=span, now=asked)


def _told_at(report: Report, name: str) -> datetime | None:
    """Since when the log told all, or until when, as it was shown when the step was answered."""
    shown = report.evidence.get("sent", {}).get(name)
    return datetime.fromisoformat(shown) if shown else None


def _facts(findings: Iterable[ReadFinding]) -> tuple[FindingFact, ...]:
    return tuple(
        FindingFact(
            check=item.check,
            code=item.code,
            verdict=item.verdict,
            title=item.title,
            suggestion=str(item.arguments.get("suggestion") or ""),
            remedy=item.remedy,
            actor=item.actor,
        )
        for item in findings
    )


def _around(viewer: User, report: Report, found: Gathered, now: datetime) -> Around:
    return Around(
        viewer=viewer,
        branch=report.branch,
        recipient=report.recipient,
        now=now,
        before=report.created,
        moment=found.case.moment,
        span=A_RECORDS_TIME if found.row else timedelta(days=report.span_days),
        delivery=found.row,
        report=report,
    )
