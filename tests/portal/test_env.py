"""The environment: nonsense stops the start with the variable's name."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal import env


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("YES", True), ("off", False), ("", True), ("  ", True)])
def test_booleans(value: str, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", value)
    assert env.read_bool("X", True) is expected


def test_nonsense_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", "ture")
    with pytest.raises(ImproperlyConfigured, match="X="):
        env.read_bool("X")
    for value in ("7.5", "0", "100"):
        monkeypatch.setenv("X", value)
        with pytest.raises(ImproperlyConfigured, match="X="):
            env.read_int("X", 1, least=1, most=99)


def test_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", " a, ,b ")
    assert env.read_list("X") == ["a", "b"]


def test_secrets_come_from_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden\n")
    monkeypatch.setenv("X_FILE", str(tmp_path / "secret"))
    assert env.read_secret("X") == "hidden"
    monkeypatch.setenv("X_FILE", str(tmp_path / "gone"))
    with pytest.raises(ImproperlyConfigured, match="X_FILE"):
        env.read_secret("X")


def test_a_kept_secret_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "new" / "key"
    first = env.kept_secret(path)
    assert len(first) >= 50
    assert env.kept_secret(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgres://u:p%40ss@db:5433/desk?sslmode=require",
            ("desk", "u", "p@ss", "db", "5433", {"sslmode": "require"}),
        ),
        ("postgresql://db/desk", ("desk", "", "", "db", "", {})),
    ],
)
def test_databases(url: str, expected: tuple[object, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    found = env.read_database("DATABASE_URL", tmp_path)
    assert tuple(found[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")) == expected


def test_sqlite_is_what_there_is_without_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert env.read_database("DATABASE_URL", tmp_path / "x.sqlite3")["NAME"] == str(tmp_path / "x.sqlite3")
    monkeypatch.setenv("DATABASE_URL", "mysql://x/y")
    with pytest.raises(ImproperlyConfigured):
        env.read_database("DATABASE_URL", tmp_path)
