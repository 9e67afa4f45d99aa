"""The forms in which support names a reply, and looks through the rules that come with the program."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from diagnostics.engine.causes.catalogue import CAUSES
from diagnostics.engine.messages.reply import Rule, RuleProblem
from diagnostics.engine.receivers import receivers
from portal.maillog.models import Delivery, ReplyRule
from portal.maillog.replies import MOST_RULES, engine_rule, masked
from portal.maillog.rules import causes, telling_part
from portal.maillog.shipped import WHOSE, causes_named

#: Which field a problem of a rule belongs to; what is not named here is about the text.
FIELD_OF = {"code": "reply_code", "status": "status", "cause": "cause", "source": "note", "date": "note"}
FITTED = ("text", "reply_code", "status", "provider")


class ReplyRuleForm(forms.Form):
    """A part of a reply, and what it means. ``tried`` is what was tried last: only that can be saved."""

    text = forms.CharField(
        label="What the reply says",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text="The words that tell why, as they stand in the reply; no address, and no number that changes.",
    )
    cause = forms.ChoiceField(label="What it means")
    reply_code = forms.CharField(
        label="Only with the reply code",
        max_length=3,
        required=False,
        help_text="Such as 550; 5 for all that are final.",
    )
    status = forms.CharField(label="Only with the status", max_length=12, required=False, help_text="Such as 5.7.1.")
    provider = forms.ChoiceField(label="Only from", required=False)
    note = forms.CharField(
        label="How we know",
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Who said so, or where it is written.",
    )
    tried = forms.CharField(required=False, max_length=600, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, rule: ReplyRule | None = None, delivery: Delivery | None = None) -> None:
        self.rule = rule
        self.engine_rule: Rule | None = None
        super().__init__(data, initial=_opening(rule, delivery))
        known = sorted(((item.id, item.name) for item in receivers()), key=lambda item: item[1].casefold())
        self.fields["provider"].choices = [("", "Any provider"), *known]  # type: ignore[attr-defined]
        self.fields["cause"].choices = [  # type: ignore[attr-defined]
            ("", "Choose…"), *((cause, CAUSES[cause].title) for cause in causes()),
        ]  # fmt: skip

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"])
        if masked(" ".join(text.split())) != " ".join(text.split()):
            raise forms.ValidationError("Leave out numbers that are another in each reply, and addresses.", "number")
        return text

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if self.errors:
            return data
        try:
            rule = engine_rule(
                "named.new", text=data["text"], reply_code=data["reply_code"], status=data["status"],
                provider=data["provider"], cause=data["cause"], source=data["note"] or "Named at this desk",
                date=f"{timezone.now():%Y-%m-%d}",
            )  # fmt: skip
        except RuleProblem as problem:
            self.add_error(FIELD_OF.get(problem.code, "text"), forms.ValidationError(str(problem), problem.code))
            return data
        self.engine_rule = rule
        data["text"] = rule.any[0]
        self._refuse_doubles(data)
        return data

    def _refuse_doubles(self, data: dict[str, Any]) -> None:
        """Two rules of the same words would leave it to chance which is read by."""
        others = ReplyRule.objects.exclude(pk=self.rule.pk if self.rule else 0)
        if others.filter(**{name: data[name] for name in FITTED}).exists():
            self.add_error(
                "text", forms.ValidationError("There is a rule of these words already: change that.", "double")
            )
        elif self.rule is None and others.filter(is_on=True).count() >= MOST_RULES:
            words = (
                f"{MOST_RULES} rules are in use, and no more are read by. Switch some off that fit nothing any more."
            )
            self.add_error(None, forms.ValidationError(words, "many"))

    @property
    def fingerprint(self) -> str:
        """What was tried, so that nothing else is saved."""
        return "\n".join(str(self.cleaned_data[name]) for name in (*FITTED, "cause"))

    @property
    def was_tried(self) -> bool:
        """What is sent now is what was tried before."""
        return " ".join(self.cleaned_data["tried"].split()) == " ".join(self.fingerprint.split())

    @property
    def values(self) -> dict[str, Any]:
        """What :func:`portal.maillog.rules.save_rule` takes."""
        return {name: self.cleaned_data[name] for name in (*FITTED, "cause", "note")}


def _opening(rule: ReplyRule | None, delivery: Delivery | None) -> dict[str, Any]:
    """What the form shows: a rule, or what a delivery's reply tells."""
    if rule is not None:
        return {name: getattr(rule, name) for name in (*FITTED, "cause", "note")}
    return {"text": telling_part(delivery.reply)} if delivery is not None else {}


class ShippedFilter(forms.Form):
    """What to look for among the rules of the program; it lives in the address."""

    said = forms.CharField(
        label="Words",
        max_length=200,
        required=False,
        help_text="Of a reply, a rule's name or its source.",
    )
    cause = forms.ChoiceField(required=False)
    whose = forms.ChoiceField(choices=[("", "Anybody's"), *WHOSE.items()], label="Whose words", required=False)
    after = forms.IntegerField(min_value=0, max_value=100_000, required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["cause"].choices = [  # type: ignore[attr-defined]
            ("", "Any cause"), *((cause, CAUSES[cause].title) for cause in causes_named()),
        ]  # fmt: skip

    @property
    def asked(self) -> dict[str, Any]:
        """What :func:`portal.maillog.shipped.listed` takes; what cannot be read asks for nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class WhichRuleForm(forms.Form):
    """A reply, to be told which rule reads it. It is sent as a form, since it may hold somebody's address."""

    reply = forms.CharField(
        label="A whole reply",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="With its codes, as it stands in a log or a returned mail.",
    )
    remote_host = forms.CharField(
        label="The server that said it",
        max_length=255,
        required=False,
        help_text="Such as mx1.mail.icloud.com. Some rules are only about one provider's servers.",
    )
