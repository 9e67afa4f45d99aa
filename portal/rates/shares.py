"""Shares in words: one way to say them on every page and in every notice."""

from __future__ import annotations


def percent(share: float) -> str:
    """ "38 %"; what is less than half a per cent keeps the digits that tell it from nothing."""
    if 0 < share < 0.0005:
        return "under 0.1 %"
    if 0 < share < 0.005:
        return f"{100 * share:.1f} %"
    if 0.995 <= share < 1:
        # All is only said of all.
        return f"{min(100 * share, 99.9):.1f} %"
    return f"{100 * share:.0f} %"
