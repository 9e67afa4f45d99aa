"""Addresses in what a stranger's program wrote."""

from __future__ import annotations

import pytest

from diagnostics.engine.messages.bounce.addresses import found, key, typed, unique


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<lee@corp.example>: no", ("lee@corp.example",)),
        ("lee@corp.example, kim@corp.example", ("lee@corp.example", "kim@corp.example")),
        ("lee@corp.example and lee@corp.example", ("lee@corp.example",)),
        ("mailto:lee@corp.example.", ("lee@corp.example",)),
        ('"a b"@corp.example', ('"a b"@corp.example',)),
        ("bounce-lee=corp.example@north.example", ("bounce-lee=corp.example@north.example",)),
        ("lee@[192.0.2.1]", ("lee@[192.0.2.1]",)),
        ("no address @ all, lee@ and @corp.example", ()),
        ("@" * 5_000, ()),
        ("x" * 65 + "@corp.example", ()),
    ],
)
def test_addresses_are_found_in_running_text(text: str, expected: tuple[str, ...]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("rfc822; lee@corp.example", "lee@corp.example"),
        ("RFC822;<lee@corp.example>", "lee@corp.example"),
        ("utf-8; lee\\x{E9}@corp.example", "leeé@corp.example"),
        ("rfc822; @relay.example:lee@corp.example", "lee@corp.example"),
        ("x-unix; |/usr/bin/vacation", ""),
        ("rfc822; /var/mail/lee", ""),
        ("rfc822; lee", ""),
        ("", ""),
        ("rfc822; \\x{D800}lee@corp.example", "\\x{D800}lee@corp.example"),
    ],
)
def test_the_address_of_a_field_is_read_by_its_type(value: str, expected: str) -> None:
    assert typed(value) == expected


def test_case_and_quotes_make_no_difference() -> None:
    assert key('"Lee"@Corp.Example.') == key("lee@corp.example")
    assert unique(["Lee@corp.example", "lee@CORP.example", "", "kim@corp.example"]) == (
        "Lee@corp.example",
        "kim@corp.example",
    )
