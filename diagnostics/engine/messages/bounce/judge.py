"""From what was said of a recipient to a cause.

A report says the same thing several times and in several qualities: the words of the refusing server, what its own
server made of them, the status, a sentence for people. :func:`judge` reads them in that order and takes the first that
names a cause by its words. A report that only says that time ran out inherits the cause of the last temporary refusal
in it, because "refused for two days for sending too fast" is what helps, and "expired" is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from diagnostics.engine.messages.reply import HARD, Reading, read_reply
from diagnostics.engine.messages.reply_rule import Rule

#: The names of what this module decides by itself, beside the rules that read replies.
AFTER_DATA, STAGE = "bounce.after_data", "bounce.stage"
#: Causes that say little; a better one further down goes before them.
_VAGUE: Final = frozenset(
    {"unknown", "recipient_refused_unspecified", "still_trying", "network_or_timeout", "accepted_by_recipient_server"}
)
_WORTHLESS: Final = frozenset({"unknown", "still_trying", "accepted_by_recipient_server"})
#: What a reply may be, and a report cannot: something was accepted, but not this; nothing waits any more where all
#: that was ever said is "later"; and that a sender forges its own domain is for the case to find out, which knows both.
_IN_A_REPORT: Final = {
    "accepted_by_recipient_server": "unknown",
    "still_trying": "network_or_timeout",
    "self_to_self_blocked": "recipient_policy",
}
_EXPIRED: Final = (
    "expired",
    "too long",
    "timeout exceeded",
    "retry time",
    "given up",
    "giving up",
    "could not be delivered for",
    "has been in the queue",
    "delayed",
    "not been able to deliver",
    "last error",
    "will be deleted",
)
#: Of one thing that was said, where it is asked at which command it was.
MOST_CHARACTERS: Final = 1_000
#: A name that is not found now may be found later.
_PASSING: Final = ("try again", "temporar", "servfail", "timed out", "timeout", "deferred", "later")
#: What the reader is asked to mend first: the same message would fail again.
_ONCE_MENDED: Final = re.compile(r"\bcheck\b[^.]{0,80}\band try again")
_CODE: Final = re.compile(r"(?<!\d)[45]\d\d(?!\d)")
_USER_UNKNOWN: Final = ("user unknown", "unknown user", "no such user")
#: RFC 3463 §3.3: the mailbox exists, but does not take this.
_IS_THERE: Final = ("5.2.0", "5.2.1", "4.2.0", "4.2.1")
_AFTER_DATA = re.compile(
    r"in reply to end of data|after end of data|failed after i sent the message|final data|end-of-data|\[data\]|"
    r"smtp transmission failure|for text command|\(data\)|in reply to \.|after data\b|\(state 1[578]\)",
)
#: What a server says that wants to give no reason.
_BLAND: Final = re.compile(
    r"(?:access denied|rejected|denied|refused|not allowed|service unavailable|command rejected|permission denied|"
    r"transaction failed|mail rejected|message rejected|go away|sender rejected|no|)"
)
_BLAND_CAUSES: Final = frozenset(
    {"recipient_policy", "recipient_refused_unspecified", "unknown", "remote_system_error"}
)
_AT_CONNECTION: Final = (
    "after initial connection",
    "refused to talk to me",
    "after ehlo",
    "after helo",
    "but greeting failed",
    "but my name was rejected",
    "did not like our ehlo",
    "did not like our helo",
    "(state 13)",
)
_AT_RECIPIENT: Final = (
    "rcpt to",
    "rcpt_to",
    "after rcpt",
    "does not like recipient",
    "rejected recipient",
    "rcpt command",
    "(state 14)",
)
_AT_SENDER: Final = (
    "in reply to mail from",
    "after mail from",
    "after sender verify",
    "sender was rejected",
    "did not like our mail from",
)
_IN_REPLY = re.compile(r"\(in reply to [^()]{1,60}\)\s*$")


@dataclass(frozen=True, slots=True)
class Words:
    """One thing that was said. ``is_aside``: it says something of the whole message, and counts only in need."""

    text: str
    is_aside: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What came out, and of which words."""

    reading: Reading
    text: str
    permanence: str


