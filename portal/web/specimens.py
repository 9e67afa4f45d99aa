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

#: Accepted, on the way, deferred, refused, errors.
DAYS = (("4 Mar", (28, 4, 6, 1, 0)), ("3 Mar", (24, 2, 5, 3, 2)), ("2 Mar", (31, 0, 2, 1, 0)),
        ("1 Mar", (4, 0, 0, 1, 0)), ("28 Feb", (8, 0, 0, 0, 0)), ("27 Feb", (26, 1, 4, 2, 1)))  # fmt: skip


def context() -> dict[str, Any]:
    """The context of the style page, apart from its form."""
    return {
        "now": NOON,
        "verdicts": list(words.VERDICTS),
        "states": list(words.DELIVERY_STATES),
        "ticket_states": list(words.TICKET_STATES),
        "actors": list(words.ACTORS),
        "confidences": list(words.CONFIDENCES),
        "tones": ["ok", "notice", "problem", "unknown", "neutral", "accent"],
        "tokens": TOKENS,
        "rows": ROWS,
        "days": DAYS,
        "hostile": "gnp.exe\u202e and a bell\u0007 <script>alert(1)</script>",
        "story": STORY,
        "steps": STEPS,
        "page": Page(rows=[], newer="1-1", older="1-2"),
        "icons": sorted(file.stem for file in drawn.FOLDER.glob("*.svg")),
        "levels": [("success", "The reply was sent."), ("info", "The checks are under way."),
                   ("warning", "The log of that day is not complete."), ("error", "Somebody else changed it first.")],
    }  # fmt: skip
