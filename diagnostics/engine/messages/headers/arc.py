"""ARC (RFC 8617): what each forwarder found out, sealed, so that the next can see it though the signature is broken.

A mailing list that changes the subject breaks DKIM. So it adds a *set* of three fields with one number: what it found
out when the message was whole (``ARC-Authentication-Results``), a signature over the message as it leaves
(``ARC-Message-Signature``), and a seal over all sets so far (``ARC-Seal``), in which ``cv=`` says whether the earlier
sets still held. :func:`read_chain` looks at the build alone, :func:`verify` also at the signatures.

An intact chain proves who sealed it and nothing more: whether to believe the sealer is the receiver's own affair (§9).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from diagnostics.engine import path
from diagnostics.engine.messages.headers.authentication_results import Results, results
from diagnostics.engine.messages.headers.fields import Field, Message
from diagnostics.engine.messages.headers.signed import (
    MAX_SIGNATURE,
    Body,
    SignatureProblem,
    covered,
    fits,
    header_octets,
    names_of,
    octets_of,
    policy_of,
)
from diagnostics.engine.names import NameProblem, normalised
from diagnostics.engine.protocols.dkim import KeyProblem, KeyRecord, means_to_be_a_key, parse_key, selector_name, tags
from diagnostics.engine.resolver import Answer, Resolver

MAX_INSTANCE: Final = 50  # RFC 8617 §4.2.1
#: Of a longer chain only the structure is told: each seal covers all before it.
MAX_VERIFIED: Final = 10
NAMES: Final = ("arc-authentication-results", "arc-message-signature", "arc-seal")


class State(StrEnum):
    """What is to be thought of the chain. UNKNOWN: a key was not to be had; NOT_CHECKED: the structure holds."""

    NONE = "none"
    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class Set:
    """The fields of one forwarder; ``results`` is what ``written`` says.

    ``is_signature_valid`` and ``is_seal_valid`` are None where it was not found out; only the latest signature is
    looked at, since what forwarders changed later breaks the older ones by right.
    """

    instance: int
    written: Field | None = None
    results: Results | None = None
    signature: Field | None = None
    seal: Field | None = None
    cv: str = ""
    domain: str = ""
    selector: str = ""
    is_signature_valid: bool | None = None
    is_seal_valid: bool | None = None

    @property
    def is_complete(self) -> bool:
        return self.written is not None and self.signature is not None and self.seal is not None


@dataclass(frozen=True, slots=True)
class ARCChain:
    """All sets, oldest first.

    ``faults`` says what is wrong with the build: ``gap``, ``duplicate``, ``incomplete``, ``instance``, ``too_many``,
    ``cv``, ``malformed``; ``reason`` what decided, one of those or ``cv_fail``, ``signature``, ``seal``, ``no_key``,
    ``dns``, ``body_missing``, ``truncated``, ``folding_lost``, ``too_long``.
    """

    state: State = State.NONE
    sets: tuple[Set, ...] = ()
    gaps: tuple[int, ...] = ()
    faults: tuple[str, ...] = ()
    reason: str = ""
    answers: tuple[Answer, ...] = ()

    @property
    def sealer(self) -> str:
        """Who sealed it last."""
        return self.sets[-1].domain if self.sets else ""


def read_chain(fields: Sequence[Field]) -> ARCChain:
    """The chain as it is built (RFC 8617 §5.2 steps 1 to 3), with no signature looked at."""
    own = [field for field in fields if field.key in NAMES]
    if not own:
        return ARCChain()
    faults: dict[str, None] = {}
    grouped: dict[int, dict[str, Field]] = {}
    for field in own:
        instance = _instance(field)
        if instance is None:
            faults["instance"] = None
        elif field.key in grouped.setdefault(instance, {}):
            faults["duplicate"] = None
        else:
            grouped[instance][field.key] = field
    sets = tuple(_set(instance, grouped[instance]) for instance in sorted(grouped))
    last = sets[-1].instance if sets else 0
    gaps = tuple(number for number in range(1, last + 1) if number not in grouped)
    if gaps:
        faults["gap"] = None
    if any(not item.is_complete for item in sets):
        faults["incomplete"] = None
    if any(item.seal is not None and not item.domain for item in sets):
        faults["malformed"] = None
    # §5.2: the first seal has nothing before it to judge, every other has passed it.
    if any(item.cv != ("none" if item.instance == 1 else "pass") for item in sets if item.seal) and not _is_ended(sets):
        faults["cv"] = None
    if _is_ended(sets):
        return ARCChain(State.FAIL, sets, gaps, tuple(faults), "cv_fail")
    state = State.FAIL if faults else State.NOT_CHECKED
    return ARCChain(state, sets, gaps, tuple(faults), next(iter(faults), ""))


def _is_ended(sets: Sequence[Set]) -> bool:
    """A forwarder found the chain broken and said so; nothing further is looked at (§5.2 step 2)."""
    return bool(sets) and sets[-1].cv == "fail"


def _instance(field: Field) -> int | None:
    """The number ``i=``, which stands first in results and anywhere among the tags of the others (§4.2.1)."""
    for part in field.value[:MAX_SIGNATURE].split(";", 40)[:40]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "i":
            text = value.strip()
            number = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0
            return number if 1 <= number <= MAX_INSTANCE else None
    return None


def _set(instance: int, fields: Mapping[str, Field]) -> Set:
    written, seal = fields.get("arc-authentication-results"), fields.get("arc-seal")
    found = _tags(seal) if seal else {}
    domain, selector = _name(found.get("d", "")), _name(found.get("s", ""))
    return Set(
        instance,
        written,
        results(written) if written else None,
        fields.get("arc-message-signature"),
        seal,
        cv=found.get("cv", "").lower(),
        domain=domain if selector and "h" not in found else "",  # §4.1.3: a seal names no fields.
        selector=selector,
    )


def _tags(field: Field) -> dict[str, str]:
    try:
        return tags(field.value) if len(field.raw) <= MAX_SIGNATURE else {}
    except KeyProblem:
        return {}


def _name(text: str) -> str:
    try:
        return normalised(text)
    except NameProblem:
        return ""


async def verify(message: Message, resolver: Resolver) -> ARCChain:
    """The chain with its signatures verified, as far as the message at hand permits (RFC 8617 §5.2)."""
    chain = read_chain(message.fields)
    if chain.state is not State.NOT_CHECKED:
        return chain
    if message.has_lost_folding or message.is_truncated:
        return replace(chain, reason="folding_lost" if message.has_lost_folding else "truncated")
    if len(chain.sets) > MAX_VERIFIED:
        return replace(chain, reason="too_long")
    pairs = [(item, _key_name(field)) for item in chain.sets for field in (item.signature, item.seal)]
    names = list(dict.fromkeys(name for _, name in pairs if name))
    answers = await path.together(*(resolver.query(name, "TXT") for name in names)) if names else ()
    answered = dict(zip(names, answers, strict=True))
    sets = tuple(
        replace(
            item,
            is_signature_valid=_signature_holds(item, message, answered) if item is chain.sets[-1] else None,
            is_seal_valid=_seal_holds(chain.sets[: at + 1], answered),
        )
        for at, item in enumerate(chain.sets)
    )
    state, reason = _judged(sets, message, answered)
    return replace(chain, state=state, sets=sets, reason=reason, answers=answers)


def _judged(sets: Sequence[Set], message: Message, answered: Mapping[str, Answer]) -> tuple[State, str]:
    last = sets[-1]
    if last.is_signature_valid is False:
        return State.FAIL, _why(last.signature, answered, "signature")
    if any(item.is_seal_valid is False for item in sets):
        broken = next(item for item in sets if item.is_seal_valid is False)
        return State.FAIL, _why(broken.seal, answered, "seal")
    if any(item.is_seal_valid is None for item in sets):
        return State.UNKNOWN, "dns"
    if last.is_signature_valid is None:
        return (State.NOT_CHECKED, "body_missing") if message.body is None else (State.UNKNOWN, "dns")
    return State.PASS, ""


def _why(field: Field | None, answered: Mapping[str, Answer], otherwise: str) -> str:
    answer = answered.get(_key_name(field))
    return "no_key" if answer is None or answer.is_absent else otherwise


def _key_name(field: Field | None) -> str:
    found = _tags(field) if field else {}
    domain, selector = _name(found.get("d", "")), _name(found.get("s", ""))
    return _name(selector_name(selector, domain)) if domain and selector else ""


def _keys(field: Field, answered: Mapping[str, Answer]) -> list[KeyRecord] | None:
    """The keys that the field may be verified with; None where DNS did not answer."""
    answer = answered.get(_key_name(field))
    if answer is None or answer.is_unknown:
        return None if answer else []
    keys = []
    for text in [text for text in answer.records if means_to_be_a_key(text)][:5]:
        try:
            keys.append(parse_key(text))
        except KeyProblem:
            continue
    return [key for key in keys if key.kind == "rsa" and key.key and not key.is_too_weak]


def _signature_holds(item: Set, message: Message, answered: Mapping[str, Answer]) -> bool | None:
    """The signature of the set over the message as it is now."""
    if item.signature is None or message.body is None:
        return None
    keys = _keys(item.signature, answered)
    if keys is None:
        return None
    found = _tags(item.signature)
    try:
        policy = policy_of(found.get("c", ""))
        names = names_of(found.get("h", ""))
        length = int(found["l"]) if found.get("l", "").isdecimal() and len(found["l"]) < 12 else None
        if "arc-seal" in names or Body(message.body).hash(policy, length) != octets_of(found.get("bh", "")):
            return False
        octets = header_octets(message.fields, names, item.signature, policy)
        value = octets_of(found.get("b", ""))
    except SignatureProblem:
        return False
    return found.get("a", "").lower() == "rsa-sha256" and any(fits(key, "rsa-sha256", value, octets) for key in keys)


def _seal_holds(sets: Sequence[Set], answered: Mapping[str, Answer]) -> bool | None:
    """The seal of the last of ``sets`` over all of them: results, signature and seal of each in turn (§5.1.1)."""
    own = sets[-1].seal
    if own is None:
        return False
    keys = _keys(own, answered)
    if keys is None:
        return None
    found = _tags(own)
    order = [
        field
        for item in sets
        for field in (item.written, item.signature, item.seal)
        if field is not None and field is not own
    ]
    try:
        octets, value = covered(order, own, policy_of("relaxed/relaxed")), octets_of(found.get("b", ""))
    except SignatureProblem:
        return False
    return found.get("a", "").lower() == "rsa-sha256" and any(fits(key, "rsa-sha256", value, octets) for key in keys)
