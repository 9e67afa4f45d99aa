"""Mails written for the tests in the forms that programs really give, with what they are: ``mails/*.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "mails"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. ``recipients`` are address, cause and permanence of each."""

    name: str
    kind: str
    recipients: tuple[tuple[str, str, str], ...]
    octets: bytes


def own_mails() -> list[Mail]:
    """All of them, in the order of the files."""
    found = []
    for file in sorted(FOLDER.glob("*.toml")):
        for row in tomllib.loads(file.read_text(encoding="utf-8"))["mail"]:
            recipients = tuple(
                (item["address"], item.get("cause", ""), item.get("permanence", "")) for item in row["recipients"]
            )
            octets = row["text"].lstrip("\n").encode(row.get("charset", "utf-8"))
            found.append(Mail(row["name"], row["kind"], recipients, octets))
    return found


def own_mail(name: str) -> bytes:
    """The octets of the mail of that name."""
    return next(mail.octets for mail in own_mails() if mail.name == name)
