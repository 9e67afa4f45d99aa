"""Throw-away certificates for loopback, made anew in each test that wants one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM
PLAIN = serialization.NoEncryption()


def make_certificate(
    folder: Path, *, name: str = "desk.example", days: int = 60, password: bytes = b""
) -> tuple[str, str]:
    """The paths of a certificate for ``name`` that runs out in ``days``, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    certificate, secret = folder / "fullchain.pem", folder / "privkey.pem"
    certificate.write_bytes(made.public_bytes(PEM))
    kept = serialization.BestAvailableEncryption(password) if password else PLAIN
    secret.write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, kept))
    return str(certificate), str(secret)
