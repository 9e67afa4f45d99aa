"""The forms of addresses that rooms take mail at, and who is asked for one."""

from __future__ import annotations

import pytest

from portal import inbound
from portal.inbound import Door, form_of


@pytest.fixture
def no_doors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound, "_doors", {})


@pytest.mark.parametrize(
    ("form", "address", "read"),
    [
        ("bounce+<token>@b.example", "bounce+8f1c@b.example", {"token": "8f1c"}),
        ("bounce+<token>@b.example", "BOUNCE+8f1C@B.Example", {"token": "8f1C"}),
        ("bounce+<token>@b.example", "bounce+@b.example", None),
        ("bounce+<token>@b.example", "bounce+8f1c@b.example.net", None),
        ("bounce+<token>@b.example", "xbounce+8f1c@b.example", None),
        ("bounce+<token>@bXexample.org", "bounce+8f1c@bXexample.org", {"token": "8f1c"}),
        ("b.c+<token>@b.example", "bxc+8f1c@b.example", None),
        ("bounce-<recipient>@b.example", "bounce-lee=corp.example@b.example", {"recipient": "lee=corp.example"}),
        ("bounce-<recipient>@b.example", "bounce-a=b=corp.example@b.example", {"recipient": "a=b=corp.example"}),
        ("bounce-<recipient>@b.example", "bounce-lee@b.example", None),
        (
            "b+<token>=<recipient>@b.example",
            "b+8f1c=lee=corp.example@b.example",
            {"token": "8f1c", "recipient": "lee=corp.example"},
        ),
        ("returned@b.example", "returned@b.example", {}),
    ],
)
def test_what_an_address_holds(form: str, address: str, read: dict[str, str] | None) -> None:
    assert form_of(form).read(address) == read


def test_writing_gives_what_reading_takes() -> None:
    form = form_of("bounce+<token>@b.example")
    assert form.read(form.write(token="8f1c")) == {"token": "8f1c"}


@pytest.mark.parametrize(
    "text", ["", "bounce", "@b.example", "b@", "b@b example", "<user>@b.example", "<token><token>@b.example"]
)
def test_what_is_no_form(text: str) -> None:
    with pytest.raises(ValueError):
        form_of(text)


def test_the_first_door_that_knows_an_address(no_doors: None) -> None:
    one = Door("one", lambda address: address == "a@b.example", lambda mail: None)
    two = Door("two", lambda address: True, lambda mail: None)
    inbound.register(one)
    inbound.register(two)
    assert inbound.door_for("a@b.example") is one
    assert inbound.door_for("c@b.example") is two
    assert inbound.doors() == (one, two)


def test_nobody_knows_it(no_doors: None) -> None:
    assert inbound.door_for("a@b.example") is None
