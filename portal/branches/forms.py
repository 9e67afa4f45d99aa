"""The forms of branch profiles, servers and allow-lists."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from portal.branches import fields, services
from portal.branches.models import (
    AllowListEntry,
    AllowListState,
    BranchProfile,
    SendingDomain,
    SendingMode,
    SendingServer,
)

ADDRESSES = forms.Textarea(attrs={"rows": 4, "spellcheck": "false"})


class BranchForm(forms.Form):
    """A branch profile. ``version`` is that of the profile the form was drawn from."""

    code = forms.CharField(label="Short name", max_length=40, help_text="In addresses and imports, such as north.")
    organisation = forms.CharField(max_length=160)
    notification_address = forms.CharField(max_length=254, help_text="Notifications are sent to and from this address.")
    sending = forms.ChoiceField(label="Sends", choices=SendingMode, widget=forms.RadioSelect)
    sending_server = forms.ModelChoiceField(SendingServer.objects.none())
    time_zone = forms.CharField(
        max_length=64, initial="UTC", help_text="Such as America/Denver. Times and days of the branch are shown in it."
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, data: Any = None, *, servers: QuerySet[SendingServer], branch: BranchProfile | None = None
    ) -> None:
        self.branch = branch
        initial = {}
        if branch is not None:
            names = (
                "code",
                "organisation",
                "notification_address",
                "sending",
                "sending_server",
                "time_zone",
                "version",
            )
            initial = {name: getattr(branch, name) for name in names}
        super().__init__(data, initial=initial)
        self.fields["sending_server"].queryset = servers  # type: ignore[attr-defined]
        if branch is not None:
            # Addresses and imports hold the short name: it stays.
            self.fields["code"].disabled = True

    def clean_code(self) -> str:
        if self.branch is not None:
            return self.branch.code
        code = fields.code(self.cleaned_data["code"])
        if BranchProfile.objects.filter(code=code).exists():
            raise forms.ValidationError(f"There is a branch {code} already.")
        return code

    def clean_notification_address(self) -> str:
        return fields.email(self.cleaned_data["notification_address"])

    def clean_time_zone(self) -> str:
        return fields.time_zone(self.cleaned_data["time_zone"])

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        server, mode = data.get("sending_server"), data.get("sending")
        if server is not None and mode and server.is_vendor != (mode == SendingMode.VENDOR):
            whose = "the vendor's" if server.is_vendor else "not the vendor's"
            self.add_error("sending_server", f"{server} is {whose}. Choose a server that fits how the branch sends.")
        return data


class SuspendForm(forms.Form):
    reason = forms.CharField(
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="The branch reads this. Say what happened, and what has to be done before sending is on again.",
    )


class FromDomainForm(forms.Form):
    """A domain that a branch sends as. One that another branch sends as is taken only when that is confirmed."""

    domain = forms.CharField(max_length=253, help_text="The right of the @ in From, such as north.example.org.")
    is_shared = forms.BooleanField(label="Both branches send as it", required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, branch: BranchProfile) -> None:
        super().__init__(data)
        self.branch = branch

    def clean_domain(self) -> str:
        return fields.sending_domain(self.cleaned_data["domain"])

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        others = SendingDomain.objects.filter(domain=data.get("domain", "")).exclude(branch=self.branch)
        other = others.select_related("branch").first()
        if other is not None:
            self.fields["is_shared"].widget = forms.CheckboxInput()
            if not data.get("is_shared"):
                self.add_error("is_shared", f"{other.branch} sends as {other} already. Is that right? Then tick this.")
        return data


class DKIMEntryForm(forms.Form):
    selector = forms.CharField(max_length=200, help_text="Such as xen1, for xen1._domainkey.")
    public_key = forms.CharField(
        label="Public key we issued",
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text="The p= value, or the whole record. With it the checks can tell whether the right key is published.",
    )

    def clean_selector(self) -> str:
        return fields.selector(self.cleaned_data["selector"])

    def clean_public_key(self) -> str:
        return fields.public_key(self.cleaned_data["public_key"])


class ServerForm(forms.Form):
    host = forms.CharField(max_length=253, help_text="The name it is reached by, such as smtp.example.net.")
    is_vendor = forms.BooleanField(label="It is the vendor's own server", required=False)
    addresses = forms.CharField(widget=ADDRESSES, help_text="The IP addresses it sends from, one a line.")
    helo = forms.CharField(label="HELO name", max_length=253, required=False, help_text="How it greets other servers.")
    log_name = forms.CharField(
        label="Name in the log", max_length=100, required=False,
        help_text="Where one machine sends from several addresses: how its log calls the Postfix service or instance "
        "that sends from this one, such as postfix-out2 in “postfix-out2/smtp[123]:”. Exim tells the address itself.",
    )  # fmt: skip
    log_host = forms.CharField(
        label="Host in the log", max_length=253, required=False,
        help_text="The machine that writes that log, such as smtp.example.net. Empty: the host itself.",
    )  # fmt: skip
    envelope_domain = forms.CharField(
        max_length=253, required=False, help_text="The domain of MAIL FROM. Empty: that of the From-address."
    )
    spf_include = forms.CharField(
        label="SPF include", max_length=253, required=False, help_text="What a branch includes in its SPF record."
    )

    def __init__(self, data: Any = None, *, server: SendingServer | None = None) -> None:
        self.server = server
        initial: dict[str, Any] = {}
        if server is not None:
            names = ("host", "is_vendor", "helo", "log_name", "log_host", "envelope_domain", "spf_include")
            initial = {name: getattr(server, name) for name in names} | {"addresses": "\n".join(server.addresses)}
        super().__init__(data, initial=initial)

    def _domain(self, name: str) -> str:
        text = self.cleaned_data[name].strip()
        return fields.domain(text) if text else ""

    def clean_host(self) -> str:
        host = self._domain("host")
        others = SendingServer.objects.exclude(pk=self.server.pk) if self.server else SendingServer.objects.all()
        if others.filter(host=host).exists():
            raise forms.ValidationError(f"There is a server {host} already.")
        return host

    def clean_helo(self) -> str:
        return self._domain("helo")

    def clean_log_name(self) -> str:
        text = self.cleaned_data["log_name"].strip()
        return fields.log_name(text) if text else ""

    def clean_log_host(self) -> str:
        return self._domain("log_host")

    def clean_envelope_domain(self) -> str:
        return self._domain("envelope_domain")

    def clean_spf_include(self) -> str:
        return self._domain("spf_include")

    def clean_addresses(self) -> list[str]:
        return fields.addresses(self.cleaned_data["addresses"])

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        names = {name: data[name] for name in ("host", "log_host", "log_name") if name in data}
        if len(names) == 3 and (twin := services.twin_of(self.server, **names)):
            self.add_error("log_name", services.same_names(twin))
        return data


class AllowListForm(forms.Form):
    domain = forms.CharField(label="Recipient domain", max_length=253)
    state = forms.ChoiceField(choices=AllowListState, widget=forms.RadioSelect, initial=AllowListState.ASKED)
    branch = forms.ModelChoiceField(
        BranchProfile.objects.none(), required=False, empty_label="All branches", to_field_name="code"
    )
    product = forms.CharField(max_length=80, required=False, help_text="The gateway or filter, such as Mimecast.")
    addresses = forms.CharField(
        required=False,
        widget=ADDRESSES,
        help_text="The sending addresses they allowed, one a line. Empty: all of ours.",
    )
    by = forms.CharField(label="Said by", max_length=160, required=False, help_text="Who at their organisation.")
    at = forms.DateTimeField(
        label="On",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        help_text="When they were asked or answered.",
    )
    expires = forms.DateTimeField(
        label="Holds until",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        help_text="Many filters clean their lists; half a year is usual.",
    )
    note = forms.CharField(max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, data: Any = None, *, branches: QuerySet[BranchProfile], initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        self.fields["branch"].queryset = branches  # type: ignore[attr-defined]

    @staticmethod
    def opening(entry: AllowListEntry) -> dict[str, Any]:
        """What the form shows of an entry."""
        names = ("domain", "state", "product", "by", "at", "expires", "note")
        code = entry.branch.code if entry.branch else ""
        shown = {name: getattr(entry, name) for name in names}
        return shown | {"addresses": "\n".join(entry.addresses), "branch": code}

    def clean_domain(self) -> str:
        return fields.domain(self.cleaned_data["domain"].rpartition("@")[2])

    def clean_addresses(self) -> list[str]:
        return fields.addresses(self.cleaned_data["addresses"])

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("expires") and data.get("at") and data["expires"] <= data["at"]:
            self.add_error("expires", "It must hold until a day after it was said.")
        return data


class DomainFilter(forms.Form):
    """What the allow-list is narrowed to."""

    domain = forms.CharField(label="Recipient domain", max_length=253, required=False)

    def narrowed(self) -> str:
        self.is_valid()
        return str(self.cleaned_data.get("domain", "")).strip().lower().rpartition("@")[2]
