"""DKIM key records: every tag, every form of a key, and what is to be thought of all that stands at a name."""

from __future__ import annotations

import base64
import contextlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from diagnostics.engine.protocols.dkim import (
    KeyForm,
    KeyProblem,
    State,
    bare_key,
    first_difference,
    judged,
    parse_key,
    record_for,
    selector_name,
)
from tests.soon import ends_soon


def rsa(bits: int, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    """A key of ``bits``. Its modulus is no product of two primes, which no reader of records looks at."""
    key = RSAPublicNumbers(65537, (1 << (bits - 1)) + 12345).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, form)).decode()


KEY = rsa(2048)
_PUBLIC = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()
ED = base64.b64encode(_PUBLIC.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
ED_WRAPPED = base64.b64encode(_PUBLIC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
OK = f"v=DKIM1; k=rsa; p={KEY}"
CHANGED = KEY[:99] + ("A" if KEY[99] != "A" else "B") + KEY[100:]


@pytest.mark.parametrize("bits", [512, 768, 1024, 1536, 2048, 4096])
@pytest.mark.parametrize("form", [PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1], ids=["spki", "pkcs1"])
def test_p62_p63_lengths_and_forms(bits: int, form: PublicFormat) -> None:
    record = parse_key(f"v=DKIM1; p={rsa(bits, form)}")
    assert (record.kind, record.bits) == ("rsa", bits)
    assert record.form is (KeyForm.PKCS1 if form is PublicFormat.PKCS1 else KeyForm.SPKI)
    assert record.is_too_weak is (bits < 1024)
    assert record.is_weak is (1024 <= bits < 2048)


def test_p62_ed25519() -> None:
    record = parse_key(f"v=DKIM1; k=ed25519; p={ED}")
    assert (record.kind, record.bits, record.form) == ("ed25519", 256, KeyForm.RAW)
    assert not record.is_too_weak


def test_every_tag() -> None:
    record = parse_key(f" v = DKIM1 ; h=sha1:sha256; k=RSA ; n=a=b; s=email:x; t=y:s; q=zz; p={KEY} ;")
    assert record.hashes == ("sha1", "sha256")
    assert record.services == ("email", "x")
    assert record.notes == "a=b"
    assert (record.is_testing, record.is_strict) == (True, True)
    assert dict(record.others) == {"q": "zz"}
    assert record.key == KEY


def test_p65_white_space_in_a_key() -> None:
    folded = "\r\n\t ".join(KEY[at : at + 60] for at in range(0, len(KEY), 60))
    assert parse_key(f"v=DKIM1;p={folded}").key == KEY


def test_p60_revoked_and_p61_no_version() -> None:
    assert parse_key("v=DKIM1; p=").is_revoked
    assert parse_key(f"k=rsa; p={KEY}").key == KEY


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"p={KEY}; v=DKIM1", "version"),
        (f"v=DKIM2; p={KEY}", "version"),
        (f"v=dkim1; p={KEY}", "version"),
        ("v=DKIM1; k=rsa", "no_key"),
        ("v=DKIM1", "no_key"),
        (f"v=DKIM1; k=dsa; p={KEY}", "key_type"),
        (f"v=DKIM1; k=rsa; p={ED}", "key_type"),
        (f"v=DKIM1; h=sha1; p={KEY}", "hash"),
        (f"v=DKIM1; s=tlsrpt; p={KEY}", "service"),
        (f"v=DKIM1; p={KEY}; p={KEY}", "duplicate_tag"),
        (f"v=DKIM1;; p={KEY}", "no_tag"),
        (f"v=DKIM1 p={KEY}", "version"),
        (f'"v=DKIM1; p={KEY}"', "no_tag"),
        ("v=DKIM1; p=" + KEY.replace("A", "-"), "base64"),
        ("v=DKIM1; p=" + KEY[:-4] + "!" + KEY[-3:], "base64"),
        ("v=DKIM1; p=" + KEY[:101], "base64"),
        ("v=DKIM1; p=" + KEY[:100], "no_rsa_key"),
        ("v=DKIM1; p=AAAA", "no_rsa_key"),
        (f"v=DKIM1; k=ed25519; p={ED_WRAPPED}", "ed25519_wrapped"),
        (f"v=DKIM1; k=ed25519; p={KEY}", "ed25519_length"),
        ("v=DKIM1; p=" + "A" * 5000, "too_long"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_p61_to_p65_what_cannot_be_used(text: str, code: str) -> None:
    with pytest.raises(KeyProblem) as problem:
        parse_key(text)
    assert problem.value.code == code


@pytest.mark.parametrize(
    ("records", "issued", "state", "verifies"),
    [
        ([OK], "", State.USABLE, True),
        ([OK], KEY, State.USABLE, True),
        ([OK, "site=1"], KEY, State.USABLE, True),
        ([OK, f"p={KEY}"], KEY, State.USABLE, True),
        ([f"v=DKIM1; t=y; p={KEY}"], KEY, State.USABLE, False),
        ([OK, f"v=DKIM1; p={CHANGED}"], KEY, State.SEVERAL, False),
        ([OK, "v=DKIM1; p="], "", State.SEVERAL, False),
        (["v=DKIM1; p=", "v=DKIM1; p=!"], KEY, State.REVOKED, False),
        ([f"v=DKIM1; p={CHANGED}"], KEY, State.DIFFERENT, False),
        (["v=DKIM1; p="], KEY, State.REVOKED, False),
        ([f"v=DKIM1; p={rsa(768)}"], "", State.TOO_WEAK, False),
        (["v=DKIM1; k=rsa"], "", State.MALFORMED, False),
        (["xen1._domainkey.vendor.example"], KEY, State.CNAME_AS_TEXT, False),
        (["v=spf1 -all"], KEY, State.FOREIGN, False),
        (["v=DMARC1; p=none"], KEY, State.FOREIGN, False),
        ([""], KEY, State.FOREIGN, False),
    ],
    ids=[
        "ok",
        "equal",
        "text-beside",
        "same-key-twice",
        "p64-test",
        "p37-several",
        "p37-one-revoked",
        "p37-none-usable",
        "p68-different",
        "p60-revoked",
        "p63-weak",
        "malformed",
        "p69-cname-as-text",
        "p20-wildcard-spf",
        "p20-wildcard-dmarc",
        "p38-empty",
    ],
)
def test_judged(records: list[str], issued: str, state: State, verifies: bool) -> None:
    found = judged(records, issued)
    assert (found.state, found.verifies) == (state, verifies)


def test_p68_the_first_difference() -> None:
    assert first_difference(KEY, KEY[:60] + "\n " + KEY[60:]) is None
    assert first_difference(CHANGED, KEY) == 100
    assert first_difference(KEY[:50], KEY) == 51
    assert judged([f"v=DKIM1; p={CHANGED}"], KEY).difference == 100


def test_keys_are_held_in_many_forms() -> None:
    pem = "-----BEGIN PUBLIC KEY-----\n" + KEY[:64] + "\n" + KEY[64:] + "\n-----END PUBLIC KEY-----\n"
    assert {bare_key(text) for text in (KEY, OK, pem, f'"v=DKIM1; p={KEY[:70]}" "{KEY[70:]}"')} == {KEY}
    assert record_for(pem) == OK
    assert record_for(ED) == f"v=DKIM1; k=ed25519; p={ED}"


def test_p66_a_selector_may_have_dots() -> None:
    assert selector_name("a.b.", "north.example") == "a.b._domainkey.north.example"


@pytest.mark.parametrize(
    "text",
    ["v=DKIM1; p=" + "A" * 65000, "v=DKIM1; " + "a" * 65000, ";" * 65000, "v=DKIM1; " + "a=1;" * 16000, "a." * 32000],
    ids=["key", "tag", "semicolons", "tags", "host"],
)
def test_hostile_text_ends_soon(text: str) -> None:
    with ends_soon():
        with contextlib.suppress(KeyProblem):
            parse_key(text)
        judged([text], KEY)
