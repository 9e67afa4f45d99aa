"""Plain functions that make one row each, with what a test does not care about filled in. Nothing here is random."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from portal.accounts.models import User
from portal.branches.models import BranchProfile, DKIMEntry, Membership, SendingDomain, SendingServer
from portal.maillog.counts import move_days
from portal.maillog.models import CaseNote, Delivery, MessageLog, State

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def person(email: str, name: str = "A Person", role: str = "staff", *branches: BranchProfile, **fields: Any) -> User:
    user = User.objects.create_user(email, "a long password", name=name, role=role, **fields)
    for item in branches:
        Membership.objects.create(user=user, branch=item)
    return user


def server(host: str = "smtp.xenegrade.net", **fields: Any) -> SendingServer:
    values: dict[str, Any] = {
        "helo": host,
        "addresses": ["192.0.2.10"],
        "envelope_domain": "xenegrade.net",
        "spf_include": "spf.xenegrade.net",
        "is_vendor": True,
        **fields,
    }
    return SendingServer.objects.get_or_create(host=host, defaults=values)[0]


def branch(code: str, organisation: str = "", domain: str = "", **fields: Any) -> BranchProfile:
    domain = domain or f"{code}.example"
    values: dict[str, Any] = {
        "organisation": organisation or code.title(),
        "notification_address": f"registrar@{domain}",
        "sending_server": server(),
        **fields,
    }
    made = BranchProfile.objects.create(code=code, **values)
    sending_domain = SendingDomain.objects.create(branch=made, domain=domain)
    DKIMEntry.objects.create(domain=sending_domain, selector="xen1")
    return made


def message(branch: BranchProfile, at: datetime = NOON, **fields: Any) -> MessageLog:
    values: dict[str, Any] = {"key": f"{branch.code}-{at.isoformat()}", "module": "webreg", **fields}
    return MessageLog.objects.create(branch=branch, at=at, **values)


def delivery(
    branch: BranchProfile, recipient: str, state: str = State.ACCEPTED, at: datetime = NOON, **fields: Any
) -> Delivery:
    made = fields.pop("message", None) or message(branch, at, key=f"{branch.code}-{recipient}-{at.isoformat()}")
    return Delivery.objects.create(
        message=made,
        branch=branch,
        at=at,
        recipient=recipient,
        recipient_normal=recipient.lower(),
        recipient_domain=recipient.rpartition("@")[2].lower(),
        state=state,
        **{"state_at": at, **fields},
    )


def case_note(branch: BranchProfile, email: str, at: datetime = NOON, text: str = "E-mail sent") -> CaseNote:
    return CaseNote.objects.create(
        branch=branch, at=at, email=email, email_normal=email.lower(), text=text, fingerprint=f"{email}{at}{text}"
    )


def day_count(
    branch: BranchProfile, day: date, state: str, recipients: int, *, complaints: int = 0, **fields: Any
) -> None:
    """What the log would have counted of a day: so many recipients more that stand in this state."""
    values: dict[str, Any] = {"cause": "", "provider": "", "module": "webreg", "server": "", **fields}
    cause, provider, module, server = (str(values.pop(name)) for name in ("cause", "provider", "module", "server"))
    assert not values, values
    move_days([(branch.pk, day, state, cause, provider, module, server, recipients, complaints)])
