"""Who takes a recipient's mail: the mailbox provider, or the gateway in front of it, told from the MX hosts.

What a recipient must click and what their IT must set differ by product, so "ask your IT to allow us" becomes the name
of a menu. The table is data (``data/receivers.toml``) with its source and date; nothing is guessed from parts of words,
so ``google.evil.example`` is nobody we know.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from diagnostics.engine.names import is_under

#: What all those are called together whom the table does not name.
UNNAMED = "No provider we know"
TABLE = Path(__file__).parent / "data" / "receivers.toml"


class Kind(StrEnum):
    """What stands behind an MX: a person's mailbox provider, an organisation's, or a filter in front of one."""

    MAILBOX_CONSUMER = "mailbox_consumer"
    MAILBOX_HOSTED = "mailbox_hosted"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """One product. ``guide`` names the instructions for the recipient, ``allow`` are the steps of their IT.

    ``self_to_self``: it is known to refuse mail from outside that has the recipient's own domain as sender.
    """

    id: str
    name: str
    kind: Kind
    suffixes: tuple[str, ...] = ()
    not_suffixes: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    guide: str = ""
    allow: tuple[str, ...] = ()
    self_to_self: bool = False
    source: str = ""

    def serves(self, host: str) -> bool:
        """``host`` is one of its servers."""
        return any(is_under(host, suffix) for suffix in self.suffixes) and not any(
            is_under(host, suffix) for suffix in self.not_suffixes
        )


@cache
def receivers() -> tuple[Receiver, ...]:
    """The table, gateways first."""
    document: dict[str, Any] = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return tuple(_receiver(row) for row in document["receiver"])


def _receiver(row: dict[str, Any]) -> Receiver:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Receiver(**{**values, "kind": Kind(values["kind"])})


def receiver_of(hosts: Sequence[str]) -> Receiver | None:
    """Who stands behind the MX ``hosts``, given by preference: the first known one; a gateway wins over a mailbox."""
    known = [receiver for host in hosts for receiver in receivers() if receiver.serves(host)]
    gateways = [receiver for receiver in known if receiver.kind is Kind.GATEWAY]
    return next(iter(gateways or known), None)


def receiver_called(ident: str) -> Receiver | None:
    """The receiver of that id."""
    return next((receiver for receiver in receivers() if receiver.id == ident), None)


def receiver_of_domain(domain: str) -> Receiver | None:
    """The consumer provider whose own address domain this is, known without asking DNS."""
    return next((receiver for receiver in receivers() if domain in receiver.domains), None)


def mailbox_domains() -> frozenset[str]:
    """The address domains of all consumer providers: what a typing mistake is most likely to have meant."""
    return frozenset(domain for receiver in receivers() for domain in receiver.domains)
