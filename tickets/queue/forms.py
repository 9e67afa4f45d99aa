"""The forms of the queue and of a ticket."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms

from diagnostics.engine.causes import CAUSES
from diagnostics.engine.findings import Actor
from portal.accounts.models import User
from portal.web.words import ACTORS
from tickets.models import Ticket, TicketState
from tickets.selectors.tickets import Filters, assignable, filterable_branches, view_called

#: Whom a ticket can wait for.
PARTIES = [(actor.value, ACTORS[actor.value].word) for actor in Actor if actor is not Actor.NOBODY]


class FilterForm(forms.Form):
    """What the queue is narrowed to; lives in the URL, and what cannot be read narrows nothing."""

    state = forms.ChoiceField(choices=[("", "Any state"), *TicketState.choices], required=False)
    branch = forms.ChoiceField(required=False)
    domain = forms.CharField(label="Recipient domain", max_length=255, required=False)
    assignee = forms.ChoiceField(required=False)

    def __init__(self, data: Any, *, viewer: User) -> None:
        super().__init__(data)
        branches = [(item.code, item.organisation) for item in filterable_branches(viewer)]
        people = [(str(item.pk), item.name) for item in assignable(viewer)] if viewer.is_support else []
        self.fields["branch"].choices = [("", "Any branch"), *branches]  # type: ignore[attr-defined]
        self.fields["assignee"].choices = [("", "Anybody"), ("none", "Nobody"), *people]  # type: ignore[attr-defined]
        self.viewer = viewer

    def clean_domain(self) -> str:
        return str(self.cleaned_data["domain"]).strip().lower().rpartition("@")[2]

    def filters(self) -> Filters:
        """The filters that can be read."""
        self.is_valid()
        kept = {name: self.cleaned_data.get(name, "") for name in ("state", "branch", "domain", "assignee")}
        return Filters(view=view_called(self.data.get("view", "")), **kept)


class _TicketForm(forms.Form):
    """A form about a ticket: it remembers on which version of it the person decided."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, data: Any = None, *, ticket: Ticket, **kwargs: Any) -> None:
        super().__init__(data, initial={"version": ticket.version, **kwargs.pop("initial", {})}, **kwargs)
        self.ticket = ticket


class MessageForm(_TicketForm):
    """A reply or a note. ``submission`` makes sending the same form twice harmless."""

    submission = forms.UUIDField(widget=forms.HiddenInput)
    body = forms.CharField(label="What you write", max_length=20_000, widget=forms.Textarea(attrs={"rows": 5}))

    def __init__(self, data: Any = None, *, ticket: Ticket, **kwargs: Any) -> None:
        super().__init__(data, ticket=ticket, initial={"submission": uuid.uuid4()}, **kwargs)


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

    def __init__(self, data: Any = None, *, ticket: Ticket, **kwargs: Any) -> None:
        initial = {"state": ticket.state, "waiting_on": ticket.waiting_on}
        super().__init__(data, ticket=ticket, initial=initial, **kwargs)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("state") == TicketState.WAITING and not data.get("waiting_on"):
            self.add_error("waiting_on", "Say for whom the ticket waits: whose turn is it?")
        return data


class CauseForm(_TicketForm):
    cause = forms.ChoiceField(label="Confirmed cause", required=False)

    def __init__(self, data: Any = None, *, ticket: Ticket, **kwargs: Any) -> None:
        super().__init__(data, ticket=ticket, initial={"cause": ticket.cause}, **kwargs)
        choices = [("", "Not confirmed"), *((cause.id, cause.title) for cause in CAUSES.values())]
        self.fields["cause"].choices = choices  # type: ignore[attr-defined]
