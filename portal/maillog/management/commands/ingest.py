"""``manage.py ingest SOURCE FILE...|-``: read logs into the message log. Reading one twice changes nothing.

What there is to read besides logs comes from the rooms above (``portal.maillog.sources``).
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from portal.branches import fields
from portal.branches.models import BranchProfile
from portal.maillog.importers import IMPORTERS, SERVER_LOGS
from portal.maillog.importers.apart import Apart, ApartError, is_worthwhile
from portal.maillog.importers.event import Item, Passed, ZoneOf
from portal.maillog.importers.follow import Following, Position, Wait
from portal.maillog.importers.server_log import Queue
from portal.maillog.models import IngestBatch
from portal.maillog.reading import Part, store
from portal.maillog.records import Span
from portal.maillog.services import KEPT_REJECTIONS, Zones, ingest
from portal.maillog.sources import Source, sources

#: Seconds between two lines of progress on a terminal.
PROGRESS_SECONDS = 0.5
SHOWN_REJECTIONS = 20


class Command(BaseCommand):
    help = "Read logs into the message log. Reading one twice changes nothing."
    #: Looking at all pages' addresses and templates takes longer than reading most logs.
    requires_system_checks = ()
    #: How following waits for more; None: for real, until a signal. Tests give their own.
    wait: Wait | None = None

    def add_arguments(self, parser: CommandParser) -> None:
        known = "; ".join(f"{source.name}: {source.what}" for source in sources().values())
        parser.add_argument("source", help=known)
        parser.add_argument("files", nargs="+", metavar="file", help="files, the oldest first; - is standard input")
        parser.add_argument("--branch", default="", help="the branch of lines that name none")
        parser.add_argument(
            "--time-zone",
            default="",
            help="the zone of times that name none, such as America/Denver; without it UTC for a server's log, "
            "the branch's for all others",
        )
        parser.add_argument(
            "--complete",
            action="store_true",
            help="nothing of the branch is missing from the log between its first and its last line, so that what it "
            "does not hold was not sent",
        )
        parser.add_argument(
            "--follow", action="store_true", help="go on reading what is written to the file, until Ctrl-C"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.take(options)
        except DatabaseError as error:
            if not is_migrated():
                raise CommandError(
                    "The database lacks tables or columns of this version. Run manage.py migrate first; if it should "
                    f"have them, see whether DATABASE_URL and DATA_DIR ({settings.DATA_DIR}) are those of the service.",
                    returncode=2,
                ) from error
            raise

    def take(self, options: dict[str, Any]) -> None:
        source, names, branch = _source(options["source"]), options["files"], options["branch"]
        if branch and not BranchProfile.objects.filter(code=branch).exists():
            raise CommandError(f"There is no branch {branch!r}. Load its profile first.", returncode=2)
        self.complete = _complete(source, branch) if options["complete"] else None
        self.zone_of = _zone_of(source, options["time_zone"])
        self.has_progress = sys.stderr.isatty() and options["verbosity"] > 0
        try:
            if options["follow"]:
                batches = {name: self.follow(source, name, branch) for name in _followed(source, names)}
            elif source.take is not None:
                batches = {name: source.take(_given(source, name), branch=branch, name=name) for name in names}
            else:
                batches = self.read(source.name, names, branch)
        except OSError as error:
            raise CommandError(
                f"{error.filename or names[0]} cannot be read: {error.strerror}.", returncode=2
            ) from error
        except ApartError as error:
            raise CommandError(f"{error} Run it again: what is missing is added.", returncode=2) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped. Run it again: what is missing is added.", returncode=130) from None
        if options["json"]:
            self.stdout.write(json.dumps(document(batches)))
        elif options["verbosity"]:
            for name, batch in batches.items():
                self.tell(batch, name if len(batches) > 1 else "")

    def read(self, source: str, names: list[str], branch: str) -> dict[str, IngestBatch]:
        """Read files one after the other; messages on their way at the end of a server's log go on in the next."""
        batches, span = {}, Span()
        with quick_turns(), self.events_of(source, names, branch) as logs:
            for name, events in zip(names, logs, strict=True):
                batches[name] = ingest(self.counted(events, name, span), source=source, name=name)
        lost = sum(batch.rejected_count for batch in batches.values())
        if self.complete is not None and lost:
            self.warn(
                f"The log does not count as complete: {lost} of its lines could not be used, and may tell of an "
                "e-mail. Mend them and read it again; nothing is doubled."
            )
        elif self.complete is not None:
            with transaction.atomic():
                span.keep(self.complete)
        return batches

    @contextmanager
    def events_of(self, source: str, names: list[str], branch: str) -> Iterator[Iterator[Iterator[Item]]]:
        """What each of the files tells, one file after the other; a server's large log is read by a process beside."""
        if source in SERVER_LOGS and is_worthwhile(names):
            with Apart(source, names, branch, cast(ZoneInfo, self.zone_of(branch))) as reading:
                yield (reading.read() for _ in names)
        else:
            yield self.read_here(source, names, branch)

    def read_here(self, source: str, names: list[str], branch: str) -> Iterator[Iterator[Item]]:
        queue = Queue()
        for name in names:
            file: BinaryIO
            with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as file:
                if source in SERVER_LOGS:
                    yield SERVER_LOGS[source](file, branch, self.zone_of, queue)
                else:
                    yield IMPORTERS[source](file, branch, self.zone_of)

    def follow(self, source: Source, name: str, branch: str) -> IngestBatch:
        """Read a log and what is written to it, until a signal; the position is kept with what was stored."""
        path = Path(name).resolve()
        kept = position_file(source.name, path, branch)
        with stopping() as stopped:
            log = Following(path, wait=self.wait or stopped.wait, since=_kept(kept), tell=self.warn)
            stopped.calls.append(log.stop)
            events = IMPORTERS[source.name](cast(BinaryIO, log), branch, self.zone_of)

            span = Span()

            def keep(part: Part, batch: IngestBatch) -> None:
                nonlocal span
                if self.complete is not None and part.rejected:
                    # What stands in such a line may have been sent: the log is complete before it, and again after.
                    span = Span()
                    self.warn(f"Not complete around line {part.rejected[0].line}, which could not be used.")
                elif self.complete is not None:
                    span.see(part.items)
                    span.keep(self.complete)
                if part.position is not None:
                    transaction.on_commit(lambda: _keep(kept, part.position))

            try:
                return store(
                    self.counted(events, name), source=source.name, name=name, after=keep, position=lambda: log.position
                )
            finally:
                log.close()

    def counted(self, events: Iterable[Item], name: str, span: Span | None = None) -> Iterator[Item]:
        """``events``, while a terminal is told from time to time how many lines were read."""
        lines, told, last = 0, time.monotonic(), 0
        for item in events:
            if span is not None and self.complete is not None:
                span.see([item])
            yield item
            if isinstance(item, Passed):
                lines += item.lines
            elif item.line != last:
                lines, last = lines + 1, item.line
            if self.has_progress and time.monotonic() - told > PROGRESS_SECONDS:
                told = time.monotonic()
                self.stderr.write(f"\r{name}: {lines:,} lines ", ending="")
        if self.has_progress and lines:
            self.stderr.write(f"\r{name}: {lines:,} lines")

    def warn(self, words: str) -> None:
        self.stderr.write(self.style.WARNING(words))

    def tell(self, batch: IngestBatch, name: str) -> None:
        """Say in words what came of one file."""
        counts = f"{batch.lines} lines: {batch.new} new, {batch.duplicate} known already"
        self.stdout.write(f"{name + ': ' if name else ''}{counts}, {batch.rejected_count} rejected.")
        for item in batch.rejected[:SHOWN_REJECTIONS]:
            place = f"line {item['line']}: " if item["line"] else ""
            self.stdout.write(f"  {place}{item['why']}")
        if batch.rejected_count > SHOWN_REJECTIONS:
            more = batch.rejected_count - SHOWN_REJECTIONS
            self.stdout.write(f"  and {more} more; --json shows the first {KEPT_REJECTIONS}.")


