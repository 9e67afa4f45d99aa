"""A new token: which program, as whom, for what, until when."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.utils import timezone

from portal.accounts.models import User
from portal.api.models import Scope


class TokenForm(forms.Form):
    """What a program may do, and as whom it does it."""

    name = forms.CharField(max_length=80, help_text="The program, such as XenDirect.")
    user = forms.ModelChoiceField(
        User.objects.none(),
        label="Acts as",
        help_text="It sees and does what this person may. Add a person of its own for each program.",
    )
    scopes = forms.MultipleChoiceField(label="It may", choices=Scope, widget=forms.CheckboxSelectMultiple)
    expires = forms.DateField(
        required=False,
        label="Valid until",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text="The end of that day. Without one it is valid until it is revoked.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        people = User.objects.filter(is_active=True).order_by("name", "pk")
        self.fields["user"].queryset = people  # type: ignore[attr-defined]

    def clean_expires(self) -> datetime | None:
        day: date | None = self.cleaned_data["expires"]
        if day is None:
            return None
        if day < timezone.localdate():
            raise forms.ValidationError("That day is over. Give a later one.")
        return datetime.combine(day, time(23, 59, 59), timezone.get_current_timezone())
