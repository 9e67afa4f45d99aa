"""Rules for replies in the browser: those of the program, and naming what nobody has classified."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from diagnostics.engine.causes.catalogue import CAUSES
from portal.accounts.access import support_required
from portal.maillog import rules, shipped
from portal.maillog.models import Delivery, ReplyRule
from portal.maillog.replies import reading_of
from portal.maillog.rereading import left
from portal.maillog.rule_forms import ReplyRuleForm, ShippedFilter, WhichRuleForm
from portal.maillog.selectors import deliveries_of
from portal.web.fragments import page_or_fragment
from portal.web.http import PersonRequest
from portal.web.pages import page_of

GET_AND_POST = ["GET", "HEAD", "POST"]


@require_safe
@support_required
def unclassified(request: PersonRequest) -> HttpResponse:
    """The replies that nobody has classified, one row a kind."""
    return render(request, "maillog/unclassified.html", {"kinds": rules.unclassified()})


@require_safe
@support_required
def reply_rules(request: PersonRequest) -> HttpResponse:
    """What support has named, the latest first."""
    page = page_of(rules.rules(), request.GET, by="created")
    return render(request, "maillog/reply_rules.html", {"page": page, "causes": CAUSES})


@require_http_methods(GET_AND_POST)
@support_required
def shipped_rules(request: PersonRequest) -> HttpResponse:
    """The rules that come with the program, in the order in which they are tried; sent a reply, which reads it."""
    form = ShippedFilter(request.GET)
    which = WhichRuleForm(request.POST if request.method == "POST" else None)
    asked = form.asked
    page = shipped.listed(**asked)
    context: dict[str, Any] = {"form": form, "which": which, "page": page, "causes": CAUSES, "is_narrowed": bool(asked)}
    if page.next:
        query = request.GET.copy()
        query["after"] = str(page.next)
        context["next_query"] = query.urlencode()
    if which.is_valid():
        context["reading"] = reading_of(which.cleaned_data["reply"], remote_host=which.cleaned_data["remote_host"])
    is_refused = which.is_bound and not which.is_valid()
    return render(request, "maillog/shipped_rules.html", context, status=400 if is_refused else 200)


@require_safe
@support_required
def shipped_rule(request: PersonRequest, ident: str) -> HttpResponse:
    """One rule of the program: when it holds, what it says, where that is written, what it has read of late."""
    rule = shipped.shipped_called(ident)
    if rule is None:
        raise Http404("The program has no rule of that name.")
    read = shipped.read_by(rule)
    context = {
        "rule": rule,
        "causes": [CAUSES[cause] for cause in rule.causes],
        "read": read[: shipped.MOST_SHOWN],
        "count": len(read),
        "looked_through": shipped.LOOKED_THROUGH,
        "total": len(shipped.shipped()),
    }
    return render(request, "maillog/shipped_rule.html", context)


@require_http_methods(GET_AND_POST)
@support_required
def reply_rule_add(request: PersonRequest) -> HttpResponse:
    return _rule(request, None, _sample(request))


@require_http_methods(GET_AND_POST)
@support_required
def reply_rule(request: PersonRequest, pk: int) -> HttpResponse:
    """One rule: what it fits, what it has named, how far the log has been read again."""
    found = get_object_or_404(rules.rules(), pk=pk)
    if request.htmx:
        return page_or_fragment(request, "maillog/reply_rule.html", "maillog/_reply_rule_left.html", _state(found))
    return _rule(request, found, None)


def _sample(request: PersonRequest) -> Delivery | None:
    """The delivery whose reply is to be named."""
    number = request.GET.get("delivery", "")
    if not (number.isdecimal() and len(number) < 19):
        return None
    return deliveries_of(request.user).filter(pk=int(number)).first()


def _rule(request: PersonRequest, rule: ReplyRule | None, sample: Delivery | None) -> HttpResponse:
    """Show a rule, try it, and save what was tried."""
    form = ReplyRuleForm(request.POST if request.method == "POST" else None, rule=rule, delivery=sample)
    context: dict[str, Any] = {"form": form, "sample": sample, "causes": [CAUSES[cause] for cause in rules.causes()]}
    if form.is_valid():
        assert form.engine_rule is not None  # A valid form has made it.
        trial = rules.try_rule(form.engine_rule, in_place_of=rule.pk if rule else None)
        if form.was_tried and "save" in request.POST:
            taken = {fit.before for fit in trial.fits if fit.is_taken}
            saved = rules.save_rule(rule, by=request.user, taken=taken, **form.values)
            messages.success(request, "The rule was saved. New replies are read by it; what is stored is read again.")
            return redirect("reply_rule", pk=saved.pk)
        context |= {"trial": trial, "tried": form.fingerprint, "chosen": CAUSES[form.cleaned_data["cause"]]}
    if rule is not None:
        context |= _state(rule)
    is_refused = form.is_bound and not form.is_valid()
    return render(request, "maillog/reply_rule.html", context, status=400 if is_refused else 200)


def _state(rule: ReplyRule) -> dict[str, Any]:
    """How far the log has been read again because of a rule."""
    named = rules.named_by(rule)
    return {"rule": rule, "left": left(rule), "named": named[: rules.MOST_SHOWN], "count": len(named)}


@require_POST
@support_required
def reply_rule_switch(request: PersonRequest, pk: int) -> HttpResponse:
    """Switch a rule off, or on again."""
    rule = get_object_or_404(rules.rules(), pk=pk)
    rules.switch_rule(rule, is_on=not rule.is_on)
    words = "in use again" if rule.is_on else "switched off"
    messages.success(request, f"The rule is {words}; what is stored is read again.")
    return redirect("reply_rule", pk=rule.pk)


@require_http_methods(GET_AND_POST)
@support_required
def reply_rule_delete(request: PersonRequest, pk: int) -> HttpResponse:
    """What a rule has changed, and the question whether it is to go: it is switched off first, and then deleted."""
    rule = get_object_or_404(rules.rules(), pk=pk)
    if request.method == "POST":
        if rules.delete_rule(rule):
            messages.success(request, "The rule was deleted.")
            return redirect("reply_rules")
        if rule.is_on:
            rules.switch_rule(rule, is_on=False)
        words = "The rule is switched off, and what it had named is read again. Delete it when that is done."
        messages.warning(request, words)
        return redirect("reply_rule", pk=rule.pk)
    return render(request, "maillog/reply_rule_delete.html", _state(rule) | {"cause": CAUSES.get(rule.cause)})
