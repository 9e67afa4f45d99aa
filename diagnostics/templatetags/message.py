"""Words for what a message tells."""

from __future__ import annotations

from datetime import datetime

from django import template

register = template.Library()


@register.filter
def duration(seconds: float | None) -> str:
    """``{{ step.delay|duration }}``: seconds in a person's words, ``3 min 20 s``; what lies before zero as minus."""
    if seconds is None:
        return ""
    sign, whole = ("minus " if seconds < 0 else ""), round(abs(seconds))
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    told = [f"{count} {unit}" for count, unit in parts if count][:2]
    return sign + (" ".join(told) or "0 s")


@register.filter
def moment(text: str) -> str:
    """``{{ step.at|moment }}``: a time in the zone of the server that noted it, ``4 Mar 2026, 14:02:11 +0000``."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{at.day} {at:%b %Y, %H:%M:%S %z}".strip()
