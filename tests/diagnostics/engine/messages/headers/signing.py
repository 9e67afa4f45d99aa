"""Keys and signatures for the tests: the same ones in every run, and none of them stored anywhere."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

import dkim
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicNumbers,
    rsa_crt_dmp1,
    rsa_crt_dmq1,
    rsa_crt_iqmp,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from diagnostics.engine.messages.headers.fields import Field, read_message
from diagnostics.engine.messages.headers.signed import Body, covered, header_octets, policy_of

ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def prime(word: str, bits: int) -> int:
    """A prime that ``word`` leads to; its two highest bits are set, so that two of them make a key of full length."""
    start = int.from_bytes(hashlib.shake_256(word.encode()).digest(bits // 8))
    number = start | 3 << (bits - 2) | 1
    while pow(2, number - 1, number) != 1 or (number - 1) % 65537 == 0:
        number += 2
    return number


@cache
def rsa(bits: int = 1024, word: str = "") -> RSAPrivateKey:
    p, q = prime(f"p{word}", bits // 2), prime(f"q{word}", bits // 2)
    d = pow(65537, -1, (p - 1) * (q - 1))
    numbers = RSAPrivateNumbers(
        p, q, d, rsa_crt_dmp1(d, p), rsa_crt_dmq1(d, q), rsa_crt_iqmp(p, q), RSAPublicNumbers(65537, p * q)
    )
    return numbers.private_key()


def published(key: RSAPrivateKey | Ed25519PrivateKey) -> str:
    """The record for ``key``."""
    if isinstance(key, Ed25519PrivateKey):
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode()}"
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; p={base64.b64encode(der).decode()}"


def by_dkimpy(message: bytes, forms: tuple[str, str] = ("relaxed", "relaxed"), *, has_length: bool = False) -> bytes:
    """``message`` with a signature that dkimpy made."""
    pem = rsa().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    form = (forms[0].encode(), forms[1].encode())
    return dkim.sign(message, b"xen1", b"north.example", pem, canonicalize=form, length=has_length) + message


def signature(
    message: bytes, tags: str = "", *, key: RSAPrivateKey | Ed25519PrivateKey | None = None, names: str = "from:subject"
) -> bytes:
    """A DKIM-Signature field for ``message``, of ``north.example``, with other ``tags`` in it."""
    read = read_message(message)
    key = key or rsa()
    algorithm = "ed25519-sha256" if isinstance(key, Ed25519PrivateKey) else "rsa-sha256"
    found = dict(tag.strip().split("=", 1) for tag in tags.split(";") if tag.strip())
    policy = policy_of(found.get("c", "relaxed/relaxed"))
    length = int(found["l"]) if "l" in found else None
    digest = base64.b64encode(Body(read.body or b"").hash(policy, length)).decode()
    defaults = {"v": "1", "a": algorithm, "c": "relaxed/relaxed", "d": "north.example", "s": "xen1", "h": names}
    written = "; ".join(f"{name}={value}" for name, value in {**defaults, "bh": digest, **found}.items())
    own = Field("DKIM-Signature", "", f"DKIM-Signature: {written}; b=".encode(), 0)
    octets = header_octets(read.fields, names.split(":"), own, policy)
    return own.raw + made(key, octets) + b"\r\n"


def made(key: RSAPrivateKey | Ed25519PrivateKey, octets: bytes) -> bytes:
    if isinstance(key, Ed25519PrivateKey):
        return base64.b64encode(key.sign(hashlib.sha256(octets).digest()))
    return base64.b64encode(key.sign(octets, PKCS1v15(), SHA256()))


def sealed(message: bytes, instance: int, cv: str, domain: str = "list.example") -> bytes:
    """``message`` with one more ARC set on top (RFC 8617 §5.1)."""
    relaxed = policy_of("relaxed/relaxed")
    read = read_message(message)
    digest = base64.b64encode(Body(read.body or b"").hash(relaxed)).decode()
    results = f"ARC-Authentication-Results: i={instance}; mx.{domain}; spf=pass smtp.mailfrom=north.example".encode()
    own = Field(
        "ARC-Message-Signature",
        "",
        f"ARC-Message-Signature: i={instance}; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=arc; h=from:subject; "
        f"bh={digest}; b=".encode(),
        0,
    )
    signed = own.raw + made(rsa(), header_octets(read.fields, ("from", "subject"), own, relaxed))
    sets: dict[int, dict[str, Field]] = {}
    for field in (
        *read.fields,
        Field("ARC-Authentication-Results", f"i={instance};", results, 0),
        Field("ARC-Message-Signature", f"i={instance};", signed, 0),
    ):
        if field.key.startswith("arc-"):
            number = int(field.value.partition("i=")[2].partition(";")[0])
            sets.setdefault(number, {})[field.key] = field
    order = ("arc-authentication-results", "arc-message-signature", "arc-seal")
    chosen = [sets[at][name] for at in sorted(sets) for name in order if name in sets[at]]
    head = f"ARC-Seal: i={instance}; a=rsa-sha256; cv={cv}; d={domain}; s=arc; b=".encode()
    seal = head + made(rsa(), covered(chosen, Field("ARC-Seal", "", head, 0), relaxed))
    return b"\r\n".join((seal, signed, results, message))
