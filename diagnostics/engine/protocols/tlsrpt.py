"""TLS reporting (RFC 8460): where senders report that a connection could not be encrypted.

A TXT record at ``_smtp._tls.domain``: ``v=TLSRPTv1; rua=mailto:tls@example.org``. Delivery does not depend
on it; but whoever publishes it wrongly never learns that mail to them fails.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_RECORD = re.compile(r"v=TLSRPTv1[ \t]*(;|$)")
MOST_PLACES = 50


class ReportProblem(ValueError):
    """A record that senders cannot use; the text says why."""


@dataclass(frozen=True, slots=True)
class ReportRecord:
    """Where reports go: ``mailto:`` and ``https:`` addresses."""

    places: tuple[str, ...]


def select_records(texts: Sequence[str]) -> tuple[str, ...]:
    """RFC 8460 §3: the records that begin with ``v=TLSRPTv1;``. Unless exactly one, nobody reports."""
    return tuple(text for text in texts if _RECORD.match(text))


def parse_record(text: str) -> ReportRecord:
    """The record in ``text``; ReportProblem where its ``rua`` is missing or holds no address one can report to."""
    for part in text.split(";")[1:]:
        name, equals, value = (item.strip(" \t") for item in part.partition("="))
        if name != "rua" or not equals:
            continue
        places = tuple(item.strip() for item in value.split(","))
        for place in places[:MOST_PLACES]:
            if not re.fullmatch(r"mailto:[^\s@,;]+@[^\s@,;]+|https://[^\s,;]+", place, re.IGNORECASE):
                raise ReportProblem(f"{place[:80]!r} is neither mailto: nor https:.")
        return ReportRecord(places)
    raise ReportProblem("The record has no rua= with the place to report to.")
