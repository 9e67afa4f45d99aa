"""The forms of returned mail."""

from __future__ import annotations

from typing import Any

from django import forms

from portal.returned.models import Kind

MATCHED = [("", "Matched or not"), ("no", "Not matched"), ("yes", "Matched")]


class ReturnedFilter(forms.Form):
    """What the list is narrowed to; lives in the URL, and what cannot be read narrows nothing."""

    address = forms.CharField(label="Recipient", max_length=320, required=False)
    kind = forms.ChoiceField(choices=[("", "Any kind"), *Kind.choices], required=False)
    matched = forms.ChoiceField(label="Delivery", choices=MATCHED, required=False)

    def narrowed(self) -> dict[str, Any]:
        """The filters that can be read."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class SearchForm(forms.Form):
    """Whose deliveries are offered."""

    recipient = forms.CharField(label="Recipient", max_length=320, required=False)

    def sought(self) -> str:
        self.is_valid()
        return str(self.cleaned_data.get("recipient", "")).strip()


class MatchForm(forms.Form):
    """The delivery that a recipient of a returned mail is matched to."""

    delivery = forms.IntegerField(min_value=1, max_value=2**63 - 1)
