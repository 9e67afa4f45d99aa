"""The template vocabulary of the product; ``docs/interface.md`` shows each tag with an example."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, FileInput, MultiWidget, Select, Widget
from django.forms.forms import BaseForm
from django.http import QueryDict
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.template.context import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from portal.web import drawn, moments, text, trees, words
from portal.web.pages import Page

register = template.Library()
register.filter("visible", text.visible)
register.filter("initials", text.initials)


@register.filter
def breaks(value: object) -> SafeString:
    """``{{ ticket.recipient|breaks }}``: an address or a host, made visible, that breaks at its @ and dots."""
    return format_html_join(SafeString("<wbr>"), "{}", ((piece,) for piece in text.pieces(value)))


@register.simple_tag
def icon(name: str) -> SafeString:
    """``{% icon "inbox" %}``: a picked icon as inline SVG, hidden from screen readers."""
    return drawn.icon(name)


def _chip(sign: words.Sign, value: object) -> SafeString:
    title = format_html(' title="{}"', sign.hint) if sign.hint else ""
    return format_html(
        '<span class="dd-chip" data-tone="{}" data-value="{}"{}>{}<span>{}</span></span>',
        sign.tone, value, title, drawn.icon(sign.icon), sign.word,
    )  # fmt: skip


@register.simple_tag
def tree(lines: Iterable[str]) -> SafeString:
    """``{% tree proof.lines %}``: indented lines as a tree, with a meter for what each had used up (``[2 of 10]``)."""
    return trees.tree(lines)


@register.simple_tag
def verdict(value: object) -> SafeString:
    """``{% verdict finding.verdict %}``: the word and icon of a verdict."""
    return _chip(words.sign_of(words.VERDICTS, value), value) if value else SafeString("")


@register.simple_tag
def verdict_icon(value: object) -> SafeString:
    """``{% verdict_icon finding.verdict %}``: the icon alone, for where the word stands beside it already."""
    return drawn.icon(words.sign_of(words.VERDICTS, value).icon)


@register.simple_tag
def confidence(value: object) -> SafeString:
    """``{% confidence item.confidence %}``: how sure a cause is; what that means is in the title and behind it."""
    if not value:
        return SafeString("")
    sign = words.sign_of(words.CONFIDENCES, value)
    return format_html(
        '<a class="dd-chip" href="{}#{}" data-tone="{}" data-value="{}" title="{}">{}<span>{}</span></a>',
        reverse("confidence"), value, sign.tone, value, sign.hint, drawn.icon(sign.icon), sign.word,
    )  # fmt: skip


@register.simple_tag
def state_chip(value: object) -> SafeString:
    """``{% state_chip delivery.state %}``: how far a message got on its way to one recipient."""
    return _chip(words.sign_of(words.DELIVERY_STATES, value), value) if value else SafeString("")


@register.simple_tag
def ticket_state(value: object) -> SafeString:
    """``{% ticket_state ticket.state %}``: where a ticket stands."""
    return _chip(words.sign_of(words.TICKET_STATES, value), value) if value else SafeString("")


@register.simple_tag(takes_context=True)
def actor(context: Context, value: object) -> SafeString:
    """``{% actor finding.actor %}``: whose turn it is. Staff read "Your branch", everybody else "The branch"."""
    if not value:
        return SafeString("")
    sign = words.sign_of(words.ACTORS, value)
    is_own = getattr(context.get("user"), "is_staff_role", False)
    word = words.ACTORS_FOR_STAFF.get(str(value), sign.word) if is_own else sign.word
    return format_html(
        '<span class="dd-actor" data-actor="{}">{}<span>{}</span></span>', value, drawn.icon(sign.icon), word
    )


@register.simple_tag
def when(at: datetime | None, zone: str | tzinfo | None = None) -> SafeString:
    """``{% when ticket.created %}``, ``{% when at branch.time_zone %}``: how long ago, the exact time in the title."""
    if at is None:
        return format_html('<span class="dd-none">{}</span>', "–")
    place = moments.zone_of(zone)
    shown = moments.relative(at, timezone.now(), place)
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), moments.exact(at, place), shown)


@register.simple_tag
def exactly(at: datetime | None, zone: str | tzinfo | None = None, seconds: bool = False) -> SafeString:
    """``{% exactly event.at branch.time_zone %}``: the exact time, with how long ago in the title; for stories.

    With ``seconds=True`` to the second.
    """
    if at is None:
        return format_html('<span class="dd-none">{}</span>', "–")
    place = moments.zone_of(zone)
    ago, shown = moments.relative(at, timezone.now(), place), moments.exact(at, place, with_seconds=seconds)
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), ago, shown)


@register.inclusion_tag("_field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """``{% field form.recipient %}``: label, control, help and errors, tied together for screen readers."""
    widget = bound.field.widget
    help_id = f"{bound.auto_id}_helptext" if bound.help_text and bound.auto_id else ""
    error_id = f"{bound.auto_id}_error" if bound.errors and bound.auto_id else ""
    described_by = " ".join(item for item in (help_id, error_id) if item)
    is_group = bound.use_fieldset
    is_choice_group = is_group and not isinstance(widget, MultiWidget)
    described = {"aria-describedby": described_by} if described_by else {}
    # With maxlength a browser cuts what is pasted and says nothing; portal.js says it, and the form does.
    most = widget.attrs.pop("maxlength", None)
    if most is not None:
        described["data-most"] = str(most)
    control = ""
    if not is_choice_group:
        _name_parts(widget, str(bound.label))
        control = bound.as_widget(attrs={"class": _classes(widget, bound), **described})
    return {
        "bound": bound,
        "control": control,
        "options": _options(bound) if is_choice_group else [],
        "is_group": is_group,
        "is_checkbox": isinstance(widget, CheckboxInput),
        "is_optional": not bound.field.required and not isinstance(widget, CheckboxInput),
        "described_by": described_by,
        "help_id": help_id,
        "error_id": error_id,
    }


def _classes(widget: Widget, bound: BoundField) -> str:
    """Bootstrap's class for the kind of control, after the widget's own."""
    if isinstance(widget, CheckboxInput):
        kind = "form-check-input"
    elif isinstance(widget, Select):
        kind = "form-select"
    else:
        kind = "form-control"
    own = widget.attrs.get("class", "")
    extra = "dd-file" if isinstance(widget, FileInput) else ""
    return " ".join(item for item in (kind, own, extra, "is-invalid" if bound.errors else "") if item)


def _name_parts(widget: Widget, label: str) -> None:
    """Give the parts of a control of several (a date and a time) names of their own."""
    if isinstance(widget, MultiWidget):
        names = ("date", "time") if len(widget.widgets) == 2 else ()
        for part, name in zip(widget.widgets, names, strict=False):
            part.attrs.setdefault("aria-label", f"{label}: {name}")


def _options(bound: BoundField) -> list[dict[str, Any]]:
    """The options of a group of radio buttons or checkboxes, each a control and its label."""
    found = []
    for option in bound.subwidgets:
        attrs = option.data["attrs"]
        attrs["class"] = "form-check-input" + (" is-invalid" if bound.errors else "")
        found.append({"control": option.tag(), "id": option.id_for_label, "label": option.choice_label})
    return found


@register.inclusion_tag("_form_errors.html")
def form_errors(form: BaseForm) -> dict[str, Any]:
    """``{% form_errors form %}``: what is to be mended, on top of the form, each with a link to its field."""
    wrong = [
        {"label": bound.label, "href": _first_control(bound), "errors": bound.errors}
        for bound in form.visible_fields()
        if bound.errors
    ]
    # A field nobody sees cannot be linked to: what is wrong with it is said of the whole form.
    whole = [*form.non_field_errors(), *(error for bound in form.hidden_fields() for error in bound.errors)]
    return {"wrong": wrong, "whole": whole, "count": len(wrong) + len(whole)}


def _first_control(bound: BoundField) -> str:
    identity = bound.auto_id
    if isinstance(bound.field.widget, MultiWidget) or bound.use_fieldset:
        identity = f"{identity}_0"
    return f"#{identity}"


@register.inclusion_tag("_pages.html", takes_context=True)
def pages(context: Context, page: Page[Any]) -> dict[str, Any]:
    """``{% pages page %}``: links to newer and older rows that keep the rest of the address."""
    request = context.get("request")
    kept = request.GET.copy() if request is not None else QueryDict(mutable=True)
    kept.pop("after", None)
    kept.pop("before", None)

    def link(name: str, key: str) -> str:
        if not key:
            return ""
        there = kept.copy()
        there[name] = key
        return f"?{there.urlencode()}"

    return {"newer": link("before", page.newer), "older": link("after", page.older)}


class Part(template.Node):
    """Wraps its content in an element, and is nothing at all where the content is blank."""

    def __init__(self, inside: NodeList, element: FilterExpression, classes: FilterExpression) -> None:
        self.nodelist, self.element, self.classes = inside, element, classes

    def render(self, context: Context) -> SafeString:
        inside = self.nodelist.render(context).strip()
        if not inside:
            return SafeString("")
        element = self.element.resolve(context)
        # The content is the output of a template and as such escaped already.
        return format_html('<{0} class="{1}">{2}</{0}>', element, self.classes.resolve(context), SafeString(inside))


@register.tag
def part(parser: Parser, token: Token) -> Part:
    """``{% part "p" "dd-lead" %}{% block lead %}{% endblock %}{% endpart %}``: for blocks a page may leave out."""
    _, element, classes = token.split_contents()
    inside = parser.parse(("endpart",))
    parser.delete_first_token()
    return Part(inside, parser.compile_filter(element), parser.compile_filter(classes))
