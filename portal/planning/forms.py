"""A planned mailing: what it is called, and its list."""

from __future__ import annotations

from typing import Any

from django import forms

MOST_OCTETS = 20 << 20


class MailingForm(forms.Form):
    """The list is a file: one address a line, or a table with a column called email."""

    name = forms.CharField(label="What it is called", max_length=160, help_text="For yourself: Spring catalogue.")
    file = forms.FileField(
        label="The list",
        help_text="One address a line, or a CSV with a column called email. It is deleted as soon as it has been read.",
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_OCTETS:
            raise forms.ValidationError(f"The file is larger than {MOST_OCTETS >> 20} MB. Split the list.")
        return file
