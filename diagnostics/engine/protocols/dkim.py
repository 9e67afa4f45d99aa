"""DKIM key records (RFC 6376 §3.6.1): what a domain publishes so that receivers can verify a signature made for it.

At ``selector._domainkey.domain`` stands a TXT record of tags, the chief of which is ``p=``, the public key in base64.
Nobody can list the selectors of a domain; they are known from the one who signs. :func:`parse_key` reads a record
whole, :func:`judged` says what is to be thought of all that was found at a name.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

if TYPE_CHECKING:
    from collections.abc import Mapping

MIN_BITS = 1024  # RFC 8301 §3.2: verifiers must not take shorter keys.
GOOD_BITS = 2048  # RFC 8301 §3.2: signers should use at least this.
ED25519_OCTETS = 32  # RFC 8463 §4
MAX_RECORD = 65535  # RFC 1035 §3.2.10
#: A key of 16384 bits has fewer letters than this. Longer text is no key, and is not worth decoding.
MAX_KEY = 4096

_WHITE = re.compile(r"[ \t\r\n]+")
_TAG_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\.?", re.IGNORECASE)


class KeyForm(StrEnum):
    """How the octets of ``p=`` hold the key. SPKI is the usual form of RSA keys; RAW the only one of Ed25519."""

    SPKI = "SubjectPublicKeyInfo"
    PKCS1 = "RSAPublicKey"
    RAW = "raw"


class KeyProblem(ValueError):
    """A record that is no usable key record. ``code`` is for programs, ``text`` for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key record that can be used. ``key`` is the base64 of ``p=`` without white space, empty when revoked."""

    text: str
    key: str
    kind: str = "rsa"
    bits: int = 0
    form: KeyForm = KeyForm.SPKI
    hashes: tuple[str, ...] = ()
    services: tuple[str, ...] = ("*",)
    flags: tuple[str, ...] = ()
    notes: str = ""
    others: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def is_revoked(self) -> bool:
        """RFC 6376 §3.6.1: an empty ``p=`` says that the key was withdrawn."""
        return not self.key

    @property
    def is_testing(self) -> bool:
        """``t=y``: receivers treat the mail as if it were not signed."""
        return "y" in self.flags

    @property
    def is_strict(self) -> bool:
        """``t=s``: the signature may not speak for subdomains."""
        return "s" in self.flags

    @property
    def is_too_weak(self) -> bool:
        """Verifiers refuse it."""
        return self.kind == "rsa" and not self.is_revoked and self.bits < MIN_BITS

    @property
    def is_weak(self) -> bool:
        """Verifiers take it, and signers should no longer use it."""
        return self.kind == "rsa" and MIN_BITS <= self.bits < GOOD_BITS


class State(StrEnum):
    """What stands at a selector's name."""

    USABLE = "usable"
    REVOKED = "revoked"
    TOO_WEAK = "too_weak"
    MALFORMED = "malformed"
    FOREIGN = "foreign"
    CNAME_AS_TEXT = "cname_as_text"
    SEVERAL = "several"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be thought of the records at a selector's name.

    ``difference`` is the place, counted from one, of the first character that is not the issued key's; nothing where
    the keys are equal or ours is not known. ``candidates`` are the records that mean to be keys.
    """

    state: State
    record: KeyRecord | None = None
    problem: str = ""
    problem_code: str = ""
    difference: int | None = None
    candidates: tuple[str, ...] = ()

    @property
    def verifies(self) -> bool:
        """A receiver can verify our signature with what stands there."""
        return self.state is State.USABLE and self.record is not None and not self.record.is_testing


def selector_name(selector: str, domain: str) -> str:
    """Where the key of ``selector`` stands; a selector may have dots (RFC 6376 §3.1)."""
    return f"{selector.strip().strip('.')}._domainkey.{domain}"


def record_for(key: str) -> str:
    """The TXT record that publishes ``key``, the base64 of a public key."""
    key = bare_key(key)
    try:
        kind, _, _ = _measured("ed25519" if len(key) <= 44 else "rsa", key)
    except KeyProblem:
        kind = "rsa"
    return f"v=DKIM1; k={kind}; p={key}"


def bare_key(text: str) -> str:
    """The base64 alone of a key that somebody holds as base64, as a whole record, or between PEM's lines."""
    text = re.sub(r"-----[A-Z ]+-----", "", text)
    if match := re.search(r"(?:^|;)\s*p\s*=([^;]*)", text):
        text = match[1]
    return re.sub(r"[\s\"]+", "", text)


