"""Verifying the DKIM signatures of a message ourselves (RFC 6376 §6).

A signature says: the domain ``d=`` vouches for these fields and this body. Whoever has the whole message and the key
from DNS can check that, years later too, as long as the key stands there. What we could not find out is ``temperror``,
never ``fail``; and what only a part of the message was handed to us for is ``neutral``, not the sender's fault.

All keys are asked for at once. The results' names are those of RFC 8601 §2.7.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from diagnostics.engine import path
from diagnostics.engine.messages.headers.fields import Field, Message
from diagnostics.engine.messages.headers.signed import (
    ALGORITHMS,
    MAX_SIGNATURE,
    Body,
    SignatureProblem,
    fits,
    header_octets,
    names_of,
    octets_of,
    policy_of,
)
from diagnostics.engine.names import NameProblem, is_under, normalised
from diagnostics.engine.protocols.dkim import (
    KeyProblem,
    KeyRecord,
    means_to_be_a_key,
    parse_key,
    selector_name,
    tags,
)
from diagnostics.engine.resolver import Answer, Resolver

MAX_SIGNATURES: Final = 10
#: RFC 6376 §3.6.2.2: of several records a verifier may take any; more are nobody's mistake any more.
MAX_RECORDS: Final = 5
_REQUIRED = ("v", "a", "b", "bh", "d", "h", "s")


class Outcome(StrEnum):
    """RFC 8601 §2.7.1. TEMPERROR and NEUTRAL: we could not find out. POLICY: it fits, and does not count."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"
    NEUTRAL = "neutral"
    POLICY = "policy"


