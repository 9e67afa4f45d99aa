"""The forms of what is done with several tickets at once. Which tickets, and in which version, stands beside them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms

from portal.accounts.models import User
from tickets.models import Ticket
from tickets.queue.forms import THEN, by_party
from tickets.selectors.bulk import incidents
from tickets.selectors.tickets import assignable, tickets_of

#: The choice that opens an incident rather than naming one.
NEW = "new"


class BulkForm(forms.Form):
    """What all of them take: who does it, and the tickets that are marked."""

    def __init__(self, data: Any = None, *, viewer: User, tickets: Sequence[Ticket], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.viewer, self.tickets = viewer, tickets


class BulkReplyForm(BulkForm):
    """One text for all. ``submission`` makes sending the same form twice harmless."""

    submission = forms.UUIDField(widget=forms.HiddenInput(attrs={"id": False}), initial=uuid.uuid4)
    body = forms.CharField(
        label="What you write",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Each reporter gets it in their own ticket, and sees nothing of the others.",
    )
    then = forms.ChoiceField(label="And then", required=False, choices=THEN)

    def clean(self) -> dict[str, Any]:
        """``then`` as the state and the party that the service takes."""
        data: dict[str, Any] = super().clean() or {}
        data["state"], _, data["waiting_on"] = str(data.pop("then", "")).partition(":")
        return data


class BulkAssignForm(BulkForm):
    to = forms.ChoiceField(label="Assigned to", required=False)

    def __init__(self, data: Any = None, *, viewer: User, tickets: Sequence[Ticket], **kwargs: Any) -> None:
        super().__init__(data, viewer=viewer, tickets=tickets, initial={"to": viewer.pk}, **kwargs)
        self.people = {str(person.pk): person for person in assignable(viewer)}
        choices = [("", "Nobody"), *((key, person.name) for key, person in self.people.items())]
        self.fields["to"].choices = choices  # type: ignore[attr-defined]

    def clean_to(self) -> User | None:
        return self.people.get(self.cleaned_data["to"])


class BulkCauseForm(BulkForm):
    cause = forms.ChoiceField(label="Confirmed cause")

    def __init__(self, data: Any = None, *, viewer: User, tickets: Sequence[Ticket], **kwargs: Any) -> None:
        super().__init__(data, viewer=viewer, tickets=tickets, **kwargs)
        self.fields["cause"].choices = [("", "Choose a cause"), *by_party()]  # type: ignore[attr-defined]


class MergeForm(BulkForm):
    into = forms.IntegerField(
        label="Number of the ticket that stays",
        min_value=1,
        max_value=2**31 - 1,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        help_text="One of those that are marked, or any other of the same branch.",
    )

    def __init__(self, data: Any = None, *, viewer: User, tickets: Sequence[Ticket], **kwargs: Any) -> None:
        # With only one marked, the other one has yet to be named.
        free = [ticket.number for ticket in tickets if ticket.merged_into is None] if len(tickets) > 1 else []
        super().__init__(data, viewer=viewer, tickets=tickets, initial={"into": min(free, default=None)}, **kwargs)

    def clean_into(self) -> int:
        """The number of a ticket that stands for itself; an error names the one that it went into."""
        number: int = self.cleaned_data["into"]
        found = tickets_of(self.viewer).select_related("merged_into").filter(number=number).first()
        if found is None:
            raise forms.ValidationError(f"There is no ticket {number}. Give the number of one.")
        if found.merged_into is not None:
            raise forms.ValidationError(
                f"Ticket {number} was merged into ticket {found.merged_into.number}: name that one."
            )
        return number


class IncidentForm(BulkForm):
    incident = forms.ChoiceField(help_text="Branches see nothing of it, so tickets of any branches can belong to one.")
    title = forms.CharField(
        label="What it is",
        max_length=160,
        required=False,
        help_text="For a new incident, in a few words: what is wrong, and where.",
    )

    def __init__(self, data: Any = None, *, viewer: User, tickets: Sequence[Ticket], **kwargs: Any) -> None:
        domains = {ticket.recipient_domain for ticket in tickets}
        title = f"Mail to {domains.pop()}" if len(domains) == 1 else ""
        super().__init__(data, viewer=viewer, tickets=tickets, initial={"title": title}, **kwargs)
        self.known = {str(item.pk): item for item in incidents(viewer)}
        choices = [(NEW, "A new incident"), *((key, f"{key}: {item.title}") for key, item in self.known.items())]
        self.fields["incident"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """``incident`` as the row, or None for a new one, which needs a title."""
        data: dict[str, Any] = super().clean() or {}
        if "incident" in data:
            data["incident"] = self.known.get(data["incident"])
            if data["incident"] is None and not data.get("title"):
                self.add_error("title", "Say in a few words what is wrong, and where.")
        return data
