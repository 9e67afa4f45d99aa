"""A log with replies that no rule of the program reads, for the tests of naming them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

from portal.accounts.models import User
from portal.maillog import rules, tasks
from portal.maillog.importers import IMPORTERS
from portal.maillog.models import Delivery, ReplyRule
from portal.maillog.rereading import UNNAMED
from portal.maillog.services import Zones, ingest

PART = "decline this parcel"
SAID = f"554 The gnomes of 1 {PART}"
REFUSED = "recipient_refused_unspecified"
FULL = "552 5.2.2 Mailbox full"


def line(kind: str, key: str, recipient: str, reply: str = "", **after: float) -> dict[str, Any]:
    at = (datetime(2026, 3, 4, 14, tzinfo=UTC) + timedelta(**after)).isoformat()
    return {"kind": kind, "branch": "north", "key": key, "recipient": recipient, "at": at, "reply": reply}


#: Three whose refusal nobody classified, one that was put off so and then given up, one whose mailbox was full. Of the
#: unclassified ones the code alone was read.
LINES = [
    *(line("refused", f"m{n}", f"a{n}@corp.example", f"554 The gnomes of {n} {PART} <a{n}@b.example>") for n in "123"),
    line("deferred", "m4", "b@corp.example", f"451 Gnomes {PART} for now"),
    line("expired", "m4", "b@corp.example", days=5),
    line("refused", "m5", "c@corp.example", FULL),
]  # fmt: skip


def take(*lines: dict[str, Any]) -> None:
    """Read these lines into the log."""
    octets = "\n".join(json.dumps(item) for item in lines).encode()
    ingest(IMPORTERS["jsonl"](BytesIO(octets), "", Zones()), source="jsonl", name="test")


def causes() -> dict[str, str]:
    """The cause that each recipient's delivery stands with."""
    return dict(Delivery.objects.order_by("recipient").values_list("recipient", "cause"))


def name_it(by: User, text: str = PART, cause: str = "recipient_policy", **other: Any) -> ReplyRule:
    """Save a rule, of these words where no others are given."""
    values = {"rule": None, "reply_code": "", "status": "", "provider": "", "note": ""} | other
    return rules.save_rule(values.pop("rule"), by=by, text=text, cause=cause, **values)


def read_all(rule: ReplyRule, *causes: str) -> None:
    """What the worker does when it is rung."""
    for cause in causes or UNNAMED:
        tasks.read_again(rule.pk, cause)
