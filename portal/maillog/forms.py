"""What is typed on the pages of the log: the span of a history, the filters of a list, the name of a filter."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from ipaddress import ip_address
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from diagnostics.engine.causes import CAUSES
from diagnostics.engine.receivers import UNNAMED, receivers
from portal.branches.models import BranchProfile
from portal.branches.selectors import server_at
from portal.maillog.addresses import domain_of, normal
from portal.maillog.filters import MOMENT, NONE, Filters, message_id_in, queue_id_in
from portal.maillog.history import ORDERS
from portal.maillog.models import Module, State
from portal.maillog.spans import DEFAULT, MONTH, By, Span, span_called

STATES = [
    ("", "Any state"),
    ("sent", "Sent, however it went on"),
    ("on_the_way", "On the way"),
    ("trouble", "With trouble"),
    ("undelivered", "Refused or given up"),
    *((value, label) for value, label in State.choices if value != State.COMPLAINED),
]
FOLDED = ("cause", "provider", "module", "server", "message_id", "queue_id", "complained")
MODULES = [("", "Any module"), *Module.choices]
BYS = [(By.DAY.value, "Day"), (By.WEEK.value, "Week"), (By.MONTH.value, "Month")]
#: What a history can be broken down by, and the word of its tab.
SPLITS = {
    "cause": "Cause",
    "provider": "Provider",
    "module": "Module",
    "server": "Sending server",
    "domain": "Recipient domain",
}


def provider_choices() -> list[tuple[str, str]]:
    """The providers and gateways we know, by name."""
    known = sorted(((item.id, item.name) for item in receivers()), key=lambda item: item[1].lower())
    return [("", "Any provider"), *known, (NONE, UNNAMED)]


class MomentField(forms.DateTimeField):
    """A time as people of one zone write it; a time with an offset of its own keeps that."""

    widget = forms.DateTimeInput(format=MOMENT, attrs={"type": "datetime-local"})
    zone: tzinfo = UTC

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        try:
            given = parse_datetime(str(value).strip())
        except ValueError:
            given = None
        if given is None or timezone.is_naive(given):
            with timezone.override(UTC):
                given = super().to_python(value)
            assert given is not None  # Nothing was handled above.
            given = given.replace(tzinfo=self.zone)
        if not 2000 <= given.year < 2100:
            raise ValidationError("The log holds times from 2000 to 2099.", code="far")
        return given


class DeliveryFilter(forms.Form):
    """The filters of a list of deliveries; they live in its address. Over all branches a branch can be chosen."""

    recipient = forms.CharField(max_length=320, required=False)
    domain = forms.CharField(label="Recipient domain", max_length=255, required=False)
    state = forms.ChoiceField(choices=STATES, required=False)
    since = MomentField(label="Sent from", required=False)
    until = MomentField(label="Sent before", required=False)
    branch = forms.ChoiceField(required=False)
    cause = forms.ChoiceField(
        choices=[("", "Any cause"), *((cause.id, cause.title) for cause in CAUSES.values())], required=False
    )
    provider = forms.ChoiceField(choices=provider_choices, required=False)
    module = forms.ChoiceField(choices=MODULES, required=False)
    server = forms.CharField(
        label="Sending server",
        max_length=253,
        required=False,
        help_text="Its host, or an address of its profile. Two addresses of one host are told apart where each is a "
        "sending server of its own.",
    )
    message_id = forms.CharField(label="Message-ID", max_length=255, required=False)
    queue_id = forms.CharField(label="Queue id", max_length=40, required=False)
    complained = forms.BooleanField(label="Complained about", required=False)

    def __init__(self, data: Any, *, zone: tzinfo, branches: list[BranchProfile] | None = None) -> None:
        """``branches``: those to choose from; None for the list of one branch, which needs no choice."""
        super().__init__(data)
        self.branches = {item.code: item for item in branches or ()}
        if branches is None:
            del self.fields["branch"]
        else:
            choices = [("", "All branches"), *((item.code, item.organisation) for item in branches)]
            self.fields["branch"].choices = choices  # type: ignore[attr-defined]
        for name in ("since", "until"):
            field = self.fields[name]
            assert isinstance(field, MomentField)  # They stand above.
            field.zone = zone

    def clean_server(self) -> str:
        typed = str(self.cleaned_data["server"]).strip().lower()
        try:
            address = ip_address(typed.strip("[]"))
        except ValueError:
            return typed
        host = server_at(address)
        if not host:
            raise ValidationError(
                "This address is in no sending server's profile, or in those of several. Give the host, or have an "
                "admin look at the profiles.",
                code="address",
            )
        return host

    def clean_recipient(self) -> str:
        typed = self.cleaned_data["recipient"]
        if typed and "@" not in typed:
            raise ValidationError("Give the whole address, or search by recipient domain.", code="part")
        return normal(typed) if typed else ""

    def clean_domain(self) -> str:
        typed = self.cleaned_data["domain"].rpartition("@")[2].rstrip(".")
        if len(typed.split()) > 1:
            raise ValidationError("A domain has no spaces in it: corp.example.", code="spaces")
        return domain_of(normal(f"x@{typed}")) if typed else ""

    def clean_message_id(self) -> str:
        return message_id_in(self.cleaned_data["message_id"])

    def clean_queue_id(self) -> str:
        return queue_id_in(self.cleaned_data["queue_id"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since >= until:
            self.add_error("until", ValidationError("This must be later than “Sent from”.", code="order"))
        return cleaned

    @property
    def filters(self) -> Filters:
        """What was asked for; call it when the form is valid."""
        return Filters(**{name: value for name, value in self.cleaned_data.items() if name != "branch"})

    @property
    def is_unfolded(self) -> bool:
        """Something is asked for, or wrong, among the filters that stand folded away."""
        return any(self.data.get(name) or name in self.errors for name in FOLDED)

    @property
    def chosen_branch(self) -> BranchProfile | None:
        """The branch that was chosen over all of them."""
        return self.branches.get(self.cleaned_data.get("branch", ""))


class SpanForm(forms.Form):
    """Over which span something is counted: one with a name, or a month."""

    month = forms.CharField(required=False, widget=forms.DateInput(attrs={"type": "month", "placeholder": "2026-03"}))
    span = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, today: date) -> None:
        super().__init__(data)
        self.today = today

    def clean_month(self) -> str:
        typed = str(self.cleaned_data["month"]).strip()
        if typed and not MONTH.fullmatch(typed):
            raise ValidationError("Write a month as year and number: 2026-03.", code="month")
        if typed > f"{self.today:%Y-%m}":
            raise ValidationError("That month has not begun yet.", code="future")
        return typed

    def clean_span(self) -> str:
        name = str(self.cleaned_data["span"] or DEFAULT)
        found = span_called(name, self.today)
        if found is None or found.first > self.today:
            raise ValidationError("There is no such span: choose one of those above.", code="span")
        return name

    @property
    def name(self) -> str:
        """The name of the span that was asked for, once the form is valid."""
        return self.cleaned_data.get("month") or self.cleaned_data.get("span") or DEFAULT

    @property
    def chosen(self) -> Span:
        found = span_called(self.name, self.today)
        assert found is not None  # Both fields hold names that are known.
        return found


class HistoryForm(SpanForm):
    """Which span of a history is looked at, cut into what, and broken down by what."""

    by = forms.ChoiceField(label="Shown by", choices=[("", "What fits"), *BYS], required=False)
    split = forms.ChoiceField(choices=list(SPLITS.items()), required=False, widget=forms.HiddenInput)
    field_order = ["month", "by"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("by") and not self.errors and cleaned["by"] not in self.chosen.cuts():
            fits = " or ".join(by.value for by in self.chosen.cuts())
            self.add_error("by", ValidationError(f"This span can be shown by {fits}.", code="by"))
        return cleaned

    @property
    def cut(self) -> By:
        """What the span is cut into: what was asked for, else what gives no more rows than a page holds."""
        return By(self.cleaned_data["by"] or self.chosen.fitting)

    @property
    def column(self) -> str:
        """What the span is broken down by."""
        return self.cleaned_data.get("split") or "cause"


class ComparisonForm(SpanForm):
    """Over which span branches are compared, and what they are ordered by."""

    order = forms.ChoiceField(
        label="The highest first by", choices=[(name, word) for name, (word, _) in ORDERS.items()], required=False
    )

    @property
    def ordered_by(self) -> str:
        return self.cleaned_data.get("order") or "refused"


class SaveForm(forms.Form):
    """The name a filter is saved under."""

    name = forms.CharField(label="Save this filter as", max_length=80)
