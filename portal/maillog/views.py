"""How mail went, in the browser: a branch's history, branches compared, and the story of a message or a delivery."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.accounts.access import person_required, support_required
from portal.branches.access import branch_for
from portal.maillog import history as counts
from portal.maillog import selectors, stories
from portal.maillog.forms import SPLITS, ComparisonForm, HistoryForm
from portal.maillog.onward import give_onward
from portal.maillog.spans import day_called, month_of, months_back
from portal.web.http import PersonRequest

#: Spans by their names in the address, as tabs.
TABS = {
    "7-days": "7 days",
    "30-days": "30 days",
    "90-days": "90 days",
    "12-months": "12 months",
    "24-months": "24 months",
}
#: Months in "Client Email Counts".
MONTHS = 24


@require_safe
@person_required
def history(request: PersonRequest, code: str) -> HttpResponse:
    """Recipients sent, accepted, deferred, refused, and what was reported missing; every number leads to its rows."""
    viewer, branch = request.user, branch_for(request.user, code)
    form = HistoryForm(request.GET, today=counts.today_of(branch))
    context = {"branch": branch, "form": form, "tabs": TABS, "splits": SPLITS}
    if not form.is_valid():
        return render(request, "maillog/history.html", context, status=400)
    span, day = form.chosen, day_called(form.name)
    column = "" if form.column == "domain" else form.column
    if day:
        told = counts.History(counts.hours_of(viewer, branch, day), [])
    else:
        told = counts.history_of(viewer, branch, span, form.cut, column)
    total = counts.total_of(told.periods)
    whole = counts.period_of(branch, span, total)
    begins = None
    if not day and not total.is_empty and told.periods[-1].tally.is_empty:
        # Of the time before the log nothing is known, which a row of noughts would not say.
        begins = counts.log_begins(viewer, branch)
        while begins and told.periods[-1].span.last < begins:
            told.periods.pop()
    context |= {
        "name": form.name,
        "span": span,
        "day": day,
        "periods": told.periods,
        "begins": begins if begins and begins > span.first else None,
        "parts": told.parts,
        "total": total,
        "whole": whole,
        "split": form.column,
    }
    if not column:
        month = month_of(span.last)
        context |= {
            "month": counts.period_of(branch, month),
            "domains": counts.domains_of(viewer, branch, month.first),
            "month_before": f"{months_back(month.first, 1):%Y-%m}",
        }
    return render(request, "maillog/history.html", context)


@require_safe
@person_required
def client_email_counts(request: PersonRequest, code: str) -> HttpResponse:
    """How many client e-mails a branch sent each month, and how few of them were reported missing."""
    branch = branch_for(request.user, code)
    months = counts.months_of(request.user, branch, MONTHS)
    context = {"branch": branch, "months": months, "total": counts.total_of(months)}
    return render(request, "maillog/client_email_counts.html", context)


@require_safe
@support_required
def comparison(request: PersonRequest) -> HttpResponse:
    """The branches beside each other."""
    form = ComparisonForm(request.GET, today=timezone.now().date())
    is_valid = form.is_valid()
    context = {"form": form, "tabs": TABS, "order": form.ordered_by}
    if not is_valid:
        return render(request, "maillog/comparison.html", context, status=400)
    rows = counts.comparison(request.user, form.name, form.ordered_by)
    spans = {item.span for item in rows}
    context |= {
        "name": form.name,
        "span": next(iter(spans)) if len(spans) == 1 else form.chosen,
        "order_word": counts.ORDERS[form.ordered_by][0],
        "rows": [(item, counts.period_of(item.branch, item.span, item.counts)) for item in rows],
        "has_others": len(spans) > 1,
        "has_sent": any(item.counts.sent for item in rows),
        "few_for_share": counts.FEW_FOR_SHARE,
        "few_for_rate": counts.FEW_FOR_RATE,
        "most": counts.MOST_BRANCHES,
    }
    return render(request, "maillog/comparison.html", context)


@require_safe
@person_required
def message(request: PersonRequest, pk: int) -> HttpResponse:
    """One message over all its recipients."""
    found = selectors.message_for(request.user, pk)
    recipients = stories.recipients_of(found, request.GET.get("after", ""))
    standings, is_more = stories.standings_of(found)
    context = {
        "message": found,
        "branch": found.branch,
        "recipients": recipients,
        "standings": standings,
        "is_more": is_more,
        "story": stories.story_of(recipients.rows),
        "notes": selectors.notes_about_all(recipients.rows),
        "others": stories.others_of(request.user, found),
    }
    return render(request, "maillog/message.html", context)


@require_safe
@person_required
def delivery(request: PersonRequest, pk: int) -> HttpResponse:
    """One message to one recipient: its facts, its story, whose turn it is."""
    found = selectors.delivery_for(request.user, pk)
    give_onward([found])
    context = {
        "delivery": found,
        "branch": found.branch,
        "notes": selectors.notes_about(found),
    }
    return render(request, "maillog/delivery.html", context)
