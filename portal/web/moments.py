"""Times as people read them: how long ago in a list, the exact time in a story, always with the zone it is told in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django.utils import timezone


def zone_of(value: str | tzinfo | None) -> tzinfo:
    """The time zone meant by ``value`` (a name, a zone, or nothing for the current one)."""
    if isinstance(value, tzinfo):
        return value
    try:
        return ZoneInfo(value) if value else timezone.get_current_timezone()
    except (LookupError, ValueError, OSError):
        # A branch may hold a zone that this machine's database has dropped; its times are then told in UTC, and say so.
        return UTC


def exact(at: datetime, zone: tzinfo, *, with_seconds: bool = False) -> str:
    """Such as "4 Mar 2026, 13:05 CET"; with seconds for whoever looks for it in a log of theirs."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M:%S %Z}" if with_seconds else f"{local.day} {local:%b %Y, %H:%M %Z}"


def relative(at: datetime, now: datetime, zone: tzinfo) -> str:
    """Such as "5 min ago" or "in 2 h"; from a week on the date, with its year where that is another one."""
    distance = abs(now - at)
    if distance < timedelta(seconds=45):
        return "just now"
    if distance >= timedelta(days=7):
        local = at.astimezone(zone)
        year = "" if local.year == now.astimezone(zone).year else f" {local.year}"
        return f"{local.day} {local:%b}{year}"
    seconds = int(distance.total_seconds())
    if seconds < 3600:
        amount = f"{max(1, round(seconds / 60))} min"
    elif seconds < 86400:
        amount = f"{seconds // 3600} h"
    else:
        amount = f"{seconds // 86400} d"
    return f"{amount} ago" if at < now else f"in {amount}"
