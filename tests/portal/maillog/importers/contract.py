"""What every importer must do, whatever its source looks like: inherit, and say how a line is written."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.maillog.importers import IMPORTERS
from portal.maillog.importers.event import LogEvent, Rejected
from portal.maillog.importers.lines import MOST_OCTETS

GOOD: dict[str, Any] = {
    "kind": "refused",
    "branch": "north",
    "key": "m1",
    "recipient": "lee@corp.example",
    "at": "2026-03-04T14:02:10Z",
    "reply": "550 5.1.1 User unknown",
    "remote_host": "mx.corp.example.",
}


class ImporterContract:
    """The shared questions; ``source`` names the importer and ``written`` writes one file of these rows."""

    source = ""

    def written(self, *rows: dict[str, Any]) -> str:
        raise NotImplementedError

    def read(self, content: str | bytes, branch: str = "") -> list[LogEvent | Rejected]:
        octets = content.encode() if isinstance(content, str) else content
        return list(IMPORTERS[self.source](BytesIO(octets), branch, lambda code: ZoneInfo("America/Denver")))

    def one(self, **changes: Any) -> LogEvent | Rejected:
        found = self.read(self.written({**GOOD, **changes}))
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
        assert [type(item) for item in found] == [LogEvent, Rejected, LogEvent]
        assert found[2].line - found[0].line == 2

    def test_the_branch_of_the_command_stands_for_lines_without_one(self) -> None:
        found = self.read(self.written({**GOOD, "branch": ""}), branch="south")
        assert isinstance(found[0], LogEvent)
        assert found[0].branch == "south"

    def test_byte_order_marks(self) -> None:
        text = self.written({**GOOD, "recipient": "jürgen@corp.example"})
        for octets in (text.encode(), b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16")):
            found = self.read(octets)
            assert isinstance(found[0], LogEvent)
            assert found[0].recipient == "jürgen@corp.example"

    def test_another_encoding_is_rejected_and_not_guessed(self) -> None:
        octets = self.written(GOOD, {**GOOD, "recipient": "jürgen@corp.example"}).encode("latin-1")
        found = self.read(octets)
        assert isinstance(found[0], LogEvent)
        assert isinstance(found[1], Rejected)

    def test_a_line_beyond_all_measure(self) -> None:
        text = self.written(GOOD, {**GOOD, "reply": "x" * (MOST_OCTETS + 10)}, GOOD)
        found = self.read(text)
        assert [type(item) for item in found] == [LogEvent, Rejected, LogEvent]

    def test_nothing_is_nothing(self) -> None:
        assert [item for item in self.read(b"") if isinstance(item, LogEvent)] == []

    def test_windows_line_ends(self) -> None:
        found = self.read(self.written(GOOD, GOOD).replace("\n", "\r\n"))
        assert [type(item) for item in found] == [LogEvent, LogEvent]

    def test_the_same_thing_has_one_fingerprint(self) -> None:
        first, second, other = self.read(
            self.written(GOOD, {**GOOD, "recipient": "LEE@corp.example"}, {**GOOD, "key": "m2"})
        )
        assert isinstance(first, LogEvent)
        assert isinstance(second, LogEvent)
        assert isinstance(other, LogEvent)
        assert first.fingerprint == second.fingerprint != other.fingerprint
