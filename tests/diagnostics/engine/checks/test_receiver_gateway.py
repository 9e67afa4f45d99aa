"""Who takes the recipient's mail: told from whole labels of the MX hosts, never from parts of words."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.engine.checks.receiver_gateway import CHECK
from diagnostics.engine.receivers import Kind, receiver_of, receivers
from tests.diagnostics.engine.checks.looked import codes, findings


def mx(*hosts: str) -> dict[str, Any]:
    return {"corp.example": {"MX": [[10 * place, host] for place, host in enumerate(hosts, 1)]}}


@pytest.mark.parametrize(
    ("hosts", "expected", "receiver"),
    [
        (("aspmx.l.google.com",), ["receiver.mailbox"], "google_workspace"),
        (("gmail-smtp-in.l.google.com",), ["receiver.mailbox"], "gmail"),
        (("corp-example.mail.protection.outlook.com",), ["receiver.mailbox"], "microsoft_365"),
        (("corp-example.h-v1.mx.microsoft",), ["receiver.mailbox"], "microsoft_365"),
        (("hotmail-com.olc.protection.outlook.com",), ["receiver.mailbox"], "outlook"),
        (("us-smtp-inbound-1.mimecast.com",), ["receiver.gateway"], "mimecast"),
        (("mxa-001.gslb.pphosted.com",), ["receiver.gateway"], "proofpoint"),
        (("d123456a.ess.barracudanetworks.com",), ["receiver.gateway"], "barracuda"),
        (
            ("d1.ess.barracudanetworks.com", "corp-example.mail.protection.outlook.com"),
            ["receiver.gateway", "receiver.mixed"],
            "barracuda",
        ),
        (("mx.corp.example",), ["receiver.other"], None),
        (("aspmx.l.google.com.evil.example",), ["receiver.other"], None),
        (("notmimecast.com",), ["receiver.other"], None),
    ],
)
def test_the_product_is_named(hosts: tuple[str, ...], expected: list[str], receiver: str | None) -> None:
    found = findings(CHECK, mx(*hosts), recipient="lee@corp.example")
    assert [finding.code.id for finding in found] == expected
    assert found[0].arguments.get("receiver") == receiver


def test_a_consumer_provider_is_known_without_dns() -> None:
    assert codes(CHECK, {"gmail.com": "TIMEOUT"}, recipient="lee@gmail.com") == ["receiver.mailbox"]


@pytest.mark.parametrize("zone", [{"corp.example": "TIMEOUT"}, {"corp.example": "SERVFAIL"}])
def test_no_answer_is_no_product(zone: dict[str, Any]) -> None:
    assert codes(CHECK, zone, recipient="lee@corp.example") == ["receiver.unknown"]


def test_a_domain_without_mail_has_nobody() -> None:
    assert codes(CHECK, {}, recipient="lee@corp.example") == []


def test_the_table_is_sound() -> None:
    table = receivers()
    assert len({item.id for item in table}) == len(table)
    for item in table:
        assert item.suffixes or item.domains
        assert item.source.startswith("https://")
        assert item.allow or item.kind is Kind.MAILBOX_CONSUMER
        assert all(suffix == suffix.lower().strip(".") for suffix in item.suffixes)
        for suffix in item.suffixes:
            found = receiver_of([f"mx1.{suffix}"])
            assert found is not None
