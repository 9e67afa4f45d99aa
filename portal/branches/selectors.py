"""Reading branches, and telling the engine what our records know of a sender and a recipient's organisation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address

from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from diagnostics.engine import subject as engine
from diagnostics.engine.names import Malformed, parse_address
from portal.accounts.models import User
from portal.branches.access import NO_BRANCH, branches_of
from portal.branches.logged import LoggedServers
from portal.branches.models import (
    AllowListEntry,
    BranchEvent,
    BranchProfile,
    DKIMEntry,
    DKIMUse,
    SendingDomain,
    SendingServer,
)

#: What a page offers or lists at most; beyond it a search narrows.
MOST = 200
#: More sending servers than these are not shown with their addresses.
MOST_SERVERS = 1000


def branches(viewer: User) -> QuerySet[BranchProfile]:
    """The branches ``viewer`` may see, with what a list shows of each."""
    return (
        branches_of(viewer).select_related("sending_server").prefetch_related("from_domains").order_by("organisation")
    )


def branch_with_all(viewer: User, code: str) -> BranchProfile:
    """The branch ``code`` with From-domains, DKIM entries and members, if ``viewer`` may see it; else Http404."""
    domains = SendingDomain.objects.prefetch_related("dkim_entries")
    found = (
        branches_of(viewer)
        .select_related("sending_server")
        .prefetch_related(Prefetch("from_domains", queryset=domains), "memberships__user")
        .filter(code=code)
        .first()
    )
    if found is None:
        raise Http404(NO_BRANCH)
    return found


def events_of(branch: BranchProfile) -> list[BranchEvent]:
    """The latest changes to the profile, newest first, at most thirty."""
    return list(branch.events.select_related("by")[:30])


def allow_list(viewer: User, *, domain: str = "") -> QuerySet[AllowListEntry]:
    """The allow-list entries ``viewer`` may see; those without a branch hold for all."""
    rows = AllowListEntry.objects.filter(Q(branch=None) | Q(branch__in=branches_of(viewer)))
    if domain:
        rows = rows.filter(domain=domain)
    return rows.select_related("branch__sending_server", "recorded_by")


def allowed_at(viewer: User, branch: BranchProfile, domain: str) -> AllowListEntry | None:
    """The newest that is known of ``branch`` being allowed at ``domain``, of itself or of all branches."""
    rows = allow_list(viewer, domain=domain).filter(Q(branch=None) | Q(branch=branch))
    return rows.order_by("-at", "-pk").first()


def compose_subject(
    branch: BranchProfile,
    recipient: str,
    *,
    sender_domain: str = "",
    profile_addresses: Iterable[str] = (),
    known_domains: Iterable[str] = (),
    refused_at: datetime | None = None,
) -> engine.Subject:
    """What the engine is to look at when ``branch`` writes to ``recipient`` (empty: to anybody in its own domain).

    Sends as ``sender_domain`` or, without one, as the domain of the notification address.
    """
    sender = sender_domain or branch.notification_address.rpartition("@")[2].lower()
    own = list(branch.from_domains.values_list("domain", flat=True))
    entries = DKIMEntry.objects.filter(domain__branch=branch, domain__domain=sender).exclude(use=DKIMUse.RETIRED)
    return engine.Subject(
        is_from_records=True,
        recipient=recipient or f"postmaster@{sender}",
        recipient_is_assumed=not recipient,
        sender_domain=sender,
        sending_server=_server(branch.sending_server),
        selectors=tuple(_selector(entry) for entry in entries),
        allow_list=_known_of(branch, recipient or f"postmaster@{sender}"),
        known_domains=tuple(dict.fromkeys([*own, *known_domains])),
        refused_at=refused_at.isoformat() if refused_at else "",
        profile_addresses=tuple(profile_addresses),
        now=timezone.now().isoformat(),
    )


def with_records(subject: engine.Subject) -> engine.Subject:
    """``subject`` with what our records know of its sender's domain, whichever branches send in its name.

    What was given by hand stays: addresses choose the server whose they are, selectors get their keys. For support and
    admins alone, who may see every branch.
    """
    owners = [
        item.branch
        for item in SendingDomain.objects.filter(domain=subject.sender_domain)
        .select_related("branch__sending_server")
        .order_by("branch__code")[:MOST]
    ]
    rows = DKIMEntry.objects.filter(domain__domain=subject.sender_domain).order_by("selector", "-public_key")[:MOST]
    entries = {entry.selector: entry for entry in reversed(rows)}
    keys = {selector: entry.public_key for selector, entry in entries.items()}
    allowed = [record for owner in owners for record in _known_of(owner, subject.recipient)]
    return replace(
        subject,
        is_from_records=True,
        sending_server=_server_of(owners, subject.sending_server),
        selectors=tuple(
            replace(item, public_key=item.public_key or keys.get(item.selector, "")) for item in subject.selectors
        )
        or tuple(_selector(entry) for entry in entries.values() if entry.use != DKIMUse.RETIRED),
        allow_list=subject.allow_list or tuple(dict.fromkeys(allowed)),
    )


def _selector(entry: DKIMEntry) -> engine.DKIMSelector:
    is_signing = entry.use == DKIMUse.SIGNING
    return engine.DKIMSelector(selector=entry.selector, public_key=entry.public_key, is_signing=is_signing)


def _server_of(owners: Iterable[BranchProfile], given: engine.SendingServer | None) -> engine.SendingServer | None:
    """The server that the owners of a From-domain send by; of addresses given by hand, the server whose they are."""
    theirs = [found for owner in owners if (found := _server(owner.sending_server)) is not None]
    if given is None:
        return theirs[0] if theirs else None
    for server in [*theirs, *(found for row in servers()[:MOST] if (found := _server(row)) is not None)]:
        if given.addresses and set(given.addresses) <= set(server.addresses):
            return replace(server, addresses=given.addresses)
    return given


def _server(server: SendingServer | None) -> engine.SendingServer | None:
    if server is None:
        return None
    return engine.SendingServer(
        host=server.host,
        addresses=tuple(server.addresses),
        helo=server.helo,
        envelope_domain=server.envelope_domain,
        spf_include=server.spf_include,
        is_own=not server.is_vendor,
    )


def _known_of(branch: BranchProfile, recipient: str) -> tuple[engine.AllowListRecord, ...]:
    """What is known of being allowed at the recipient's organisation, newest first, at most twenty records."""
    parsed = parse_address(recipient)
    if isinstance(parsed, Malformed):
        return ()
    rows = AllowListEntry.objects.filter(Q(branch=None) | Q(branch=branch), domain=parsed.text.rpartition("@")[2])
    return tuple(
        engine.AllowListRecord(
            domain=row.domain,
            state=row.state,
            at=row.at.isoformat(),
            expires=row.expires.isoformat() if row.expires else "",
            product=row.product,
            addresses=tuple(row.addresses),
            by=row.by,
        )
        for row in rows.order_by("-at")[:20]
    )


def servers() -> QuerySet[SendingServer]:
    """All sending servers, the vendor's first. Only admins' pages and forms ask for them."""
    return SendingServer.objects.order_by("-is_vendor", "host")


def addresses_of_servers() -> dict[str, str]:
    """The addresses of each sending server as its profile has them, by host, for reading; one query."""
    rows = SendingServer.objects.order_by("pk").values_list("host", "addresses")[:MOST_SERVERS]
    return {host: ", ".join(map(str, addresses)) for host, addresses in rows}


def server_at(address: IPv4Address | IPv6Address) -> str:
    """The host of the sending server whose profile has ``address``; "" where none has, or those of several machines."""
    servers = LoggedServers(MOST_SERVERS)
    return servers.host(servers.number(str(address)))


def server_for(pk: int) -> SendingServer:
    """The server ``pk``; else Http404."""
    found = SendingServer.objects.filter(pk=pk).first()
    if found is None:
        raise Http404("No server of that number.")
    return found


def allow_list_entry_for(viewer: User, pk: int) -> AllowListEntry:
    """The entry ``pk`` if ``viewer`` may see it; else Http404."""
    found = allow_list(viewer).filter(pk=pk).first()
    if found is None:
        raise Http404("No entry of that number.")
    return found
