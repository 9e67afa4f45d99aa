"""A planned mailing: what it is called, and its list."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from portal.maillog.filters import MOMENT

MOST_OCTETS = 20 << 20


class StartForm(forms.Form):
    """When a mailing begins, in the branch's time. What cannot be read begins at the next full hour."""

    start = forms.DateTimeField(
        label="Begin at",
        required=False,
        widget=forms.DateTimeInput(format=MOMENT, attrs={"type": "datetime-local"}),
        input_formats=[MOMENT],
    )

    def moment(self, zone: ZoneInfo) -> datetime:
        """The start; the next full hour where none was given."""
        with timezone.override(zone):
            given = self.cleaned_data.get("start") if self.is_valid() else None
        if given is not None:
            return cast(datetime, given)
        return timezone.now().astimezone(zone).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


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