class Reader:
    """Reads what was said as replies, the same thing once: reports repeat themselves. ``extra``: the caller's rules."""

    def __init__(self, extra: Sequence[Rule] = ()) -> None:
        self._extra = tuple(extra)
        self._known: dict[tuple[str, str, bool, str], Reading] = {}
        #: What was made of the same words for another recipient; see `judge`.
        self.judged: dict[tuple[tuple[Words, ...], str, bool, str, str], Judged] = {}

    def read(self, text: str, status: str, is_delayed: bool, host: str) -> Reading:
        """``text`` as a reply. Where it holds no status the report's is taken, and else what it amounts to."""
        key = (text, status, is_delayed, host)
        if key not in self._known:
            self._known[key] = self._read(_IN_REPLY.sub("", text), status, is_delayed, host)
        return self._known[key]

    def _read(self, text: str, status: str, is_delayed: bool, host: str) -> Reading:
        own = read_reply(text, remote_host=host, extra=self._extra)
        if own.status and not own.status.endswith(".0.0"):
            return own
        if own.reply_code and status and status[0] != own.reply_code[0]:
            status = ""
        if not own.reply_code and not status:
            amounts_to = "4.0.0" if is_delayed else "5.0.0"
            amounts = read_reply(text, status=amounts_to, remote_host=host, extra=self._extra)
            return replace(amounts if amounts.is_worded else own, status="")
        if not status or status == own.status:
            return own
        return read_reply(text, reply_code=own.reply_code, status=status, remote_host=host, extra=self._extra)


def judge(
    said: Iterable[Words],
    *,
    status: str = "",
    is_delayed: bool = False,
    host: str = "",
    stage: str = "",
    reader: Reader,
) -> Judged:
    """The cause that ``said`` names. ``stage``: the command that was refused, where the report tells."""
    all_of_it = tuple(words for words in said if words.text.strip()) or (Words(""),)
    key = (all_of_it, status, is_delayed, host, stage)
    if key not in reader.judged:
        reader.judged[key] = _judge(all_of_it, status, is_delayed, host, stage, reader)
    return reader.judged[key]


def _judge(
    all_of_it: tuple[Words, ...], status: str, is_delayed: bool, host: str, stage: str, reader: Reader
) -> Judged:
    read = [(words, reader.read(words.text, status, is_delayed, host)) for words in all_of_it if not words.is_aside]
    if all(reading.cause in _VAGUE for _, reading in read):
        asides = [words for words in all_of_it if words.is_aside]
        read += [(words, reader.read(words.text, status, is_delayed, host)) for words in asides]
    words, reading = _best(read)
    first = next((item for item in read if not item[0].is_aside), read[0])
    if not reading.reply_code and first[1].reply_code and not words.is_aside:
        words = first[0] if first[1].reply_code else words
    everything = " ".join(item.text[:MOST_CHARACTERS] for item in all_of_it).lower()
    cause = _refused_by_filter(reading, words.text.lower(), everything, stage)
    if cause != reading.cause:
        reading = replace(reading, cause=cause, rule=AFTER_DATA)
    elif by_stage := _by_stage(reading, words.text, everything, stage):
        reading = replace(reading, cause=by_stage, rule=STAGE)
    elif cause in _WORTHLESS:
        reading = replace(reading, cause="network_or_timeout" if is_delayed or _is_over(everything) else cause)
    if in_a_report := _IN_A_REPORT.get(reading.cause):
        reading = replace(reading, cause=in_a_report)
    return Judged(reading, words.text, _permanence(reading, words.text.lower(), is_delayed))


