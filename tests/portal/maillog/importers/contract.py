"""What every importer must do, whatever its source looks like: inherit, and say how its lines are written.

``FUZZ_TIMES=100`` mutates a hundred times as many lines; the everyday run tries a few, always the same.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tracemalloc
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import chain, permutations
from typing import Any, BinaryIO, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.branches.models import BranchProfile
from portal.maillog.importers import IMPORTERS, blocks, server_log
from portal.maillog.importers.event import Item, LogEvent, Passed, Rejected, RejectedLine
from portal.maillog.importers.lines import MOST_OCTETS
from portal.maillog.models import Delivery, DeliveryEvent, MessageLog
from portal.maillog.services import Zones, ingest

TIMES = int(os.environ.get("FUZZ_TIMES", "1"))
#: Octets that a careless reader stumbles over.
PIECES = (
    b"\x00", b"\xff\xfe", b"\xc3\x28", b"\x1b[31m", b"\r", b"\n", b'"', b"'", b"<", b">", b"(", b")", b": ", b"=", b"[",
    b"]", b"{", b"}", b",", b";", b"\\", b"\t", b" " * 300, b"9" * 40, "\u202e\u2028é用".encode(), b"status=",
    b"to=<", b" => ", b" ** ", b"=cmd|' /C calc'!A0", b"a" * 2000, b"NaN", b"null", b"-1", b"1e999", b"\\ud800",
)  # fmt: skip
NO_DAY = (
    b"Feb 30 25:61:61 host postfix/smtp[1]: ABCDEF123: to=<a@b.example>, relay=x[192.0.2.1]:25, delay=1, dsn=2.0.0, "
    b"status=sent (250)"
)
HOSTILE = (
    b"", b"\x00", b"\x00" * 500, b"\xff" * 90, b"\xc3\x28", b"=1+1", b'"', b'"""', b"{" * 500, b"[" * 5000, b"(" * 5000,
    b"<" * 5000, b"\\" * 5000, b"a" * (MOST_OCTETS - 1), b"x" * (1 << 20), b" " * 5000, b"1" * 5000,
    b"\xe2\x80\xae" * 50, b"Mar  4 14:02:10", b"status=sent (250 ok)", b"{}", b"null", b",,,,,,,,,,", NO_DAY,
    b"\x1b]0;title\x07", b"../../etc/passwd",
    b'2026-02-30 25:61:61 1abcde-000000-01 => a@b.example R=r T=t H=h [192.0.2.1] C="250 ok"',
)  # fmt: skip


def state() -> dict[str, Any]:
    """Everything the log holds of deliveries, but for the numbers of rows."""
    columns = ("recipient", "message__message_id", "at", "state", "state_at", "reply", "cause", "attempts")
    events = ("delivery__recipient", "at", "state", "reply", "fingerprint")
    return {
        "deliveries": sorted(Delivery.objects.values_list(*columns)),
        "events": sorted(DeliveryEvent.objects.values_list(*events)),
        "messages": sorted(MessageLog.objects.values_list("key", "at", "envelope_from")),
    }


