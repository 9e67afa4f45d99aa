"""The forms of the wizard. What a form cleans is what is kept as the answer, so it holds nothing but plain values."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from diagnostics.engine.names import Address, Malformed, parse_address
from portal.branches.models import BranchProfile
from portal.maillog.models import Delivery, Module
from portal.web.fields import ManyFiles
from portal.web.moments import zone_of
from portal.web.text import visible
from tickets.models import OtherDomain, Report, Symptom
from tickets.services.reports import Message
from tickets.wizard.several import MOST, MOST_NAME, MOST_TYPED, Named, named_in, unreadable
from tickets.wizard.words import ADDRESS_WORDS, JUNK_WORDS, SPANS, SUPPRESSED

if TYPE_CHECKING:
    from tickets.wizard.known import AddressKnown, Known, SentKnown

NO_DAY = "Not known? Leave it empty, and the whole log is looked through."
#: A clock that is a little ahead is no reason to refuse a form.
SLACK = timedelta(minutes=10)
#: The longest address that is kept.
MOST_ADDRESS = 320
SEVERAL = (
    f"Exactly as the e-mail was sent to it, mistakes and all. Several got nothing? Up to {MOST} addresses, with commas "
    "or one a line; each becomes a report, and they are looked at together."
)


class MessageForm(forms.Form):
    """Which e-mail is it about? The vendor's "date, time, recipient and method used to send the email"."""

    submission = forms.UUIDField(widget=forms.HiddenInput, required=False)
    branch = forms.ModelChoiceField(queryset=BranchProfile.objects.none(), to_field_name="code")
    recipient = forms.CharField(
        label="Recipient's e-mail address",
        max_length=MOST_TYPED,
        help_text="Exactly as the e-mail was sent to it, mistakes and all.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
    )
    day = forms.DateField(
        label="Day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=NO_DAY,
    )
    at = forms.TimeField(
        label="Time",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="In the time of the branch.",
    )
    span_days = forms.TypedChoiceField(label="How sure is that?", choices=SPANS, coerce=int, initial=1)
    module = forms.ChoiceField(label="Module", choices=[("", "Not known"), *Module.choices], required=False)
    function = forms.CharField(
        label="Function",
        max_length=120,
        required=False,
        help_text="What sent it: registration confirmation, forgot password, e-mail to class.",
    )
    client = forms.CharField(
        label="Client's name",
        max_length=MOST_NAME,
        required=False,
        help_text="As on the client profile. It lets us compare the address with the profile's.",
    )

    def __init__(
        self, data: Any = None, *, branches: QuerySet[BranchProfile], takes_several: bool = False, **kwargs: Any
    ) -> None:
        initial = {"submission": uuid.uuid4(), **kwargs.pop("initial", {})}
        super().__init__(data, initial=initial, **kwargs)
        self.fields["branch"].queryset = branches  # type: ignore[attr-defined]
        self.fields["branch"].empty_label = "Choose the branch"  # type: ignore[attr-defined]
        choices = list(branches[:2])
        #: Whom it is about, once that is known.
        self.recipients: tuple[Named, ...] = ()
        self.takes_several = takes_several
        if takes_several:
            # A line break is lost in a field of one line, and two addresses become one.
            attrs = {**self.fields["recipient"].widget.attrs, "rows": 1}
            self.fields["recipient"].widget = forms.Textarea(attrs=attrs)
            self.fields["recipient"].help_text = SEVERAL
        #: The one branch it can be about; None where there are several.
        self.only_branch = choices[0] if len(choices) == 1 else None
        if self.only_branch is not None:
            # Nobody is asked what has only one answer; the value still comes with the form.
            self.fields["branch"].widget = forms.HiddenInput()
            self.initial.setdefault("branch", self.only_branch.code)
            self.fields["at"].help_text = f"In the time of {self.only_branch} ({self.only_branch.time_zone})."

    def clean_recipient(self) -> str:
        """What a mail client put around an address is left out, and the name in it is kept for the client's.

        An address that cannot be read is kept as typed: that it is wrong is for step 2 to say. Several are only taken
        where a report is begun, and only those that can be read.
        """
        typed: str = self.cleaned_data["recipient"]
        self.recipients = named_in(typed)
        if len(self.recipients) > 1:
            self._check_several()
        elif len(typed.strip()) > MOST_ADDRESS:
            raise forms.ValidationError(f"An address has no more than {MOST_ADDRESS} characters.")
        return self.recipients[0].address

    def _check_several(self) -> None:
        count = len(self.recipients)
        if not self.takes_several:
            raise forms.ValidationError(f"A report is about one address. There are {count} here.", code="several")
        if count > MOST:
            raise forms.ValidationError(
                f"Up to {MOST} addresses are taken at once; there are {count}. Of a whole mailing, report one "
                "recipient and say that others are affected too; the message log shows how all of it fared.",
                code="too_many",
            )
        wrong = unreadable(self.recipients)
        if wrong:
            raise forms.ValidationError(
                f"Cannot be read as an address: {', '.join(visible(item) for item in wrong)}. Correct it, or report it "
                "by itself: then we look at what is wrong with it.",
                code="unreadable",
            )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        branch, day = data.get("branch"), data.get("day")
        data |= {"around": None, "is_day_only": False}
        data["client"] = data.get("client") or (self.recipients[0].name if self.recipients else "")
        if branch is None or day is None:
            if data.get("at") and "day" not in self.errors:
                self.add_error("day", "On which day was that? Give the day, or leave the time empty too.")
            return data
        data["is_day_only"] = data.get("at") is None
        moment = _moment(day, data.get("at"), branch)
        if moment > timezone.now() + SLACK and (data.get("at") or day > timezone.localdate(timezone=_zone(branch))):
            self.add_error("at" if data.get("at") else "day", "That is still to come. When was it sent?")
        # To the minute, as the form shows it: what was not changed must not look changed.
        data["around"] = min(moment, timezone.now()).replace(second=0, microsecond=0)
        return data

    def messages(self) -> list[Message]:
        """One for each recipient; a name that stood beside an address is its client's."""
        whole = self.message()
        return [replace(whole, recipient=item.address, client=item.name) for item in self.recipients]

    def message(self) -> Message:
        """What was typed, as the services take it."""
        names = ("recipient", "around", "is_day_only", "span_days", "module", "function", "client")
        return Message(**{name: self.cleaned_data[name] for name in names})


