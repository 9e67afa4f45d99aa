"""What our records know of being allowed, and when it holds no longer (WL-11, WL-12)."""

from __future__ import annotations

import pytest

from diagnostics.engine.checks.recipient_allow_list import CHECK
from diagnostics.engine.subject import AllowListRecord
from tests.diagnostics.engine.checks.looked import SERVER, codes


def record(state: str = "confirmed", **fields: object) -> AllowListRecord:
    values = {"domain": "corp.example", "at": "2026-02-01T00:00:00+00:00", "addresses": ("192.0.2.10",), **fields}
    return AllowListRecord(state=state, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ((), ["allow.never_asked"]),
        ((record(domain="other.example"),), ["allow.never_asked"]),
        ((record(),), ["allow.confirmed"]),
        ((record(addresses=()),), ["allow.confirmed"]),
        ((record(expires="2026-09-01T00:00:00+00:00"),), ["allow.confirmed"]),
        ((record(expires="2026-03-01T00:00:00Z"),), ["allow.expired"]),
        ((record(expires="nonsense"),), ["allow.confirmed"]),
        ((record(addresses=("192.0.2.99",)),), ["allow.changed"]),
        ((record("refused"),), ["allow.refused"]),
        ((record("asked"),), ["allow.asked"]),
        # The newest record decides.
        ((record(), record("refused", at="2026-02-20T00:00:00+00:00")), ["allow.refused"]),
    ],
)
def test_the_newest_record_decides(records: tuple[AllowListRecord, ...], expected: list[str]) -> None:
    assert codes(CHECK, {}, recipient="lee@corp.example", sending_server=SERVER, allow_list=records) == expected


@pytest.mark.parametrize(
    ("state", "refused_at", "expected"),
    [
        ("confirmed", "2026-02-20T00:00:00+00:00", ["allow.refused_since"]),
        # A refusal from before is what the entry was asked for.
        ("confirmed", "2026-01-20T00:00:00+00:00", ["allow.confirmed"]),
        ("confirmed", "", ["allow.confirmed"]),
        ("asked", "2026-02-20T00:00:00+00:00", ["allow.asked"]),
    ],
)
def test_wl12_a_refusal_since_counts_for_more_than_the_promise(
    state: str, refused_at: str, expected: list[str]
) -> None:
    given = {"recipient": "lee@corp.example", "sending_server": SERVER, "allow_list": (record(state),)}
    assert codes(CHECK, {}, **given, refused_at=refused_at) == expected
