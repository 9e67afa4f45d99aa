"""The forms of the queue and of a ticket."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms

from diagnostics.engine.causes import CAUSES
from diagnostics.engine.findings import Actor
from portal.accounts.models import User
from portal.web.fields import ManyFiles
from portal.web.words import ACTORS
from tickets.models import Ticket, TicketState
from tickets.selectors.tickets import Filters, assignable, filterable_branches, view_called
from tickets.templatetags.tickets import party

#: Whom a ticket can wait for.
PARTIES = [(actor.value, ACTORS[actor.value].word) for actor in Actor if actor is not Actor.NOBODY]
#: Where a ticket goes with a reply: a state, and after a colon the party that it waits for.
THEN = [
    ("", "Leave the state as it is"),
    *((f"waiting:{actor}", f"Wait for {party(actor)}") for actor, _ in PARTIES),
    ("open", "In progress"),
    ("solved", "Solved"),
    ("closed", "Close it"),
]
THEN_OF_STAFF = [("", "Support goes on with it"), ("solved", "It is solved")]


class FilterForm(forms.Form):
    """What the queue is narrowed to; lives in the URL, and what cannot be read narrows nothing."""

    state = forms.ChoiceField(choices=[("", "Any state"), *TicketState.choices], required=False)
    branch = forms.ChoiceField(required=False)
    search = forms.CharField(
        label="Recipient, domain, number or id",
        max_length=320,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocapitalize": "none", "spellcheck": "false"}),
    )
    assignee = forms.ChoiceField(required=False)
    incident = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, viewer: User) -> None:
        super().__init__(data)
        branches = [(item.code, item.organisation) for item in filterable_branches(viewer)]
        people = [(str(item.pk), item.name) for item in assignable(viewer)] if viewer.is_support else []
        self.fields["branch"].choices = [("", "Any branch"), *branches]  # type: ignore[attr-defined]
        self.fields["assignee"].choices = [("", "Anybody"), ("none", "Nobody"), *people]  # type: ignore[attr-defined]
        self.viewer = viewer

    def filters(self) -> Filters:
        """The filters that can be read."""
        self.is_valid()
        kept = {name: self.cleaned_data.get(name, "") for name in ("state", "branch", "search", "assignee")}
        incident = str(self.cleaned_data.get("incident") or "")
        return Filters(view=view_called(self.data.get("view", "")), incident=incident, **kept)


class _TicketForm(forms.Form):
    """A form about a ticket: it remembers on which version of it the person decided."""

    # Several of them stand on one page, and nothing refers to a hidden field by an id.
    version = forms.IntegerField(widget=forms.HiddenInput(attrs={"id": False}), min_value=1)

    def __init__(self, data: Any = None, *, ticket: Ticket, **kwargs: Any) -> None:
        super().__init__(data, initial={"version": ticket.version, **kwargs.pop("initial", {})}, **kwargs)
        self.ticket = ticket


class MessageForm(_TicketForm):
    """A reply or a note. ``submission`` makes sending the same form twice harmless."""

    submission = forms.UUIDField(widget=forms.HiddenInput(attrs={"id": False}))
    body = forms.CharField(label="What you write", max_length=20_000, widget=forms.Textarea(attrs={"rows": 5}))

    def __init__(self, data: Any = None, *, ticket: Ticket, **kwargs: Any) -> None:
        initial = {"submission": uuid.uuid4(), **kwargs.pop("initial", {})}
        super().__init__(data, ticket=ticket, initial=initial, **kwargs)


class ReplyForm(MessageForm):
    """A reply, and where the ticket goes with it: one press instead of two."""

    then = forms.ChoiceField(label="And then", required=False)

    def __init__(self, data: Any = None, *, ticket: Ticket, viewer: User, **kwargs: Any) -> None:
        super().__init__(data, ticket=ticket, **kwargs)
        self.fields["then"].choices = THEN if viewer.is_support else THEN_OF_STAFF  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """``then`` as the state and the party that the service takes."""
        data: dict[str, Any] = super().clean() or {}
        data["state"], _, data["waiting_on"] = str(data.pop("then", "")).partition(":")
        return data


class FilesForm(forms.Form):
    """Files for a ticket. Nothing else is decided with them, so no version is asked."""

    attached = forms.Field(
        label="Files",
        required=False,
        widget=ManyFiles,
        help_text="A message trace from Microsoft 365 or Google Workspace (CSV) and a bounce (.eml) are read here, and "
        "told below in words. PNG, JPEG, GIF, WebP, PDF, .msg, other .eml and CSV, and plain text are kept as they "
        "are; up to 10 MB each.",
    )

    def refuse(self, reasons: list[str]) -> None:
        """Say about files why they were not taken."""
        self.full_clean()
        for reason in reasons:
            self.add_error("attached", reason)


class AssignForm(_TicketForm):
    assignee = forms.ChoiceField(label="Assigned to", required=False)

    def __init__(self, data: Any = None, *, ticket: Ticket, viewer: User, **kwargs: Any) -> None:
        super().__init__(data, ticket=ticket, initial={"assignee": ticket.assignee_id or ""}, **kwargs)
        self.people = {str(person.pk): person for person in assignable(viewer)}
        choices = [("", "Nobody"), *((key, person.name) for key, person in self.people.items())]
        self.fields["assignee"].choices = choices  # type: ignore[attr-defined]

    def clean_assignee(self) -> User | None:
        return self.people.get(self.cleaned_data["assignee"])


class StateForm(_TicketForm):
    state = forms.ChoiceField(choices=TicketState.choices)
    waiting_on = forms.ChoiceField(label="Waiting for", required=False, choices=[("", "Nobody"), *PARTIES])
    reason = forms.CharField(
        label="In a sentence, why",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="The branch reads it. To solve or close it, this or a confirmed cause is needed.",
    )

    def __init__(self, data: Any = None, *, ticket: Ticket, **kwargs: Any) -> None:
        initial = {"state": ticket.state, "waiting_on": ticket.waiting_on}
        super().__init__(data, ticket=ticket, initial=initial, **kwargs)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("state") == TicketState.WAITING and not data.get("waiting_on"):
            self.add_error("waiting_on", "Say for whom the ticket waits: whose turn is it?")
        ends = data.get("state") in (TicketState.SOLVED, TicketState.CLOSED) and data["state"] != self.ticket.state
        if ends and "reason" in data and not (data["reason"] or self.ticket.cause):
            self.add_error("reason", "Say in a sentence what it was, or confirm a cause first: the branch reads why.")
        return data


def by_party() -> list[tuple[str, list[tuple[str, str]]]]:
    """All causes under whose turn each is, in the order of the taxonomy."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for cause in CAUSES.values():
        groups.setdefault(ACTORS[cause.actor].word, []).append((cause.id, cause.title))
    return list(groups.items())


class CauseForm(_TicketForm):
    cause = forms.ChoiceField(label="Confirmed cause", required=False)

    def __init__(self, data: Any = None, *, ticket: Ticket, **kwargs: Any) -> None:
        super().__init__(data, ticket=ticket, initial={"cause": ticket.cause}, **kwargs)
        self.fields["cause"].choices = [("", "Not confirmed"), *by_party()]  # type: ignore[attr-defined]