def _zone(branch: BranchProfile) -> tzinfo:
    return zone_of(branch.time_zone)


def _moment(day: date, at: time | None, branch: BranchProfile) -> datetime:
    """The day and time in the branch's zone; noon stands for a day of which the hour is not known."""
    return datetime.combine(day, at or time(12), tzinfo=_zone(branch))


def message_initial(report: Report) -> dict[str, Any]:
    """What the form about the message shows of an existing report."""
    around = report.around.astimezone(_zone(report.branch)) if report.around else None
    return {
        "branch": report.branch.code,
        "recipient": report.recipient,
        "day": around.date() if around else None,
        "at": around.time().replace(second=0, microsecond=0) if around and not report.is_day_only else None,
        "span_days": report.span_days,
        "module": report.module,
        "function": report.function,
        "client": report.client,
    }


def delivery_initial(delivery: Delivery, branch: BranchProfile) -> dict[str, Any]:
    """The same, of a delivery somebody is looking at."""
    at = delivery.at.astimezone(_zone(branch))
    return {
        "branch": branch.code,
        "recipient": delivery.recipient,
        "day": at.date(),
        "at": at.time().replace(second=0, microsecond=0),
        "module": delivery.message.module,
        "function": delivery.message.function,
    }


class StepForm(forms.Form):
    """What every step's form has: the version of the report that its page showed."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, data: Any = None, *, report: Report, known: Known, **kwargs: Any) -> None:
        self.report, self.known = report, known
        kept = report.answers.get(self.slug, {})
        super().__init__(data, initial={**self.opening(), **kept, "version": report.version}, **kwargs)

    slug = ""

    def opening(self) -> dict[str, Any]:
        """What is chosen before anything was answered."""
        return {}

    def answer(self) -> dict[str, Any]:
        """What is kept."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}

    def renew(self, version: int) -> None:
        """Show the form again as typed, now decided on ``version``."""
        typed = self.data.copy()  # type: ignore[attr-defined]
        typed["version"] = str(version)
        self.data = typed


class SentForm(StepForm):
    """Do you see a case note and/or message log record for the email that was sent?"""

    slug = "sent"
    known: SentKnown
    choice = forms.ChoiceField(
        label="Do you see a case note and/or message log record for the email that was sent?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the record of this e-mail, or say that there is none."},
    )
    stop = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        records = [(key, key) for key in self.known.keys]
        listed = [(SUPPRESSED, SUPPRESSED)] if self.known.suppression else []
        self.fields["choice"].choices = [*records, *self.known.others, *listed]  # type: ignore[attr-defined]

    def opening(self) -> dict[str, Any]:
        return {"choice": self.known.chosen}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        match = self.known.match(data.get("choice", ""))
        if data.get("stop") and not (match and match.may_stop):
            self.add_error("choice", "Only a record that says why it did not arrive can answer the report.")
        return data


