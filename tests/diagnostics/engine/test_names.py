"""Domain names in one form, and addresses as people type and paste them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.engine.ip import documentation_address_in, is_documentation, reverse_name, reversed_labels
from diagnostics.engine.names import (
    Address,
    Fault,
    Malformed,
    NameProblem,
    host_domain,
    is_under,
    normalised,
    parents,
    parse_address,
    shown,
)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("North.Example", "north.example"),  # P108
        ("north.example.", "north.example"),
        ("_dmarc.north.example", "_dmarc.north.example"),
        ("müller.example", "xn--mller-kva.example"),  # P103
        ("MÜLLER。example", "xn--mller-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),  # P104: IDNA 2008 keeps the sharp s.
        ("_dmarc.müller.example", "_dmarc.xn--mller-kva.example"),
        ("XN--MLLER-KVA.example", "xn--mller-kva.example"),
        ("2.0.192.in-addr.arpa", "2.0.192.in-addr.arpa"),
        ("a.123", "a.123"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
    ],
)
def test_p29_names_have_one_form(typed: str, name: str) -> None:
    assert normalised(typed) == name
    assert normalised(name) == name


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "empty"),
        (".", "empty"),
        ("a..example", "empty_label"),
        (".example", "empty_label"),
        ("a.example..", "empty_label"),
        ("a" * 64 + ".example", "label_too_long"),
        (".".join(["a" * 49] * 6), "name_too_long"),
        ("a b.example", "forbidden_character"),
        ("a\x00.example", "forbidden_character"),
        ("a\nb.example", "forbidden_character"),
        ("☃.example", "not_idna"),
        ("\u200d.example", "not_idna"),
    ],
)
def test_p29_what_dns_cannot_carry(typed: str, code: str) -> None:
    with pytest.raises(NameProblem) as problem:
        normalised(typed)
    assert problem.value.code == code


@pytest.mark.parametrize("typed", ["https://north.example/", "north.example/x", "192.0.2.1", "a@b.example", "", "no!"])
def test_what_is_typed_for_a_domain_and_is_none(typed: str) -> None:
    with pytest.raises(NameProblem):
        host_domain(typed)


@given(st.text(max_size=80))
def test_any_text_is_a_name_or_a_problem(text: str) -> None:
    try:
        name = normalised(text)
    except NameProblem:
        return
    assert name.isascii()
    assert name == normalised(name)


def test_p103_names_are_shown_to_people() -> None:
    assert shown("xn--mller-kva.example") == "müller.example"
    assert shown("xn--zzzzzzzzz.example") == "xn--zzzzzzzzz.example"
    assert shown("north.example") == "north.example"


def test_the_names_above() -> None:
    assert parents("a.b.example") == ("b.example", "example")
    assert parents("example") == ()


def test_under_means_on_a_label_boundary() -> None:
    assert is_under("mx.north.example", "north.example")
    assert is_under("north.example", "north.example")
    assert not is_under("evilnorth.example", "north.example")


def test_p88_p98_reverse_names() -> None:
    assert reverse_name("192.0.2.10") == "10.2.0.192.in-addr.arpa"
    assert reverse_name("2001:db8::1") == "1" + ".0" * 23 + ".8.b.d.0.1.0.0.2.ip6.arpa"
    assert reversed_labels("192.0.2.10") == "10.2.0.192"
    assert reversed_labels("2001:db8::1").startswith("1.0.0.0.")
    with pytest.raises(ValueError, match="nonsense"):
        reverse_name("nonsense")


def test_p101_documentation_addresses() -> None:
    assert is_documentation("192.0.2.10")
    assert is_documentation("2001:db8::1")
    assert not is_documentation("193.0.2.10")
    assert documentation_address_in("10.2.0.192.list.example")
    assert documentation_address_in(reverse_name("2001:db8::1"))
    assert not documentation_address_in("10.2.0.193.list.example")
    assert not documentation_address_in("999.2.0.192.list.example")
    assert not documentation_address_in("north.example")


@pytest.mark.parametrize(
    ("typed", "text", "cleaned"),
    [
        ("lee@corp.example", "lee@corp.example", ()),
        ("  lee@corp.example\n", "lee@corp.example", ("space",)),
        ("\u00a0lee@corp.example", "lee@corp.example", ("space",)),
        ("Lee, C. <lee@corp.example>", "lee@corp.example", ("display_name",)),
        ('"Lee @ home" <lee@corp.example>;', "lee@corp.example", ("display_name",)),
        ("<lee@corp.example>", "lee@corp.example", ("brackets",)),
        ("lee@corp.example (Lee)", "lee@corp.example", ("display_name",)),
        ("'lee@corp.example'", "lee@corp.example", ("quotes",)),
        ("“lee@corp.example”", "lee@corp.example", ("quotes",)),
        ("mailto:lee%2Bnews@corp.example?subject=Hi", "lee+news@corp.example", ("mailto",)),
        ("lee@corp.example.", "lee@corp.example", ("trailing_dot",)),
        ("lee@corp.example,", "lee@corp.example", ("punctuation",)),
        ("lee\u200b@corp.example", "lee@corp.example", ("invisible",)),
        ("\u202elee@corp.example", "lee@corp.example", ("invisible",)),
        ("lee＠corp.example", "lee@corp.example", ("full_width",)),
        ("Lee@CORP.example", "Lee@corp.example", ()),
        ("lee+tag@corp.example", "lee+tag@corp.example", ()),
        ('"le e"@corp.example', '"le e"@corp.example', ()),
        ('"a\\"b"@corp.example', '"a\\"b"@corp.example', ()),
        ('"lee"@corp.example', "lee@corp.example", ()),
        ('"a@b"@corp.example', '"a@b"@corp.example', ()),
        ("lee@[192.0.2.1]", "lee@[192.0.2.1]", ()),
        ("lee@[IPv6:2001:DB8::1]", "lee@[IPv6:2001:db8::1]", ()),
        ("lee@müller.example", "lee@xn--mller-kva.example", ()),
        ("o'neil@corp.example", "o'neil@corp.example", ()),
    ],
)
def test_p106_addresses_as_they_are_pasted(typed: str, text: str, cleaned: tuple[str, ...]) -> None:
    address = parse_address(typed)
    assert isinstance(address, Address)
    assert (address.text, address.cleaned) == (text, cleaned)
    again = parse_address(address.text)
    assert isinstance(again, Address)
    assert again.text == text


def test_p105_a_local_part_in_utf8() -> None:
    address = parse_address("jo\u0308rg@müller.example")
    assert isinstance(address, Address)
    assert address.needs_smtputf8
    assert address.local == "jörg"
    assert address.shown == "jörg@müller.example"


@pytest.mark.parametrize(
    ("typed", "fault", "position", "suggestion"),
    [
        ("", Fault.EMPTY, 0, ""),
        ("lee", Fault.NO_AT, 3, ""),
        ("lee (at) corp.example", Fault.NO_AT, 21, "lee@corp.example"),
        ("lee@@corp.example", Fault.SEVERAL_AT, 4, "lee@corp.example"),
        ("lee@corp@example", Fault.SEVERAL_AT, 8, ""),
        ("@corp.example", Fault.NO_LOCAL, 0, ""),
        ("lee@", Fault.NO_DOMAIN, 4, ""),
        (" le e@corp.example", Fault.SPACE, 3, "lee@corp.example"),
        ("lee@corp. example", Fault.SPACE, 9, "lee@corp.example"),
        ("lee.@corp.example", Fault.LOCAL_DOT, 3, "lee@corp.example"),
        ("l..e@corp.example", Fault.LOCAL_DOT, 1, "l.e@corp.example"),
        ("l(e@corp.example", Fault.LOCAL_CHARACTER, 1, "le@corp.example"),
        ('"lee@corp.example', Fault.LOCAL_QUOTE, 0, ""),
        ("l" * 65 + "@corp.example", Fault.LOCAL_TOO_LONG, 64, ""),
        ("l" * 60 + "@" + ".".join(["c" * 60] * 4), Fault.ADDRESS_TOO_LONG, 254, ""),
        ("lee@corp.example," * 60, Fault.ADDRESS_TOO_LONG, 1000, ""),
        ("lee@corp,example", Fault.DOMAIN, 8, "lee@corp.example"),
        ("lee@corp..example", Fault.DOMAIN, 8, "lee@corp.example"),
        ("lee@co_rp.example", Fault.DOMAIN, 6, ""),
        ("lee@-corp.example", Fault.DOMAIN, 4, "lee@corp.example"),
        ("lee@corp", Fault.DOMAIN_NOT_QUALIFIED, 8, ""),
        ("lee@192.0.2.1", Fault.DOMAIN_NUMERIC, 4, "lee@[192.0.2.1]"),
        ("lee@[192.0.2.300]", Fault.LITERAL, 4, ""),
        ("lee@[2001:db8::1]", Fault.LITERAL, 4, "lee@[IPv6:2001:db8::1]"),
        ("a@corp.example; b@corp.example", Fault.SEVERAL_ADDRESSES, 16, "a@corp.example"),
        ("a\x00b@corp.example", Fault.CONTROL, 1, "ab@corp.example"),
    ],
)
def test_what_is_wrong_and_where(typed: str, fault: Fault, position: int, suggestion: str) -> None:
    found = parse_address(typed)
    assert isinstance(found, Malformed)
    assert (found.fault, found.position, found.suggestion) == (fault, position, suggestion)
    assert found.text


@given(st.text(alphabet=st.sampled_from('a.@"\\[]<>(),; \x00\u200bü1-:mailto'), max_size=30) | st.text(max_size=40))
def test_any_text_is_an_address_or_says_why_not(text: str) -> None:
    found = parse_address(text)
    if isinstance(found, Malformed):
        assert 0 <= found.position <= len(text)
        return
    again = parse_address(found.text)
    assert isinstance(again, Address)
    assert again.text == found.text
