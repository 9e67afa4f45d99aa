"""The forms of the rate view and of providers' limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from portal.rates import limits
from portal.rates.models import Confidence, Scope, Unit

SPANS = {"24h": timedelta(hours=24), "7d": timedelta(days=7)}


class LimitForm(forms.Form):
    """One limit. Who sets it says where it comes from, when that was looked at, and how far it can be believed."""

    provider = forms.ChoiceField()
    unit = forms.ChoiceField(label="What it counts", choices=Unit)
    scope = forms.ChoiceField(label="Counted for", choices=Scope)
    number = forms.IntegerField(
        label="How many",
        required=False,
        min_value=1,
        max_value=10_000_000,
        help_text="Leave it empty where the limit is known to exist and its height is not.",
    )
    signal = forms.CharField(
        label="What they say then",
        max_length=300,
        required=False,
        help_text="The code or words of their reply, such as 421 4.7.0 [TSS04].",
    )
    source = forms.CharField(max_length=300, help_text="Where it is written: a page, a ticket, your own log.")
    looked_at = forms.DateField(label="Looked at on", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    confidence = forms.ChoiceField(label="How far it can be believed", choices=Confidence)
    note = forms.CharField(max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, data: Any = None, *, limit: limits.Limit | None = None) -> None:
        initial = {name: getattr(limit, name) for name in limits.FIELDS} if limit else {"looked_at": timezone.now()}
        super().__init__(data, initial=initial)
        known = limits.providers()
        if limit is not None and limit.provider not in dict(known):
            known = [*known, (limit.provider, limit.name)]
        self.fields["provider"].choices = known  # type: ignore[attr-defined]
        if limit is not None and limit.is_shipped:
            # Another provider's limit is another limit.
            self.fields["provider"].disabled = True

    def clean_looked_at(self) -> Any:
        day = self.cleaned_data["looked_at"]
        if day > timezone.now().date():
            raise forms.ValidationError("That day has not come yet. Give the day the source was looked at.")
        return day


class RateFilter(forms.Form):
    """What the rate view is narrowed to. What cannot be read narrows nothing."""

    server = forms.ChoiceField(label="Sending server", required=False)

    def __init__(self, data: Any, *, servers: list[str]) -> None:
        super().__init__(data)
        self.fields["server"].choices = [("", "All servers"), *((name, name) for name in servers)]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> str:
        """The server, or nothing for all."""
        self.is_valid()
        return str(self.cleaned_data.get("server", ""))


def span_of(text: str) -> str:
    """The span that an address asks for; the shortest where it asks for none that there is."""
    return text if text in SPANS else next(iter(SPANS))


def hour_of(text: str) -> datetime | None:
    """The hour (UTC) that an address names as 2026-03-04T14; None where it names none."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H").replace(tzinfo=UTC)
    except ValueError:
        return None
