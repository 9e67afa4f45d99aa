"""People and the branches they belong to. It stands with the branches, because people know nothing of those."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts import selectors
from portal.accounts.access import admin_required
from portal.accounts.models import Role, User
from portal.branches import fields, services
from portal.branches.models import BranchProfile
from portal.web.http import PersonRequest
from portal.web.pages import page_of

#: The fields of a person that the form holds.
SAVED = ("name", "email", "role", "hears_of_tickets", "is_active")


class PersonForm(forms.Form):
    """A person: who they are, what they may do, where they belong."""

    name = forms.CharField(max_length=120)
    email = forms.CharField(label="E-mail address", max_length=254, help_text="They sign in with it.")
    role = forms.ChoiceField(
        choices=Role,
        widget=forms.RadioSelect,
        help_text="Staff see their own branches. Support and admins see all; admins also keep branches and people.",
    )
    branches = forms.ModelMultipleChoiceField(
        BranchProfile.objects.none(),
        required=False,
        to_field_name="code",
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text="Staff need at least one.",
    )
    hears_of_tickets = forms.BooleanField(
        label="Is mailed about new tickets and notices",
        required=False,
        initial=True,
        help_text="Of support: of each ticket that nobody works on yet, and of notices whose turn is support's. "
        "Admins are told where nobody of support is.",
    )
    is_active = forms.BooleanField(label="May sign in", required=False, initial=True)

    def __init__(self, data: Any = None, *, by: User, person: User | None = None) -> None:
        self.by, self.person = by, person
        initial: dict[str, Any] = {}
        if person is not None:
            initial = {name: getattr(person, name) for name in SAVED}
            initial["branches"] = [item.branch.code for item in person.memberships.select_related("branch")]
        super().__init__(data, initial=initial)
        branches: QuerySet[BranchProfile] = BranchProfile.objects.order_by("organisation")
        self.fields["branches"].queryset = branches  # type: ignore[attr-defined]

    def clean_email(self) -> str:
        email = fields.email(self.cleaned_data["email"]).lower()
        others = User.objects.exclude(pk=self.person.pk) if self.person else User.objects.all()
        if others.filter(email=email).exists():
            raise forms.ValidationError(f"Somebody signs in with {email} already.")
        return email

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("role") == Role.STAFF and "branches" in data and not data["branches"]:
            self.add_error("branches", "Choose the branch this person belongs to: staff see nothing without one.")
        if self.person is not None and self.person == self.by:
            if not data.get("is_active"):
                self.add_error("is_active", "You cannot lock yourself out; another admin can.")
            if data.get("role") != Role.ADMIN:
                self.add_error("role", "You cannot give up being an admin yourself; another admin can change it.")
        return data


@require_safe
@admin_required
def people(request: PersonRequest) -> HttpResponse:
    """Everybody who can sign in, or could."""
    page = page_of(selectors.people(), request.GET, by="date_joined")
    return render(request, "accounts/people.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
def person_add(request: PersonRequest) -> HttpResponse:
    """Add a person and send them a link to set their password."""
    form = PersonForm(request.POST if request.method == "POST" else None, by=request.user)
    if form.is_valid():
        person = _save(form, User())
        invite(request, person)
        messages.success(request, f"{person} was added and gets a mail to set a password.")
        return redirect("people")
    context = {"form": form, "title": "Add a person", "button": "Add and invite"}
    return render(request, "branches/form.html", context, status=400 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
def person_edit(request: PersonRequest, pk: int) -> HttpResponse:
    """Change who somebody is, what they may do, where they belong."""
    person = selectors.person_for(pk)
    form = PersonForm(request.POST if request.method == "POST" else None, by=request.user, person=person)
    if form.is_valid():
        _save(form, person)
        messages.success(request, f"{person} was saved.")
        return redirect("people")
    context = {"form": form, "title": f"Edit {person}", "button": "Save", "person": person}
    return render(request, "accounts/person.html", context, status=400 if form.is_bound else 200)


@require_POST
@admin_required
def person_invite(request: PersonRequest, pk: int) -> HttpResponse:
    """Send the link to set a password again."""
    person = selectors.person_for(pk)
    invite(request, person)
    messages.success(request, f"{person} gets a mail to set a password.")
    return redirect("people")


@transaction.atomic
def _save(form: PersonForm, person: User) -> User:
    """Save the person and the memberships together."""
    for name in SAVED:
        setattr(person, name, form.cleaned_data[name])
    if person.pk is None:
        person.set_unusable_password()
    person.save()
    services.set_members(person, branches=form.cleaned_data["branches"], by=form.by)
    return person


def invite(request: PersonRequest, person: User) -> None:
    """Mail a link to set a password, in the name of who invites; nothing to somebody who may not sign in.

    The link is the one of a forgotten password, so that it holds once and runs out.
    """
    if not person.is_active:
        return
    adapter = get_adapter(request)
    key = f"{user_pk_to_url_str(person)}-{default_token_generator.make_token(person)}"
    context = {
        "by": request.user,
        "person": person,
        "branches": [membership.branch for membership in person.memberships.select_related("branch")[:5]],
        "is_new": not person.has_usable_password(),
        "url": adapter.get_reset_password_from_key_url(key),
        "days": settings.PASSWORD_RESET_TIMEOUT // 86400,
    }
    adapter.send_mail("account/email/invitation", person.email, context)
