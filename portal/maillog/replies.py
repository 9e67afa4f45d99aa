"""Reading the replies of a whole log: the same few, said thousands of times about different recipients."""

from __future__ import annotations

from functools import lru_cache

from diagnostics.engine.messages.reply import Reading, read_reply

_DIGITS = str.maketrans("", "", "0123456789")
_CODES = tuple(f"{code}{mark}" for code in range(200, 600) for mark in "-#")


def reading_of(reply: str, reply_code: str = "", status: str = "", remote_host: str = "") -> Reading:
    """What ``reply`` says; addresses and transaction numbers, which no rule is about, are left out of the question."""
    if len(reply) < 2000:
        reply = " ".join([_masked(word) if len(word) > 11 else word for word in reply.split(" ")])
    return _read(reply, reply_code, status, remote_host)


@lru_cache(maxsize=20_000)
def _read(reply: str, reply_code: str, status: str, remote_host: str) -> Reading:
    return read_reply(reply, reply_code=reply_code, status=status, remote_host=remote_host)


def _masked(word: str) -> str:
    """``word``, or ``~`` for an address in angle brackets or a transaction number such as a1-2002si1234plb.3."""
    if word[0] == "<" and "@" in word:
        head, _, tail = word.rpartition(">")
        return f"<~>{tail}" if head.isascii() and " " not in head else word
    if len(word.translate(_DIGITS)) > len(word) - 4 or word.startswith(_CODES):
        return word
    bare = word.rstrip("0123456789").rstrip(".").replace("-", "").replace("_", "")
    return "~" if bare.isalnum() and bare.isascii() else word
