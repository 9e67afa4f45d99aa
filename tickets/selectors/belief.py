"""What the portal believes of a report: its records, findings and answers put together as a case, and ranked.

The engine ranks; this module only gathers. It reads what was kept with the report when it was judged, so support sees
on the ticket the same that the branch saw before submitting, plus what the checks have found since.
"""

from __future__ import annotations

import re

from django.utils import timezone

from diagnostics.engine.causes import Case, Confidence, DeliveryFact, FindingFact, Ranked, rank
from diagnostics.engine.names import Malformed, parse_address
from diagnostics.models import Run
from diagnostics.selectors import findings_of
from portal.branches.models import SendingMode
from portal.maillog.models import Delivery, State
from tickets.models import OtherDomain, Report, Symptom

FORGOT = re.compile(r"forg[oe]t|password|user ?name|log ?in|sign ?in", re.I)
JUNK = {"found": "yes", "not_there": "no"}
SAW_AN_ERROR = "The reporter saw an error before the email went out."


def is_forgot(function: str) -> bool:
    """The function is one that sends only to the address on the client profile: forgot password or username."""
    return FORGOT.search(function) is not None


def belief(report: Report, run: Run | None = None) -> tuple[Ranked, ...]:
    """What most likely happened, the most sure first; with ``run`` by its findings rather than the report's own."""
    ranked = rank(case_of(report, run or report.run))
    if report.answers.get("sent", {}).get("choice") != "error":
        return ranked
    # A person's word is no record: it makes the cause likely, and speaks against "it was simply not sent".
    others = tuple(item for item in ranked if item.cause not in ("send_error", "not_sent", "unknown"))
    recorded = tuple(item for item in ranked if item.cause == "send_error")
    return (*(recorded or (Ranked("send_error", Confidence.LIKELY, (SAW_AN_ERROR,)),)), *others)


def case_of(report: Report, run: Run | None) -> Case:
    """The case of ``report`` as the engine takes it."""
    answers, branch = report.answers, report.branch
    choice = str(answers.get("sent", {}).get("choice", ""))
    shown = report.evidence.get("sent", {})
    described = answers.get("describe", {})
    subject = run.subject if run else {}
    symptom = described.get("symptom", Symptom.NOT_RECEIVED)
    parsed = parse_address(report.recipient)
    return Case(
        now=timezone.now(),
        recipient=report.recipient,
        sender_domain=subject.get("sender_domain", ""),
        around=report.around,
        sends_through_own_server=branch.sending == SendingMode.OWN,
        is_suspended=branch.is_suspended,
        suspended_since=branch.suspended_since,
        suspended_reason=branch.suspended_reason,
        delivery=_delivery(report.delivery, is_late=symptom == Symptom.LATE) if report.delivery else None,
        has_case_note=choice.startswith("case_note-"),
        is_covered=bool(shown.get("is_covered")),
        findings=tuple(
            FindingFact(
                check=item.check,
                code=item.code,
                verdict=item.verdict,
                title=item.title,
                suggestion=str(item.arguments.get("suggestion") or ""),
            )
            for item in findings_of(run)
        ),
        profile_addresses=tuple(subject.get("profile_addresses", ())),
        is_forgot=is_forgot(report.function),
        in_junk=JUNK.get(answers.get("junk", {}).get("choice", ""), ""),
        case_note_seen={"seen": "yes", "not_sent": "no", "error": "no"}.get(choice, ""),
        other_domain_tried=described.get("other_domain", OtherDomain.NO),
        symptom=symptom,
        address_fault=parsed.text if isinstance(parsed, Malformed) else "",
    )


def _delivery(delivery: Delivery, *, is_late: bool) -> DeliveryFact:
    deferred = None
    if is_late:
        deferrals = delivery.events.filter(state=State.DEFERRED).exclude(cause="").order_by("-at", "-id")
        deferred = deferrals.values_list("cause", flat=True).first()
    return DeliveryFact(
        state=delivery.state,
        at=delivery.at,
        state_at=delivery.state_at,
        cause=delivery.cause,
        reply=delivery.reply,
        reply_code=delivery.reply_code,
        remote_host=delivery.remote_host,
        attempts=delivery.attempts,
        deferral_cause=deferred or "",
    )
