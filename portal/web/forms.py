"""The form of the style page: one field of every kind the product uses, none of which is kept."""

from __future__ import annotations

from django import forms


class SpecimenForm(forms.Form):
    """Every kind of control; sent empty it shows every kind of error."""

    name = forms.CharField(max_length=120, help_text="As the recipient writes it.")
    email = forms.EmailField(label="E-mail address")
    module = forms.ChoiceField(choices=[("", "Choose…"), ("webreg", "WebReg"), ("quicktools", "QuickTools")])
    reference = forms.CharField(required=False, help_text="Only where you have one.")
    day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    at = forms.SplitDateTimeField(
        label="Sent at",
        widget=forms.SplitDateTimeWidget(date_attrs={"type": "date"}, time_attrs={"type": "time"}),
        help_text="In the branch's own time.",
    )
    junk = forms.ChoiceField(
        label="Did they look into the junk folder?",
        choices=[("found", "Yes, it was there"), ("not_found", "Yes, it was not there"), ("not_yet", "Not yet")],
        widget=forms.RadioSelect,
    )
    seen = forms.MultipleChoiceField(
        label="What is missing?",
        choices=[("banner", "The banner"), ("images", "The pictures"), ("format", "The layout")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    description = forms.CharField(widget=forms.Textarea(attrs={"rows": 4}), help_text="What did the recipient see?")
    file = forms.FileField(required=False, help_text="A screenshot or the bounce, up to 5 MB.")
    agreed = forms.BooleanField(label="The recipient knows that we write to their IT")
