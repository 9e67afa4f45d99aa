"""Asking an organisation, and its IT's answer."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.utils import timezone

from portal.allowing.models import Product
from portal.allowing.selectors import waiting_request
from portal.branches import fields
from portal.branches.models import BranchProfile


class AskForm(forms.Form):
    """Whom to ask, and for which product the letter is."""

    domain = forms.CharField(label="Recipient domain", max_length=253, help_text="The part right of the @.")
    product = forms.ChoiceField(
        label="Their gateway or mailbox provider",
        choices=[(value or "other", label) for value, label in Product.choices],
        initial="other",
        help_text="A check of an address there names it.",
    )
    contact = forms.CharField(label="Whom it goes to", max_length=320, required=False, help_text="For your own record.")
    again = forms.BooleanField(label="Ask them once more", required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, initial: dict[str, Any] | None = None, branch: BranchProfile) -> None:
        super().__init__(data, initial=initial)
        self.branch = branch

    def clean_domain(self) -> str:
        return fields.domain(self.cleaned_data["domain"].rpartition("@")[2])

    def clean_product(self) -> str:
        product: str = self.cleaned_data["product"]
        return "" if product == "other" else product

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        before = waiting_request(self.branch, data["domain"]) if data.get("domain") else None
        if before is not None:
            self.fields["again"].widget = forms.CheckboxInput()
            if not data.get("again"):
                asked = f"They were asked on {timezone.localtime(before.created):%d %b %Y} and have not answered yet."
                self.add_error("again", f"{asked} Look at that letter first; to write another, tick this.")
        return data


class AnswerForm(forms.Form):
    """What the recipient's IT says. Each answer lands in a field of its own."""

    answer = forms.ChoiceField(
        label="Is the server allowed now?",
        choices=[("allowed", "Yes, it is allowed"), ("refused", "No, we do not allow it")],
        widget=forms.RadioSelect,
    )
    answered_by = forms.CharField(label="Your name or department", max_length=160)
    addresses = forms.MultipleChoiceField(
        label="What was allowed",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Take the tick from an address that is not allowed.",
    )
    product = forms.CharField(label="In which product", max_length=80, required=False)
    holds_until = forms.DateField(
        label="It holds until",
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text="Left empty we ask again in half a year.",
    )
    note = forms.CharField(
        label="Anything we should know", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, data: Any = None, *, addresses: list[str], initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.fields["addresses"].choices = [(item, item) for item in addresses]  # type: ignore[attr-defined]
        self.initial.setdefault("addresses", addresses)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        # Nothing is confirmed that nobody has said.
        if data.get("answer") == "allowed" and not data.get("addresses") and "addresses" not in self.errors:
            self.add_error("addresses", "Tick the addresses that are allowed, or answer that it is not allowed.")
        return data

    def clean_holds_until(self) -> datetime | None:
        day: date | None = self.cleaned_data["holds_until"]
        if day is None:
            return None
        if day <= timezone.localdate():
            raise forms.ValidationError("That day is over. Give a later one, or leave it empty.")
        return datetime.combine(day, time(12), timezone.get_current_timezone())