class AddressForm(StepForm):
    """Is the address right? If not: correct it and send the e-mail again."""

    slug = "address"
    known: AddressKnown
    choice = forms.ChoiceField(
        label="Is this the recipient's address?",
        choices=ADDRESS_WORDS,
        widget=forms.RadioSelect,
    )
    corrected = forms.CharField(
        label="The correct address",
        max_length=320,
        required=False,
        help_text="Only when it is not right as it stands.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
    )
    resent = forms.BooleanField(label="I have sent the e-mail again to the correct address", required=False)

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        if data is not None and data.get("accept"):
            # One press of a suggestion answers the whole step.
            data = data.copy()
            data["choice"], data["corrected"] = "wrong", data["accept"]
        super().__init__(data, **kwargs)

    def clean_corrected(self) -> str:
        typed = self.cleaned_data["corrected"].strip()
        if not typed:
            return ""
        parsed = parse_address(typed)
        if isinstance(parsed, Malformed):
            meant = f" Did you mean {parsed.suggestion}?" if parsed.suggestion else ""
            raise forms.ValidationError(parsed.text + meant)
        return parsed.text

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        corrected = data.get("corrected", "")
        if data.get("choice") == "right" and self.known.fault is not None:
            self.add_error("choice", "It cannot be right: no server takes it as an address. What did the client mean?")
        if data.get("choice") not in ("wrong", "not_on_profile"):
            # A correction that was typed and then not chosen is no correction.
            return data | {"corrected": "", "resent": False, "cause": ""}
        if "corrected" in data and not corrected:
            self.add_error("corrected", "Give the correct address, so that the correction is on record.")
        elif corrected and corrected == self.known.wire:
            self.add_error("corrected", "That is the address the e-mail was sent to. What is the correct one?")
        data["cause"] = self._cause(data["choice"], corrected)
        return data

    def _cause(self, choice: str, corrected: str) -> str:
        """Why the old address was wrong, as far as that is proved."""
        if self.known.fault is not None:
            return "address_malformed"
        if choice == "not_on_profile" or corrected in self.known.profile_addresses:
            return "address_not_on_profile"
        parsed = parse_address(self.report.recipient)
        is_other_domain = isinstance(parsed, Address) and parsed.domain != corrected.rpartition("@")[2]
        return "address_typo" if is_other_domain and corrected in self.known.suggestions else ""


class JunkForm(StepForm):
    """Is it in the junk or spam folder?"""

    slug = "junk"
    choice = forms.ChoiceField(
        label="Did the recipient look in the junk or spam folder?",
        choices=JUNK_WORDS,
        widget=forms.RadioSelect,
        help_text="Asking them takes time: this report is kept, and you can go on from here whenever you know.",
    )


class DescribeForm(StepForm):
    """The rest of the vendor's list for a detailed support ticket."""

    slug = "describe"
    symptom = forms.ChoiceField(
        label="Describe the issue", choices=Symptom.choices, widget=forms.RadioSelect, initial=Symptom.NOT_RECEIVED
    )
    other_domain = forms.ChoiceField(
        label="Did the recipient try a different email with a different domain?",
        choices=OtherDomain.choices,
        widget=forms.RadioSelect,
        initial=OtherDomain.NO,
        help_text="Sometimes the issue is the email domain. The domain is the text to the right of the @ symbol.",
    )
    other_address = forms.CharField(label="Which other address?", max_length=320, required=False)
    description = forms.CharField(
        label="Any other information that will help determine the issue",
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="What happened, what the recipient sees, since when, and whether others are affected.",
        error_messages={"required": "Describe what happened in a sentence or two: it decides where support looks."},
    )
    attached = forms.Field(
        label="Screenshots, the saved message, a bounce, a message trace",
        required=False,
        widget=ManyFiles,
        help_text="PNG, JPEG, GIF, WebP, PDF, .eml, .msg, CSV or plain text; up to 10 files of 10 MB each. "
        "A bounce saved as .eml and a message trace as CSV are read here.",
    )

    def refuse(self, reasons: list[str]) -> None:
        """Say about files why they were not taken; what was typed and the good files stay."""
        for reason in reasons:
            self.add_error("attached", reason)

    def clean_other_address(self) -> str:
        typed = str(self.cleaned_data["other_address"])
        if not typed:
            return ""
        if self.cleaned_data.get("other_domain") == OtherDomain.NO:
            raise forms.ValidationError("Say above whether it arrived there, or leave this empty.", code="untold")
        parsed = parse_address(typed)
        if isinstance(parsed, Malformed):
            raise forms.ValidationError(parsed.text, code="malformed")
        return typed

    def answer(self) -> dict[str, Any]:
        kept = super().answer()
        del kept["attached"]
        return kept
