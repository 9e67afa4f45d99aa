"""Loading branches from a document, the way another system hands them over.

The document is judged as it is read, and the first thing that is wrong is named by its place
(``branches[2].from_domains[0].domain``). Everything happens in one transaction: a broken document changes nothing, and
loading the same one twice changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction

from portal.accounts.models import Role, User
from portal.branches import fields, services
from portal.branches.models import (
    AllowListEntry,
    AllowListState,
    BranchProfile,
    Membership,
    SendingMode,
    SendingServer,
)

T = TypeVar("T")


class LoadProblem(ValueError):
    """What is wrong with the document, and where."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many branches were new, and how many were there and were changed in anything."""

    created: int
    updated: int


@dataclass(frozen=True, slots=True)
class _Place:
    """A value of the document and the path to it."""

    value: Any
    path: str

    def get(self, name: str, read: Callable[[str], T], default: T | None = None) -> T:
        """The text ``name`` as ``read`` judges it; ``default`` where it is missing or empty."""
        value = self.object().get(name)
        if value in (None, ""):
            if default is not None:
                return default
            raise LoadProblem(f"{self.path}.{name} is missing.")
        if not isinstance(value, str):
            raise LoadProblem(f"{self.path}.{name} must be text.")
        try:
            return read(value)
        except ValidationError as error:
            raise LoadProblem(f"{self.path}.{name}: {' '.join(error.messages)}") from error

    def object(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            raise LoadProblem(f"{self.path or 'The document'} must be an object.")
        return self.value

    def items(self, name: str) -> Iterator[_Place]:
        """The items of the list ``name``; none where it is missing."""
        value = self.object().get(name, [])
        path = f"{self.path}.{name}".lstrip(".")
        if not isinstance(value, list):
            raise LoadProblem(f"{path} must be a list.")
        for index, item in enumerate(value):
            yield _Place(item, f"{path}[{index}]")

    def choice(self, name: str, choices: list[str], default: str) -> str:
        value = self.get(name, str, default)
        if value not in choices:
            raise LoadProblem(f"{self.path}.{name} is {value[:60]!r}; it must be one of {', '.join(choices)}.")
        return value


def _text(most: int) -> Callable[[str], str]:
    def read(value: str) -> str:
        if len(value) > most or "\x00" in value:
            raise ValidationError(f"It must be text of at most {most} characters.")
        return value.strip()

    return read


def _time(value: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise ValidationError(f"{value[:40]!r} is no time such as 2026-03-04T14:02:10Z.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@transaction.atomic
def load(document: Any) -> Loaded:
    """Load ``document``; LoadProblem, and nothing changed, when something in it is wrong."""
    root = _Place(document, "")
    servers = [_server(place) for place in root.items("sending_servers")]
    created = updated = 0
    for place in root.items("branches"):
        is_new, is_changed = _branch(place, servers)
        created += is_new
        updated += is_changed and not is_new
    for place in root.items("allow_list"):
        _allow_list(place)
    return Loaded(created, updated)


def _server(place: _Place) -> SendingServer:
    host = place.get("host", fields.domain)
    addresses = place.object().get("addresses") or []
    if not isinstance(addresses, list):
        raise LoadProblem(f"{place.path}.addresses must be a list.")
    try:
        given = fields.addresses("\n".join(str(item) for item in addresses))
    except ValidationError as error:
        raise LoadProblem(f"{place.path}.addresses: {' '.join(error.messages)}") from error
    known = SendingServer.objects.filter(host=host).first()
    names = {
        "log_host": place.get("log_host", fields.domain, ""),
        "log_name": place.get("log_name", fields.log_name, ""),
    }
    if twin := services.twin_of(known, host=host, **names):
        raise LoadProblem(f"{place.path}.log_name: {services.same_names(twin)}")
    return services.save_server(
        known,
        host=host,
        **names,
        addresses=given,
        helo=place.get("helo", fields.domain, ""),
        envelope_domain=place.get("envelope_domain", fields.domain, ""),
        spf_include=place.get("spf_include", fields.domain, ""),
        is_vendor=bool(place.object().get("is_vendor", known.is_vendor if known else True)),
    )


def _branch(place: _Place, servers: list[SendingServer]) -> tuple[bool, bool]:
    """Load one branch; returns whether it is new, and whether anything about it was changed."""
    code = place.get("code", fields.code)
    sending = place.choice("sending", SendingMode.values, SendingMode.VENDOR)
    values: dict[str, Any] = {
        "organisation": place.get("organisation", _text(160)),
        "notification_address": place.get("notification_address", fields.email),
        "sending": sending,
        "sending_server": _server_of(place, servers, sending),
        "time_zone": place.get("time_zone", fields.time_zone, "UTC"),
    }
    known = BranchProfile.objects.filter(code=code).first()
    branch = known or services.add_branch(by=None, code=code, **values)
    before = branch.events.count()
    if known is not None:
        services.change_branch(branch, by=None, **values)
    _domains(place, branch)
    _members(place, branch)
    if place.choice("email_function", ["on", "suspended"], "on") == "suspended" and not branch.is_suspended:
        services.suspend(branch, reason=place.get("suspended_reason", _text(1000), "Suspended before loading"), by=None)
    return known is None, branch.events.count() > before


def _server_of(place: _Place, servers: list[SendingServer], sending: str) -> SendingServer | None:
    """The server named, or the only one of its kind in the document."""
    host = place.get("sending_server", fields.domain, "")
    if host:
        found = SendingServer.objects.filter(host=host).first()
        if found is None:
            raise LoadProblem(f"{place.path}.sending_server: there is no server {host}; name it in sending_servers.")
        return found
    of_kind = [item for item in servers if item.is_vendor == (sending == SendingMode.VENDOR)] or servers
    return of_kind[0] if len(of_kind) == 1 else None


def _domains(place: _Place, branch: BranchProfile) -> None:
    for item in place.items("from_domains"):
        domain = services.add_from_domain(branch, domain=item.get("domain", fields.sending_domain), by=None)
        for entry in item.items("dkim_selectors"):
            if isinstance(entry.value, str):
                entry = _Place({"selector": entry.value}, entry.path)
            selector = entry.get("selector", fields.selector)
            key = entry.get("public_key", fields.public_key, "")
            held = domain.dkim_entries.filter(selector=selector).first()
            # A document that does not know the key does not take one away.
            services.save_dkim_entry(
                domain, selector=selector, public_key=key or (held.public_key if held else ""), by=None
            )


def _members(place: _Place, branch: BranchProfile) -> None:
    for item in place.items("members"):
        email = item.get("email", fields.email).lower()
        role = item.choice("role", Role.values, Role.STAFF)
        user = User.objects.filter(email=email).first()
        if user is None:
            user = User.objects.create_user(email, name=item.get("name", _text(120), email), role=role)
        if not Membership.objects.filter(user=user, branch=branch).exists():
            held = BranchProfile.objects.filter(memberships__user=user)
            services.set_members(user, branches=[*held, branch], by=None)


def _allow_list(place: _Place) -> None:
    code = place.get("branch", fields.code, "")
    branch = BranchProfile.objects.filter(code=code).first() if code else None
    if code and branch is None:
        raise LoadProblem(f"{place.path}.branch: there is no branch {code}.")
    domain, at = place.get("domain", fields.domain), place.get("at", _time)
    known = AllowListEntry.objects.filter(domain=domain, at=at, branch=branch).first()
    expires = place.object().get("expires")
    services.save_allow_list_entry(
        known,
        recorded_by=None,
        branch=branch,
        domain=domain,
        at=at,
        state=place.choice("state", AllowListState.values, AllowListState.ASKED),
        expires=place.get("expires", _time) if expires else None,
        product=place.get("product", _text(80), ""),
        addresses=fields.addresses("\n".join(map(str, place.object().get("addresses") or []))),
        by=place.get("by", _text(160), ""),
    )
