"""A database of this process's own, in a file that is gone when it ends. The desk's data is never opened."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.apps import apps
from django.db import connections


@contextmanager
def scratch_database() -> Iterator[None]:
    """Everything inside works on an empty SQLite database with all tables, whatever the settings name.

    It is put in the place of the settings' own for every thread of the process, before anything is opened.
    """
    desk = connections.databases["default"]
    with tempfile.TemporaryDirectory(prefix="explain-") as folder:
        connections.databases["default"] = {
            **desk,
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(Path(folder) / "scratch.sqlite3"),
            "USER": "",
            "PASSWORD": "",
            "HOST": "",
            "PORT": "",
            "CONN_MAX_AGE": 0,
            "CONN_HEALTH_CHECKS": False,
            "OPTIONS": {"init_command": "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF;"},
        }
        _forget()
        try:
            _make_tables()
            yield
        finally:
            _forget()
            connections.databases["default"] = desk


def _make_tables() -> None:
    """Every table as its model says. The migrations would come to the same, and take as long as a hundred cases."""
    with connections["default"].schema_editor() as editor:
        for model in apps.get_models():
            if model._meta.can_migrate(editor.connection):
                editor.create_model(model)


def _forget() -> None:
    """Let the next use open a connection anew."""
    connections["default"].close()
    del connections["default"]
