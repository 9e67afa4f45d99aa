"""Who is to hear of an answer: rooms above this one that work on what waits for it.

A room registers itself in its ``AppConfig.ready``; this module knows none of them. All hear of it within the
transaction that takes the answer down, so that none is told of what was not stored.
"""

from __future__ import annotations

from collections.abc import Callable

from portal.allowing.models import AllowRequest

#: Is given a request whose answer is new or has changed.
Hearer = Callable[[AllowRequest], object]

_hearers: dict[str, Hearer] = {}


def register(name: str, hearer: Hearer) -> None:
    """Have ``hearer`` told. A second one of the same name takes the place of the first."""
    _hearers[name] = hearer


def tell(request: AllowRequest) -> None:
    """Tell all of the answer of ``request``."""
    for hearer in _hearers.values():
        hearer(request)
