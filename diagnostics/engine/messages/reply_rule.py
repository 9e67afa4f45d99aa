"""Rules that read replies: what one holds, when it holds, and how a person makes one.

A rule holds literal fragments and no patterns, so no reply, however hostile, can make reading slow, and no person can
write a rule that does. :func:`rule_from` makes a rule of what somebody typed, and refuses with a :class:`RuleProblem`
that says what to change; :func:`matches` tries a rule against one reply that was stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from diagnostics.engine.messages.reply_words import UNNAMED, WORDS

#: More of a reply than this is never read: no server needs more to say why.
MOST_CHARACTERS: Final = 16_384
#: What a person may type: fragments, and characters of one.
MOST_FRAGMENTS: Final = 10
LEAST_OF_A_FRAGMENT, MOST_OF_A_FRAGMENT = 5, 200
MOST_OF_A_NAME: Final = 80

_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?:^|[\s:(\"'])([245]\d\d)(?=[\s\-#]|$)")
# Multi-line replies repeat code and status on every line; a fragment may run over the break.
_LINE = re.compile(r" [245]\d\d-(?:[245]\.\d{1,3}\.\d{1,3} )?")
# An address, and the name of the server that is quoted, say nothing: "antispam@corp.example" is not about spam.
_ADDRESS = re.compile(r"(?<![^\s<>()\[\]:;,'\"=])[^\s<>()\[\]:;,'\"@=]{1,64}@(?:[^\s<>()\[\]:;,'\"@.]|\.(?!\.)){1,253}")
_SERVER = re.compile(
    r"(?<!client )\bhost [a-z0-9._-]{1,253} ?\[[0-9a-f.:]{3,45}\](?: said)?:?|<[a-z0-9._-]{1,253} (?=#)"
)

_CODE_ASKED = re.compile(r"[245]\d{0,2}")
_STATUS_ASKED = re.compile(r"[245]\.\d{1,3}\.(?:\d{1,3}(?:-\d{1,3})?)?")
_HOST_ASKED = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.){1,8}[a-z0-9-]{2,63}")
_ID_ASKED = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_DATE_ASKED = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?")
#: Signs of a pattern. Those that sentences have as well, a full stop or brackets, are none.
_PATTERN = re.compile(r"\.\*|\.\+|\\[a-z.]|\(\?|\[\^|\[a-z|\[0-9|\{\d|\|\||\^|\$$")
#: Nearly every reply has them; a rule with nothing else would take everything.
_EVERYWHERE: Final = frozenset(
    {
        *("address", "delivery", "denied", "error", "failed", "failure", "message", "messages", "please", "recipient"),
        *("recipients", "refused", "reject", "rejected", "remote", "reply", "sender", "sending", "server", "service"),
        *("status", "support", "temporary", "transaction", "unable"),
    }
)


class RuleProblem(ValueError):
    """What is wrong with a rule that a person wrote: ``code`` for programs, the words for people."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True, slots=True)
class Said:
    """A reply made comparable: on one line, in lower case, its lines joined, addresses left out."""

    text: str
    code: str
    status: str
    host: str


@dataclass(frozen=True, slots=True)
class Rule:
    """When a reply names ``cause``. All that is given must hold.

    One of ``any`` or of ``words``, one of ``beside``, each of ``all`` and none of ``none`` stands in the text,
    ``words`` only as whole words. ``hosts``: the server that said it is one of them or stands under one.
    ``codes`` are reply codes or how they begin; ``statuses`` are whole ("5.7.1"), all below a subject ("5.6.") or a
    range ("5.7.606-649"). ``source`` is where that is written, ``date`` when it was read there (a month or a day).
    """

    id: str
    cause: str
    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    source: str = ""
    date: str = ""

    @property
    def is_worded(self) -> bool:
        """It goes by what the reply says, and not by codes alone."""
        return bool(self.any or self.all or self.words)

    def holds(self, said: Said) -> bool:
        """``said`` is a reply that this rule is about."""
        # "4" and "5" are classes, which a status has too; servers that are no SMTP servers give only that.
        if self.codes and not (said.code or said.status).startswith(self.codes):
            return False
        if self.statuses and not any(_fits(said.status, item) for item in self.statuses):
            return False
        if self.hosts and not any(said.host == item or said.host.endswith("." + item) for item in self.hosts):
            return False
        text = said.text
        if (self.any or self.words) and not (
            any(fragment in text for fragment in self.any) or any(_has_word(text, word) for word in self.words)
        ):
            return False
        if self.beside and not any(fragment in text for fragment in self.beside):
            return False
        if not all(fragment in text for fragment in self.all):
            return False
        return not any(fragment in text for fragment in self.none)


def said(text: str, *, reply_code: str = "", status: str = "", remote_host: str = "") -> Said:
    """``text`` as rules see it; codes that are given go before those found in it."""
    flat = " ".join(text[:MOST_CHARACTERS].lower().split())
    flat = flat.replace("\u2019", "'").replace("\u2018", "'")
    code = reply_code if re.fullmatch(r"[245]\d\d", reply_code) else _found_code(flat)
    status = status if _STATUS.fullmatch(status) else _found_status(flat, code)
    joined = _LINE.sub(" ", " " + flat)
    joined = _SERVER.sub(" ", _ADDRESS.sub("@", joined))
    return Said(joined, code, status, remote_host.lower().rstrip("."))


