"""Who a message says it is from, in every shape that From may have (P78)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.engine.messages.headers.author import Authors, Shape, read_authors
from diagnostics.engine.messages.headers.fields import read_message


def read(*values: str) -> Authors:
    return read_authors(read_message("".join(f"From: {value}\n" for value in values) + "To: bob@corp.example\n").fields)


@pytest.mark.parametrize(
    ("value", "address", "domain", "name"),
    [
        ("nora@north.example", "nora@north.example", "north.example", ""),
        ("Nora <nora@North.Example>", "nora@North.Example", "north.example", "Nora"),
        ('"College, North" <nora@north.example>', "nora@north.example", "north.example", "College, North"),
        ("=?utf-8?q?N=C3=B6ra?= <nora@north.example>", "nora@north.example", "north.example", "Nöra"),
        ("nora@north.example (Nora)", "nora@north.example", "north.example", ""),
        ("Nora @ desk <nora@north.example>", "nora@north.example", "north.example", '"Nora"@ desk'),
        ('"bank@bank.example" <x@evil.example>', "x@evil.example", "evil.example", "bank@bank.example"),
        ("<@relay.example:nora@north.example>", "nora@north.example", "north.example", ""),
        ('"a b"@north.example', '"a b"@north.example', "north.example", ""),
        ("<nora@north.example", "nora@north.example", "north.example", ""),
        ("<nora@münchen.example>", "nora@münchen.example", "xn--mnchen-3ya.example", ""),
    ],
)
def test_one_author(value: str, address: str, domain: str, name: str) -> None:
    found = read(value)
    assert found.shape is Shape.ONE
    assert [(item.address, item.domain, item.name) for item in found.authors] == [(address, domain, name)]
    assert found.domain == domain


@pytest.mark.parametrize(
    ("values", "shape", "domain"),
    [
        ((), Shape.NONE, ""),
        (("a@north.example", "b@north.example"), Shape.SEVERAL_FIELDS, ""),
        (("a@north.example, B <b@north.example>",), Shape.SEVERAL_ADDRESSES, "north.example"),
        (("a@north.example, b@south.example",), Shape.SEVERAL_ADDRESSES, ""),
        (("Undisclosed:;",), Shape.GROUP, ""),
        (("Desk: a@north.example, b@north.example;",), Shape.GROUP, "north.example"),
        (("Nora",), Shape.UNREADABLE, ""),
        (("",), Shape.UNREADABLE, ""),
        (("nora@",), Shape.UNREADABLE, ""),
        (("@north.example",), Shape.UNREADABLE, ""),
        (("<nora@[203.0.113.7]>",), Shape.UNREADABLE, ""),
        (("<>",), Shape.UNREADABLE, ""),
    ],
)
def test_p78_other_shapes(values: tuple[str, ...], shape: Shape, domain: str) -> None:
    found = read(*values)
    assert (found.shape, found.domain) == (shape, domain)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(alphabet='ab@.<>,:;"()[]\\ é', max_size=40), max_size=3))
def test_any_from_is_read(values: list[str]) -> None:
    found = read(*values)
    assert found.shape in Shape
    assert len(found.fields) == len(values)


def test_behind_fifty_authors_nothing_is_read() -> None:
    found = read(", ".join(f"a{number}@north.example" for number in range(600)))
    assert (len(found.authors), found.shape) == (50, Shape.SEVERAL_ADDRESSES)
    assert read("Group: a@north.example, b@north.example;").shape is Shape.GROUP
