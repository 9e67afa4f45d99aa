"""What the style page shows: made-up rows with a value of every kind, in times that hold still."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from portal.web import drawn, words
from portal.web.pages import Page

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
ROWS = (
    ("mira@district.example", "WebReg", "accepted", 1),
    ("tomas.lindqvist@mail.example", "QuickTools", "deferred", 14),
    ("info@a-very-long-name-of-a-company-department.example", "XenDirect Admin", "refused", 2),
    ("no\u202egnp.eliam@hidden.example", "WebReg", "error", 1),
)
STORY = (
    ("submitted", "WebReg asked for it to be sent"),
    ("handed", "smtp.xenegrade.net took it (queue id 4F2A81C0D3)"),
    ("deferred", "mx1.district.example put it off; the next try is in 15 min"),
    ("accepted", "mx1.district.example accepted it"),
)
STEPS = (("Recipient", "done"), ("Sent", "done"), ("Address", "current"), ("Junk folder", ""), ("Describe", ""))
TOKENS = ("canvas", "side", "surface", "sunken", "hover", "border", "border-strong", "text", "muted", "accent", "link")

KINDS = ("accepted", "on_the_way", "deferred", "refused", "errors")
DAYS = ((22, 0, 3, 1, 0), (30, 0, 2, 0, 0), (26, 1, 4, 2, 1), (8, 0, 0, 0, 0), (4, 0, 0, 1, 0), (31, 0, 2, 1, 0),
        (24, 2, 5, 3, 2), (28, 4, 6, 1, 0))  # fmt: skip


def bars() -> list[dict[str, Any]]:
    """A bar for each of ``DAYS``, its parts standing on one another from the bottom (40) upwards."""
    made = []
    for position, day in enumerate(DAYS):
        top, parts = 40, []
        for kind, height in zip(KINDS, day, strict=True):
            top -= height
            parts.append({"kind": kind, "y": top, "height": height})
        made.append({"x": position * 7.5, "accepted": day[0], "parts": parts})
    return made


def context() -> dict[str, Any]:
    """The context of the style page, apart from its form."""
    return {
        "now": NOON,
        "verdicts": list(words.VERDICTS),
        "states": list(words.DELIVERY_STATES),
        "ticket_states": list(words.TICKET_STATES),
        "actors": list(words.ACTORS),
        "tones": ["ok", "notice", "problem", "unknown", "neutral", "accent"],
        "tokens": TOKENS,
        "rows": ROWS,
        "bars": bars(),
        "hostile": "gnp.exe\u202e and a bell\u0007 <script>alert(1)</script>",
        "story": STORY,
        "steps": STEPS,
        "page": Page(rows=[], newer="1-1", older="1-2"),
        "icons": sorted(file.stem for file in drawn.FOLDER.glob("*.svg")),
        "levels": [("success", "The reply was sent."), ("info", "The checks are under way."),
                   ("warning", "The log of that day is not complete."), ("error", "Somebody else changed it first.")],
    }  # fmt: skip