def matches(rule: Rule, text: str, *, reply_code: str = "", status: str = "", remote_host: str = "") -> bool:
    """``rule`` holds for this reply. Whether it would also decide is told by ``read_reply(..., extra=(rule,))``."""
    return rule.holds(said(text, reply_code=reply_code, status=status, remote_host=remote_host))


def rule_from(
    ident: str,
    *,
    cause: str,
    any: Iterable[str] = (),
    all: Iterable[str] = (),
    none: Iterable[str] = (),
    hosts: Iterable[str] = (),
    codes: Iterable[str] = (),
    statuses: Iterable[str] = (),
    source: str,
    date: str,
) -> Rule:
    """The rule that a person wrote, made comparable; :class:`RuleProblem` says what is wrong with it.

    Fragments are parts of the reply, literally; ``source`` is who says so or where it is written.
    """
    if not _ID_ASKED.fullmatch(ident):
        raise RuleProblem("id", "A rule's id is of lower-case letters, digits, dots and dashes.")
    if cause not in WORDS or cause in UNNAMED:
        raise RuleProblem(
            "cause", f"{cause[:MOST_OF_A_NAME]!r} is no cause that a reply can name. Choose one of the list."
        )
    if not source.strip():
        raise RuleProblem("source", "Say who found this out or where it is written, so that others can check it.")
    if not _DATE_ASKED.fullmatch(date):
        raise RuleProblem("date", "Give the date as 2026-11 or 2026-11-27.")
    rule = Rule(
        id=ident,
        cause=cause,
        any=_fragments(any),
        all=_fragments(all),
        none=_fragments(none),
        hosts=_each(hosts, _HOST_ASKED, "host", "Name a server or a domain of servers, as mx.corp.example."),
        codes=_each(
            codes, _CODE_ASKED, "code", "A reply code has three digits, as 550; 4 and 5 stand for all of a class."
        ),
        statuses=_each(
            statuses, _STATUS_ASKED, "status", "A status is written 5.7.1, 5.7.606-649, or 5.7. for all below."
        ),
        source=source.strip()[:400],
        date=date,
    )
    if not rule.is_worded:
        raise RuleProblem("nothing", "Give a part of the reply; a code alone says too little to name a cause.")
    return rule


def _fragments(given: Iterable[str]) -> tuple[str, ...]:
    found = list(dict.fromkeys(_fragment(item) for item in given))
    if len(found) > MOST_FRAGMENTS:
        raise RuleProblem("many", f"A rule holds {MOST_FRAGMENTS} parts at most. Make a second rule of the others.")
    return tuple(found)


def _fragment(typed: str) -> str:
    """One part of a reply, in the form in which replies are compared."""
    if len(typed) > MOST_OF_A_FRAGMENT:
        raise RuleProblem("long", f"Keep to {MOST_OF_A_FRAGMENT} characters: the words that say why, and no more.")
    if _PATTERN.search(typed):
        raise RuleProblem(
            "pattern", "Write a part of the reply as it stands there. Signs such as .* stand for nothing."
        )
    if "@" in typed:
        raise RuleProblem("address", "Leave the address out. Addresses are left out of the replies, too.")
    flat = said(typed).text.strip()
    if len(flat) < LEAST_OF_A_FRAGMENT:
        raise RuleProblem(
            "short", f"Give at least {LEAST_OF_A_FRAGMENT} characters, so that it fits only what is meant."
        )
    if not re.search(r"[^\W\d_]{2}", flat):
        raise RuleProblem("digits", "Give words of the reply; codes have fields of their own.")
    if flat in _EVERYWHERE:
        raise RuleProblem("everywhere", f"Nearly every reply says {flat!r}. Give the words beside it as well.")
    return flat


def _each(given: Iterable[str], form: re.Pattern[str], code: str, words: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(item.strip().lower().rstrip("." if code == "host" else "") for item in given))
    if len(found) > MOST_FRAGMENTS or any(not form.fullmatch(item) for item in found):
        raise RuleProblem(code, words)
    return found


def _fits(status: str, asked: str) -> bool:
    """``status`` is the one that is asked for, or in its range."""
    if asked.endswith("."):
        return status.startswith(asked)
    if "-" not in asked:
        return status == asked
    low, _, high = asked.rpartition("-")
    subject, _, first = low.rpartition(".")
    head, _, last = status.rpartition(".")
    return head == subject and last.isdigit() and int(first) <= int(last) <= int(high)


def _has_word(text: str, word: str) -> bool:
    """``word`` stands in ``text`` and is not a part of a longer one."""
    at = text.find(word)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(word) : at + len(word) + 1]
        if not before.isalnum() and not after.isalnum():
            return True
        at = text.find(word, at + 1)
    return False


def _found_code(flat: str) -> str:
    match = _CODE.search(flat)
    return match[1] if match else ""


def _found_status(flat: str, code: str) -> str:
    """The first enhanced status code whose class fits the reply code; an address such as 5.1.1.9 is none."""
    for match in _STATUS.finditer(flat):
        if not code or match[1] == code[0]:
            return match[0]
    return ""
