"""The machine-readable half of a report: ``message/delivery-status`` (RFC 3464) and what looks like it.

It is groups of fields with blank lines between: first the message's own, then one group for each recipient. Programs
forget the blank line, fold without the space, repeat fields, or write the groups into plain text; all of that is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from diagnostics.engine.messages.bounce import addresses

MAX_GROUPS: Final = 1_000
MAX_LINES: Final = 20_000
MAX_VALUE: Final = 8_000

# Only what can be a field of this kind begins one: "https://..." on a line of its own goes on with the field before.
_FIELD = re.compile(r"(action|status|[A-Za-z0-9]{1,30}(?:-[A-Za-z0-9]{1,30}){1,6})[ \t]{0,5}:", re.IGNORECASE)
_STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3})")
_COMMENT = re.compile(r"\(([^()]{3,300})\)")
#: Before the words of a diagnostic stands what kind of server says it (RFC 3464 §2.3.6).
_KIND = re.compile(r"\s*(smtp|lmtp|dns|unknown|notes|x400|[a-z]{1,3}-[a-z0-9_.-]{1,40})\s*;", re.IGNORECASE)
_RECIPIENT: Final = ("final-recipient", "original-recipient", "x-actual-recipient", "x-original-recipient")


# Without slots, so that the address is worked out once.
@dataclass(frozen=True)
class Group:
    """What is said of one recipient, as it stands. ``action`` is in lower case."""

    final: str
    original: str
    action: str
    status: str
    comment: str
    diagnostic: str
    remote: str

    @cached_property
    def address(self) -> str:
        """Whom it failed for: the final recipient; where that is a pipe, a path or a bare name, the original one."""
        final, original = addresses.typed(self.final), addresses.typed(self.original)
        is_whole = "." in final.rpartition("@")[2] or "[" in final
        return final if is_whole or not original else original


@dataclass(frozen=True, slots=True)
class Report:
    """The whole part. The fields that matching needs are the message's own."""

    groups: tuple[Group, ...]
    reporting: str = ""
    queue_id: str = ""
    envelope_id: str = ""


Fields = dict[str, list[str]]


def read_status(text: str) -> Report:
    """All groups of ``text``."""
    own: Fields = {}
    found: list[Group] = []
    for fields in _groups(text):
        if any(name in fields for name in _RECIPIENT):
            found.append(_group(fields))
        elif found and not found[-1].action and "action" in fields:
            found[-1] = _group(_asked(found[-1]) | fields)
        else:
            for name, values in fields.items():
                own.setdefault(name, []).extend(values)
        if len(found) >= MAX_GROUPS:
            break
    first = {name: _unfolded(values[0]) for name, values in own.items()}
    queue = next((value for name, value in first.items() if name.endswith("queue-id")), "")
    return Report(tuple(found), first.get("reporting-mta", ""), queue, first.get("original-envelope-id", ""))


def _groups(text: str) -> Iterator[Fields]:
    fields: Fields = {}
    name = ""
    for line in text.split("\n", MAX_LINES)[:MAX_LINES]:
        match = _FIELD.match(line)
        if not line.strip():
            if fields:
                yield fields
            fields, name = {}, ""
        elif match:
            name = match[1].lower()
            if name == "final-recipient" and name in fields:
                yield fields
                fields = {}
            fields.setdefault(name, []).append(line[match.end() :].lstrip()[:MAX_VALUE])
        elif name and len(fields[name][-1]) < MAX_VALUE:
            fields[name][-1] += "\n" + line[:MAX_VALUE]
    if fields:
        yield fields


def _asked(group: Group) -> Fields:
    return {"final-recipient": [group.final], "original-recipient": [group.original]}


def _group(fields: Fields) -> Group:
    def last(name: str) -> str:
        return _unfolded(fields.get(name, [""])[-1])

    status = last("status")
    match = _STATUS.search(status)
    comment = _COMMENT.search(status)
    diagnostic = "\n".join(dict.fromkeys(_unfolded(item) for item in fields.get("diagnostic-code", [])))
    return Group(
        # Forwarders put their own address in front; the last one named is whom it failed for.
        final=last("final-recipient") or last("x-actual-recipient"),
        original=last("original-recipient") or last("x-original-recipient"),
        action=last("action").split("(")[0].strip().lower(),
        status=match[1] if match else "",
        comment=comment[1] if comment else "",
        diagnostic=said(diagnostic),
        remote=host(last("remote-mta")),
    )


def _unfolded(value: str) -> str:
    """``value`` with its lines trimmed. Domino breaks lines where the column ends, in the midst of a word."""
    if value[:8].lower() == "x-notes;":
        return re.sub(r"\n[ \t]", "", value).strip()
    return "\n".join(line.strip() for line in value.split("\n")).strip()


def said(diagnostic: str) -> str:
    """The words of a diagnostic, without its kind."""
    match = _KIND.match(diagnostic)
    return diagnostic[match.end() :].strip() if match else diagnostic.strip()


def host(value: str) -> str:
    """The name in ``dns; mx.corp.example (192.0.2.1)``."""
    words = value.rpartition(";")[2].split()
    return words[0].strip("<>().[]").lower() if words else ""
