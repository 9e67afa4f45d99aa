"""Mail that came back, in the browser. Support reads it, and says what the desk could not find out."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.access import support_required
from portal.maillog.selectors import delivery_for
from portal.returned import selectors, services
from portal.returned.forms import MatchForm, ReturnedFilter, SearchForm
from portal.web.fragments import page_or_fragment
from portal.web.http import PersonRequest
from portal.web.pages import page_of


@require_safe
@support_required
def returned_mails(request: PersonRequest) -> HttpResponse:
    """What came back, newest first."""
    form = ReturnedFilter(request.GET)
    narrowed = form.narrowed()
    page = page_of(selectors.returned_mails(request.user, **narrowed), request.GET, by="received")
    context = {
        "form": form,
        "page": page,
        "rows": selectors.with_recipients(page.rows),
        "is_narrowed": bool(narrowed),
        "unmatched": selectors.how_many_unmatched(request.user),
    }
    return page_or_fragment(request, "returned/returned_mails.html", "returned/_mail_rows.html", context)


@require_safe
@support_required
def returned_mail(request: PersonRequest, pk: int) -> HttpResponse:
    """One mail: what it says of whom, which delivery it is about and how we know, and its text."""
    mail = selectors.returned_mail_for(request.user, pk)
    text, is_whole = selectors.text_of(mail)
    context = {"mail": mail, "rows": selectors.rows_of(request.user, mail), "text": text, "is_whole": is_whole}
    return render(request, "returned/returned_mail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@support_required
def returned_match(request: PersonRequest, pk: int, position: int) -> HttpResponse:
    """Say which delivery a recipient of the mail is about."""
    mail = selectors.returned_mail_for(request.user, pk)
    row = selectors.recipient_for(request.user, mail, position)
    search = SearchForm(request.GET)
    form = MatchForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_valid():
        delivery = delivery_for(request.user, form.cleaned_data["delivery"])
        if services.match_by_hand(row, delivery=delivery, by=request.user):
            messages.success(request, f"It is about the message to {delivery.recipient}.")
            return redirect("returned_mail", pk=pk)
        messages.error(request, "That delivery has just been put together with another. Choose again.")
        status = 409
    elif form.is_bound:
        messages.error(request, "Choose one of the deliveries below.")
        status = 400
    sought = search.sought()
    offered = selectors.offered(request.user, row, recipient=sought)
    context = {"mail": mail, "row": row, "search": search, "offered": offered, "sought": sought}
    return render(request, "returned/returned_match.html", context, status=status)


@require_POST
@support_required
def returned_not_a_bounce(request: PersonRequest, pk: int) -> HttpResponse:
    """Say that the mail tells nothing of a delivery."""
    mail = selectors.returned_mail_for(request.user, pk)
    services.mark_not_a_bounce(mail, by=request.user)
    messages.success(request, "Noted. What was made of this mail has been taken back.")
    return redirect("returned_mail", pk=pk)


@require_POST
@support_required
def returned_read_again(request: PersonRequest, pk: int) -> HttpResponse:
    """Read and match the mail anew."""
    mail = selectors.returned_mail_for(request.user, pk)
    if mail.raw is None:
        messages.error(request, "Its text has been forgotten by now, so there is nothing to read.")
    else:
        services.read_again(mail, by=request.user)
        messages.success(request, "It is being read again. Reload the page in a moment.")
    return redirect("returned_mail", pk=pk)
