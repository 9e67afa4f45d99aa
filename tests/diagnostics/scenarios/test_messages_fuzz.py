"""Whole messages that strangers send and people paste, inspected to the end: nothing raises, and all can be stored.

A sound message with some of it changed, and fields in any order, as octets and as text. ``FUZZ_TIMES`` as for the
other parsers.
"""

from __future__ import annotations

import asyncio
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.engine.inspect import inspect
from diagnostics.engine.zone import Zone
from diagnostics.runner import storable
from tests.diagnostics.scenarios.test_parsers_fuzz import COMMON, TIMES
from tests.diagnostics.scenarios.world import WORLD

FIELDS = (
    "Received: from smtp.xenegrade.example (smtp.xenegrade.example [192.0.2.10])\r\n by mx.corp.example (Postfix) with "
    "ESMTPS id 4Bq1\r\n for <lee@corp.example>; Wed, 4 Mar 2026 14:12:31 +0000 (UTC)\r\n",
    "Received: (qmail 1 invoked by uid 0); 4 Mar 2026 14:02:11 -0000\r\n",
    "Received: by 2002:a05:6a10 with SMTP id x; Wed, 4 Mar 2026 06:02:11 -0800 (PST)\r\n",
    "Authentication-Results: mx.corp.example; spf=pass (a; b) smtp.mailfrom=north.example;\r\n"
    ' dkim=fail reason="a; b" header.d=north.example; dmarc=none header.from=north.example\r\n',
    "ARC-Authentication-Results: i=1; mx.corp.example; arc=none\r\n",
    "ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=north.example; s=xen1; h=from; bh=AA==; b=AA==\r\n",
    "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=north.example; s=xen1; t=1772632931; b=AA==\r\n",
    "DKIM-Signature: v=1; a=rsa-sha256; c=simple; d=north.example; s=xen1; l=3; x=1; h=from;\r\n bh=AA==; b=AA\r\n",
    "X-Forefront-Antispam-Report: CIP:192.0.2.10;CTRY:US;SCL:5;SFV:SPM;CAT:SPOOF;\r\n",
    "X-Spam-Status: Yes, score=7.1 required=5.0 tests=A,B,C autolearn=no\r\n",
    "X-Gm-Message-State: AOJu\r\n",
    "From: =?utf-8?q?N=C3=B6rth?= <registrar@north.example>, undisclosed: ;\r\n",
    "Subject: <script>alert(1)</script> =?utf-8?b?8J+Yig==?=\r\n",
    "Date: Wed, 4 Mar 2026 14:02:10 +0000\r\n",
    "List-Unsubscribe: <mailto:u@north.example>, <https://north.example/u>\r\n",
)
MESSAGE = "".join(FIELDS) + "\r\nHello\r\n"
PIECES = (
    *COMMON,
    *FIELDS,
    "\r",
    "\n",
    ":",
    "[",
    "IPv6:",
    ";;",
    "=?utf-8?q?",
    "?=",
    "b=",
    "i=50;",
    "+9999",
    "\udcff",
    "99999999999",
)


def inspected(text: str, *, as_text: bool) -> None:
    raw = text if as_text else text.encode("utf-8", "surrogateescape")
    found = asyncio.run(inspect(raw, Zone(WORLD)))
    assert json.dumps(storable(found.facts))
    for finding in found.findings:
        assert finding.title
        assert "check." not in finding.code.id


@settings(max_examples=150 * TIMES, deadline=None, derandomize=True)
@given(data=st.data(), as_text=st.booleans())
def test_p115_a_message_with_some_of_it_changed(data: st.DataObject, as_text: bool) -> None:
    text = MESSAGE
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 40)))
        piece = data.draw(st.one_of(st.text(max_size=4), st.sampled_from(PIECES)))
        text = text[:start] + piece + text[end:]
    inspected(text, as_text=as_text)


@settings(max_examples=100 * TIMES, deadline=None, derandomize=True)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=25), as_text=st.booleans())
def test_p115_fields_and_pieces_in_any_order(pieces: list[str], as_text: bool) -> None:
    inspected("".join(pieces), as_text=as_text)


@settings(max_examples=60 * TIMES, deadline=None, derandomize=True)
@given(raw=st.binary(max_size=600))
def test_p115_any_octets(raw: bytes) -> None:
    inspected(raw.decode("utf-8", "surrogateescape"), as_text=False)
