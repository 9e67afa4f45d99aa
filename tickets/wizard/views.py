"""The wizard's pages: begin, one page a step, how a report ended, and their files.

A view never knows where in the order a step stands; it asks ``steps``. Every answer is saved when it is given, and each
page carries the version it was drawn from, so that a second browser is told rather than overwritten.
"""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from diagnostics.engine.causes.ranking.foretold import ABOUT_ADDRESS
from diagnostics.selectors import ReadFinding, by_actor, context_of
from portal.accounts.access import person_required
from portal.branches.access import branches_of
from portal.maillog.models import Delivery
from portal.maillog.selectors import delivery_for
from portal.web.http import PersonRequest
from tickets.attachments import handed_out_as
from tickets.models import Exit, Report, ReportState
from tickets.selectors import reports as selectors
from tickets.selectors.belief import belief
from tickets.selectors.message import facts_about
from tickets.selectors.reconciled import beside_the_log
from tickets.selectors.waited import waited_for
from tickets.services import files as file_services
from tickets.services import reports as services
from tickets.wizard import known, steps
from tickets.wizard.beforehand import known_already
from tickets.wizard.decisive import decisive_of
from tickets.wizard.endings import suppressed_remedy, suppressed_since, told_ending
from tickets.wizard.forms import DescribeForm, MessageForm, SentForm, StepForm, delivery_initial, message_initial
from tickets.wizard.letters import is_for_recipient
from tickets.wizard.outcomes import Leave
from tickets.wizard.relevance import set_aside
from tickets.wizard.told import told_of

#: The lists that a report can be withdrawn from.
LISTS = ("home", "reports")
BELIEVED_ANEW = "The checks have found something more meanwhile. Read what is believed now, and decide again."
OVER = "The report had ended already, so what you sent now changed nothing."
CHANGED = "Somebody else changed this report meanwhile. What you typed is still here; send it again if it still holds."


@require_http_methods(["GET", "HEAD", "POST"])
@person_required
def report_begin(request: PersonRequest) -> HttpResponse:
    """Which e-mail is it about? Makes the draft and begins the checks.

    Where a ticket is open about the address, or a report of it was begun, that is said before another one is made.
    """
    delivery = _delivery(request)
    initial = delivery_initial(delivery, delivery.branch) if delivery else {}
    initial |= {"recipient": request.GET["recipient"]} if request.GET.get("recipient") else {}
    branches = branches_of(request.user)
    posted = request.POST if request.method == "POST" else None
    form = MessageForm(posted, branches=branches, initial=initial, takes_several=True)
    if form.is_valid() and len(form.recipients) > 1:
        branch, submission = form.cleaned_data["branch"], form.cleaned_data["submission"]
        code, _ = services.open_together(branch, by=request.user, messages=form.messages(), submission=submission)
        return redirect("reports_together", code=code)
    already = _already(request, form)
    if form.is_valid() and (not already or _is_said(request, form)):
        message, branch = form.message(), form.cleaned_data["branch"]
        if delivery is not None and (delivery.branch_id, delivery.recipient) != (branch.pk, message.recipient):
            delivery = None
        made = services.open_report(
            branch,
            by=request.user,
            message=message,
            submission=form.cleaned_data["submission"],
            delivery=delivery,
        )
        return redirect("report", code=made.code)
    context = {"form": form, "delivery": delivery, "has_branch": branches.exists(), "already": already}
    status = 400 if form.errors else 409 if form.is_bound else 200
    return render(request, "tickets/wizard/begin.html", context, status=status)


def _is_said(request: PersonRequest, form: MessageForm) -> bool:
    """Of this very address it was said already; with another one typed meanwhile it is said again."""
    as_typed, as_kept = form.data["recipient"].strip(), form.cleaned_data["recipient"]
    return request.POST.get("anyway", "").strip() in (as_typed, as_kept)


