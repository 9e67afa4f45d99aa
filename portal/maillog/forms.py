"""What a list of deliveries is narrowed to; lives in the URL."""

from __future__ import annotations

from typing import Any

from django import forms

from portal.maillog.models import State

STATES = [("", "Any state"), ("trouble", "With trouble"), ("undelivered", "Refused or given up"), *State.choices]


class DeliveryFilter(forms.Form):
    """What cannot be read narrows nothing: an old link shows the list rather than an error."""

    recipient = forms.CharField(max_length=320, required=False)
    domain = forms.CharField(label="Recipient domain", max_length=255, required=False)
    state = forms.ChoiceField(choices=STATES, required=False)
    day = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def narrowed(self) -> dict[str, Any]:
        """The filters that can be read."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
