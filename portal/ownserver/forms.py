"""The settings of a branch's own mail server."""

from __future__ import annotations

from typing import Any

from django import forms

from portal.branches import fields
from portal.ownserver.models import Encryption, OwnServer, ServerRequest
from portal.ownserver.trying import PORTS


def usable_port(port: int) -> int:
    """``port`` where mail may be handed in; else ValidationError."""
    if port not in PORTS:
        raise forms.ValidationError(f"Use one of {', '.join(str(item) for item in sorted(PORTS))}.")
    return port


class ServerForm(forms.Form):
    """How mail is handed in there. A password that is kept is never shown; an empty field leaves it as it is."""

    host = forms.CharField(label="Server", max_length=253, help_text="Such as smtp.your-domain.example.")
    port = forms.IntegerField(initial=587, help_text="587 with STARTTLS, 465 with TLS from the start.")
    encryption = forms.ChoiceField(choices=Encryption, initial=Encryption.STARTTLS, widget=forms.RadioSelect)
    username = forms.CharField(label="User name", max_length=255, required=False)
    password = forms.CharField(
        max_length=500, required=False, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    sender = forms.EmailField(label="Sends as", max_length=254)

    @staticmethod
    def opening(server: OwnServer | ServerRequest) -> dict[str, Any]:
        """What the form shows of settings that are there, or that a branch asked for."""
        if isinstance(server, ServerRequest):
            return {name: getattr(server, name) for name in ("host", "port", "encryption")}
        return {name: getattr(server, name) for name in ("host", "port", "encryption", "username", "sender")}

    def clean_host(self) -> str:
        return fields.domain(self.cleaned_data["host"])

    def clean_port(self) -> int:
        return usable_port(self.cleaned_data["port"])

    def clean_password(self) -> str | None:
        return self.cleaned_data["password"] or None


class AskForm(forms.Form):
    """What a branch knows of its server. Who has the password gives it to an admin, not to this page."""

    host = forms.CharField(label="Server", max_length=253, help_text="Such as smtp.your-domain.example.")
    port = forms.IntegerField(initial=587, help_text="587 with STARTTLS, 465 with TLS from the start.")
    encryption = forms.ChoiceField(choices=Encryption, initial=Encryption.STARTTLS, widget=forms.RadioSelect)
    contact = forms.CharField(
        label="Who in your IT has the user name and password",
        max_length=320,
        help_text="A name with a telephone number or an address. Do not write the password here: an admin asks for it.",
    )

    @staticmethod
    def opening(asked: ServerRequest) -> dict[str, Any]:
        """What the form shows of what was asked before."""
        return {name: getattr(asked, name) for name in ("host", "port", "encryption", "contact")}

    def clean_host(self) -> str:
        return fields.domain(self.cleaned_data["host"])

    def clean_port(self) -> int:
        return usable_port(self.cleaned_data["port"])


class TrialForm(forms.Form):
    """Where the test message goes; without an address the server is only signed in to."""

    to = forms.EmailField(label="Send a test message to", required=False, max_length=254)