#: Of several signatures of one domain, the outcome that counts for the domain stands first.
PRECEDENCE: Final = (
    Outcome.PASS,
    Outcome.TEMPERROR,
    Outcome.NEUTRAL,
    Outcome.POLICY,
    Outcome.FAIL,
    Outcome.PERMERROR,
)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature and what came of it.

    ``reason`` is empty on pass, else one of: ``malformed``, ``too_long``, ``algorithm``, ``weak_hash``,
    ``from_not_signed``, ``from_added``, ``identity``, ``dns``, ``no_key``, ``key_revoked``, ``unknown_key``,
    ``weak_key``, ``body_missing``, ``truncated``, ``folding_lost``, ``body_changed``, ``signature_wrong``, ``expired``,
    ``not_checked``. ``length`` is ``l=``: what stands behind it is not covered, so anybody may add to the body.
    ``is_header_verified``: the fields are as they were signed, whatever is known of the body.
    """

    position: int
    domain: str = ""
    selector: str = ""
    algorithm: str = ""
    result: Outcome = Outcome.NEUTRAL
    reason: str = ""
    identity: str = ""
    names: tuple[str, ...] = ()
    length: int | None = None
    signed_at: datetime | None = None
    expires_at: datetime | None = None
    key: KeyRecord | None = None
    answer: Answer | None = None
    is_header_verified: bool = False

    @property
    def is_length_unsafe(self) -> bool:
        """It covers only the beginning of the body (RFC 6376 §8.2)."""
        return self.length is not None

    @property
    def is_testing(self) -> bool:
        """Its key says ``t=y``: receivers may treat the message as if it were not signed."""
        return self.key is not None and self.key.is_testing


@dataclass(frozen=True, slots=True)
class SigningDomain:
    """What came of all signatures of one domain: one that passes is enough (P114, RFC 8463 §3)."""

    domain: str
    result: Outcome
    reason: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """A signature as it is written, ready to be verified."""

    signature: Signature
    own: Field
    tags: dict[str, str] = field(default_factory=dict)
    name: str = ""

    def failed(self, result: Outcome, reason: str) -> Signature:
        return replace(self.signature, result=result, reason=reason)


async def verify(message: Message, resolver: Resolver, *, at: datetime | None = None) -> tuple[Signature, ...]:
    """What came of each DKIM signature of ``message``, topmost first. ``at`` is when it arrived, for ``x=``."""
    at = at or datetime.now(UTC)
    own = message.all("DKIM-Signature")
    read = [_read(item) for item in own[:MAX_SIGNATURES]]
    asked = list(dict.fromkeys(item.name for item in read if isinstance(item, _Read)))
    answers = await path.together(*(resolver.query(name, "TXT") for name in asked)) if asked else ()
    answered = dict(zip(asked, answers, strict=True))
    body = None if message.body is None else Body(message.body)
    found = [
        _verified(replace(item, signature=replace(item.signature, answer=answered[item.name])), message, body, at)
        if isinstance(item, _Read)
        else item
        for item in read
    ]
    rest = [Signature(item.position, reason="not_checked") for item in own[MAX_SIGNATURES:]]
    return (*found, *rest)


def by_domain(signatures: Sequence[Signature]) -> tuple[SigningDomain, ...]:
    """The outcome for each signing domain, in the order of the signatures."""
    domains: dict[str, list[Signature]] = {}
    for signature in signatures:
        if signature.domain:
            domains.setdefault(signature.domain, []).append(signature)
    found = []
    for domain, own in domains.items():
        best = min(own, key=lambda signature: PRECEDENCE.index(signature.result))
        found.append(SigningDomain(domain, best.result, best.reason, tuple(own)))
    return tuple(found)


def _read(own: Field) -> _Read | Signature:
    """The signature in the field ``own``, or what is wrong with how it is written (RFC 6376 §6.1.1)."""
    bare = Signature(own.position, result=Outcome.PERMERROR)
    if len(own.raw) > MAX_SIGNATURE:
        return replace(bare, reason="too_long")
    try:
        found = tags(own.value)
        domain, selector = normalised(found.get("d", "")), normalised(found.get("s", ""))
        bare = replace(bare, domain=domain, selector=selector, algorithm=found.get("a", "").lower())
        bare = replace(
            bare,
            identity=found.get("i", f"@{domain}"),
            names=names_of(found.get("h", "")),
            length=_number(found.get("l")),
            signed_at=_time(found.get("t")),
            expires_at=_time(found.get("x")),
        )
        name = normalised(selector_name(selector, domain))
    except (KeyProblem, NameProblem, SignatureProblem):
        return replace(bare, reason="malformed")
    if reason := _fault(found, bare):
        result = Outcome.POLICY if reason == "weak_hash" else Outcome.PERMERROR
        return replace(bare, reason=reason, result=result)
    return _Read(bare, own, found, name)


def _fault(found: dict[str, str], signature: Signature) -> str:
    if any(not found.get(name) for name in _REQUIRED) or found["v"] != "1":
        return "malformed"
    if "dns/txt" not in found.get("q", "dns/txt").replace(" ", "").lower().split(":"):
        return "malformed"
    if signature.algorithm == "rsa-sha1":
        return "weak_hash"  # RFC 8301 §3.1: must not be taken any more.
    if signature.algorithm not in ALGORITHMS:
        return "algorithm"
    if "from" not in signature.names:
        return "from_not_signed"  # RFC 6376 §5.4: From must be signed.
    # RFC 6376 §3.5: the identity is of the signing domain or below it.
    return "" if is_under(_identity_domain(signature), signature.domain) else "identity"


def _identity_domain(signature: Signature) -> str:
    try:
        return normalised(signature.identity.rpartition("@")[2])
    except NameProblem:
        return ""


def _verified(read: _Read, message: Message, body: Body | None, at: datetime) -> Signature:
    """What comes of a signature whose key has been asked for (RFC 6376 §6.1.2, §6.1.3)."""
    answer = read.signature.answer
    if answer is None or answer.is_unknown:
        return read.failed(Outcome.TEMPERROR, "dns")
    keys, reason = _keys(answer, read.signature)
    if not keys:
        return read.failed(Outcome.PERMERROR, reason)
    if message.has_lost_folding:
        return read.failed(Outcome.NEUTRAL, "folding_lost")
    try:
        found = _against(read, message, body, keys)
    except SignatureProblem as problem:
        return read.failed(Outcome.PERMERROR, problem.code)
    if found.result is not Outcome.PASS:
        return found
    if found.key is not None and found.key.is_too_weak:
        return replace(found, result=Outcome.POLICY, reason="weak_key")
    if found.names.count("from") < len(message.all("From")):
        # RFC 6376 §8.15: a From that was put in afterwards is not covered, and is the one people may see.
        return replace(found, result=Outcome.POLICY, reason="from_added")
    if found.expires_at is not None and found.expires_at < at:
        return replace(found, result=Outcome.POLICY, reason="expired")
    return found


def _against(read: _Read, message: Message, body: Body | None, keys: Iterable[KeyRecord]) -> Signature:
    """The signature held against the message with each of its keys."""
    signature = read.signature
    policy = policy_of(read.tags.get("c", ""))
    octets = header_octets(message.fields, signature.names, read.own, policy)
    value, expected = octets_of(read.tags["b"]), octets_of(read.tags["bh"])
    key = next((key for key in keys if fits(key, signature.algorithm, value, octets)), None)
    signature = replace(signature, key=key, is_header_verified=key is not None)
    if body is None:
        return replace(signature, result=Outcome.NEUTRAL, reason="body_missing")
    if message.is_truncated:
        return replace(signature, result=Outcome.NEUTRAL, reason="truncated")
    if body.hash(policy, signature.length) != expected:
        return replace(signature, result=Outcome.FAIL, reason="body_changed")
    if key is None:
        return replace(signature, result=Outcome.FAIL, reason="signature_wrong")
    return replace(signature, result=Outcome.PASS, reason="")


def _keys(answer: Answer, signature: Signature) -> tuple[list[KeyRecord], str]:
    """The keys at the selector's name that this signature may be verified with, or why there is none."""
    if answer.is_absent:
        return [], "no_key"
    reason = "no_key"
    keys: list[KeyRecord] = []
    for text in [text for text in answer.records if means_to_be_a_key(text)][:MAX_RECORDS]:
        try:
            record = parse_key(text)
        except KeyProblem:
            reason = "unknown_key"
            continue
        if record.is_revoked:
            reason = "key_revoked"
        elif record.kind != signature.algorithm.partition("-")[0]:
            reason = "unknown_key"
        elif record.is_strict and _identity_domain(signature) != signature.domain:
            reason = "identity"  # RFC 6376 §3.6.1, t=s: not for subdomains.
        else:
            keys.append(record)
    return keys, reason


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 12:
        raise SignatureProblem("malformed")
    return int(text)


def _time(text: str | None) -> datetime | None:
    number = _number(text)
    try:
        return None if number is None else datetime.fromtimestamp(number, UTC)
    except (ValueError, OverflowError, OSError):
        return None
