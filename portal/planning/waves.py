"""The plan: how many recipients an hour at each provider, and how long the mailing takes at that pace.

A number comes from what is known, and says from what: a limit that somebody publishes or tells, or the best hour this
sending server had there without being put off. Where neither is known the plan begins small, and says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

#: Where nothing is known: providers watch a sender they do not know, and this many an hour has rarely been put off.
UNKNOWN_PACE = 200
#: A limit is an upper edge; whoever stays below it is put off less often.
CAREFUL = 0.8


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a provider: its limit an hour with its source, and the most that went through freely."""

    limit: int | None = None
    source: str = ""
    freely: int | None = None


@dataclass(frozen=True, slots=True)
class Wave:
    """One provider's share: recipients, the pace an hour, how many hours that takes, and why that pace."""

    provider: str
    recipients: int
    per_hour: int
    hours: int
    why: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def waves(recipients: Mapping[str, int], known: Mapping[str, Known]) -> list[Wave]:
    """The plan for ``recipients`` by provider, the longest first."""
    found = [_wave(provider, count, known.get(provider, Known())) for provider, count in recipients.items() if count]
    return sorted(found, key=lambda wave: (-wave.hours, -wave.recipients, wave.provider))


def _wave(provider: str, count: int, known: Known) -> Wave:
    if not provider:
        # Other servers are many, each with a few recipients: no limit of one is a limit of all.
        return Wave(provider, count, count, 1, "many servers with a few recipients each")
    pace, why = _pace(known)
    pace = max(1, min(pace, count))
    return Wave(provider, count, pace, math.ceil(count / pace), why)


def _pace(known: Known) -> tuple[int, str]:
    if known.limit is not None:
        careful = max(1, int(known.limit * CAREFUL))
        if known.freely is not None and known.freely > careful:
            return careful, f"below the limit of {known.limit:,} an hour ({known.source})"
        return careful, f"four fifths of the limit of {known.limit:,} an hour ({known.source})"
    if known.freely:
        return max(known.freely, UNKNOWN_PACE), f"the best hour without being put off had {known.freely:,} recipients"
    return UNKNOWN_PACE, "nothing is known of a limit, and nothing was sent there lately: begin small and look"
