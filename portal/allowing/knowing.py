"""What the log knows of mail to an organisation that is asked: who takes it, and one message that a rule refused.

The log is a room above this one, so it registers itself here in its ``AppConfig.ready``; this module knows no room.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from portal.branches.models import BranchProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedMessage:
    """The latest message that a rule of theirs refused: what they need to find the rule in their own log."""

    at: datetime
    recipient: str
    envelope_from: str = ""
    message_id: str = ""
    queue_id: str = ""
    their_server: str = ""
    reply: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """``product`` is an id of the receivers' table, "" where nothing tells it."""

    product: str = ""
    refused: RefusedMessage | None = None


#: Gives what is known of mail of a branch to a domain. Whoever calls has seen to it that the viewer may see the branch.
Knowledge = Callable[[BranchProfile, str], Known]

_knowledge: dict[str, Knowledge] = {}


def register(name: str, knowledge: Knowledge) -> None:
    """Have ``knowledge`` asked. A second one of the same name takes the place of the first."""
    _knowledge[name] = knowledge


def known_of(branch: BranchProfile, domain: str) -> Known:
    """What any room knows; of two the first that knows it counts."""
    found = [knowledge(branch, domain) for knowledge in _knowledge.values()]
    return Known(
        product=next((item.product for item in found if item.product), ""),
        refused=next((item.refused for item in found if item.refused is not None), None),
    )
