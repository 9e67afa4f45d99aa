"""MTA-STS (RFC 8461): a domain's word that its mail servers speak TLS, and what a sender is to do where they do not.

Two parts: a TXT record at ``_mta-sts.domain`` says that there is a policy and names its version (``id=``); the policy
itself is a text at ``https://mta-sts.domain/.well-known/mta-sts.txt``, which lists the servers. Once its mode is
``enforce``, a sender that follows it does not deliver to a server that it does not list.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MOST_AGE = 31_557_600  # RFC 8461 §3.2: a year.
#: Below this the protection lapses between two visits; RFC 8461 §3.2 asks for weeks rather than days.
LEAST_AGE = 86_400
MOST_PATTERNS = 200

_RECORD = re.compile(r"v=STSv1[ \t]*(;|$)")
_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_PATTERN = re.compile(r"(\*\.)?[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")


class PolicyProblem(ValueError):
    """A record or policy that senders cannot use. ``code`` is for programs, ``text`` for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class Mode(StrEnum):
    """RFC 8461 §5: what a sender does with a server that does not fit the policy."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class STSPolicy:
    """A policy as senders read it. ``max_age`` is in seconds; ``patterns`` are lower-case without the trailing dot."""

    mode: Mode
    max_age: int
    patterns: tuple[str, ...]

    def covers(self, host: str) -> bool:
        """RFC 8461 §4.1: ``host`` is listed; ``*.`` stands for one label and no more."""
        host = host.rstrip(".").lower()
        return any(
            host == pattern or (pattern.startswith("*.") and host.partition(".")[2] == pattern[2:])
            for pattern in self.patterns
        )


def select_records(texts: Sequence[str]) -> tuple[str, ...]:
    """RFC 8461 §3.1: the records that begin with ``v=STSv1;``. Where they are not exactly one, there is no policy."""
    return tuple(text for text in texts if _RECORD.match(text))


def record_id(text: str) -> str:
    """The ``id`` of a record; PolicyProblem where it has no sound one."""
    for part in text.split(";")[1:]:
        name, equals, value = (item.strip(" \t") for item in part.partition("="))
        if name == "id" and equals:
            if not _ID.fullmatch(value):
                raise PolicyProblem("id", f"id={value[:40]} is not 1 to 32 letters and digits.")
            return value
    raise PolicyProblem("no_id", "The record has no id=.")


def parse_policy(text: str) -> STSPolicy:
    """The policy in ``text``, lines ended by CRLF or LF (RFC 8461 §3.2); PolicyProblem where senders cannot use it."""
    fields: dict[str, str] = {}
    patterns: list[str] = []
    for number, line in enumerate(re.split(r"\r?\n", text), 1):
        if not line.strip(" \t\r"):
            continue
        name, colon, value = (item.strip(" \t\r") for item in line.partition(":"))
        if not colon:
            raise PolicyProblem("line", f"Line {number} is not of the form name: value.")
        if name == "mx":
            patterns.append(value.lower().rstrip("."))
        else:
            # RFC 8461 §3.2: of a field that stands twice the first counts.
            fields.setdefault(name, value)
    if fields.get("version") != "STSv1":
        raise PolicyProblem("version", "There is no line version: STSv1.")
    if fields.get("mode") not in list(Mode):
        raise PolicyProblem("mode", f"mode: {fields.get('mode', '')[:40]} is none of enforce, testing, none.")
    mode = Mode(fields["mode"])
    _check_patterns(patterns, mode)
    return STSPolicy(mode, _max_age(fields.get("max_age", "")), tuple(patterns))


def _max_age(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > MOST_AGE:
        raise PolicyProblem("max_age", f"max_age: {text[:40]} is no number of seconds from 0 to {MOST_AGE}.")
    return int(text)


def _check_patterns(patterns: list[str], mode: Mode) -> None:
    if not patterns and mode is not Mode.NONE:
        raise PolicyProblem("no_mx", "There is no mx: line.")
    if len(patterns) > MOST_PATTERNS:
        raise PolicyProblem("mx", f"There are more than {MOST_PATTERNS} mx: lines.")
    for pattern in patterns:
        if not _PATTERN.fullmatch(pattern):
            raise PolicyProblem("mx", f"mx: {pattern[:80]} is no name of a server.")