def tags(text: str) -> dict[str, str]:
    """The tags of a tag-list in their order (RFC 6376 §3.2); KeyProblem where it is none."""
    if len(text) > MAX_RECORD:
        raise KeyProblem("too_long", "The record is longer than DNS can carry.")
    found: dict[str, str] = {}
    parts = text.split(";")
    if not parts[-1].strip(" \t\r\n"):
        parts.pop()  # A semicolon may stand at the end.
    for part in parts:
        name, equals, value = (item.strip(" \t\r\n") for item in part.partition("="))
        if not equals or not _TAG_NAME.fullmatch(name):
            raise KeyProblem("no_tag", f"{part.strip()[:40]!r} is not of the form name=value.")
        if name in found:
            # RFC 6376 §3.2: a tag that stands twice makes the whole list invalid.
            raise KeyProblem("duplicate_tag", f"The tag {name[:20]}= stands twice.")
        found[name] = value
    return found


def parse_key(text: str) -> KeyRecord:
    """The key record in ``text``; KeyProblem where receivers cannot use it."""
    found = tags(text)
    if "v" in found and (next(iter(found)) != "v" or found["v"] != "DKIM1"):
        # RFC 6376 §3.6.1: v= must be the first tag, and other versions are not for us.
        raise KeyProblem("version", "The record does not begin with v=DKIM1.")
    if "p" not in found:
        raise KeyProblem("no_key", "There is no p= with a key in it.")
    kind = found.get("k", "rsa").lower()
    if kind not in ("rsa", "ed25519"):
        raise KeyProblem("key_type", f"Nobody knows the kind of key k={kind[:20]}.")
    hashes = _listed(found.get("h", ""))
    if hashes and "sha256" not in hashes:
        # RFC 8301 §3.1: sha1 must not be used any more.
        raise KeyProblem("hash", f"h={':'.join(hashes)[:40]} permits only hashes that receivers no longer take.")
    services = _listed(found.get("s", "")) or ("*",)
    if not {"*", "email"} & set(services):
        raise KeyProblem("service", f"s={':'.join(services)[:40]} says that the key is not for e-mail.")
    key = _WHITE.sub("", found["p"])
    bits, form = 0, KeyForm.SPKI if kind == "rsa" else KeyForm.RAW
    if key:
        kind, bits, form = _measured(kind, key)
    known = {"v", "k", "p", "h", "s", "t", "n"}
    return KeyRecord(
        text=text,
        key=key,
        kind=kind,
        bits=bits,
        form=form,
        hashes=hashes,
        services=services,
        flags=_listed(found.get("t", "")),
        notes=found.get("n", ""),
        others=MappingProxyType({name: value for name, value in found.items() if name not in known}),
    )


def _listed(value: str) -> tuple[str, ...]:
    return tuple(item.strip().lower() for item in value.split(":") if item.strip())


def _measured(kind: str, key: str) -> tuple[str, int, KeyForm]:
    """The kind, the length in bits and the form of a key; KeyProblem where it is none."""
    octets = _decoded(key)
    if kind == "ed25519":
        if len(octets) == ED25519_OCTETS:
            return kind, 256, KeyForm.RAW
        if _loaded(octets, Ed25519PublicKey):
            # RFC 8463 §4.2: the bare 32 octets, unlike RSA's keys, which are wrapped.
            raise KeyProblem("ed25519_wrapped", "The Ed25519 key is wrapped (SubjectPublicKeyInfo); it must be bare.")
        text = f"An Ed25519 key has {ED25519_OCTETS} octets, and this has {len(octets)}."
        raise KeyProblem("ed25519_length", text)
    if isinstance(rsa := _loaded(octets, RSAPublicKey), RSAPublicKey):
        # RFC 6376 §3.6.1, erratum 3017: both forms are met, and receivers take both.
        return kind, rsa.key_size, KeyForm.PKCS1 if _is_pkcs1(octets) else KeyForm.SPKI
    if len(octets) == ED25519_OCTETS:
        raise KeyProblem("key_type", "This is an Ed25519 key, and the record does not say k=ed25519.")
    raise KeyProblem("no_rsa_key", "What stands after p= is no RSA key; a part of it may be missing.")


