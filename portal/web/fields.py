"""Form controls that several rooms use."""

from __future__ import annotations

from django import forms


class ManyFiles(forms.FileInput):
    """A control for several files at once. What they are worth is judged by whoever takes them."""

    allow_multiple_selected = True
