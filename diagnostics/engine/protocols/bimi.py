"""BIMI (draft-brand-indicators-for-message-identification): the logo a mail program may show beside a sender's name.

A TXT record at ``default._bimi.domain``: ``v=BIMI1; l=https://…/logo.svg; a=https://…/mark.pem``. Mail programs look at
it only where DMARC is enforced, and the large ones only where ``a=`` leads to a mark certificate. Delivery does not
depend on it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_RECORD = re.compile(r"\s*v\s*=\s*BIMI1\s*(;|$)")
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


class IndicatorProblem(ValueError):
    """A record that mail programs cannot use; the text says why."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """Where the logo (``location``) and the certificate for it (``authority``) lie; both empty: the domain declines."""

    location: str
    authority: str

    @property
    def is_declined(self) -> bool:
        return not self.location and not self.authority


def select_records(texts: Sequence[str]) -> tuple[str, ...]:
    """The records that begin with ``v=BIMI1``. Where they are not exactly one, there is no indicator."""
    return tuple(text for text in texts if _RECORD.match(text))


def parse_record(text: str) -> Indicator:
    """The record in ``text``; IndicatorProblem where it breaks the grammar or an address in it is not ``https:``."""
    tags: dict[str, str] = {}
    for part in text.split(";"):
        if not part.strip():
            continue
        name, equals, value = (item.strip() for item in part.partition("="))
        if not equals or not _TAG.fullmatch(name):
            raise IndicatorProblem(f"{part.strip()[:40]!r} is not of the form name=value.")
        if tags.setdefault(name.lower(), value) != value:
            raise IndicatorProblem(f"The tag {name[:20]}= stands twice.")
    if "l" not in tags:
        raise IndicatorProblem("There is no l= with the address of the logo.")
    location, authority = tags["l"], tags.get("a", "")
    for name, address in (("l", location), ("a", authority)):
        if address and not re.fullmatch(r"https://[^\s;,]+", address, re.IGNORECASE):
            raise IndicatorProblem(f"{name}={address[:80]} is no https: address.")
    if location and not re.search(r"\.svgz?$", location.partition("?")[0], re.IGNORECASE):
        raise IndicatorProblem(f"The logo {location[:80]} is not in SVG.")
    return Indicator(location, authority)
