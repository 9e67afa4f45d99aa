"""Following a log that grows: rotation, truncation, going on after a restart. Nothing here waits for real."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from portal.maillog.importers import follow
from portal.maillog.importers.blocks import blocks_of
from portal.maillog.importers.follow import Following, Position


class Log:
    """A log that a server writes, and what rotation does to it. Each file is a second younger than the one before."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "mail.log"
        self.at = 1_772_632_930
        self.write("")

    def write(self, text: str, path: Path | None = None) -> None:
        with (path or self.path).open("a") as file:
            file.write(text)
        self.at += 1
        os.utime(path or self.path, (self.at, self.at))

    def rename(self, number: int = 1) -> Path:
        return self.path.rename(self.path.with_name(f"mail.log.{number}"))

    def pack(self, number: int = 1) -> None:
        plain = self.path.with_name(f"mail.log.{number}")
        packed = self.path.with_name(f"mail.log.{number}.gz")
        packed.write_bytes(gzip.compress(plain.read_bytes()))
        os.utime(packed, (plain.stat().st_mtime, plain.stat().st_mtime))
        plain.unlink()


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def lines_of(following: Following) -> Iterator[str | None]:
    """The lines that are read, None for each pause."""
    for block in blocks_of(cast(BinaryIO, following)):
        yield from (line for line in block.lines if isinstance(line, str))
        if block.is_pause:
            yield None


def followed(
    log: Log, *happenings: Callable[[], object], since: Position | None = None
) -> tuple[list[str], Position | None]:
    """The lines read while things happen, one at each waiting; after the last somebody says stop."""
    coming = iter(happenings)

    def wait(seconds: float) -> bool:
        assert seconds > 0
        happening = next(coming, None)
        if happening is not None:
            happening()
        return happening is None

    told: list[str] = []
    with closing(Following(log.path, wait=wait, since=since, tell=told.append)) as following:
        lines = [line for line in lines_of(following) if line is not None]
        return [*lines, *(f"told: {len(told)}" for _ in told)], following.position


def nothing() -> None:
    """A look at which there is nothing new."""


def test_what_is_written_is_read_as_it_comes(log: Log) -> None:
    log.write("one\n")
    lines, _ = followed(log, nothing, lambda: log.write("two\nthr"), lambda: log.write("ee\n"))
    assert lines == ["one", "two", "three"]


def test_there_is_one_pause_however_long_nothing_comes(log: Log) -> None:
    log.write("one\n")
    happenings = iter([nothing] * 50)
    with closing(Following(log.path, wait=lambda _: next(happenings, None) is None)) as following:
        assert list(lines_of(following)) == ["one", None]


def test_rotation_by_rename(log: Log) -> None:
    log.write("one\n")
    lines, position = followed(log, log.rename, nothing, lambda: log.write("two\n"), nothing, nothing)
    assert lines == ["one", "two"]
    assert position is not None
    assert (position.inode, position.offset) == (log.path.stat().st_ino, 4)


def test_a_server_writes_on_to_the_old_file_for_a_while(log: Log) -> None:
    log.write("one\n")

    def rotated() -> None:
        old = log.rename()
        log.write("three\n")
        log.write("two\n", old)

    lines, _ = followed(log, rotated, nothing, nothing)
    assert lines == ["one", "two", "three"]


def test_two_rotations_between_two_looks(log: Log) -> None:
    log.write("one\n")

    def rotated() -> None:
        log.rename(2)
        log.write("two\n")
        log.rename(1)
        log.write("three\n")

    lines, _ = followed(log, rotated, nothing, nothing, nothing)
    assert lines == ["one", "two", "three"]


def test_truncation(log: Log) -> None:
    log.write("one\ntwo\n")

    def cut() -> None:
        os.truncate(log.path, 0)
        log.write("three\n")

    lines, position = followed(log, cut, nothing)
    assert lines == ["one", "two", "three"]
    assert position is not None
    assert position.offset == 6


def test_truncation_that_was_overtaken_by_writing(log: Log) -> None:
    log.write("one\n")

    def cut() -> None:
        os.truncate(log.path, 0)
        log.write("a line that is longer than all before\n")

    lines, _ = followed(log, nothing, cut, nothing)
    assert lines == ["one", "a line that is longer than all before"]


def test_half_a_line_is_ended_when_its_file_is_gone(log: Log) -> None:
    log.write("one\nhalf")

    def rotated() -> None:
        log.rename()
        log.write("two\n")

    lines, _ = followed(log, rotated, nothing, nothing)
    assert lines == ["one", "half", "two"]


def test_the_log_is_away_for_a_moment(log: Log) -> None:
    log.write("one\n")
    lines, _ = followed(log, log.rename, nothing, nothing, nothing, lambda: log.write("two\n"), nothing, nothing)
    assert lines == ["one", "two"]


def test_stopping_ends_it_though_more_is_there(log: Log) -> None:
    log.write("one\n" * 100)
    with closing(Following(log.path, wait=lambda _: False)) as following:
        following.stop()
        assert following.read(10) == b""


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Following(tmp_path / "mail.log", wait=lambda _: True)


class TestGoingOn:
    """A later start goes on where the last one was."""

    @pytest.fixture(autouse=True)
    def _no_looking_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(follow, "LOOK_BACK", 0)

    @pytest.fixture
    def since(self, log: Log) -> Position:
        log.write("one\ntwo\n")
        _, position = followed(log)
        assert position is not None
        return Position.from_json(position.to_json())

    def test_in_the_same_file(self, log: Log, since: Position) -> None:
        log.write("three\n")
        log.write("four\n")
        assert followed(log, since=since)[0] == ["three", "four"]

    def test_nothing_new(self, log: Log, since: Position) -> None:
        assert followed(log, since=since)[0] == []

    def test_in_a_file_that_was_rotated(self, log: Log, since: Position) -> None:
        log.write("three\nfour\n")
        log.rename()
        log.write("five\n")
        assert followed(log, nothing, nothing, since=since)[0] == ["three", "four", "five"]

    def test_in_a_file_that_was_rotated_and_packed(self, log: Log, since: Position) -> None:
        log.write("three\nfour\n")
        log.rename()
        log.pack()
        log.write("five\n")
        assert followed(log, nothing, nothing, since=since)[0] == ["three", "four", "five"]

    def test_through_several_rotations(self, log: Log, since: Position) -> None:
        log.write("three\nfour\n")
        log.rename(2)
        log.write("five\n")
        log.rename(1)
        log.pack(2)
        log.write("six\n")
        assert followed(log, nothing, nothing, since=since)[0] == ["three", "four", "five", "six"]

    def test_in_a_file_that_was_cut_off_meanwhile(self, log: Log, since: Position) -> None:
        os.truncate(log.path, 0)
        log.write("x\n")
        assert followed(log, since=since)[0] == ["x", "told: 1"]

    def test_in_quite_another_file(self, log: Log, since: Position) -> None:
        log.path.unlink()
        log.write("another\nlog\n")
        assert followed(log, since=since)[0] == ["another", "log", "told: 1"]


def test_going_back_a_little(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    log.write("".join(f"line {number}\n" for number in range(100)))
    _, position = followed(log)
    monkeypatch.setattr(follow, "LOOK_BACK", 50)
    lines, _ = followed(log, since=position)
    assert lines == [f"line {number}" for number in range(94, 100)]


@pytest.mark.parametrize("told", [{}, {"inode": 1}, {"device": 1}])
def test_a_position_that_is_none(told: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="position"):
        Position.from_json(told)
