"""The reason of a step, which the branch reads."""

from __future__ import annotations

from django import forms

HELP = {
    "warn": "The branch's members get this by mail. Say what happened and what has to change.",
    "withdraw": "The branch reads this. Say what it has shown.",
    "suspend": "The branch reads this, also in the wizard. Say what happened, and what it has to show to be let back.",
    "resume": "The branch reads this. Say what it has shown.",
}


class AskBackForm(forms.Form):
    """What a suspended branch says to support."""

    text = forms.CharField(
        label="What was done, and where support can see it",
        max_length=900,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Support decides by this. Name what proves it: a test message, the list that was looked at, a page.",
    )


class ReasonForm(forms.Form):
    """Why. ``deed`` is one of :data:`HELP`."""

    reason = forms.CharField(label="Reason", max_length=1000, widget=forms.Textarea(attrs={"rows": 5}))

    def __init__(self, data: object = None, *, deed: str, initial: dict[str, str] | None = None) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]
        self.fields["reason"].help_text = HELP[deed]
