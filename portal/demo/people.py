"""The people of the demo world and the password they share. They exist only where the demo was loaded."""

from __future__ import annotations

from typing import NamedTuple

PASSWORD = "delivery-desk-demo"  # noqa: S105 - a demonstration's password is meant to be printed.


class Person(NamedTuple):
    """Somebody to sign in as."""

    email: str
    name: str
    role: str
    branches: tuple[str, ...]
    about: str


PEOPLE = (
    Person("nora@north.example", "Nora Lind", "staff", ("north",), "staff of North College: all is well set up"),
    Person("hal@harbor.example", "Hal Reyes", "staff", ("harbor",), "staff of Harbor Adult Education: DKIM is missing"),
    Person("sven@summit.example", "Sven Holm", "staff", ("summit",), "staff of Summit Institute: sending is suspended"),
    Person("ida@desk.example", "Ida Berg", "support", (), "support: triages the queue"),
    Person("ada@desk.example", "Ada Voss", "admin", (), "admin: keeps branches, servers and people"),
)
