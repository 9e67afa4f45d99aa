"""Taking a person out: which address, which way, and why."""

from __future__ import annotations

from typing import Any

from django import forms

from diagnostics.engine.names import Address, parse_address
from portal.retention.models import Way


class ErasureForm(forms.Form):
    """Asked twice: the second time with what would be touched before the eyes, and the address typed again."""

    address = forms.CharField(label="E-mail address", max_length=320)
    way = forms.ChoiceField(
        label="How",
        choices=[
            (
                Way.ERASE,
                "Erase: their deliveries, case notes and client profile go; reports and tickets lose the address",
            ),
            (Way.PSEUDONYMISE, "Replace by a stand-in: everything stays, but nobody can tell whose it was"),
        ],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        max_length=400, help_text="Who asked for it and when. It stands on the certificate, so leave the address out."
    )
    again = forms.CharField(required=False, max_length=320)

    def clean_address(self) -> str:
        parsed = parse_address(self.cleaned_data["address"])
        if not isinstance(parsed, Address):
            raise forms.ValidationError("This is not an e-mail address. Write it as name@domain.")
        return parsed.text

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        address = data.get("address", "")
        if address and address.lower() in data.get("reason", "").lower():
            self.add_error("reason", "Leave the address out: the certificate outlives it.")
        return data
