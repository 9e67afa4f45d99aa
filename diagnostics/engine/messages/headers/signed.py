"""What a signature covers, octet for octet, and whether it fits the key (RFC 6376 §3.4, §3.7).

Mail is rewrapped and respaced on its way, so a signer says how much of that it forgives: ``simple`` nothing,
``relaxed`` white space. Both sides bring header and body into that canonical form and hash it. The forms are dkimpy's;
what is chosen and in which order stands here, because it must take the same short time whatever a stranger writes into
``h=``. RSA and Ed25519 are both verified by ``cryptography``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from cryptography.exceptions import InternalError, InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from dkim.canonicalization import (  # type: ignore[import-untyped]
    CanonicalizationPolicy,
    InvalidCanonicalizationPolicyError,
)

from diagnostics.engine.messages.headers.fields import Field
from diagnostics.engine.protocols.dkim import KeyRecord

#: RFC 8301 §3.1 leaves SHA-256 alone; RFC 8463 adds Ed25519.
ALGORITHMS: Final = ("rsa-sha256", "ed25519-sha256")
MAX_SIGNATURE: Final = 16_384
MAX_NAMES: Final = 1_000

_SPACE = re.compile(r"\s+")
_SPACES = re.compile(rb"[ \t]+")


class SignatureProblem(ValueError):
    """A signature that nobody can verify as it is written. ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def policy_of(text: str) -> CanonicalizationPolicy:
    """The two forms that ``c=`` names, for header and body (RFC 6376 §3.5)."""
    try:
        return CanonicalizationPolicy.from_c_value((text or "simple/simple").lower().encode())
    except (InvalidCanonicalizationPolicyError, UnicodeError) as error:
        raise SignatureProblem("malformed") from error


class Body:
    """A body in its canonical forms, each made once however many signatures there are."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._canonical: dict[bytes, bytes] = {}

    def hash(self, policy: CanonicalizationPolicy, length: int | None = None) -> bytes:
        """The SHA-256 of the canonical form, or of its first ``length`` octets (``l=``)."""
        name: bytes = policy.body_algorithm.name
        if name not in self._canonical:
            # For relaxed it changes nothing of the outcome, and spares dkimpy's pattern a run of a million spaces.
            octets = _SPACES.sub(b" ", self._octets) if name == b"relaxed" else self._octets
            self._canonical[name] = policy.canonicalize_body(octets)
        return hashlib.sha256(self._canonical[name][:length]).digest()


def header_octets(fields: Sequence[Field], names: Iterable[str], own: Field, policy: CanonicalizationPolicy) -> bytes:
    """What is signed of the header: the fields of ``names``, then the signature ``own`` without its value."""
    # RFC 6376 §5.4.2: a name that stands twice means the lowest field, then the one above it.
    below: dict[str, list[Field]] = defaultdict(list)
    for field in fields:
        below[field.key].append(field)
    chosen = [below[name].pop() for name in names if below.get(name)]
    return covered(chosen, own, policy)


def covered(chosen: Iterable[Field], own: Field, policy: CanonicalizationPolicy) -> bytes:
    """The canonical form of the ``chosen`` fields in their order, then of ``own`` without its value."""
    pairs = [field.raw.partition(b":") for field in chosen]
    canonical = policy.canonicalize_headers([(name, value + b"\r\n") for name, _, value in pairs])
    name, _, value = own.raw.partition(b":")
    ((name, value),) = policy.canonicalize_headers([(name, without_value(value) + b"\r\n")])
    octets: bytes = b"".join(b"%s:%s" % pair for pair in canonical) + name + b":" + value
    return octets.removesuffix(b"\r\n")  # RFC 6376 §3.7: the signature itself goes without the final line end.


def without_value(value: bytes) -> bytes:
    """A signature's tags with nothing behind ``b=``, else untouched."""
    tags = value.split(b";")
    for at, tag in enumerate(tags):
        name, equals, _ = tag.partition(b"=")
        if equals and name.strip() == b"b":
            tags[at] = name + equals
    return b";".join(tags)


def octets_of(text: str) -> bytes:
    """The base64 of ``b=`` and ``bh=``, in which white space means nothing."""
    try:
        return base64.b64decode(_SPACE.sub("", text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureProblem("malformed") from error


def names_of(text: str) -> tuple[str, ...]:
    """The names of fields in ``h=``, lower-case."""
    names = tuple(name.strip().lower() for name in text.split(":"))
    if len(names) > MAX_NAMES:
        raise SignatureProblem("malformed")
    return names


def fits(key: KeyRecord, algorithm: str, signature: bytes, octets: bytes) -> bool:
    """``signature`` was made over ``octets`` with the other half of ``key``."""
    try:
        held = base64.b64decode(key.key)
        if algorithm == "ed25519-sha256":
            # RFC 8463 §3: what is signed is the hash.
            Ed25519PublicKey.from_public_bytes(held).verify(signature, hashlib.sha256(octets).digest())
            return True
        public = load_der_public_key(held)
        if not isinstance(public, RSAPublicKey):
            return False
        public.verify(signature, octets, PKCS1v15(), SHA256())
    except (InvalidSignature, InternalError, UnsupportedAlgorithm, ValueError):
        return False
    return True
