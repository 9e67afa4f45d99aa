"""Reading the environment, and refusing nonsense loudly.

A setting that cannot be understood stops the start with a sentence that names the variable and what it may hold; a
mistyped ``DEBUG=ture`` must not run quietly with the default.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def read_str(name: str, default: str = "") -> str:
    """The text of ``name``, stripped; ``default`` where it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def read_bool(name: str, default: bool = False) -> bool:
    """``1/true/yes/on`` or ``0/false/no/off`` in any case; anything else raises ImproperlyConfigured."""
    value = read_str(name).lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is neither true nor false. Use {name}=true or {name}=false.")


def read_int(name: str, default: int, *, least: int, most: int) -> int:
    """A whole number from ``least`` to ``most``; anything else raises ImproperlyConfigured."""
    value = read_str(name)
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise ImproperlyConfigured(f"{name}={value!r} must be a whole number from {least} to {most}.")
    return number


def read_choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    """One of ``choices`` in any case; anything else raises ImproperlyConfigured."""
    value = read_str(name, default).lower()
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r} is none of {', '.join(choices)}.")
    return value


def read_list(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """The comma-separated items of ``name``, stripped, empty ones left out."""
    value = read_str(name)
    return [item.strip() for item in value.split(",") if item.strip()] if value else list(default)


def read_secret(name: str) -> str:
    """The secret ``name``, or what the file named by ``NAME_FILE`` holds; an unreadable file stops the start."""
    path = read_str(f"{name}_FILE")
    if not path:
        return read_str(name)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE={path!r} cannot be read: {error.strerror}.") from error


def kept_secret(path: Path) -> str:
    """The secret in ``path``, made at first use and readable by its owner alone (the embedded default's key)."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        pass
    secret = secrets.token_urlsafe(50)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(secret)
    except FileExistsError:
        # Another process of the same start was faster; its key is the key.
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"The secret key cannot be kept in {path}: {error.strerror}. Set DATA_DIR to a folder that can be written, "
            "or set SECRET_KEY."
        ) from error
    return secret


def read_database(name: str, default_path: Path) -> dict[str, Any]:
    """Django's database settings from a URL (``postgres://user:password@host:port/name?sslmode=require`` or
    ``sqlite:///path``); without one, SQLite in ``default_path``."""
    url = read_secret(name)
    if not url:
        return _sqlite(default_path)
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return _sqlite(Path(unquote(parts.path)))
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured(f"{name} must look like postgres://user:password@host:5432/name or sqlite:///path.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            # Writers queue for the lock at BEGIN instead of failing half-way through a transaction.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
