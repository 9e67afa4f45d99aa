"""Functions that are named when the program starts and imported when they are first called.

Rooms register what they do for others in ``AppConfig.ready``. What it takes to do it (the checks, a mail server) is
much of what a command would otherwise import before its first line, also where it needs none of it.
"""

from __future__ import annotations

from typing import Any

from django.utils.module_loading import import_string


class Late:
    """The function ``path`` ("portal.trials.services.take"); two of the same path are the same.

    A path that leads nowhere is an ImportError when it is called; a test calls for all of them.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    @property
    def function(self) -> Any:
        """The function itself."""
        return import_string(self.path)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Late) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)

    def __repr__(self) -> str:
        return f"Late({self.path!r})"
