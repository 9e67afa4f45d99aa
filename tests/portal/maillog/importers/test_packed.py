"""Packed files that mean harm: more than they look, more memory than there is."""

from __future__ import annotations

import gzip
import lzma
from io import BytesIO

import pytest

from portal.maillog.importers import packed
from portal.maillog.importers.packed import DamagedError, unpacked


def test_a_file_that_unpacks_to_very_much_ends_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "ALWAYS", 1 << 20)
    file = unpacked(BytesIO(gzip.compress(bytes(8 << 20))))
    read: list[int] = []
    with pytest.raises(DamagedError, match="200 times"):
        read.extend(len(octets) for octets in iter(lambda: file.read(1 << 16), b""))
    assert sum(read) <= 2 << 20


def test_xz_that_asks_for_very_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "XZ_MEMORY", 1 << 20)
    octets = lzma.compress(b"x\n" * 100, preset=9)
    with pytest.raises(DamagedError, match="damaged"):
        unpacked(BytesIO(octets)).read()


def test_xz_files_one_after_the_other_with_padding() -> None:
    octets = lzma.compress(b"a\n") + bytes(8) + lzma.compress(b"b\n")
    assert unpacked(BytesIO(octets)).read() == b"a\nb\n"


def test_packed_within_packed_is_not_unpacked_twice() -> None:
    inner = gzip.compress(b"a\n")
    assert unpacked(BytesIO(gzip.compress(inner))).read() == inner
