"""Reading a dialogue with a mail server (RFC 5321): who said what, and what the server offers.

The lines are those of the transcript: ``S:`` the server, ``C:`` we, ``!`` what happened besides. Facts only; what they
mean, and what they do not prove, is judged by the check.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_REPLY = re.compile(r"S: ([2-5]\d\d)(?:[ -](.*))?")
_DIGESTS = re.compile(r"certificate sha256=([0-9a-f]{64}) key sha256=([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's reply to one command (``GREETING`` for the first): the code, and its lines joined by blanks."""

    command: str
    code: int
    text: str
    lines: tuple[str, ...] = ()

    @property
    def is_kept_waiting(self) -> bool:
        """4xx: not now."""
        return 400 <= self.code < 500

    @property
    def is_refused(self) -> bool:
        """5xx: not like this."""
        return self.code >= 500


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What a visit showed. ``extensions`` are those of the last EHLO, in capitals; ``events`` what happened besides."""

    replies: tuple[Reply, ...]
    extensions: tuple[str, ...]
    events: tuple[str, ...]

    def reply_to(self, command: str) -> Reply | None:
        """The last reply to ``command`` (``GREETING``, ``EHLO``, ``STARTTLS``, ``MAIL``, ``RCPT``)."""
        return next((reply for reply in reversed(self.replies) if reply.command == command), None)

    @property
    def is_encrypted(self) -> bool:
        return any("the certificate is valid" in event for event in self.events)

    @property
    def tls_problem(self) -> str:
        """Why the encryption failed; empty where it did not or was not tried."""
        found = [event for event in self.events if event.startswith("TLS: ") and "is valid for" not in event]
        return found[-1].removeprefix("TLS: ") if found else ""

    @property
    def is_injected(self) -> bool:
        """Something stood behind the reply to STARTTLS in clear (RFC 3207 §6)."""
        return any(event.startswith("more was sent in clear") for event in self.events)

    @property
    def is_strange(self) -> bool:
        """What answered is no mail server."""
        return any(event.startswith("that is no reply") for event in self.events)

    @property
    def digests(self) -> tuple[str, str] | None:
        """SHA-256 of the server's certificate and of its key, where it was seen."""
        match = next(filter(None, map(_DIGESTS.search, self.events)), None)
        return (match[1], match[2]) if match else None


def read_dialogue(lines: Sequence[str]) -> Dialogue:
    """The dialogue in ``lines``."""
    command = "GREETING"
    replies: list[Reply] = []
    heard: list[tuple[int, str]] = []
    extensions: tuple[str, ...] = ()
    events: list[str] = []
    for line in lines:
        if line.startswith("C: "):
            command = re.split(r"[ :]", line[3:], maxsplit=1)[0]
        elif line.startswith("! "):
            events.append(line[2:])
        elif match := _REPLY.match(line):
            heard.append((int(match[1]), match[2] or ""))
            if line[6:7] != "-":
                texts = tuple(text for _, text in heard)
                replies.append(Reply(command, heard[-1][0], " ".join(texts).strip(), texts))
                if command == "EHLO" and heard[-1][0] == 250:
                    extensions = tuple(text.strip().upper() for text in texts[1:])
                heard = []
    return Dialogue(tuple(replies), extensions, tuple(events))
