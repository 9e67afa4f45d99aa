"""Reading the reply of a mail server: which cause it names, whether it is final, and what it says in plain words.

The rules are data (``rules/*.toml``), tried in this order: what one provider says, what servers say in other languages
than English, what they say in general, the enhanced status code (RFC 3463), the reply code (RFC 5321 §4.2). Text goes
before code, because codes are often wrong: a reply that says ``550 5.1.1 ... too many recipients this hour`` is about a
limit, not a missing mailbox.

A caller may bring rules of its own (``extra``), made by people of replies that nobody classified. One that is bound to
a server is narrower than all others and goes first. One that is not goes behind what the providers themselves publish
and before what servers say in general, so that a few words typed in haste cannot overrule a documented code.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from diagnostics.engine.messages.reply_index import Index
from diagnostics.engine.messages.reply_rule import MOST_CHARACTERS, Rule, RuleProblem, Said, matches, rule_from, said
from diagnostics.engine.messages.reply_words import HARD, WORDS

__all__ = [
    "HARD",
    "MOST_CHARACTERS",
    "WORDS",
    "Reading",
    "Rule",
    "RuleProblem",
    "matches",
    "read_reply",
    "rule_from",
    "rules",
]

RULES = Path(__file__).parent / "rules"
#: In this order; a provider's own words go before what servers say in general.
PROVIDERS: Final = ("google", "microsoft", "yahoo", "apple", "gateways", "services", "america", "europe", "asia")
FILES: Final = (*PROVIDERS, "languages", "generic")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply says. ``permanence`` is hard only where trying again is pointless; ``rule`` names what decided.

    ``is_worded``: it decided by what the reply says, not by a code. ``rank`` is where the rule stands among all: the
    lower, the narrower.
    """

    cause: str
    permanence: str
    rule: str
    status: str
    reply_code: str
    words: str
    is_worded: bool = False
    rank: int = 1_000_000


def read_reply(
    text: str, *, reply_code: str = "", status: str = "", remote_host: str = "", extra: Sequence[Rule] = ()
) -> Reading:
    """What the reply ``text`` says; codes that are given go before those found in the text.

    ``remote_host`` is the name of the server that said it, for what only one provider says so. ``extra`` are rules of
    the caller's own (see the module).
    """
    reply = said(text, reply_code=reply_code, status=status, remote_host=remote_host)
    rank, rule = _first(reply, extra)
    cause = rule.cause if rule else "unknown"
    if reply.code.startswith("2") and rule is None:
        cause = "accepted_by_recipient_server"
    is_final = reply.code.startswith("5") or (not reply.code and reply.status.startswith("5"))
    return Reading(
        cause=cause,
        permanence="hard" if cause in HARD and is_final else "soft",
        rule=rule.id if rule else "",
        status=reply.status,
        reply_code=reply.code,
        words=WORDS[cause],
        is_worded=rule is not None and rule.is_worded,
        rank=rank,
    )


def _first(reply: Said, extra: Sequence[Rule]) -> tuple[int, Rule | None]:
    """The first rule that holds, and where it stands."""
    own, general = _indexes()
    bound = [rule for rule in extra if rule.hosts]
    free = [rule for rule in extra if not rule.hosts]
    at = 0
    for group in (bound, own, free, general):
        if found := group.first(reply) if isinstance(group, Index) else _first_of(group, reply):
            return at + found[0], found[1]
        at += len(group.rules) if isinstance(group, Index) else len(group)
    return at, None


def _first_of(some: Sequence[Rule], reply: Said) -> tuple[int, Rule] | None:
    return next(((at, rule) for at, rule in enumerate(some) if rule.holds(reply)), None)


@cache
def rules() -> tuple[Rule, ...]:
    """All rules of the files in the order they are tried, read once."""
    return tuple(rule for name in FILES for rule in _read(name))


@cache
def _indexes() -> tuple[Index, Index]:
    """The providers' rules and the general ones."""
    own = [rule for rule in rules() if not rule.id.startswith("generic.")]
    return Index(own), Index(rules()[len(own) :])


def _read(name: str) -> list[Rule]:
    """The rules of one file. What it says on top, source, date and hosts, is said of every row that does not itself."""
    document: dict[str, Any] = tomllib.loads((RULES / f"{name}.toml").read_text(encoding="utf-8"))
    shared: dict[str, Any] = {key: document[key] for key in ("source", "date", "hosts") if key in document}
    return [_rule(name, {**shared, **row}) for row in document["rule"]]


def _rule(file: str, row: dict[str, Any]) -> Rule:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    rule = Rule(id=f"{file}.{values.pop('name')}", **values)
    if rule.cause not in WORDS:
        raise ValueError(f"The rule {rule.id} names {rule.cause!r}, which is no cause.")
    if not rule.source or not re.fullmatch(r"\d{4}-\d\d", rule.date):
        raise ValueError(f"The rule {rule.id} does not say where and when (2026-11) its words were read.")
    return rule
