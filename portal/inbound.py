"""Mail that comes to the desk: what a room needs to take some of it in, and which rooms do.

A room that takes mail registers a :class:`Door` in its ``AppConfig.ready``: the addresses it knows, and what it does
with a mail to one of them. The mailroom (SMTP, LMTP, IMAP) is the only one that asks. This module knows no room, so
every room may use it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

#: What may stand in an address form, and what an address holds in its place. A recipient is written user=domain.
PLACES = {"token": r"[^@=\s]{1,200}", "recipient": r"[^@\s]{1,200}=[^@=\s]{1,255}"}
_PLACE = re.compile(r"<([a-z]+)>")
_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail that came. ``recipient`` is the address it came to, ``sender`` that of the envelope (empty: a bounce's).

    ``octets`` hold the whole mail, ``source`` says by which way it came, ``at`` when. ``peer`` is the address that
    connected, ``helo`` what it called itself, and ``tls`` the version by which that connection was encrypted (empty: it
    was not); all are empty where nobody connected (a mailbox, a file).
    """

    octets: bytes
    recipient: str
    sender: str = ""
    source: str
    at: datetime
    peer: str = ""
    helo: str = ""
    tls: str = ""


class Refused(Exception):
    """The mail is not taken, for good; ``code`` and the words are what the other server is told (RFC 5321 §4.2)."""

    def __init__(self, text: str, *, code: str = "550 5.7.1") -> None:
        super().__init__(text)
        self.code = code

    @property
    def reply(self) -> str:
        return f"{self.code} {self}"


@dataclass(frozen=True, slots=True)
class Door:
    """A room's way in: ``knows`` says whether an address is the room's, ``take`` stores a mail to it or raises Refused.

    ``take`` is called inside a transaction, may be called twice with the same mail, and must not send anything.
    """

    name: str
    knows: Callable[[str], bool]
    take: Callable[[Mail], None]


_doors: dict[str, Door] = {}


def register(door: Door) -> None:
    """Have the mailroom ask ``door``. A second one of the same name takes the place of the first."""
    _doors[door.name] = door


def doors() -> tuple[Door, ...]:
    """The doors that are there, in the order in which they are asked."""
    return tuple(_doors.values())


def door_for(address: str) -> Door | None:
    """The first door that knows ``address``."""
    return next((door for door in _doors.values() if door.knows(address)), None)


@dataclass(frozen=True, slots=True)
class Form:
    """The form of an address that is made for one purpose: ``bounce+<token>@bounces.example``."""

    text: str
    pattern: re.Pattern[str]

    def read(self, address: str) -> dict[str, str] | None:
        """What stands in the places of ``address``; None where it is not of this form. Case tells nothing apart."""
        match = self.pattern.fullmatch(address)
        return match.groupdict() if match else None

    def write(self, **values: str) -> str:
        """The address of this form with ``values`` in its places."""
        return _PLACE.sub(lambda match: values[match[1]], self.text)


@lru_cache(maxsize=64)
def form_of(text: str) -> Form:
    """The form that ``text`` describes; ValueError, with what would be right, where it describes none."""
    local, at, domain = text.strip().rpartition("@")
    if not at or not local or not _DOMAIN.fullmatch(domain):
        raise ValueError(f"{text!r} is no address. Write one such as bounce+<token>@bounces.example.")
    names = _PLACE.findall(local)
    if set(names) - set(PLACES) or len(names) != len(set(names)):
        raise ValueError(f"{text!r}: only <token> and <recipient> may stand in it, each once.")
    pieces = _PLACE.split(local)
    pattern = "".join(
        f"(?P<{piece}>{PLACES[piece]})" if number % 2 else re.escape(piece) for number, piece in enumerate(pieces)
    )
    return Form(text.strip(), re.compile(f"{pattern}@{re.escape(domain)}", re.IGNORECASE))
