"""Reports that were opened together: what the log answers of each, and which still need a look.

One form takes the addresses of a class that got nothing. Each is a report of its own, with its own answer; here they
stand side by side, and those whose record says why it did not arrive can be ended with it in one press.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from diagnostics.engine.findings import Verdict
from portal.accounts.access import person_required
from portal.accounts.models import User
from portal.maillog.addresses import normal
from portal.suppression.models import Suppression
from portal.web.http import PersonRequest
from tickets.models import Report, ReportState, Ticket
from tickets.selectors import reports as selectors
from tickets.services import reports as services
from tickets.wizard import known, steps
from tickets.wizard.endings import told_ending
from tickets.wizard.outcomes import Ending, Leave


@dataclass(frozen=True, slots=True)
class Row:
    """One of them. ``match`` is its one record, or the nearest where all of them ended alike; else None.

    ``count`` is how many records there are, ``is_covered`` whether their absence says something, ``erased`` when what
    was known of the recipient was erased. ``suppression`` is the entry by which nothing is sent to it, and ``tickets``
    are others that are open about it. ``ending`` is how it ended, where it has.
    """

    report: Report
    match: known.Match | None = None
    count: int = 0
    is_covered: bool = False
    erased: datetime | None = None
    suppression: Suppression | None = None
    tickets: tuple[Ticket, ...] = ()
    ending: Ending | None = None

    @property
    def may_end(self) -> bool:
        """Its record says why it did not arrive, so the report can end with it."""
        return self.match is not None and self.match.may_stop

    @property
    def value(self) -> str:
        """What is sent to end it: the report, in the version that was looked at, and the record."""
        return f"{self.report.code} {self.report.version} {self.match.key}" if self.match else ""

    @property
    def is_doubtful(self) -> bool:
        """The checks have found a problem of this recipient or of the sender."""
        run = self.report.run
        return run is not None and run.worst_verdict == Verdict.PROBLEM


def row_of(viewer: User, report: Report, tickets: Sequence[Ticket] = ()) -> Row:
    """What is known of ``report``, as the first step of the wizard knows it."""
    if not report.is_draft:
        return Row(report, ending=told_ending(report, []))
    knows = known.about_sending(viewer, report)
    alike = {(match.leg.state, match.cause.id if match.cause else "") for match in knows.matches}
    match = knows.matches[0] if len(alike) == 1 else None
    count = len(knows.matches) + len(knows.notes)
    return Row(report, match, count, knows.is_covered, knows.erased, knows.suppression, tuple(tickets))


@require_http_methods(["GET", "HEAD", "POST"])
@person_required
def together(request: PersonRequest, code: UUID) -> HttpResponse:
    """All of them, as their reporter sees them; a POST ends those that are ticked with what their record says."""
    found = selectors.together_with(request.user, code)
    if not found:
        raise Http404("Nothing was reported together under that code.")
    if request.method == "POST":
        _end(request, found)
        return redirect("reports_together", code=code)
    about = selectors.open_about(request.user, found[0].branch, [report.recipient for report in found])
    rows = [row_of(request.user, report, about.get(normal(report.recipient), ())) for report in found]
    context: dict[str, Any] = {
        "rows": rows,
        "code": code,
        "branch": found[0].branch,
        "first": found[0],
        "answered": [row for row in rows if row.may_end],
        "open": [row for row in rows if row.report.is_draft and not row.may_end],
        "over": [row for row in rows if not row.report.is_draft],
        "one_cause": _one_cause(rows),
    }
    return render(request, "tickets/wizard/together.html", context)


def _one_cause(rows: list[Row]) -> str:
    """The title of the cause that all their records name; empty where they name several, or only some name one."""
    titles = {row.match.cause.title if row.match and row.match.cause else "" for row in rows if row.report.is_draft}
    return titles.pop() if len(titles) == 1 and len(rows) > 1 else ""


def _end(request: PersonRequest, found: list[Report]) -> None:
    """End the ticked ones, each as the wizard would; what was changed meanwhile stays as it is and is named."""
    by_code = {str(report.code): report for report in found}
    changed = []
    ended = 0
    for value in request.POST.getlist("end")[: len(found)]:
        code, _, rest = value.partition(" ")
        version, _, key = rest.partition(" ")
        report = by_code.get(code)
        if report is None or report.state != ReportState.DRAFT:
            continue
        if _ends_with(request.user, report, version, key):
            ended += 1
        else:
            changed.append(report.recipient)
    if ended:
        messages.success(request, f"{ended} of them {'has' if ended == 1 else 'have'} ended with what the log says.")
    if changed:
        messages.warning(request, f"Something has changed meanwhile; look again: {', '.join(changed)}.")


def _ends_with(viewer: User, report: Report, version: str, key: str) -> bool:
    """End ``report`` with the record ``key``, if it still is of ``version`` and the record still says why."""
    knows = known.about_sending(viewer, report)
    match = knows.match(key)
    if match is None or not match.may_stop or version != str(report.version):
        return False
    data = {"choice": key, "stop": True}
    answers = {**report.answers, steps.SENT.slug: data}
    outcome = steps.SENT.decide(answers, steps.facts_of(report, match.delivery, answers))
    if not isinstance(outcome, Leave):
        return False
    try:
        services.answer(
            report,
            step=steps.SENT.slug,
            data=data,
            version=report.version,
            delivery=match.delivery,
            evidence=knows.evidence(),
            ending=services.Ending(exit=outcome.exit, step=steps.SENT.slug, cause=outcome.cause),
        )
    except services.ReportChangedError:
        return False
    return True
