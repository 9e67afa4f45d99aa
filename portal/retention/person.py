"""Who is taken out, and how their address is found and replaced in whatever text it stands."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import Q


@lru_cache(maxsize=64)
def pattern_of(address: str) -> re.Pattern[str]:
    """Finds the address however its letters are written, also as return paths and links write it (``=``, ``%40``).

    Another address that only ends or begins so is another person's.
    """
    local, _, domain = (re.escape(part) for part in address.rpartition("@"))
    plain = rf"(?<![\w.+%=-]){local}@{domain}"
    return re.compile(rf"(?:{plain}|(?<![\w.]){local}(?:=|%40){domain})(?![\w-]|\.\w)", re.IGNORECASE)


@lru_cache(maxsize=64)
def octets_of(address: str) -> re.Pattern[bytes]:
    """The same in octets of UTF-8."""
    text = pattern_of(address).pattern
    return re.compile(text.encode("utf-8"), re.IGNORECASE)


def is_named(address: str, text: str) -> bool:
    """Whether ``text`` holds the address; the cheap question goes first."""
    return _local(address) in text.lower() and pattern_of(address).search(text) is not None


def is_named_in_octets(address: str, octets: bytes) -> bool:
    return _local(address).encode() in octets.lower() and octets_of(address).search(octets) is not None


def is_named_in_json(address: str, value: Any) -> bool:
    return is_named(address, json.dumps(value, ensure_ascii=False))


def may_name(field: str, address: str) -> Q:
    """Rows whose ``field`` (text or JSON) may hold the address; which of them do is told by their values."""
    local, _, domain = address.rpartition("@")
    forms = [f"{local}@{domain}", f"{local}={domain}", f"{local}%40{domain}"]
    # SQLite keeps JSON with what is not ASCII escaped.
    forms += [json.dumps(form)[1:-1] for form in forms if not form.isascii()]
    found = Q()
    for form in forms:
        found |= Q(**{f"{field}__icontains": form})
    return found


def _local(address: str) -> str:
    return address.rpartition("@")[0].lower()


@dataclass(frozen=True, slots=True)
class Person:
    """Who is taken out: the address in the form the desk searches by, what stands in its place, and which way."""

    normal: str
    stand_in: str
    way: str

    def rewritten(self, text: str) -> str:
        """``text`` with the address replaced."""
        return pattern_of(self.normal).sub(self.stand_in.replace("\\", "\\\\"), text)

    def rewritten_octets(self, octets: bytes) -> bytes:
        return octets_of(self.normal).sub(self.stand_in.encode().replace(b"\\", b"\\\\"), octets)

    def rewritten_json(self, value: Any) -> Any:
        """The same for whatever JSON holds."""
        if isinstance(value, str):
            return self.rewritten(value)
        if isinstance(value, list):
            return [self.rewritten_json(item) for item in value]
        if isinstance(value, dict):
            return {self.rewritten(key): self.rewritten_json(item) for key, item in value.items()}
        return value
