"""Reading the replies of a whole log: the same few, said thousands of times about different recipients.

What support has named (``ReplyRule``) is read along with what the program knows. The rules in use are remembered for
half a minute, so that every process reads by a new one within a minute, and asks for it once in a million lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import Protocol

from diagnostics.engine.messages.reply import Reading, Rule, RuleProblem, read_reply, rule_from, rules
from diagnostics.engine.receivers import receiver_called
from portal.maillog.models import ReplyRule, State

#: Seconds for which the rules in use are not asked for again.
REMEMBERED = 30
#: So many rules are in use at most, the newest first; a reading tries all of them.
MOST_RULES = 500
#: What a server said about these says why.
READ = frozenset({State.DEFERRED, State.REFUSED, State.EXPIRED})
#: How the ids of what support has named begin.
NAMED = "named."
_DIGITS = str.maketrans("", "", "0123456789")
_CODES = tuple(f"{code}{mark}" for code in range(200, 600) for mark in "-#")


@dataclass(slots=True)
class _Held:
    """The rules in use as this process last read them; ``version`` moves when they are others."""

    rules: tuple[Rule, ...] = ()
    version: int = 0
    until: float = 0.0


_held = _Held()


def reading_of(reply: str, reply_code: str = "", status: str = "", remote_host: str = "") -> Reading:
    """What ``reply`` says; addresses and transaction numbers, which no rule is about, are left out of the question."""
    named_rules()
    return held_reading_of(reply, reply_code, status, remote_host)


def held_reading_of(reply: str, reply_code: str, status: str, remote_host: str) -> Reading:
    """The same by the rules that this process read last: for a thread that must not ask the database."""
    return _read(masked(reply), reply_code, status, _bound(remote_host, _held.version), _held.version)


class Told(Protocol):
    """What this module needs of a delivery or an event."""

    state: str
    reply: str
    reply_code: str
    status: str
    remote_host: str
    cause: str


def cause_now(item: Told) -> str:
    """The cause that ``item`` stands with, or the one that support has named its reply since.

    The log is read again in pieces, so for a while a row stands with what it was read to before.
    """
    if item.state not in READ:
        return item.cause
    return named_cause(item.reply, item.reply_code, item.status, item.remote_host) or item.cause


def named_cause(reply: str, reply_code: str = "", status: str = "", remote_host: str = "") -> str:
    """The cause that a rule of support's names this reply; empty where none decides."""
    if not reply or not named_rules():
        return ""
    reading = reading_of(reply, reply_code, status, remote_host)
    return reading.cause if reading.rule.startswith(NAMED) else ""


def named_rules() -> tuple[Rule, ...]:
    """What support has named and is in use, as rules of the engine; asked for twice a minute at most."""
    now = monotonic()
    if now >= _held.until:
        found = tuple(
            rule
            for row in ReplyRule.objects.filter(is_on=True).select_related("by")[:MOST_RULES]
            if (rule := rule_of(row)) is not None
        )
        if found != _held.rules:
            _held.rules, _held.version = found, _held.version + 1
        _held.until = now + REMEMBERED
    return _held.rules


def forget_rules() -> None:
    """Ask for the rules in use anew with the next reply: one of them was changed."""
    _held.until = 0.0


def rule_of(row: ReplyRule) -> Rule | None:
    """A stored rule as one of the engine's; None where the engine has since become stricter than it was."""
    try:
        return engine_rule(
            f"{NAMED}{row.pk}",
            text=row.text,
            reply_code=row.reply_code,
            status=row.status,
            provider=row.provider,
            cause=row.cause,
            source=row.note or "Named at this desk",
            date=f"{row.created:%Y-%m-%d}",
        )
    except RuleProblem:
        return None


def engine_rule(
    ident: str, *, text: str, reply_code: str, status: str, provider: str, cause: str, source: str, date: str
) -> Rule:
    """A rule made of what a person typed; :class:`RuleProblem` says what is wrong with it."""
    receiver = receiver_called(provider) if provider else None
    return rule_from(
        ident,
        cause=cause,
        any=[text],
        hosts=receiver.suffixes if receiver else (),
        codes=[reply_code] if reply_code else (),
        statuses=[status] if status else (),
        source=source,
        date=date,
    )


@lru_cache(maxsize=50_000)
def _bound(remote_host: str, version: int) -> str:
    """As much of the host's name as any rule names, the longest of several: to all rules it is the same.

    A log has thousands of hosts, most of which no rule is about; what they say is read once for all of them.
    """
    named = _hosts(version)
    name = remote_host.lower().rstrip(".")
    while name and name not in named:
        name = name.partition(".")[2]
    return name


@lru_cache(maxsize=1)
def _hosts(version: int) -> frozenset[str]:
    return frozenset(host for rule in (*rules(), *_held.rules) for host in rule.hosts)


@lru_cache(maxsize=20_000)
def _read(reply: str, reply_code: str, status: str, remote_host: str, version: int) -> Reading:
    """``version`` tells readings by other rules apart."""
    return read_reply(reply, reply_code=reply_code, status=status, remote_host=remote_host, extra=_held.rules)


def masked(reply: str) -> str:
    """``reply`` with ``~`` for every address in angle brackets and transaction number; a very long one as it is."""
    if len(reply) >= 2000:
        return reply
    return " ".join([_masked(word) if len(word) > 11 else word for word in reply.split(" ")])


def _masked(word: str) -> str:
    """``word``, or ``~`` for an address in angle brackets or a transaction number such as a1-2002si1234plb.3."""
    if word[0] == "<" and "@" in word:
        head, _, tail = word.rpartition(">")
        return f"<~>{tail}" if head.isascii() and " " not in head else word
    if len(word.translate(_DIGITS)) > len(word) - 4 or word.startswith(_CODES):
        return word
    bare = word.rstrip("0123456789").rstrip(".").replace("-", "").replace("_", "")
    return "~" if bare.isalnum() and bare.isascii() else word
