"""What ``manage.py ingest`` can read: the logs of this room, and what the rooms above bring in themselves.

This room may not import those above it, so they add what they read when the program starts::

    class ReturnedConfig(AppConfig):
        name = "portal.returned"

        def ready(self) -> None:
            from portal.maillog.sources import Source, register
            from portal.returned.services import take_bounces

            what = "returned mail: .eml, mbox or a Maildir"
            register(Source(name="dsn", what=what, take=take_bounces, has_folders=True))

``take`` gets the file's or folder's path, or standard input as an open file; the branch that stands for what names none
(its code, or nothing); and a name for the batch. It stores what it reads, so that reading it twice changes nothing, and
returns the ``IngestBatch`` it made: how many lines (or messages, or records), new, known already, and rejected with the
reason. What cannot be read at all is an OSError; what is wrong with one piece of it is a rejection.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from portal.maillog.importers import GROWING, IMPORTERS
from portal.maillog.models import IngestBatch


class Take(Protocol):
    """Reads and stores one file, folder or stream."""

    def __call__(self, given: Path | BinaryIO, *, branch: str, name: str) -> IngestBatch: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something that can be ingested. ``what`` says in some words what its files are; logs have no ``take``."""

    name: str
    what: str
    take: Take | None = None
    has_folders: bool = False
    grows: bool = False


_LOGS = {
    "csv": "a table: the application's own log, or another program's export",
    "exim": "Exim's main log",
    "jsonl": "one JSON object a line",
    "postfix": "Postfix's log, as syslog or journalctl writes it",
}
_sources: dict[str, Source] = {
    name: Source(name=name, what=what, grows=name in GROWING) for name, what in _LOGS.items()
}
assert _sources.keys() == IMPORTERS.keys()  # A log that is read here is told of here.


def register(source: Source) -> None:
    """Add a source. The same one may be added again; another of the same name is a mistake in the program."""
    known = _sources.get(source.name)
    if known is not None and known != source:
        raise ValueError(f"There are two sources {source.name!r}.")
    _sources[source.name] = source


def sources() -> dict[str, Source]:
    """All sources by name, in the order of the alphabet."""
    return {name: _sources[name] for name in sorted(_sources)}
