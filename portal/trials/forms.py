"""What is asked before a trial, and for a comparison."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.conf import settings

from diagnostics.forms import MessageForm
from portal.maillog.models import Module


class TrialForm(forms.Form):
    """From where the test message will be sent, and which report it is for."""

    module = forms.ChoiceField(
        label="Where the missing mail was sent from",
        choices=Module.choices,
        widget=forms.RadioSelect,
        help_text="The test is worth most when it takes the same way as the mail that went missing.",
    )
    asks_for_pictures = forms.BooleanField(
        label="Ask for its pictures, as a mail program does",
        required=False,
        initial=True,
        help_text="Each picture that the message shows from another server is asked for once, so that one that is "
        "missing is found. Where pictures count who opens them, the test then counts as opened. Links are never "
        "followed, and counters of one pixel are left out.",
    )
    report = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not settings.PICTURE_PROBE:
            del self.fields["asks_for_pictures"]

    def report_code(self) -> uuid.UUID | None:
        """The report that was named in the address; nothing where it was none."""
        return self.cleaned_data.get("report")


class OtherForm(MessageForm):
    """A message that did arrive: the file, or its header as copied text."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        del self.fields["authserv_id"]