def _decoded(key: str) -> bytes:
    if len(key) > MAX_KEY:
        raise KeyProblem("too_long", f"The key has {len(key)} letters, which is more than any key has.")
    if not _BASE64.fullmatch(key):
        if re.fullmatch(r"[A-Za-z0-9_=-]+", key):
            raise KeyProblem("base64", "The key has - or _ where base64 has + and /.")
        bad = re.search(r"[^A-Za-z0-9+/=]", key)
        raise KeyProblem("base64", f"{bad[0]!r} may not stand in a key." if bad else "The key is no base64.")
    try:
        if len(key) % 4:
            # RFC 4648 §4. Python passes over padding that is too much; not every receiver does.
            raise ValueError("the length is no multiple of four")
        return base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyProblem("base64", "The key is cut off, or has a = too many: its base64 has a wrong length.") from error


def _loaded(octets: bytes, kind: type[RSAPublicKey] | type[Ed25519PublicKey]) -> RSAPublicKey | Ed25519PublicKey | None:
    try:
        key = load_der_public_key(octets)
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, kind) else None


def _is_pkcs1(octets: bytes) -> bool:
    """The DER of a key holds the modulus at once (RFC 8017 §A.1.1), where SPKI names the algorithm first."""
    head = 2 + (octets[1] & 0x7F if octets[1] & 0x80 else 0)
    return octets[head : head + 1] == b"\x02"


def means_to_be_a_key(text: str) -> bool:
    """``text`` was meant as a key record, whatever is wrong with it."""
    return re.match(r"[\s\"]*v\s*=\s*DKIM", text, re.IGNORECASE) is not None or (
        re.search(r"(?:^|;)[\s\"]*p\s*=", text) is not None and "v=DMARC" not in text
    )


def first_difference(published: str, issued: str) -> int | None:
    """The place, counted from one, of the first character in which two keys differ; nothing where they are equal."""
    one, other = bare_key(published), bare_key(issued)
    if one == other:
        return None
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs, 1) if a != b), min(len(one), len(other)) + 1)


def judged(records: Sequence[str], issued: str = "") -> Judgement:
    """What is to be thought of the TXT ``records`` at a selector's name, where we issued the key ``issued``."""
    candidates = tuple(text for text in records if means_to_be_a_key(text))
    if not candidates:
        # P69: the host name that a CNAME should have led to, published as text.
        target = next((text.strip() for text in records if _HOST.fullmatch(text.strip())), "")
        if target:
            return Judgement(State.CNAME_AS_TEXT, problem=target.rstrip("."))
        return Judgement(State.FOREIGN, problem=records[0] if records else "")
    found = [_judged_one(text, issued, candidates) for text in candidates]
    if len(found) == 1:
        return found[0]
    # RFC 6376 §3.6.2.2: of several records a verifier may take any, so all must be right.
    if (
        all(item.state is State.USABLE for item in found)
        and len({item.record.key for item in found if item.record}) == 1
    ):
        return found[0]
    usable = next((item.record for item in found if item.state is State.USABLE), None)
    if usable is None:
        return found[0]
    return Judgement(State.SEVERAL, record=usable, candidates=candidates)


def _judged_one(text: str, issued: str, candidates: tuple[str, ...]) -> Judgement:
    try:
        record = parse_key(text)
    except KeyProblem as problem:
        at = first_difference(text, issued) if issued and "p" in text else None
        return Judgement(State.MALFORMED, None, problem.text, problem.code, at, candidates)
    if record.is_revoked:
        return Judgement(State.REVOKED, record, candidates=candidates)
    if issued and (at := first_difference(record.key, issued)) is not None:
        return Judgement(State.DIFFERENT, record, difference=at, candidates=candidates)
    state = State.TOO_WEAK if record.is_too_weak else State.USABLE
    return Judgement(state, record, candidates=candidates)