def _best(read: list[tuple[Words, Reading]]) -> tuple[Words, Reading]:
    """By words before by codes, and what says more before what says less. An aside counts where nothing else speaks, or
    as the refusal that went before the time ran out.
    """
    direct = [item for item in read if not item[0].is_aside]
    asides = [item for item in read if item[0].is_aside]
    replies = [item for item in asides if item[1].reply_code]
    for group, is_worded in ((direct, True), (direct, False), (replies, True)):
        for item in group:
            if item[1].cause not in _VAGUE and (item[1].is_worded or not is_worded):
                return item
            if item[1].cause == "unknown" and item[1].is_worded and not is_worded:
                return item  # It says in words that it gives no reason; a code is not to know better.
    for group in (direct, sorted(asides, key=lambda item: item[1].rank if item[1].is_worded else 1_000_000)):
        for item in group:
            if item[1].is_worded and item[1].cause not in _WORTHLESS:
                return item
    return next((item for item in read if item[1].cause not in _WORTHLESS), read[0])


def _is_over(text: str) -> bool:
    # qmail gives up at once where it says so.
    text = text.replace("permanent error; i've given up", "")
    return any(fragment in text for fragment in _EXPIRED)


def _refused_by_filter(reading: Reading, text: str, everything: str, stage: str) -> str:
    """The same cause, or "refused with no reason": a server that had taken the recipient and, having read the message,
    says that it knows no such user, lets its user's filter say so (the Japanese carriers do). So may one whose status
    says that there is such a mailbox, unless it was the address that was refused and nothing else could be. A status
    that speaks of the address is believed.
    """
    if reading.cause != "no_such_user" or reading.status.startswith(("5.1.", "4.1.")):
        return reading.cause
    if not any(fragment in text for fragment in _USER_UNKNOWN):
        return reading.cause
    # "550 <nothing>: User unknown", and not a sentence of the report such as "Reason: User unknown".
    is_nameless = (
        _CODE.search(text) is not None
        and ": user unknown" in text.replace("550:", "550")
        and "@" not in text.split(": user unknown")[0][-80:]
    )
    contradicts = (
        reading.status in _IS_THERE and stage != "RCPT" and not any(item in everything for item in _AT_RECIPIENT)
    )
    if stage in ("DATA", "BDAT") or _AFTER_DATA.search(everything) or is_nameless or contradicts:
        return "recipient_refused_unspecified"
    return reading.cause


def _by_stage(reading: Reading, text: str, everything: str, stage: str) -> str:
    """What a refusal without a reason is about: before any address was named, the sending server; after the sender was,
    the sender. Empty where a reason was given.
    """
    about_recipient = reading.cause in ("no_such_user", "domain_or_dns") and "5.1." not in reading.status
    if about_recipient and any(fragment in everything for fragment in _AT_CONNECTION):
        return "sender_ip_blocked"  # Nobody had been named yet.
    if about_recipient and (stage == "MAIL" or any(fragment in everything for fragment in _AT_SENDER)):
        return "sender_address_rejected"  # Only the sender had.
    if reading.reply_code[:1] != "5" or reading.cause not in _BLAND_CAUSES:
        return ""
    if reading.is_worded and not _BLAND.fullmatch(_bare(text)):
        return ""
    if any(fragment in everything for fragment in _AT_CONNECTION):
        return "sender_ip_blocked"
    if stage == "MAIL" or any(fragment in everything for fragment in _AT_SENDER):
        return "sender_address_rejected"
    return ""


def _bare(text: str) -> str:
    """The words of a reply without codes, addresses and what is said about the conversation."""
    text = _IN_REPLY.sub("", text.lower())
    text = re.sub(r"<[^<>]{0,320}>|\[[^\[\]]{0,100}\]|[245]\d\d|[245]\.\d\.\d{1,3}", " ", text)
    return " ".join(re.sub(r"[^a-z ]", " ", text).split())


def _permanence(reading: Reading, text: str, is_delayed: bool) -> str:
    """Hard only where trying again is pointless. That a server gave up says so of a missing mailbox even after 4xx."""
    if reading.cause not in HARD or is_delayed:
        return "soft"
    if reading.cause == "no_such_user":
        return "hard"
    if reading.reply_code.startswith("4") or reading.status.startswith("4"):
        return "soft"
    words = _ONCE_MENDED.sub("", text)
    return "soft" if any(fragment in words for fragment in _PASSING) else "hard"
