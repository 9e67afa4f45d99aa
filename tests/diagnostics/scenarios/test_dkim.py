"""P59 to P69: the key for our signature, as people, panels and providers publish it."""

from __future__ import annotations

import base64
from typing import Any

import dns.flags
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from diagnostics.engine.subject import DKIMSelector
from tests.diagnostics.dns_server import Message, reply
from tests.diagnostics.scenarios.world import KEY, SELECTOR, expect, over_packets, rsa, scenario, served, world

_ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()
BARE = base64.b64encode(_ED25519.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
WRAPPED = base64.b64encode(_ED25519.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
OTHER = KEY[:99] + ("A" if KEY[99] != "A" else "B") + KEY[100:]
URL_SAFE = KEY.replace("+", "-").replace("/", "_")

OK, LOST = "dkim.ok dmarc.aligned", "dmarc.spf_only"
MALFORMED = f"dkim.malformed {LOST}"


def at(text: str) -> dict[str, Any]:
    return {SELECTOR: {"TXT": [text]}}


OURS = [
    pytest.param(
        {SELECTOR: {"CNAME": ["selector1-north-example._domainkey.north.onmicrosoft.example"]}}
        | {"selector1-north-example._domainkey.north.onmicrosoft.example": {"TXT": [f"v=DKIM1; k=rsa; p={KEY}"]}},
        OK,
        "dkim.dangling",
        id="p59",
    ),
    pytest.param(at("v=DKIM1; p="), f"dkim.revoked {LOST}", "dkim.malformed", id="p60"),
    pytest.param(at("v=DKIM1; k=rsa; p= ;"), f"dkim.revoked {LOST}", "dkim.malformed", id="p60-blank"),
    pytest.param(at(f"k=rsa; p={KEY}"), OK, "dkim.malformed", id="p61-no-version"),
    pytest.param(at(f"k=rsa; v=DKIM1; p={KEY}"), MALFORMED, "dkim.ok", id="p61-version-not-first"),
    pytest.param(at(f"v=DKIM2; p={KEY}"), MALFORMED, "dkim.ok", id="p61-version-two"),
    pytest.param(at(f"v=DKIM1; h=sha1; p={KEY}"), MALFORMED, "dkim.ok", id="p64-sha1-alone"),
    pytest.param(at(f"v=DKIM1; h=sha1:sha256; p={KEY}"), OK, "dkim.malformed", id="p64-sha1-beside"),
    pytest.param(at(f"v=DKIM1; s=tlsrpt; p={KEY}"), MALFORMED, "dkim.ok", id="p64-service"),
    pytest.param(at(f"v=DKIM1; t=y; p={KEY}"), "dkim.ok dkim.testing dmarc.spf_aligned", "", id="p64-test"),
    # We sign as the From-domain itself, so that no subdomain stands in i=.
    pytest.param(at(f"v=DKIM1; t=s; p={KEY}"), OK, "dkim.testing", id="p64-strict"),
    pytest.param(at(f"v=DKIM1; p={KEY[:64]} {KEY[64:128]}\r\n\t{KEY[128:]}"), OK, "", id="p65-folded"),
    pytest.param(at(f"v=DKIM1; p={KEY[:101]}"), MALFORMED, "dkim.different", id="p65-cut-off"),
    pytest.param(at(f"v=DKIM1; p={KEY}="), MALFORMED, "dkim.ok", id="p65-padding"),
    pytest.param(at(f"v=DKIM1; p=_-{URL_SAFE[2:]}"), MALFORMED, "dkim.ok", id="p65-url-safe"),
    pytest.param(
        {SELECTOR: None, f"below.{SELECTOR}": {"A": ["192.0.2.1"]}}, f"dkim.absent {LOST}", "dkim.foreign", id="p67"
    ),
    pytest.param(at(f"v=DKIM1; p={OTHER}"), f"dkim.different {LOST}", "dkim.ok dkim.malformed", id="p68"),
    pytest.param(at("xen1.vendor.example."), f"dkim.cname_as_text {LOST}", "dkim.foreign", id="p69"),
]


@pytest.mark.parametrize(("changed", "has", "lacks"), OURS)
def test_the_key_that_we_issued(changed: dict[str, Any], has: str, lacks: str) -> None:
    scenario(changed, has, lacks)


STRANGE = [
    pytest.param(f"v=DKIM1; k=ed25519; p={BARE}", "dkim.present", "dkim.malformed dkim.weak", id="p62-bare"),
    pytest.param(f"v=DKIM1; k=ed25519; p={WRAPPED}", MALFORMED, "dkim.present", id="p62-wrapped"),
    pytest.param(f"v=DKIM1; p={BARE}", MALFORMED, "dkim.present", id="p62-kind-forgotten"),
    pytest.param(f"v=DKIM1; p={rsa(2048, PublicFormat.PKCS1)}", "dkim.present", "dkim.malformed", id="p62-pkcs1"),
    pytest.param(f"v=DKIM1; p={rsa(512)}", f"dkim.too_weak {LOST}", "dkim.present", id="p63-512"),
    pytest.param(f"v=DKIM1; p={rsa(768)}", f"dkim.too_weak {LOST}", "dkim.present", id="p63-768"),
    pytest.param(f"v=DKIM1; p={rsa(1024)}", "dkim.present dkim.weak", "dkim.too_weak", id="p63-1024"),
    pytest.param(f"v=DKIM1; p={rsa(2048)}", "dkim.present", "dkim.weak", id="p63-2048"),
    pytest.param(f"v=DKIM1; p={rsa(4096)}", "dkim.present", "dkim.weak", id="p63-4096"),
]


@pytest.mark.parametrize(("text", "has", "lacks"), STRANGE)
def test_a_key_that_we_do_not_hold(text: str, has: str, lacks: str) -> None:
    scenario(at(text), has, lacks, selectors=(DKIMSelector(selector="xen1"),))


def test_p63_a_key_of_4096_bits_comes_by_tcp_where_datagrams_are_small() -> None:
    ways: set[str] = set()
    sound = served(world(at(f"v=DKIM1; k=rsa; p={rsa(4096)}")))

    def respond(question: Message, transport: str) -> Any:
        ways.add(transport)
        messages = sound(question, transport)
        is_small = all(len(item.to_wire(max_size=65535)) <= 512 for item in messages if isinstance(item, Message))
        return messages if is_small or transport == "tcp" else [reply(question, flags=dns.flags.TC)]

    expect(over_packets(respond), "dkim.different dmarc.spf_only", "dkim.malformed dkim.unknown")
    assert "tcp" in ways


def test_p66_a_selector_with_dots() -> None:
    name = "2026.q1._domainkey.north.example"
    selectors = (DKIMSelector(selector="2026.q1", public_key=KEY),)
    scenario({name: {"TXT": [f"v=DKIM1; p={KEY}"]}, SELECTOR: None}, OK, "dkim.bad_selector", selectors=selectors)
    told = scenario({}, f"dkim.absent {LOST}", "dkim.bad_selector", selectors=selectors)
    assert told.of("dkim.absent").arguments["name"] == name


def test_p68_the_first_place_at_which_the_keys_part() -> None:
    told = scenario(at(f"v=DKIM1; p={OTHER}"), "dkim.different dmarc.spf_only")
    assert told.of("dkim.different").arguments["place"] == 100


def test_p69_the_remedy_is_the_alias() -> None:
    told = scenario(at("xen1.vendor.example."), "dkim.cname_as_text dmarc.spf_only")
    record = told.of("dkim.cname_as_text").publish
    assert record is not None
    assert (record.name, record.rdtype, record.value) == (SELECTOR, "CNAME", "xen1.vendor.example")