class Generated(io.RawIOBase):
    """A file that is made while it is read, so that only what the reader keeps takes memory."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._kept = b""
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while len(self._kept) < len(buffer) and (line := next(self._lines, b"")):
            self._kept += line
        octets, self._kept = self._kept[: len(buffer)], self._kept[len(buffer) :]
        buffer[: len(octets)] = octets
        self.size += len(octets)
        return len(octets)


class LogContract:
    """The shared questions. ``source`` names the importer; ``branch`` is what it is told."""

    source = ""
    branch = "north"

    def sample(self) -> bytes:
        """A sound file of some messages, of which some were refused, put off and given up."""
        raise NotImplementedError

    def header(self) -> bytes:
        """What stands before the lines, with its end."""
        return b""

    def message(self, number: int) -> bytes:
        """The lines of one message more."""
        raise NotImplementedError

    def items(self, content: bytes | str | BinaryIO, branch: str | None = None) -> list[Item]:
        file = content if not isinstance(content, bytes | str) else BytesIO(self._octets(content))
        known = self.branch if branch is None else branch
        return list(IMPORTERS[self.source](file, known, lambda code: ZoneInfo("America/Denver")))

    def read(self, content: bytes | str | BinaryIO, branch: str | None = None) -> list[LogEvent | Rejected]:
        return [item for item in self.items(content, branch) if not isinstance(item, Passed)]

    def events(self, content: bytes | str | BinaryIO) -> list[LogEvent]:
        return [item for item in self.read(content) if isinstance(item, LogEvent)]

    def lines(self) -> list[bytes]:
        return self.sample().removeprefix(self.header()).splitlines(keepends=True)

    @staticmethod
    def _octets(content: bytes | str) -> bytes:
        return content.encode() if isinstance(content, str) else content

    def test_the_sample_is_read(self) -> None:
        found = self.read(self.sample())
        assert found
        assert not [item for item in found if isinstance(item, Rejected)]
        assert {"refused", "deferred"} <= {item.kind for item in found if isinstance(item, LogEvent)}

    def test_nothing_is_nothing(self) -> None:
        assert self.events(b"") == []

    def test_every_line_is_kept_and_numbered(self) -> None:
        lines = self.sample().decode().splitlines()
        for event in self.events(self.sample()):
            assert event.raw.startswith(lines[event.line - 1])

    def test_all_lines_are_counted(self) -> None:
        told = {item.line for item in self.read(self.sample())}
        passed = sum(item.lines for item in self.items(self.sample()) if isinstance(item, Passed))
        assert len(told) + passed <= len(self.sample().splitlines())

    def test_windows_line_ends(self) -> None:
        given = self.sample().replace(b"\n", b"\r\n")
        assert [event.fingerprint for event in self.events(given)] == self._fingerprints()

    def test_byte_order_marks(self) -> None:
        text = self.sample().decode()
        for octets in (b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16"), text.encode("utf-16-be")):
            given = octets if octets[:1] in b"\xef\xff" else b"\xfe\xff" + octets
            assert [event.fingerprint for event in self.events(given)] == self._fingerprints()

    @pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
    def test_packed_files(self, pack: Callable[[bytes], bytes]) -> None:
        packed = pack(self.sample())
        assert [event.fingerprint for event in self.events(packed)] == self._fingerprints()
        # Rotation packs file after file, and some join them.
        twice = pack(self.header()) + pack(b"".join(self.lines())) if self.header() else packed + packed
        assert len(self.events(twice)) in {len(self._fingerprints()), 2 * len(self._fingerprints())}

    @pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
    def test_a_packed_file_that_is_damaged_is_read_up_to_there(self, pack: Callable[[bytes], bytes]) -> None:
        packed = pack(self.header() + b"".join(self.message(number) for number in range(3000)))
        found = self.read(packed[: len(packed) * 3 // 4])
        assert isinstance(found[-1], RejectedLine)
        assert found[-1].problem is not None
        assert found[-1].problem.code == "cut_off"

    def test_of_a_file_that_breaks_off_the_whole_lines_are_read(self) -> None:
        """Of what unpacks no line is lost, and none is taken for whole that may be half."""
        text = self.header() + b"".join(self.message(number) for number in range(40))
        whole = text[: text.rindex(b"\n", 0, len(text) - 1) + 1]
        # What is packed after it in a member of its own breaks off within its last line.
        torn = gzip.compress(whole) + gzip.compress(text[len(whole) :])[:-12]
        *events, end = self.read(torn)
        told = [event.fingerprint for event in events if isinstance(event, LogEvent)]
        assert told == [event.fingerprint for event in self.events(whole)]
        assert isinstance(end, RejectedLine)
        assert end.line == whole.count(b"\n") + 1

    @pytest.mark.parametrize(
        "mark",
        [
            b"\x28\xb5\x2f\xfd",
            b"PK\x03\x04",
            b"\xd0\xcf\x11\xe0",
            b"%PDF-1.7",
            b"SQLite format",
            b"\x89PNG\r\n",
            b"GIF89a",
        ],
    )
    def test_what_is_no_text_is_refused_with_advice(self, mark: bytes) -> None:
        found = self.read(mark + bytes(range(256)))
        assert [type(item).__bases__[-1] for item in found] == [Rejected]

    def test_hostile_lines_cost_no_good_one(self) -> None:
        """Each hostile line alone between good messages: nothing is raised, and all that is good is still read."""
        before, after = self.message(1), self.message(2)
        good = {event.fingerprint for event in self.events(self.header() + before + after)}
        accepted = {
            event.fingerprint for event in self.events(self.header() + before + after) if event.kind == "accepted"
        }
        for line in HOSTILE:
            found = self.events(self.header() + before + line + b"\n" + after)
            assert good <= {event.fingerprint for event in found}, line[:60]
            assert {event.fingerprint for event in found if event.kind == "accepted"} == accepted, line[:60]

    def test_memory_does_not_grow_with_the_file(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is held is bounded by number, not by the file: a third of 3 MB at most."""
        monkeypatch.setattr(server_log, "MOST_OVER", 500)
        monkeypatch.setattr(server_log, "MOST_OPEN", 500)
        monkeypatch.setattr(blocks, "CHUNK", 1 << 16)
        count = 3_000_000 // len(self.message(1))
        source = Generated(chain([self.header()] if self.header() else [], self.many(count)))
        file = cast(BinaryIO, io.BufferedReader(source, 1 << 16))
        reader = IMPORTERS[self.source](file, self.branch, lambda code: ZoneInfo("America/Denver"))
        tracemalloc.start()
        try:
            read = sum(isinstance(item, LogEvent) for item in reader)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert source.size > 2_500_000
        assert read >= count
        assert peak < source.size / 3

    def many(self, count: int) -> Iterator[bytes]:
        """So many messages, made one by one."""
        return map(self.message, range(count))

    def test_mutated_lines(self) -> None:
        """Lines that tell of no acceptance, with anything done to them: nothing is raised, none is accepted then."""
        lines = [
            line
            for line in self.lines()
            if not {"accepted", "handed"} & {event.kind for event in self.events(self.header() + line)}
        ]

        @settings(max_examples=60 * TIMES, deadline=None, derandomize=TIMES == 1, database=None,
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(
            st.lists(
                st.tuples(st.sampled_from(lines), st.lists(CHANGES, min_size=1, max_size=4)), min_size=6, max_size=12
            )
        )
        def mutate(changed: list[tuple[bytes, list[tuple[str, float, float, bytes]]]]) -> None:
            given = b"".join(_changed(line, changes) for line, changes in changed)
            for event in self.events(self.header() + given):
                assert event.kind != "accepted", event

        mutate()

    def test_twice_changes_nothing(self, north: BranchProfile) -> None:
        first = self.take(self.sample())
        kept = state()
        second = self.take(self.sample())
        assert first.new == len(set(self._fingerprints()))
        assert (second.new, state()) == (0, kept)

    def test_broken_off_and_read_again(self, north: BranchProfile) -> None:
        self.take(self.sample())
        kept = state()
        for model in (DeliveryEvent, Delivery, MessageLog):
            model.objects.all().delete()
        for share in (3, 7):
            lines = self.lines()
            self.take(self.header() + b"".join(lines[: len(lines) * share // 10]))
        self.take(self.sample())
        assert state()["deliveries"] == kept["deliveries"]
        assert state()["events"] == kept["events"]

    def test_files_in_any_order(self, north: BranchProfile) -> None:
        """Three files of whole messages end in one and the same state, whichever is read first."""
        self._same_in_any_order([b"".join(map(self.message, range(at * 4, at * 4 + 4))) for at in range(3)])

    def test_files_that_were_cut_in_the_midst_of_messages(self, north: BranchProfile) -> None:
        lines = self.lines()
        third = len(lines) // 3
        pieces = (lines[:third], lines[third : 2 * third], lines[2 * third :])
        self._same_in_any_order([b"".join(piece) for piece in pieces])

    def _same_in_any_order(self, files: list[bytes]) -> None:
        states = []
        for order in permutations(files):
            for model in (DeliveryEvent, Delivery, MessageLog):
                model.objects.all().delete()
            for file in order:
                self.take(self.header() + file)
            states.append(state())
        assert all(found == states[0] for found in states)

    def take(self, octets: bytes) -> Any:
        return ingest(IMPORTERS[self.source](BytesIO(octets), self.branch, Zones()), source=self.source, name="test")

    def _fingerprints(self) -> list[str]:
        return [event.fingerprint for event in self.events(self.sample())]


CHANGES = st.tuples(
    st.sampled_from(["cut", "double", "insert", "replace", "swap", "end", "upper"]),
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 1, exclude_max=True),
    st.one_of(st.sampled_from(PIECES), st.binary(min_size=1, max_size=6)),
)


def _changed(line: bytes, changes: list[tuple[str, float, float, bytes]]) -> bytes:
    for what, one, other, piece in changes:
        begin, end = sorted((int(one * len(line)), int(other * len(line))))
        head, middle, tail = line[:begin], line[begin:end], line[end:]
        line = {
            "cut": head + tail,
            "double": head + middle * 2 + tail,
            "insert": head + piece + middle + tail,
            "replace": head + piece + tail,
            "swap": tail + middle + head,
            "end": head,
            "upper": head + middle.upper() + tail,
        }[what]
    return line
