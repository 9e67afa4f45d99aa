"""One message judged as a whole: which codes stand for it, and which do not."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.engine.findings import Actor, Verdict
from diagnostics.engine.messages.headers.alignment import Alignment, Voucher, Witness
from diagnostics.engine.messages.headers.judge import MessageReport, judge
from diagnostics.engine.messages.headers.judge_codes import CODES
from diagnostics.engine.messages.headers.judge_findings import in_words
from diagnostics.engine.zone import Zone
from tests.diagnostics.engine.messages.headers.signing import ED25519, published, rsa, sealed, signature

KEY, ED_KEY = "xen1._domainkey.north.example", "ed._domainkey.north.example"
ZONE: dict[str, Any] = {
    KEY: {"TXT": [published(rsa())]},
    ED_KEY: {"TXT": [published(ED25519)]},
    "xen1._domainkey.vendor.example": {"TXT": [published(rsa())]},
    "arc._domainkey.list.example": {"TXT": [published(rsa())]},
    "_dmarc.north.example": {"TXT": ["v=DMARC1; p=reject"]},
}
NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
AUTHOR = b"From: Nora <nora@north.example>\r\n"
REST = b"To: bob@corp.example\r\nSubject: =?utf-8?q?Your_m=C3=A4rks?=\r\n\r\nDear Bob\r\n"
PLAIN = AUTHOR + REST
IN = b"Received: from mail.north.example ([203.0.113.7]) by mx.corp.example; Tue, 3 Mar 2026 10:00:04 +0000\r\n"
OUT = b"Received: from desk by mail.north.example with ESMTPSA; Tue, 3 Mar 2026 10:00:00 +0000\r\n"


def noted(*results: str, server: str = "mx.corp.example") -> bytes:
    return f"Authentication-Results: {server}; {'; '.join(results) or 'none'}\r\n".encode()


SPF_OK, SPF_NO = "spf=pass smtp.mailfrom=nora@north.example", "spf=fail smtp.mailfrom=nora@north.example"
SPF_OTHER = "spf=pass smtp.mailfrom=bounce@vendor.example"
SIGNED = signature(PLAIN) + PLAIN
VENDORS = signature(PLAIN, "d=vendor.example") + PLAIN
HEADER = SIGNED.partition(b"\r\n\r\n")[0].decode()
ARC = sealed(PLAIN, 1, "none")
FORGED = noted(SPF_OK, server="x.example")


def judged(message: bytes | str, zone: dict[str, Any] | None = None, **given: Any) -> MessageReport:
    return asyncio.run(judge(message, Zone(ZONE if zone is None else {**ZONE, **zone}), now=NOW, **given))


def codes(report: MessageReport) -> set[str]:
    return {finding.code.id.removeprefix("message.") for finding in report.findings}


CASES: list[tuple[str, bytes | str, dict[str, Any], set[str], set[str]]] = [
    (
        "all-well",
        noted(SPF_OK) + IN + OUT + SIGNED,
        {},
        {"route", "results_believed", "dkim_verified", "vouched"},
        {"slow"},
    ),
    ("nothing", b"", {}, {"no_header"}, {"no_route", "dkim_none", "from_missing"}),
    ("no-route", SIGNED, {}, {"no_route", "no_results", "dkim_verified", "vouched"}, {"route"}),
    (
        "changed",
        SIGNED.replace(b"Dear", b"Deer"),
        {},
        {"dkim_body_changed"},
        {"dkim_verified", "vouched", "not_vouched"},
    ),
    ("header-changed", SIGNED.replace(b"m=C3=A4rks", b"marks"), {}, {"dkim_wrong"}, {"dkim_verified"}),
    ("changed-as-copied", SIGNED.replace(b"Dear", b"Deer").decode(), {}, {"dkim_not_as_copied"}, {"dkim_body_changed"}),
    ("p04-dns-silent", SIGNED, {KEY: "TIMEOUT"}, {"dkim_unknown", "vouching_unknown"}, {"not_vouched", "dkim_wrong"}),
    ("no-key", noted(SPF_NO) + IN + SIGNED, {KEY: {"A": ["192.0.2.1"]}}, {"dkim_no_key", "not_vouched"}, {"vouched"}),
    ("p60-revoked", SIGNED, {KEY: {"TXT": ["v=DKIM1; p="]}}, {"dkim_revoked"}, {"dkim_verified"}),
    ("bad-key", SIGNED, {KEY: {"TXT": ["v=DKIM1; p=AAAA"]}}, {"dkim_unknown_key"}, {"dkim_verified"}),
    ("expired", IN + signature(PLAIN, "x=1772500000") + PLAIN, {}, {"dkim_expired"}, {"dkim_verified", "vouched"}),
    ("held-on-arrival", IN + signature(PLAIN, "x=1772535000") + PLAIN, {}, {"dkim_verified"}, {"dkim_expired"}),
    ("length", signature(PLAIN, "l=4") + PLAIN, {}, {"dkim_verified", "dkim_length"}, set()),
    ("sha1", signature(PLAIN, "a=rsa-sha1") + PLAIN, {}, {"dkim_weak"}, {"dkim_verified"}),
    ("from-not-signed", signature(PLAIN, names="subject") + PLAIN, {}, {"dkim_malformed"}, {"dkim_verified"}),
    ("from-added", AUTHOR + SIGNED, {}, {"from_several", "dkim_from_added"}, {"vouched"}),
    (
        "header-alone",
        SIGNED.partition(b"\r\n\r\n")[0].decode(),
        {},
        {"dkim_not_checked", "vouching_unknown"},
        {"not_vouched"},
    ),
    (
        "p114-ed25519-broken-rsa-whole",
        signature(PLAIN, "s=ed", key=ED25519).replace(b"; b=", b"; b=AAAA") + SIGNED,
        {},
        {"dkim_verified", "vouched"},
        {"dkim_wrong", "dkim_malformed"},
    ),
    ("unsigned-spf", noted(SPF_OK) + IN + PLAIN, {}, {"dkim_none", "vouched"}, {"not_vouched"}),
    ("unsigned-spf-fails", noted(SPF_NO) + IN + PLAIN, {}, {"dkim_none", "not_vouched"}, {"vouched"}),
    ("p77-both-others", noted(SPF_OTHER) + IN + VENDORS, {}, {"dkim_verified", "not_vouched"}, {"vouched"}),
    (
        "p112-forged",
        IN + noted(SPF_OK) + OUT + noted(SPF_OK, server="x.example") + PLAIN,
        {},
        {"results_forgeable"},
        set(),
    ),
    (
        "p112-only-the-sender's",
        IN + noted(SPF_OK, server="mail.north.example") + OUT + PLAIN,
        {},
        {"results_not_placed", "vouching_unknown"},
        {"vouched", "not_vouched", "results_believed"},
    ),
    (
        "receiver-says-dmarc-failed",
        noted(SPF_OTHER, "dmarc=fail (p=reject) header.from=north.example") + IN + PLAIN,
        {},
        {"receiver_dmarc_failed", "not_vouched"},
        {"vouched"},
    ),
    (
        "receiver-says-dmarc-passed",
        noted("dmarc=pass header.from=north.example") + IN + PLAIN,
        {},
        {"vouched"},
        {"not_vouched", "vouching_unknown"},
    ),
    (
        "changed-since",
        noted(SPF_OTHER, "dkim=pass header.d=north.example") + IN + SIGNED.replace(b"Dear", b"Deer"),
        {},
        {"dkim_body_changed", "dkim_differs", "vouched"},
        {"not_vouched"},
    ),
    (
        "header-alone-receiver-knows",
        (noted(SPF_NO, "dkim=fail header.d=north.example") + IN + SIGNED.partition(b"\r\n\r\n")[0]).decode(),
        {},
        {"dkim_not_checked", "not_vouched"},
        {"vouching_unknown"},
    ),
    ("another's-signature-alone", VENDORS, {}, {"vouching_unknown"}, {"vouched", "not_vouched"}),
    ("arc", ARC, {}, {"arc_holds"}, {"arc_broken"}),
    ("arc-broken", ARC.replace(b"Dear", b"Deer"), {}, {"arc_broken"}, {"arc_holds"}),
    (
        "arc-unknown",
        sealed(PLAIN, 1, "none"),
        {"arc._domainkey.list.example": "TIMEOUT"},
        {"arc_unknown"},
        {"arc_broken"},
    ),
    ("p78-none", REST, {}, {"from_missing"}, {"vouched", "not_vouched", "vouching_unknown"}),
    ("p78-two", b"From: a@north.example, b@south.example\r\n" + REST, {}, {"from_addresses"}, {"vouching_unknown"}),
    ("p78-group", b"From: Desk:;\r\n" + REST, {}, {"from_group"}, set()),
    ("unreadable", b"From: Nora\r\n" + REST, {}, {"from_unreadable"}, set()),
    ("filter", b"X-Forefront-Antispam-Report: SCL:5;SFV:SPM;\r\n" + PLAIN, {}, {"filter_problem"}, {"filter_ok"}),
    ("filter-content", b"X-Gm-Spam: 0\r\nX-Spam-Score: 3.4\r\n" + PLAIN, {}, {"filter_ok", "filter_notice"}, set()),
    (
        "filter-sum-is-good",
        b"X-Spam-Status: No, score=4.0 required=5.0 tests=RDNS_NONE,SPF_PASS\r\n" + PLAIN,
        {},
        {"filter_notice"},
        {"filter_problem", "filter_ok"},
    ),
    *(
        (
            f"filter-{points}-of-5",
            b"X-Spam-Status: No, score=%b required=5.0 tests=SPF_NONE,RDNS_NONE\r\n" % points.encode() + PLAIN,
            {},
            {expected},
            {"filter_problem", "filter_ok", "filter_notice"} - {expected},
        )
        for points, expected in (("1.2", "filter_ok"), ("4.1", "filter_notice"), ("nan", "filter_notice"))
    ),
    ("filter-only-notes", b"X-Gm-Message-State: AO\r\nX-IronPort-AV: E=S\r\n" + PLAIN, {}, set(), {"filter_ok"}),
    ("lost-folding", "Subject: a\nb c\n" + AUTHOR.decode(), {}, {"folding_lost"}, set()),
]


@pytest.mark.parametrize(
    ("message", "zone", "said", "unsaid"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_codes(message: bytes | str, zone: dict[str, Any], said: set[str], unsaid: set[str]) -> None:
    found = codes(judged(message, zone))
    assert said <= found, found
    assert not unsaid & found, found


def test_p111_the_way_and_its_clocks() -> None:
    slow = OUT.replace(b"10:00:00", b"09:40:00")
    assert {"route", "slow"} <= codes(judged(IN + slow + PLAIN))
    skewed = OUT.replace(b"10:00:00", b"10:02:00")
    report = judged(IN + skewed + PLAIN)
    assert {"route", "clock_skew"} <= codes(report)
    assert report.chain.total == -116.0
    assert report.arrived == datetime(2026, 3, 3, 10, 0, 4, tzinfo=UTC)


def test_p112_a_person_chooses_the_server() -> None:
    message = IN + noted(SPF_OK, server="mail.north.example") + OUT + PLAIN
    assert "vouched" in codes(judged(message, authserv_id="mail.north.example"))


def test_p71_alignment_of_names_below_and_above() -> None:
    below = signature(PLAIN, "d=mail.north.example") + PLAIN
    zone = {"xen1._domainkey.mail.north.example": {"TXT": [published(rsa())]}}
    report = judged(below, zone)
    assert report.alignment.outcome is Alignment.VOUCHED
    assert report.alignment.by == (Voucher("dkim", "mail.north.example", "pass", Witness.US, True),)
    strict = {"_dmarc.north.example": {"TXT": ["v=DMARC1; p=none; adkim=s"]}}
    assert judged(noted(SPF_NO) + IN + below, {**zone, **strict}).alignment.outcome is Alignment.NOT_VOUCHED
    silent = {"_dmarc.example": "TIMEOUT"}
    assert judged(below, {**zone, **silent}).alignment.outcome is Alignment.UNKNOWN


def test_the_posture_stands_beside_the_message() -> None:
    report = judged(SIGNED, {"_dmarc.north.example": {"A": ["192.0.2.1"]}})
    assert report.alignment.outcome is Alignment.VOUCHED
    assert report.posture is not None
    assert report.posture.policy is None
    assert judged(REST).posture is None
    assert not any(finding.code.id.startswith(("dmarc.", "spf.", "dkim.")) for finding in report.findings)


def test_spf_of_an_empty_envelope_is_helos() -> None:
    message = noted("spf=pass smtp.mailfrom=<> smtp.helo=mail.north.example") + IN + PLAIN
    assert judged(message).alignment.by == (Voucher("spf", "mail.north.example", "pass", Witness.RECEIVER, True),)


def test_p115_a_strangers_words_stay_words() -> None:
    report = judged(b"From: x@y.example\r\nSubject: =?utf-8?q?=3Cscript=3E{domain}?=\r\n\r\nx\r\n")
    assert report.subject == "<script>{domain}"


def test_every_code_is_whole() -> None:
    ids = [code.id for code in CODES]
    assert len(ids) == len(set(ids))
    for code in CODES:
        assert code.id.startswith("message."), code
        assert (code.actor is Actor.NOBODY) or code.remedy, code
        assert code.title, code
        assert code.meaning, code
        assert code.verdict in Verdict


def test_every_sentence_is_filled() -> None:
    for _, message, zone, _, _ in CASES:
        for finding in judged(message, zone).findings:
            for text in (finding.title, finding.meaning, finding.remedy):
                assert "{" not in text, (finding.code.id, text)
                assert "None" not in text, (finding.code.id, text)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (-90, "1 minute 30 seconds"),
        (3_605, "1 hour"),
        (7_500, "2 hours 5 minutes"),
        (90_000, "1 day 1 hour"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


LINES = st.sampled_from(
    [
        *(IN, OUT, AUTHOR, noted(SPF_OK), signature(PLAIN), b"From: a:b;,c\r\n", b"\r\n", b"torn\r\n", ARC),
        *(b"Received: ;\r\n", b"X-Spam-Status: Yes\r\n", b"\x00", b"Authentication-Results: ;;=\r\n"),
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(LINES, st.binary(max_size=40)), max_size=10).map(b"".join), st.booleans())
def test_any_octets_are_judged(octets: bytes, is_text: bool) -> None:
    report = judged(octets.decode("latin-1") if is_text else octets)
    assert report.findings
    for finding in report.findings:
        assert finding.title
