"""What people type about domains, addresses of machines, selectors and keys, judged and brought to one form."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from zoneinfo import available_timezones

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.core.exceptions import ValidationError

from diagnostics.engine.names import Malformed, NameProblem, host_domain, parse_address
from diagnostics.engine.receivers import receiver_of_domain

#: RFC 6376 §3.1: a selector is a sequence of sub-domains.
SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?)*")
#: Codes that would stand in the way of other addresses under /branches/.
RESERVED = frozenset({"add", "new", "edit"})
#: What stands before the daemon in a line of Postfix: postfix-out2 in "postfix-out2/smtp[123]:".
LOG_NAME = re.compile(r"[^\s\[\]]+")
#: So many machines send for nobody we know; a longer list is a mistake in pasting.
MOST_ADDRESSES = 64


def domain(text: str) -> str:
    """A domain in A-labels; ValidationError says what is wrong."""
    try:
        return host_domain(text)
    except NameProblem as error:
        raise ValidationError(str(error)) from error


def sending_domain(text: str) -> str:
    """A domain that an organisation can send as: one of its own, so no top-level name and no mailbox provider's.

    Suffixes of several labels (co.uk) are not known here; nobody could publish a record in them either.
    """
    name = domain(text)
    if "." not in name:
        raise ValidationError(f"{name} is no domain of an organisation. Give it whole, such as north.example.org.")
    provider = receiver_of_domain(name)
    if provider is not None:
        raise ValidationError(
            f"{name} belongs to {provider.name}, and nobody else can prove to send as it. Give a domain of your own."
        )
    return name


def email(text: str) -> str:
    """One e-mail address in its form for the wire."""
    parsed = parse_address(text)
    if isinstance(parsed, Malformed):
        meant = f" Did you mean {parsed.suggestion}?" if parsed.suggestion else ""
        raise ValidationError(parsed.text + meant)
    if not parsed.domain:
        raise ValidationError("Give an address with a domain right of the @.")
    return parsed.text


def addresses(text: str) -> list[str]:
    """IP addresses, one a line or with commas between, each once."""
    found: list[str] = []
    for item in re.split(r"[\s,;]+", text.strip()):
        if not item:
            continue
        try:
            found.append(str(ipaddress.ip_address(item)))
        except ValueError:
            hint = " Give single addresses, not a network." if "/" in item else ""
            raise ValidationError(f"{item[:60]!r} is no IP address such as 192.0.2.10 or 2001:db8::10.{hint}") from None
    if len(found) > MOST_ADDRESSES:
        raise ValidationError(f"{len(found)} addresses are more than one server has; give at most {MOST_ADDRESSES}.")
    return list(dict.fromkeys(found))


def log_name(text: str) -> str:
    """How the log of a server calls what sends from one of its addresses: a service, an instance, or the address."""
    name = text.strip().lower()
    if len(name) > 100 or not LOG_NAME.fullmatch(name) or name.endswith((":", "/", "/smtp", "/lmtp")):
        raise ValidationError(
            f"{name[:60]!r} is no name of a service or an instance. Give what stands in the log before /smtp[123]:, "
            "such as postfix-out2."
        )
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name


def selector(text: str) -> str:
    """A DKIM selector, lower-case."""
    name = text.strip().lower().removesuffix(".")
    name = name.partition("._domainkey")[0]
    if not SELECTOR.fullmatch(name) or len(name) > 120:
        raise ValidationError(f"{text[:60]!r} is no selector: letters, digits and hyphens, such as xen1.")
    return name


def public_key(text: str) -> str:
    """The ``p=`` value of a DKIM record: base64 of an RSA key, or of the 32 octets of an Ed25519 one."""
    match = re.search(r"(?:^|;)\s*p\s*=([^;]*)", text)
    value = re.sub(r"[\s\"]+|-----[A-Z ]+-----", "", match[1] if match else text)
    if not value:
        return ""
    try:
        octets = base64.b64decode(value, validate=True)
        if len(octets) != 32:
            load_der_public_key(octets)
    except (binascii.Error, ValueError, UnsupportedAlgorithm) as error:
        raise ValidationError(
            "That is no public key. Paste the p= value of the record, or the whole record, as it was issued."
        ) from error
    return value


def time_zone(text: str) -> str:
    """A name of the IANA time zone database."""
    name = text.strip()
    if name not in available_timezones():
        raise ValidationError(f"{name[:60]!r} is no time zone. Give one such as America/Denver or UTC.")
    return name


def code(text: str) -> str:
    """A branch's short name."""
    name = text.strip().lower()
    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", name) or len(name) > 40:
        raise ValidationError("Use small letters, digits and hyphens, such as north-college.")
    if name in RESERVED:
        raise ValidationError(f"{name!r} is taken by the desk itself; choose another.")
    return name
