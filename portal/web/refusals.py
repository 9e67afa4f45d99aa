"""What a form says of a field it cannot use, where the framework's own sentence does not say what to do.

They are set once, when the program starts, for every form; a field that knows better says so itself.
"""

from __future__ import annotations

from django import forms
from django.core.validators import ProhibitNullCharactersValidator

#: By the kind of field: what is wrong, and what to do.
REFUSALS: dict[type[forms.Field], dict[str, str]] = {
    forms.Field: {"required": "This is needed. Fill it in."},
    forms.ChoiceField: {"required": "This is needed. Choose one."},
    forms.MultipleChoiceField: {"required": "This is needed. Choose at least one."},
    forms.FileField: {"required": "This is needed. Choose a file."},
    forms.BooleanField: {"required": "This is needed. Tick it to go on."},
    forms.IntegerField: {"invalid": "This is no whole number. Write one such as 50."},
    forms.DateField: {"invalid": "This is no day. Write one such as 2026-03-04."},
    forms.TimeField: {"invalid": "This is no time of day. Write one such as 14:02."},
    forms.DateTimeField: {"invalid": "This is no time. Write one such as 2026-03-04 14:02."},
    forms.SplitDateTimeField: {
        "invalid_date": "This is no day. Write one such as 2026-03-04.",
        "invalid_time": "This is no time of day. Write one such as 14:02.",
    },
}
NUL = "A sign that is no letter (NUL) stands in it. Take it out, or type the text anew."


def set_refusals() -> None:
    """Have every form say these. Saying it twice changes nothing."""
    for kind, words in REFUSALS.items():
        # A kind without sentences of its own has those of the kind above it, which are not to be changed with it.
        kind.default_error_messages = {**kind.default_error_messages, **words}
    ProhibitNullCharactersValidator.message = NUL
