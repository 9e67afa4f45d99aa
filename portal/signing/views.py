"""DKIM keys of a branch: what each has to publish, what its name servers have, and what support issues and revokes."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.access import person_required, support_required
from portal.branches.access import branch_for
from portal.signing import handing, selectors, services
from portal.signing.forms import AskForm, IssueForm, RevokeForm
from portal.web.http import PersonRequest


@require_safe
@person_required
def signing_keys(request: PersonRequest, code: str) -> HttpResponse:
    """The keys of a branch and its From-domains."""
    branch = branch_for(request.user, code)
    context = {"branch": branch, "by_domain": selectors.by_domain(request.user, branch), "ask_form": AskForm()}
    return render(request, "signing/keys.html", context)


@require_safe
@support_required
def signing_asked(request: PersonRequest) -> HttpResponse:
    """The keys that branches asked for."""
    return render(request, "signing/asked.html", {"keys": selectors.asked_for(request.user)})


@require_POST
@person_required
def signing_ask(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    """Ask support for a key for one From-domain."""
    domain = selectors.domain_for(request.user, code, pk)
    form = AskForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    services.ask_for_key(domain, note=note, by=request.user)
    messages.success(request, f"Support was asked for a DKIM key for {domain}. What to publish will stand here.")
    return redirect("signing_keys", code=code)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@support_required
def signing_issue(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    """Issue a key; its private half is shown on this page alone, or goes to the signer."""
    domain = selectors.domain_for(request.user, code, pk)
    form = IssueForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            key, pair = services.issue(domain, **form.cleaned_data, by=request.user)
        except (services.SigningProblem, handing.HandingProblem) as problem:
            form.add_error("selector" if isinstance(problem, services.SigningProblem) else None, str(problem))
        else:
            if pair is None:
                messages.success(request, "The signer has the key. Now the branch's IT publishes the record.")
                return redirect("signing_key", pk=key.pk)
            return render(request, "signing/issued.html", {"key": key, "pair": pair, "branch": domain.branch})
    context = {"form": form, "domain": domain, "branch": domain.branch, "has_signer": handing.has_signer()}
    return render(request, "signing/issue.html", context, status=400 if form.is_bound else 200)


@require_safe
@person_required
def signing_key(request: PersonRequest, pk: int) -> HttpResponse:
    """One key: the record, the letter, what each name server has, and its story."""
    key = selectors.key_for(request.user, pk)
    context = {"key": key, "branch": key.domain.branch, "revoke_form": RevokeForm()}
    return render(request, "signing/key.html", context)


@require_POST
@person_required
def signing_look(request: PersonRequest, pk: int) -> HttpResponse:
    """Have the name servers asked now."""
    key = selectors.key_for(request.user, pk)
    services.look_now(key)
    messages.success(request, "The name servers are being asked. Open the page again in a few seconds.")
    return redirect("signing_key", pk=key.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@support_required
def signing_revoke(request: PersonRequest, pk: int) -> HttpResponse:
    """End a key for good, with the reason."""
    key = selectors.key_for(request.user, pk)
    if request.method != "POST":
        return redirect("signing_key", pk=pk)
    form = RevokeForm(request.POST)
    if not form.is_valid():
        context = {"key": key, "branch": key.domain.branch, "revoke_form": form}
        return render(request, "signing/key.html", context, status=400)
    services.revoke(key, because=form.cleaned_data["because"], by=request.user)
    next_step = "The branch's IT publishes what stands below." if key.published_at else "It was never seen published."
    messages.success(request, f"{key} is revoked. {next_step}")
    return redirect("signing_key", pk=key.pk)
