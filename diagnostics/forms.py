"""What the bench asks for: a domain or an address, and what is known of the sender."""

from __future__ import annotations

import ipaddress
from typing import Any

from django import forms
from django.utils import timezone

from diagnostics.engine.names import NameProblem, normalised
from diagnostics.engine.subject import DKIMSelector, SendingServer, Subject


class BenchForm(forms.Form):
    """One look from the bench. The target is a recipient's address, or a domain that sends."""

    target = forms.CharField(
        label="Domain or e-mail address",
        max_length=320,
        help_text="A domain is examined as a sender; an address as a recipient.",
    )
    sender = forms.CharField(
        label="Sending domain", max_length=253, required=False, help_text="For an address: who writes to it."
    )
    addresses = forms.CharField(
        label="Sending IP addresses", max_length=400, required=False, help_text="IPv4 or IPv6, with commas between."
    )
    selectors = forms.CharField(
        label="DKIM selectors", max_length=200, required=False, help_text="With commas between, when you know them."
    )

    def _domain(self, text: str) -> str:
        try:
            return normalised(text)
        except NameProblem as error:
            raise forms.ValidationError(str(error)) from error

    def clean_target(self) -> str:
        target: str = self.cleaned_data["target"].strip()
        return target if "@" in target else self._domain(target)

    def clean_sender(self) -> str:
        sender = self.cleaned_data["sender"].strip()
        return self._domain(sender) if sender else ""

    def clean_addresses(self) -> tuple[str, ...]:
        given = [item.strip() for item in self.cleaned_data["addresses"].split(",") if item.strip()]
        try:
            return tuple(str(ipaddress.ip_address(item)) for item in given[:20])
        except ValueError as error:
            raise forms.ValidationError(f"{error}. Give addresses such as 192.0.2.10 or 2001:db8::10.") from error

    def clean_selectors(self) -> tuple[str, ...]:
        given = [item.strip().lower() for item in self.cleaned_data["selectors"].split(",") if item.strip()]
        return tuple(self._domain(item) for item in given[:10])

    def subject(self) -> Subject:
        """What the engine is to look at."""
        data: dict[str, Any] = self.cleaned_data
        is_address = "@" in data["target"]
        return Subject(
            recipient=data["target"] if is_address else "",
            sender_domain=data["sender"] if is_address else data["target"],
            sending_server=SendingServer(host="", addresses=data["addresses"]) if data["addresses"] else None,
            selectors=tuple(DKIMSelector(selector=item) for item in data["selectors"]),
            now=timezone.now().isoformat(),
        )
