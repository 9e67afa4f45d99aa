"""What the bench asks for: a domain or an address, and what is known of the sender."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone

from diagnostics.engine.messages.headers.fields import MAX_OCTETS, has_header
from diagnostics.engine.names import NameProblem, host_domain, normalised
from diagnostics.engine.subject import DKIMSelector, SendingServer, Subject

NO_HEADER = "This is no message header: it has no line such as Received: or From:. Nothing was judged."


class MessageForm(forms.Form):
    """A message to inspect: the file, or its header as copied text."""

    file = forms.FileField(
        label="The message as a file",
        required=False,
        help_text="Saved from the mail program (.eml). Only so can its signatures be verified.",
    )
    text = forms.CharField(
        label="Or its header, as text",
        required=False,
        strip=False,
        max_length=1_500_000,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "class": "font-monospace"}),
        help_text="In most mail programs: Show original, View source, or Internet headers.",
    )
    authserv_id = forms.CharField(
        label="The receiver's own server",
        max_length=253,
        required=False,
        help_text="Its name, where you know it: only its notes on SPF and DKIM are then believed. Empty: the place of "
        "the note in the header decides.",
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > MAX_OCTETS:
            raise forms.ValidationError("The file is larger than 1 MB. Paste its header instead.")
        return file

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        has_text = bool(data.get("text", "").strip())
        if not self.errors and bool(data.get("file")) == has_text:
            raise forms.ValidationError("Give the file or the text of one message." if has_text else "Give a message.")
        if not self.errors and not has_header(self.message()):
            self.add_error("file" if data.get("file") else "text", NO_HEADER)
        return data

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if len(text.encode("utf-8", "replace")) > MAX_OCTETS:
            raise forms.ValidationError("This is more than 1 MB of text. Paste the header alone; nothing was judged.")
        return text

    def message(self) -> bytes | str:
        """The octets of the file, or the text as it was pasted."""
        file = self.cleaned_data["file"]
        if file:
            file.seek(0)
        return bytes(file.read()) if file else str(self.cleaned_data["text"])


class BenchForm(forms.Form):
    """One look from the bench. The target is a recipient's address, or a domain that sends."""

    target = forms.CharField(
        label="Domain or e-mail address",
        max_length=320,
        help_text="A domain is examined as a sender and as a receiver; an address as a recipient.",
    )
    sender = forms.CharField(
        label="Sending domain", max_length=253, required=False, help_text="For an address: who writes to it."
    )
    addresses = forms.CharField(
        label="Sending IP addresses",
        max_length=400,
        required=False,
        help_text="IPv4 or IPv6, with commas between. Empty: those of the server that our records hold for the domain.",
    )
    selectors = forms.CharField(
        label="DKIM selectors",
        max_length=200,
        required=False,
        help_text="With commas between. Empty: those that our records hold for the domain.",
    )

    calls = forms.BooleanField(
        label="Call on the recipient's mail server",
        required=False,
        help_text="It is greeted as a sender would, and left before there is a message.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if settings.SMTP_PROBE == "off":
            del self.fields["calls"]

    def _domain(self, text: str, read: Callable[[str], str] = host_domain) -> str:
        try:
            return read(text)
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
        return tuple(self._domain(item, normalised) for item in given[:10])

    def subject(self) -> Subject:
        """What the engine is to look at."""
        data: dict[str, Any] = self.cleaned_data
        is_address = "@" in data["target"]
        return Subject(
            recipient=data["target"] if is_address else f"postmaster@{data['target']}",
            recipient_is_assumed=not is_address,
            sender_domain=data["sender"] if is_address else data["target"],
            sending_server=SendingServer(host="", addresses=data["addresses"]) if data["addresses"] else None,
            selectors=tuple(DKIMSelector(selector=item) for item in data["selectors"]),
            now=timezone.now().isoformat(),
        )
