"""Making a key pair. The private half exists only in what :func:`make_pair` returns."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from portal.signing.models import Algorithm

#: RFC 8301 §3.2: signers should use at least this; longer ones do not fit into one answer of DNS over UDP.
BITS = 2048


@dataclass(frozen=True, slots=True)
class Pair:
    """A key pair: the ``p=`` value, and the private half as PEM (PKCS #8), which is not to be kept."""

    public: str
    private: str = field(repr=False)


def make_pair(algorithm: str) -> Pair:
    """A new key pair of that algorithm."""
    key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
    if algorithm == Algorithm.ED25519:
        key = ed25519.Ed25519PrivateKey.generate()
        # RFC 8463 §4.2: the key itself, not its SubjectPublicKeyInfo.
        octets = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        octets = key.public_key().public_bytes(serialization.Encoding.DER, form)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Pair(base64.b64encode(octets).decode(), pem.decode())
