"""Several recipients as they are pasted: single addresses, and never a mistyped one cut in two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tickets.wizard.several import MOST_TYPED, Named, named_in, unreadable

A, B, C = "a@b.example", "c@d.example", "e@f.example"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (f"{A}, {B}", [Named(A), Named(B)]),
        (f"{A};{B};", [Named(A), Named(B)]),
        (f"{A}\r\n{B}\n\n{C}", [Named(A), Named(B), Named(C)]),
        (f"{A} {B}", [Named(A), Named(B)]),
        (f"Ann <{A}>, Bo <{B}>", [Named(A, "Ann"), Named(B, "Bo")]),
        (f'"Lee, Ann" <{A}>, "Day; Bo" <{B}>', [Named(A, "Lee, Ann"), Named(B, "Day; Bo")]),
        (f"Lee, Ann <{A}>; Day, Bo <{B}>", [Named(A, "Lee, Ann"), Named(B, "Day, Bo")]),
        (f"{A}, {A.upper()}, {B}", [Named(A), Named(B)]),
        (f"{A}, corp, {B}", [Named(A), Named("corp"), Named(B)]),
        (f"{A}, {B}, corp", [Named(A), Named(B), Named("corp")]),
        (A, [Named(A)]),
        (f" {A},", [Named(f"{A},")]),
        (f"Ann <{A}>", [Named(A, "Ann")]),
        ("lee@corp,example", [Named("lee@corp,example")]),
        ("lee at corp.example", [Named("lee at corp.example")]),
        ("uma brandt@corp.example", [Named("uma brandt@corp.example")]),
        ("lee@@corp.example", [Named("lee@@corp.example")]),
    ],
)
def test_as_it_is_pasted(typed: str, found: list[Named]) -> None:
    assert list(named_in(typed)) == found


def test_what_is_no_address_is_named() -> None:
    assert unreadable(named_in(f"{A}, corp, lee@, {B}")) == ("corp", "lee@")


@given(some.text(alphabet='a@b., ;<>"\n\\', max_size=60))
def test_whatever_is_typed_there_is_one(typed: str) -> None:
    found = named_in(typed)
    assert found
    assert len({item.address.lower() for item in found}) == len(found)


def test_a_long_text_is_read_at_once() -> None:
    for piece in ("<", '"', "a@b,", "a b "):
        assert named_in(piece * (MOST_TYPED // len(piece)))
