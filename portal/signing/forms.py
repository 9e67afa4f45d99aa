"""Asking for a key, issuing one, revoking one."""

from __future__ import annotations

import re

from django import forms

from portal.signing.models import Algorithm


class AskForm(forms.Form):
    """What a branch wants to say with it."""

    note = forms.CharField(
        label="Anything support should know", required=False, max_length=400, widget=forms.Textarea(attrs={"rows": 2})
    )


class IssueForm(forms.Form):
    """A new key. The selector says when it was made, unless another is given."""

    algorithm = forms.ChoiceField(choices=Algorithm, initial=Algorithm.RSA, widget=forms.RadioSelect)
    selector = forms.CharField(
        required=False, max_length=60, help_text="Left empty it is made of year and month, such as xd202611."
    )

    def clean_selector(self) -> str:
        selector: str = self.cleaned_data["selector"].strip().lower()
        if selector and not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?", selector):
            raise forms.ValidationError("A selector has letters, digits and hyphens, such as xd202611.")
        return selector


class RevokeForm(forms.Form):
    """Why a key is ended for good."""

    because = forms.CharField(label="Why", max_length=400, help_text="The private key was lost, or somebody left.")
