"""From a cause to the page where it is mended: for whom there is a link, and to where."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from django.template import Context, Template

from portal.web.templatetags.ways import domain


def link(cause: str, *, is_support: bool = False, code: str = "north", recipient: str = "lee@Corp.example") -> str:
    context = Context({"user": SimpleNamespace(is_support=is_support), "cause": cause, "code": code, "to": recipient})
    shown = Template("{% load ways %}{% ways cause code to %}").render(context)
    found = re.search(r'href="([^"]*)"', shown)
    return found[1] if found else ""


@pytest.mark.parametrize(
    ("cause", "there"),
    [
        ("recipient_policy", "/branches/north/allow-requests/?domain=corp.example"),
        ("self_to_self_blocked", "/branches/north/"),
        ("auth_failure", "/branches/north/keys/"),
        ("sending_suspended", "/branches/north/standing/"),
        ("suppressed", "/branches/north/suppression/"),
        ("spam_content", "/branches/north/tests/"),
        ("own_server_failed", "/branches/north/own-server/"),
        ("mailbox_full", ""),
        ("unknown", ""),
    ],
)
def test_everybody(cause: str, there: str) -> None:
    assert link(cause) == link(cause, is_support=True) == there


@pytest.mark.parametrize(
    ("cause", "there"),
    [
        ("sender_ip_blocked", "/rates/"),
        ("rate_limited", "/rates/"),
    ],
)
def test_support_alone(cause: str, there: str) -> None:
    assert (link(cause), link(cause, is_support=True)) == ("", there)


def test_without_a_branch_there_is_no_link() -> None:
    assert link("recipient_policy", code="") == ""


def test_a_strangers_domain_is_escaped() -> None:
    assert link("recipient_policy", recipient='x@"><b>&x=/').endswith("?domain=%22%3E%3Cb%3E%26x%3D%2F")


@pytest.mark.parametrize(
    ("address", "expected"), [("lee@Corp.Example", "corp.example"), ('"a@b"@x.example', "x.example"), ("nobody", "")]
)
def test_domain(address: str, expected: str) -> None:
    assert domain(address) == expected
