"""What an examination looks at: a recipient, a sender, and the server between them.

Everything a check may use stands here, so that a run can be stored, repeated and replayed. The engine never looks into
a database: what our own records know (allow-lists, issued keys, the client's address) is handed in as facts.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Self

from diagnostics.engine.ip import unmapped

#: What a subject's ``probe`` holds where the pictures of a message are to be asked for.
PICTURES = "pictures"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingServer:
    """The server that hands the mail over: ours, or the branch's own.

    ``addresses`` are IPv4 and IPv6 addresses as text. ``envelope_domain`` is the domain of MAIL FROM; empty when the
    From-domain itself is used. ``spf_include`` is what a branch includes to authorise the server. ``is_own``: the
    branch runs it, so that its faults are for the branch's IT and not for us.
    """

    host: str
    addresses: tuple[str, ...] = ()
    helo: str = ""
    envelope_domain: str = ""
    spf_include: str = ""
    is_own: bool = False

    def __post_init__(self) -> None:
        # P54: lists, reverse zones and SPF know the address only as the IPv4 address that it is.
        object.__setattr__(self, "addresses", tuple(unmapped(address) for address in self.addresses))


@dataclass(frozen=True, slots=True, kw_only=True)
class DKIMSelector:
    """A selector we expect a key at, with the key we issued (base64, the ``p=`` value) when we know it.

    ``is_signing``: mail is signed with it now. A key that was issued and waits to be published is not yet.
    """

    selector: str
    public_key: str = ""
    is_signing: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowListRecord:
    """What is known of an allow-list entry at a recipient's organisation. ``state``: asked, confirmed, refused."""

    domain: str
    state: str
    at: str
    expires: str = ""
    product: str = ""
    addresses: tuple[str, ...] = ()
    by: str = ""

    def was_refused_since(self, refused_at: str) -> bool:
        """A refusal came after it was recorded (ISO 8601; nothing is no refusal)."""
        return bool(refused_at) and bool(self.at) and _time(refused_at) > _time(self.at)

    def has_expired(self, now: str) -> bool:
        """It held until a time that is over at ``now`` (ISO 8601, UTC where no zone is named)."""
        return bool(self.expires) and _time(self.expires) <= _time(now)


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        # What cannot be read does not run out.
        return datetime.max.replace(tzinfo=UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing to examine. A field that is empty is not known, and a check that needs it does not apply.

    ``recipient`` is the address as it was typed; ``recipient_is_assumed`` where only its domain was named, so that
    nothing is asked about the person. ``known_domains`` are domains that a typing mistake may have meant
    (the branch's own and its clients'); ``profile_addresses`` are the addresses on the client's profile.
    ``refused_at`` is when the recipient's organisation last refused our mail by a rule of theirs, as our log has it.
    ``probe`` asks for a call on the recipient's mail server: ``greeting``, or ``recipient`` to name the address too;
    or, for a message, ``pictures`` for those that it shows from other servers.
    ``probe_is_representative``: the desk runs on the sending host, so the server sees the sender's address.
    ``is_from_records``: our records were asked about the sender, so what is empty they do not hold.
    ``now`` is an ISO 8601 time in UTC, so that expiry is judged the same when a run is replayed.
    """

    recipient: str = ""
    recipient_is_assumed: bool = False
    sender_domain: str = ""
    sending_server: SendingServer | None = None
    selectors: tuple[DKIMSelector, ...] = ()
    allow_list: tuple[AllowListRecord, ...] = ()
    known_domains: tuple[str, ...] = ()
    profile_addresses: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    refused_at: str = ""
    probe: str = ""
    probe_is_representative: bool = False
    is_from_records: bool = False
    now: str = ""

    @classmethod
    def of_domain(cls, domain: str, **others: Any) -> Self:
        """``domain`` as a sender and as a receiver, by the one address every domain has (RFC 5321 §4.5.1)."""
        return cls(recipient=f"postmaster@{domain}", recipient_is_assumed=True, sender_domain=domain, **others)

    def known(self) -> frozenset[str]:
        """The names of the fields that hold something; ``person`` besides, where the recipient is somebody."""
        held = {item.name for item in fields(self) if getattr(self, item.name)}
        return frozenset(held | ({"person"} if self.recipient and not self.recipient_is_assumed else set()))

    @property
    def is_to_itself(self) -> bool:
        """Sender and recipient are of one domain, and so is the IT that looks after both."""
        return bool(self.sender_domain) and self.recipient.rpartition("@")[2].lower() == self.sender_domain.lower()

    @property
    def target(self) -> str:
        """What is looked at, in one word: the recipient, or the domain that sends."""
        return self.sender_domain if self.recipient_is_assumed else self.recipient or self.sender_domain

    def to_json(self) -> dict[str, Any]:
        """A JSON document from which :meth:`from_json` makes an equal subject."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """The subject that ``document`` describes; unknown keys are refused with TypeError."""
        values = dict(document)
        server = values.get("sending_server")
        values["sending_server"] = SendingServer(**_tuples(server)) if server else None
        values["selectors"] = tuple(DKIMSelector(**item) for item in values.get("selectors", ()))
        values["allow_list"] = tuple(AllowListRecord(**_tuples(item)) for item in values.get("allow_list", ()))
        return cls(**_tuples(values))


def _tuples(document: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in document.items()}
