"""What the importers of rows with named values must do besides: inherit, and say how a row is written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle, islice
from typing import Any

import pytest

from portal.maillog.importers.event import LogEvent, Rejected
from portal.maillog.importers.lines import MOST_OCTETS
from tests.portal.maillog.importers.contract import LogContract

GOOD: dict[str, Any] = {
    "kind": "refused",
    "branch": "north",
    "key": "m1",
    "recipient": "lee@corp.example",
    "at": "2026-03-04T14:02:10Z",
    "reply": "550 5.1.1 User unknown",
    "remote_host": "mx.corp.example.",
}


def kinds(found: list[LogEvent | Rejected]) -> list[str]:
    """What each is: ``good`` or ``rejected``."""
    return ["good" if isinstance(item, LogEvent) else "rejected" for item in found]


class RowContract(LogContract):
    """The shared questions; ``written`` writes one file of these rows."""

    def written(self, *rows: dict[str, Any]) -> str:
        raise NotImplementedError

    def sample(self) -> bytes:
        rows = [
            {**GOOD, "kind": kind, "key": key, "recipient": to, "at": f"2026-03-04T14:{minute:02d}:00Z", "reply": reply}
            for minute, (kind, key, to, reply) in enumerate(
                [
                    ("message", "m1", "lee@corp.example", ""),
                    ("handed", "m1", "lee@corp.example", ""),
                    ("deferred", "m1", "lee@corp.example", '450 4.2.0 "Greylisted", try later'),
                    ("accepted", "m1", "lee@corp.example", "250 2.0.0 OK"),
                    ("message", "m2", "jürgen@corp.example", ""),
                    ("refused", "m2", "jürgen@corp.example", "550 5.1.1 User unknown"),
                    ("deferred", "m3", "bo@far.example", "421 4.7.0 [TSS04] too many"),
                    ("expired", "m3", "bo@far.example", "connection timed out"),
                    ("error", "m4", "ann@corp.example", "merge field has no value"),
                ]
            )
        ]
        return self.written(*rows).encode()

    def message(self, number: int) -> bytes:
        kind = ("refused", "accepted", "deferred")[number % 3]
        at = f"2026-03-{1 + number // 1440 % 28:02d}T{number // 60 % 24:02d}:{number % 60:02d}:00Z"
        row = {**GOOD, "kind": kind, "key": f"k{number}", "recipient": f"c{number % 97}@corp.example", "at": at}
        return self.written(row).encode().removeprefix(self.header())

    def many(self, count: int) -> Iterator[bytes]:
        return islice(cycle([self.message(number) for number in range(90)]), count)

    def one(self, **changes: Any) -> LogEvent | Rejected:
        found = self.read(self.written({**GOOD, **changes}), branch="")
        assert len(found) == 1
        return found[0]

    def test_a_good_line(self) -> None:
        event = self.one()
        assert isinstance(event, LogEvent)
        assert (event.kind, event.branch, event.key, event.recipient) == ("refused", "north", "m1", "lee@corp.example")
        assert event.at == datetime(2026, 3, 4, 14, 2, 10, tzinfo=UTC)
        assert (event.reply, event.remote_host) == ("550 5.1.1 User unknown", "mx.corp.example")

    def test_a_time_without_a_zone_is_the_branchs(self) -> None:
        event = self.one(at="2026-03-04T07:02:10")
        assert isinstance(event, LogEvent)
        assert event.at == datetime(2026, 3, 4, 14, 2, 10, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("field", "value", "word"),
        [
            ("kind", "vanished", "kind"),
            ("recipient", "", "recipient"),
            ("key", "", "key"),
            ("branch", "", "branch"),
            ("at", "", "at"),
            ("at", "yesterday", "at"),
            ("at", "0001-01-01T00:00:00Z", "at"),
            ("at", "2926-01-01T00:00:00Z", "at"),
            ("module", "telegraph", "module"),
            ("reply_code", "5500", "reply_code"),
            ("subject", "x" * 300, "subject"),
        ],
    )
    def test_what_cannot_be_used_is_rejected_with_its_reason(self, field: str, value: str, word: str) -> None:
        found = self.one(**{field: value})
        assert isinstance(found, Rejected)
        assert word in found.why

    def test_the_rest_is_read_on_and_lines_keep_their_numbers(self) -> None:
        found = self.read(self.written(GOOD, {**GOOD, "at": "x"}, GOOD))
        assert kinds(found) == ["good", "rejected", "good"]
        assert found[2].line - found[0].line == 2

    def test_a_rejected_line_is_given_back_whole(self) -> None:
        text = self.written(GOOD, {**GOOD, "at": "x", "reply": "y" * 9000})
        found = self.read(text)[1]
        assert getattr(found, "raw", "") == text.splitlines()[found.line - 1]

    def test_the_branch_of_the_command_stands_for_lines_without_one(self) -> None:
        found = self.read(self.written({**GOOD, "branch": ""}), branch="south")
        assert isinstance(found[0], LogEvent)
        assert found[0].branch == "south"

    def test_another_encoding_is_rejected_and_not_guessed(self) -> None:
        octets = self.written(GOOD, {**GOOD, "recipient": "jürgen@corp.example"}).encode("latin-1")
        found = self.read(octets)
        assert kinds(found) == ["good", "rejected"]
        assert "UTF-8" in getattr(found[1], "why", "")
        assert r"j\xfcrgen@corp.example" in getattr(found[1], "raw", "")

    def test_a_line_beyond_all_measure(self) -> None:
        text = self.written(GOOD, {**GOOD, "reply": "x" * (MOST_OCTETS + 10)}, GOOD)
        assert kinds(self.read(text)) == ["good", "rejected", "good"]

    def test_the_same_thing_has_one_fingerprint(self) -> None:
        first, second, other = self.events(
            self.written(GOOD, {**GOOD, "recipient": "LEE@corp.example"}, {**GOOD, "key": "m2"})
        )
        assert first.fingerprint == second.fingerprint != other.fingerprint
