"""What our records know of whoever sends: which rooms hold something, and asking them.

The desk's own records belong to rooms above this one, so a room that keeps senders registers itself here in its
``AppConfig.ready``. This module knows no room, so every room may use it.
"""

from __future__ import annotations

from collections.abc import Callable

from diagnostics.engine.subject import Subject

#: Gives back the subject with what the room knows of its sender filled in; what is there already stays.
Records = Callable[[Subject], Subject]

_records: dict[str, Records] = {}


def register(name: str, records: Records) -> None:
    """Have ``records`` asked. A second one of the same name takes the place of the first."""
    _records[name] = records


def from_records(subject: Subject) -> Subject:
    """``subject`` with what our records know of its sender: server, envelope domain, selectors with their keys."""
    for records in _records.values():
        subject = records(subject)
    return subject
