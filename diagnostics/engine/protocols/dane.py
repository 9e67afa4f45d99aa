"""DANE for SMTP (RFC 7672): the certificate of a mail server, vouched for by signed DNS.

A TLSA record at ``_25._tcp.host`` holds the usage, what of the certificate is meant (selector), how it is written
(matching type), and the octets. It counts only where DNSSEC vouches for the MX records and for the TLSA record; then a
sender delivers to no server whose certificate is another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: RFC 7672 §3.1: DANE-TA and DANE-EE. The usages 0 and 1 need a public authority and are not for SMTP (§3.1.3).
USABLE = frozenset((2, 3))
_LENGTHS = {1: 64, 2: 128}  # RFC 6698 §2.1.3: SHA-256 and SHA-512, in hexadecimal digits.


class TLSAProblem(ValueError):
    """A record that senders cannot use; the text says why."""


@dataclass(frozen=True, slots=True)
class TLSARecord:
    """One TLSA record; ``data`` in lower-case hexadecimal digits."""

    usage: int
    selector: int
    matching: int
    data: str

    @property
    def is_usable(self) -> bool:
        """Senders of mail take it into account."""
        return self.usage in USABLE

    def fits(self, certificate_sha256: str, key_sha256: str) -> bool | None:
        """The server's own certificate is the one meant; None where these digests cannot tell."""
        if self.usage != 3 or self.matching != 1:
            return None
        return self.data == (certificate_sha256 if self.selector == 0 else key_sha256)


def tlsa_name(host: str) -> str:
    """Where the record of a mail server stands (RFC 7672 §2.2.3)."""
    return f"_25._tcp.{host}"


def parse_record(text: str) -> TLSARecord:
    """The record in ``text`` (``3 1 1 0123…``); TLSAProblem where a number or the length of the data is wrong."""
    words = text.split()
    if len(words) < 4 or not all(re.fullmatch(r"[0-9]{1,3}", word) for word in words[:3]):
        raise TLSAProblem("It is not three numbers and a certificate's data.")
    usage, selector, matching = (int(word) for word in words[:3])
    data = "".join(words[3:]).lower()
    if usage > 3 or selector > 1 or matching > 2:
        raise TLSAProblem(f"{usage} {selector} {matching} is no combination that senders know.")
    if not re.fullmatch(r"(?:[0-9a-f]{2})+", data):
        raise TLSAProblem("The data are no hexadecimal digits.")
    if matching in _LENGTHS and len(data) != _LENGTHS[matching]:
        raise TLSAProblem(f"The data have {len(data)} digits where {_LENGTHS[matching]} belong.")
    return TLSARecord(usage, selector, matching, data)
