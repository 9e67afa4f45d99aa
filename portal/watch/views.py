"""How a From-domain stands, the letter to its IT, and what the desk has noticed by itself."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from diagnostics.selectors import context_of
from portal.accounts.access import person_required, support_required
from portal.branches.selectors import events_of
from portal.watch import rounds, selectors
from portal.watch.models import Watch
from portal.watch.summary import BLOCKLISTS, summary
from portal.web.fragments import page_or_fragment
from portal.web.http import PersonRequest
from portal.web.pages import page_of


@require_safe
@person_required
def domain_report(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    """What is in order with a From-domain, what is to be done, and by whom."""
    domain = selectors.domain_for(request.user, code, pk)
    watch = Watch.objects.filter(domain=domain).select_related("run").first()
    run = watch.run if watch else None
    context = context_of(run, reverse("domain_report", args=[code, pk]), aside=BLOCKLISTS)
    context |= {"domain": domain, "branch": domain.branch, "watch": watch}
    if run is not None and run.is_over:
        context["summary"] = summary(context["findings"])
    if not request.htmx:
        context["events"] = [item for item in events_of(domain.branch) if item.kind.startswith("watch_")][:10]
    return page_or_fragment(request, "watch/domain_report.html", "watch/_domain_findings.html", context)


@require_POST
@person_required
def domain_look(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    """Look at a From-domain now, without remembered answers."""
    domain = selectors.domain_for(request.user, code, pk)
    rounds.look(rounds.watch_of(domain), by=request.user)
    return redirect("domain_report", code=code, pk=pk)


@require_safe
@person_required
def domain_letter(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    """What the branch's IT is to do, to be printed or sent on."""
    letter = selectors.letter_for(request.user, code, pk)
    return render(request, "watch/domain_letter.html", _letter_context(letter))


@require_safe
@person_required
def domain_letter_text(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    """The letter as a file of plain text."""
    letter = selectors.letter_for(request.user, code, pk)
    text = render_to_string("watch/letter.txt", _letter_context(letter))
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="letter-{pk}.txt"'
    return response


def _letter_context(letter: selectors.Letter) -> dict[str, object]:
    return {"letter": letter, "branch": letter.domain.branch, "support_address": settings.SUPPORT_ADDRESS}


@require_safe
@support_required
def notices(request: PersonRequest) -> HttpResponse:
    """What the desk has noticed by itself, newest first."""
    page = page_of(selectors.notices(), request.GET, by="opened")
    return render(request, "watch/notices.html", {"page": page, "lists": selectors.list_watches()})
