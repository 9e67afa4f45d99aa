"""Final refusals that say that writing there again is no use, told to whoever stands above the log.

This room may not import those above it, so they say when the program starts what they do with them::

    class SuppressionConfig(AppConfig):
        def ready(self) -> None:
            from portal.maillog import refusals
            from portal.suppression.refusals import take

            refusals.listen(take)

They are told in the transaction that stores the log's part: what is stored was told, and what was undone never was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from diagnostics.engine.causes import CAUSES
from portal.branches.models import BranchProfile
from portal.maillog.importers.event import LogEvent
from portal.maillog.models import State
from portal.maillog.states import AFTERWARDS

#: What says that the address itself takes no mail.
CAUSES_OF_ADDRESS = frozenset(cause.id for cause in CAUSES.values() if cause.suppress)
Listener = Callable[[str, Mapping[str, BranchProfile], list[LogEvent]], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have ``listener`` told of the source, the branches by their codes, and the refusals; the same one once."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell(source: str, branches: Mapping[str, BranchProfile], events: Iterable[LogEvent]) -> None:
    """Tell of those of ``events`` that refuse an address for good. What came back by mail is weighed where it is read.

    A reply of which no code is known counts by its words alone; one that begins with 4 is not final, whatever was made
    of it.
    """
    if source in AFTERWARDS:
        return
    found = [
        event
        for event in events
        if event.state is State.REFUSED
        and event.cause in CAUSES_OF_ADDRESS
        and (event.status or event.reply_code or "5").startswith("5")
    ]
    if found:
        for listener in _listeners:
            listener(source, branches, found)