def _already(request: PersonRequest, form: MessageForm) -> selectors.Already | None:
    """What there is about the address that was typed, or that the page was opened with."""
    if form.is_valid():
        named = form.cleaned_data
        return selectors.already_about(
            request.user, named["branch"], named["recipient"], apart_from=named["submission"]
        )
    branch, recipient = form.only_branch, form.initial.get("recipient", "")
    if form.is_bound or branch is None or not recipient:
        return None
    return selectors.already_about(request.user, branch, recipient)


def _delivery(request: PersonRequest) -> Delivery | None:
    """The delivery somebody came from, if they may see it."""
    named = request.GET.get("delivery", "")
    if not named:
        return None
    if not named.isascii() or not named.isdigit() or len(named) > 18:
        raise Http404("No delivery of that number.")
    return delivery_for(request.user, int(named))


@require_safe
@person_required
def report(request: PersonRequest, code: str) -> HttpResponse:
    """How the report ended; a draft goes on where it stopped."""
    found = selectors.report_for(request.user, code)
    if found.is_draft:
        return redirect("report_step", code=code, slug=steps.first_open(found).slug)
    checks = _checks(found)
    context = {
        "report": found,
        "ending": told_ending(found, checks["findings"]),
        "waited": waited_for(found),
        "known": known.about_junk(request.user, found),
        "is_for_recipient": is_for_recipient(found),
        "message": facts_about(found),
        "files": selectors.attachments_of(found),
        "told": told_of(found),
        **checks,
    }
    return render(request, "tickets/wizard/report.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@person_required
def report_message(request: PersonRequest, code: str) -> HttpResponse:
    """Say anew which e-mail the report is about."""
    found = selectors.report_for(request.user, code)
    if not found.is_draft:
        return _over(request, code)
    branches = branches_of(request.user).filter(pk=found.branch_id)
    form = MessageForm(
        request.POST if request.method == "POST" else None, branches=branches, initial=message_initial(found)
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.change_message(found, message=form.message(), by=request.user, version=_version(request, found))
        except services.ReportOverError:
            return _over(request, code)
        except services.ReportChangedError:
            return _message_page(request, selectors.report_for(request.user, code), form, conflict=CHANGED)
        return redirect("report", code=code)
    return _message_page(request, found, form)


def _over(request: PersonRequest, code: str) -> HttpResponse:
    """To how a report ended, from a page of its draft; whoever sent something there hears that it was not taken."""
    if request.method == "POST":
        messages.warning(request, OVER)
    return redirect("report", code=code)


def _message_page(request: PersonRequest, found: Report, form: MessageForm, conflict: str = "") -> HttpResponse:
    status = 409 if conflict else 400 if form.is_bound else 200
    context = {"report": found, "form": form, "conflict": conflict, "places": steps.path_of(found)}
    return render(request, "tickets/wizard/message.html", context, status=status)


def _version(request: PersonRequest, found: Report) -> int:
    """The version a small form was drawn from; one that cannot be read is taken as outdated."""
    posted = request.POST.get("version", "")
    return int(posted) if posted.isascii() and posted.isdigit() and len(posted) < 10 else 0


@require_http_methods(["GET", "HEAD", "POST"])
@person_required
def report_step(request: PersonRequest, code: str, slug: str) -> HttpResponse:
    """One step: its page, and its answer."""
    found = selectors.report_for(request.user, code)
    if not found.is_draft:
        return _over(request, code)
    place = steps.place_of(found, slug)
    if place is None:
        raise Http404("No step of that name.")
    if not place.is_reachable:
        return redirect("report_step", code=code, slug=steps.first_open(found).slug)
    step, refusals = place.step, _take_files(request, found, place.step)
    knows = step.know(request.user, found)
    form = step.form(request.POST if request.method == "POST" else None, report=found, known=knows)
    if request.method == "POST" and _is_right(form, refusals):
        try:
            return _answered(request, found, step, form)
        except services.ReportOverError:
            return _over(request, code)
        except services.ReportChangedError:
            found = selectors.report_for(request.user, code)
            form.renew(found.version)
            return _step_page(request, found, step, form, conflict=CHANGED)
    return _step_page(request, found, step, form)


def _take_files(request: PersonRequest, found: Report, step: steps.Step) -> list[str]:
    """Keep the good files at once, so that no mistake elsewhere in the form loses them."""
    if not issubclass(step.form, DescribeForm):
        return []
    return file_services.add_files(found, request.FILES.getlist("attached"), by=request.user)


def _is_right(form: StepForm, refusals: list[str]) -> bool:
    is_valid = form.is_valid()
    if refusals and isinstance(form, DescribeForm):
        form.refuse(refusals)
        return False
    return is_valid


def _answered(request: PersonRequest, found: Report, step: steps.Step, form: StepForm) -> HttpResponse:
    """Save the answer and go where it leads: on, out of the wizard, or to the ticket it has become."""
    version = form.cleaned_data["version"]
    if step is steps.REVIEW and "end" in request.POST:
        return _explained(request, found, step, form)
    if step is steps.REVIEW:
        ticket = services.submit_report(found, by=request.user, version=version)
        messages.success(request, f"Ticket {ticket.number} is open. We tell you by e-mail when there is an answer.")
        return redirect("ticket", number=ticket.number)
    data, delivery, note, evidence, ending = form.answer(), found.delivery, None, None, None
    if isinstance(form, SentForm):
        match, note = form.known.match(data["choice"]), form.known.note(data["choice"])
        delivery, evidence = match.delivery if match else None, form.known.evidence()
    answers = {**found.answers, step.slug: data}
    outcome = step.decide(answers, steps.facts_of(found, delivery, answers))
    if isinstance(outcome, Leave):
        ending = services.Ending(exit=outcome.exit, step=step.slug, cause=outcome.cause)
    services.answer(
        found,
        step=step.slug,
        data=data,
        version=version,
        delivery=delivery,
        noted_at=note.note.at if note else None,
        evidence=evidence,
        ending=ending,
    )
    return redirect("report", code=found.code)


def _explained(request: PersonRequest, found: Report, step: steps.Step, form: StepForm) -> HttpResponse:
    """End the report with what is believed, unless something else is believed by now than was read."""
    lead = form.known.ends_it if isinstance(form.known, known.ReviewKnown) else None
    if lead is None or lead.cause != request.POST["end"]:
        return _step_page(request, found, step, form, conflict=BELIEVED_ANEW)
    ending = services.Ending(exit=Exit.EXPLAINED, step=step.slug, cause=lead.cause)
    services.answer(found, step=step.slug, data={}, version=form.cleaned_data["version"], ending=ending)
    return redirect("report", code=found.code)


def _step_page(
    request: PersonRequest, found: Report, step: steps.Step, form: StepForm, conflict: str = ""
) -> HttpResponse:
    context: dict[str, Any] = {
        "report": found,
        "step": step,
        "form": form,
        "known": form.known,
        "facts": steps.facts_of(found, found.delivery),
        "withheld": _withheld(found, form.known),
        "places": steps.path_of(found),
        "conflict": conflict,
        **_checks(found, form.known, with_beliefs=step is steps.REVIEW),
    }
    context["already"] = known_already(found, form.known, context["findings"])
    status = 409 if conflict else 400 if form.is_bound else 200
    return render(request, "tickets/wizard/step.html", context, status=status)


def _withheld(found: Report, knows: known.Known) -> dict[str, str]:
    """What the suppression list says of the recipient, for the step that asks whether it was sent."""
    entry = knows.suppression if isinstance(knows, known.SentKnown) else None
    return {"meaning": suppressed_since(found, entry), "remedy": suppressed_remedy(entry)} if entry else {}


def _checks(found: Report, knows: known.Known | None = None, *, with_beliefs: bool = False) -> dict[str, Any]:
    """What the checks have found so far, what of it cannot be the cause, and whether it settles a draft already.

    ``with_beliefs``: the page shows what is believed as well, which is brought up to date with the findings.
    """
    url = reverse("report_findings", args=[found.code]) + ("?beliefs" if with_beliefs else "")
    context = context_of(found.run, url, reading=beside_the_log(found.branch, found.recipient, found.delivery))
    findings = cast(list[ReadFinding], context["findings"])
    decisive = decisive_of(found, findings, knows.earlier if knows else ()) if found.is_draft else None
    # What leads the page is told once; beside it the finding stands folded.
    led = [item for item in findings if decisive and item.check in ABOUT_ADDRESS and item.needs_somebody]
    others = [item for item in findings if item not in led]
    records = [match.delivery for match in knows.matches] if isinstance(knows, known.SentKnown) else []
    aside = set_aside(found, others, records)
    return {
        **context,
        "by_actor": by_actor(finding for finding in others if finding not in aside),
        "aside": aside,
        "led": led,
        "decisive": decisive,
    }


@require_safe
@person_required
def report_findings(request: PersonRequest, code: str) -> HttpResponse:
    """The findings alone, for the side panel that waits for them; without JavaScript, the report."""
    found = selectors.report_for(request.user, code)
    if not request.htmx:
        return redirect("report", code=code)
    is_asked_first = found.is_draft and "sent" not in found.answers and found.run is not None and found.run.is_over
    knows = known.about_sending(request.user, found) if is_asked_first else None
    with_beliefs = "beliefs" in request.GET and found.is_draft
    context = {"report": found, **_checks(found, knows, with_beliefs=with_beliefs)}
    if with_beliefs:
        context["beliefs"] = belief(request.user, found)
    return render(request, "tickets/wizard/_live.html", context)


@require_safe
@person_required
def report_text(request: PersonRequest, code: str) -> HttpResponse:
    """The text for the recipient as a plain text file."""
    found = selectors.report_for(request.user, code)
    response = HttpResponse(known.about_junk(request.user, found).text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="for-the-recipient.txt"'
    return response


@require_POST
@person_required
def report_withdraw(request: PersonRequest, code: str) -> HttpResponse:
    """End a draft: the e-mail arrived meanwhile, or the report is not needed. From a list one comes back to it."""
    found = selectors.report_for(request.user, code)
    if found.is_draft:
        has_arrived = request.POST.get("arrived") == "yes"
        step = steps.first_open(found).slug
        try:
            services.withdraw(found, step=step, has_arrived=has_arrived, version=_version(request, found))
        except services.ReportChangedError:
            messages.warning(request, "Somebody else changed this report meanwhile. Look at it again.")
            return redirect("report", code=code)
    back = request.POST.get("back", "")
    if back not in LISTS:
        return redirect("report", code=code)
    messages.success(request, f"The report about {found.recipient} is withdrawn. It can be taken up again.")
    return redirect(back)


@require_POST
@person_required
def report_reopen(request: PersonRequest, code: str) -> HttpResponse:
    """It still did not arrive: go on where the report ended."""
    found = selectors.report_for(request.user, code)
    if found.state == ReportState.SOLVED:
        try:
            services.reopen(found, by=request.user, version=_version(request, found))
        except services.ReportChangedError:
            messages.warning(request, "Somebody else changed this report meanwhile. Look at it again.")
    return redirect("report", code=code)


@require_safe
@person_required
def attachment(request: PersonRequest, code: str) -> HttpResponseBase:
    """A file, always to be saved and never shown in place: it is a stranger's."""
    found = selectors.attachment_for(request.user, code)
    try:
        content = found.file.open("rb")
    except FileNotFoundError as error:
        raise Http404("The file is no longer kept.") from error
    response = FileResponse(
        content, as_attachment=True, filename=handed_out_as(found.name), content_type=found.content_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@person_required
def attachment_remove(request: PersonRequest, code: str) -> HttpResponse:
    """Take a file off a draft."""
    found = selectors.attachment_for(request.user, code)
    try:
        file_services.remove_file(found)
    except services.ReportOverError:
        messages.warning(request, "The report has ended; its files stay.")
    return redirect("report", code=found.report.code)
