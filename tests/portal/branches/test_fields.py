"""What people type about machines and keys, and the one form it is brought to."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from portal.branches import fields

ED25519 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


@pytest.mark.parametrize(
    ("read", "typed", "expected"),
    [
        (fields.domain, " North.Example. ", "north.example"),
        (fields.domain, "bücher.example", "xn--bcher-kva.example"),
        (fields.email, "Office <office@North.Example>", "office@north.example"),
        (fields.addresses, "192.0.2.10, 2001:DB8::10\n192.0.2.10", ["192.0.2.10", "2001:db8::10"]),
        (fields.addresses, "", []),
        (fields.selector, " Xen1 ", "xen1"),
        (fields.selector, "xen1._domainkey.north.example", "xen1"),
        (fields.public_key, ED25519, ED25519),
        (fields.public_key, f"v=DKIM1; k=ed25519; p={ED25519}; t=s", ED25519),
        (fields.public_key, f'"v=DKIM1; p={ED25519[:20]}" "{ED25519[20:]}"', ED25519),
        (fields.public_key, "", ""),
        (fields.time_zone, "America/Denver", "America/Denver"),
        (fields.code, " North-2 ", "north-2"),
    ],
)
def test_it_is_brought_to_one_form(read: object, typed: str, expected: object) -> None:
    assert read(typed) == expected  # type: ignore[operator]


@pytest.mark.parametrize(
    ("read", "typed"),
    [
        (fields.domain, "https://north.example/"),
        (fields.domain, "192.0.2.10"),
        (fields.domain, "a b.example"),
        (fields.email, "office"),
        (fields.email, "office@[192.0.2.1]"),
        (fields.addresses, "192.0.2.300"),
        (fields.addresses, "192.0.2.0/24"),
        (fields.addresses, " ".join(f"10.0.0.{n}" for n in range(70))),
        (fields.selector, "xen 1"),
        (fields.selector, "-xen"),
        (fields.selector, "x" * 200),
        (fields.public_key, "not a key"),
        (fields.public_key, "QUJD"),
        (fields.time_zone, "Mars/Olympus"),
        (fields.code, "Nörth"),
        (fields.code, "add"),
        (fields.code, ""),
    ],
)
def test_what_is_wrong_is_said(read: object, typed: str) -> None:
    with pytest.raises(ValidationError):
        read(typed)  # type: ignore[operator]