def is_migrated() -> bool:
    """Whether the database has all the tables that this version needs."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def document(batches: dict[str, IngestBatch]) -> dict[str, Any]:
    """What other programs read: the sums, and the rejected lines, with their file where there are several."""
    rejected = [
        {**({"file": name} if len(batches) > 1 else {}), "line": item["line"], "why": item["why"]}
        for name, batch in batches.items()
        for item in batch.rejected
    ]
    new = sum(batch.new for batch in batches.values())
    duplicate = sum(batch.duplicate for batch in batches.values())
    lines = sum(batch.lines for batch in batches.values())
    return {"lines": lines, "events": new + duplicate, "new": new, "duplicate": duplicate, "rejected": rejected}


class Stopped(threading.Event):
    """Set by a signal, which also calls what has to know of it at once."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Callable[[], None]] = []

    def stop(self, *_: Any) -> None:
        if self.is_set():
            raise KeyboardInterrupt  # Asked twice: not even the last part is waited for.
        self.set()
        for call in self.calls:
            call()


@contextmanager
def stopping() -> Iterator[Stopped]:
    """Let Ctrl-C and SIGTERM end what goes on in the block, rather than break it off."""
    stopped = Stopped()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    before = {number: signal.signal(number, stopped.stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def quick_turns() -> Iterator[None]:
    """Have threads take turns ten times as often as usual: one that has the database's answer, or rows for it, waits
    for the one that prepares the next batch, and the database waits with it.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(before / 10)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def position_file(source: str, path: Path, branch: str) -> Path:
    """Where is kept how far ``path`` was followed: with this machine's data, since the log is this machine's."""
    name = sha256(f"{source}\0{path}\0{branch}".encode()).hexdigest()[:16]
    return Path(settings.DATA_DIR) / "follow" / f"{name}.json"


def _kept(file: Path) -> Position | None:
    try:
        return Position.from_json(json.loads(file.read_text()))
    except (OSError, ValueError):
        # Nothing is kept, or nothing that can be read: the log is read from its beginning, which changes nothing.
        return None


def _keep(file: Path, position: Position) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    written = file.with_suffix(".new")
    written.write_text(json.dumps(position.to_json()))
    written.replace(file)


def _source(name: str) -> Source:
    source = sources().get(name)
    if source is None:
        raise CommandError(f"There is no source {name!r}. Use one of: {', '.join(sources())}.", returncode=2)
    return source


def _complete(source: Source, code: str) -> BranchProfile:
    """Whose log is complete. Of a server that several branches send through nobody can say it of all at once."""
    if not code or source.take is not None:
        raise CommandError(
            "Say with --branch whose log is complete; it can be said of logs (Postfix, Exim, CSV, JSON lines) only.",
            returncode=2,
        )
    return BranchProfile.objects.get(code=code)


def _zone_of(source: Source, name: str) -> ZoneOf:
    """The zone of times that name none: the one that was said; else UTC for a server's log, the branch's for others."""
    if name and source.take is not None:
        raise CommandError(f"{source.name} says itself in which time zone it is. Leave --time-zone out.", returncode=2)
    if not name and source.name not in SERVER_LOGS:
        return Zones()
    try:
        zone = ZoneInfo(fields.time_zone(name or "UTC"))
    except ValidationError as error:
        raise CommandError(error.messages[0], returncode=2) from error
    return lambda _: zone


def _followed(source: Source, names: list[str]) -> list[str]:
    if not source.grows:
        growing = ", ".join(item.name for item in sources().values() if item.grows)
        raise CommandError(f"{source.name} cannot be followed, only {growing}.", returncode=2)
    if len(names) > 1 or names[0] == "-":
        raise CommandError("One file can be followed at a time. Start another for each.", returncode=2)
    return names


def _given(source: Source, name: str) -> Path | BinaryIO:
    if name == "-":
        return cast(BinaryIO, sys.stdin.buffer)
    path = Path(name)
    if not path.exists():
        raise FileNotFoundError(2, "there is no such file", name)
    if path.is_dir() and not source.has_folders:
        raise IsADirectoryError(21, f"{source.name} is read from files, not folders", name)
    return path
