"""Words for what a message tells."""

from __future__ import annotations

from datetime import UTC, datetime

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
    """``{{ step.at|moment }}``: a time in UTC whatever the zone of who noted it, ``4 Mar 2026, 14:02:11 UTC``."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    if at.tzinfo is None:
        return f"{at.day} {at:%b %Y, %H:%M:%S}"
    at = at.astimezone(UTC)
    return f"{at.day} {at:%b %Y, %H:%M:%S} UTC"
