"""The forms of the suppression list."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from portal.accounts.models import User
from portal.branches import fields
from portal.branches.access import branches_of
from portal.branches.models import BranchProfile
from portal.suppression.models import Reason

#: A list of the most lines that are read at once is smaller.
MOST_OCTETS = 5 * 1024 * 1024
STATES = [("in_force", "In force"), ("over", "Over"), ("all", "All")]


class SuppressionFilter(forms.Form):
    """What the list is narrowed to; lives in the URL, and what cannot be read narrows nothing."""

    address = forms.CharField(
        label="Address or domain",
        max_length=320,
        required=False,
        help_text="A whole address, how one begins, or a domain.",
    )
    branch = forms.ChoiceField(required=False)
    reason = forms.ChoiceField(choices=[("", "Any reason"), *Reason.choices], required=False)
    state = forms.ChoiceField(label="Entries", choices=STATES, required=False)

    def __init__(self, data: Any, *, viewer: User, is_of_branch: bool = False) -> None:
        super().__init__(data)
        self.branches: dict[str, BranchProfile] = {}
        if is_of_branch:
            del self.fields["branch"]
            return
        self.branches = {item.code: item for item in branches_of(viewer).order_by("organisation")[:500]}
        choices = [(code, item.organisation) for code, item in self.branches.items()]
        self.fields["branch"].choices = [("", "Any branch"), *choices]  # type: ignore[attr-defined]

    def narrowed(self) -> dict[str, Any]:
        """The filters that can be read, as the selector takes them."""
        self.is_valid()
        kept = {name: value for name, value in self.cleaned_data.items() if value}
        if "branch" in kept:
            kept["branch"] = self.branches[kept["branch"]]
        return kept


class AddForm(forms.Form):
    """An address that is not to be written to."""

    address = forms.CharField(label="E-mail address", max_length=320)
    reason = forms.ChoiceField(
        choices=[(reason.value, reason.label) for reason in (Reason.OPT_OUT, Reason.MANUAL)],
        widget=forms.RadioSelect,
        help_text="An opt-out is the recipient's own will; only support can take it back.",
    )
    source = forms.CharField(
        label="How do you know", max_length=200, help_text="Such as: asked on the phone on 3 March."
    )
    until = forms.DateField(
        label="Until",
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text="The last day it holds. Without one it holds for good.",
    )

    def clean_address(self) -> str:
        return fields.email(self.cleaned_data["address"])

    def clean_until(self) -> datetime | None:
        day = self.cleaned_data["until"]
        if day is None:
            return None
        if day < timezone.now().date():
            raise forms.ValidationError("That day is over. Leave it empty for good.")
        return datetime.combine(day + timedelta(days=1), time(), UTC)


class EndForm(forms.Form):
    """Writing to an address again, and why."""

    because = forms.CharField(
        label="Why may it be written to again",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It is kept with the entry: who asked, when, how.",
    )


class ImportForm(forms.Form):
    """A list from another program."""

    file = forms.FileField(
        label="List",
        max_length=255,
        help_text="CSV or JSON with address, and where known reason, since, until, source. At most 50,000 lines, 5 MB.",
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_OCTETS:
            raise forms.ValidationError("The file is larger than 5 MB. Load it in parts.")
        return file
