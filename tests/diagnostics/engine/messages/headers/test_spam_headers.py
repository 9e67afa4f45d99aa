"""What filters write into a header, value by value."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.engine.findings import Verdict
from diagnostics.engine.messages.headers.authentication_results import read_results
from diagnostics.engine.messages.headers.fields import read_message
from diagnostics.engine.messages.headers.spam_headers import Explained, explain, headers

OK, NOTICE, PROBLEM = Verdict.OK, Verdict.NOTICE, Verdict.PROBLEM


def explained(header: str) -> tuple[Explained, ...]:
    return explain(read_message(header).fields)


def told(header: str) -> list[tuple[str, str, Verdict]]:
    return [(item.key, item.value, item.verdict) for item in explained(header)]


def test_microsofts_report() -> None:
    header = (
        "X-Forefront-Antispam-Report:\n CIP:203.0.113.7;CTRY:DE;LANG:en;SCL:5;SRV:;IPV:NLI;SFV:SPM;"
        "H:mail.north.example;PTR:InfoDomainNonexistent;CAT:SPOOF;SFS:(13230040)(4022899009);DIR:INB;SFTY:9.25;\n"
    )
    assert told(header) == [
        ("CIP", "203.0.113.7", OK),
        ("CTRY", "DE", OK),
        ("LANG", "en", OK),
        ("SCL", "5", PROBLEM),
        ("IPV", "NLI", OK),
        ("SFV", "SPM", PROBLEM),
        ("H", "mail.north.example", OK),
        ("PTR", "InfoDomainNonexistent", NOTICE),
        ("CAT", "SPOOF", PROBLEM),
        ("DIR", "INB", OK),
        ("SFTY", "9.25", NOTICE),
    ]


@pytest.mark.parametrize(
    ("pair", "verdict"),
    [
        *((f"SCL:{number}", OK) for number in (-1, 0, 1, 4)),
        *((f"SCL:{number}", PROBLEM) for number in (5, 6, 7, 8, 9)),
        *((f"SFV:{word}", OK) for word in ("NSPM", "SKA", "SKN", "SFE", "SKI")),
        *((f"SFV:{word}", PROBLEM) for word in ("SPM", "SKB", "BLK", "SKS")),
        ("SFV:SKQ", NOTICE),
        ("CAT:NONE", OK),
        *((f"CAT:{word}", PROBLEM) for word in ("DIMP", "UIMP", "GIMP", "BIMP", "BULK", "PHSH", "HPHSH", "HPHISH")),
        *((f"CAT:{word}", PROBLEM) for word in ("SPM", "HSPM", "MALW", "SPOOF", "INTOS", "SAP", "FTBP", "OSPM", "AMP")),
        ("IPV:CAL", OK),
        ("SRV:BULK", PROBLEM),
        ("DIR:OUT", OK),
        ("CIP:2a01:111::7", OK),
        ("PTR:mail.north.example", OK),
    ],
)
def test_microsofts_words(pair: str, verdict: Verdict) -> None:
    assert [item.verdict for item in explained(f"X-Forefront-Antispam-Report: {pair};\n")] == [verdict]


@pytest.mark.parametrize("pair", ["SCL:", "SCL:x", "SFV:NEW", "XYZ:1", "SCL", ":", "CAT:"])
def test_what_is_not_in_the_table_is_not_explained(pair: str) -> None:
    assert told(f"X-Forefront-Antispam-Report: {pair};\n") == []


def test_an_address_stays_whole() -> None:
    assert explained("X-Forefront-Antispam-Report: CIP:2a01:111::7;\n")[0].value == "2a01:111::7"


@pytest.mark.parametrize(
    ("header", "verdicts"),
    [
        ("X-Microsoft-Antispam: BCL:0;ARA:13230040|366016;", [OK]),
        ("X-Microsoft-Antispam: BCL:3;", [OK]),
        ("X-Microsoft-Antispam: BCL:6;", [NOTICE]),
        ("X-Microsoft-Antispam: BCL:7;", [PROBLEM]),
        ("X-MS-Exchange-Organization-SCL: -1", [OK]),
        ("X-MS-Exchange-Organization-SCL: 6", [PROBLEM]),
        ("X-MS-Exchange-Organization-AuthAs: Anonymous", [OK]),
        ("X-MS-Exchange-Organization-AuthSource: A.prod.outlook.com", [OK]),
        ("X-MS-Exchange-Organization-PCL: 2", [OK]),
        ("X-CustomSpam: Image links to remote sites", [PROBLEM]),
        ("X-Spam-Flag: YES", [PROBLEM]),
        ("X-Spam: Yes", [PROBLEM]),
        ("X-Spam-Score: -1.9", [OK]),
        ("X-Spam-Score: 3.4", [NOTICE]),
        ("X-Spam-Score: 7.2", [PROBLEM]),
        ("X-Spam-Score: many", []),
        ("X-Rspamd-Action: no action", [OK]),
        ("X-Rspamd-Action: add header", [PROBLEM]),
        ("X-Gm-Spam: 1", [PROBLEM]),
        ("X-Gm-Phishy: 0", [OK]),
        ("X-Gm-Message-State: AOJu0Yx", [OK]),
        ("X-Google-Smtp-Source: AGHT+IF", [OK]),
        ("X-Barracuda-Spam-Score: 4.10", [NOTICE]),
        ("X-Barracuda-Spam-Flag: YES", [PROBLEM]),
        ("X-Mimecast-Spam-Score: 0", [OK]),
        ("X-Mimecast-Spam-Score: 3", [NOTICE]),
        ("X-Mimecast-Spam-Score: 6", [PROBLEM]),
        ("X-Mimecast-Spam-Score: 28", [PROBLEM]),
        ("X-IronPort-Anti-Spam-Filtered: true", [OK]),
        ("X-IronPort-Anti-Spam-Result: AQBpAQ", [OK]),
        ("X-SLBL-Result: BLOCK-LISTED", [PROBLEM]),
        ("X-Amp-Result: MALICIOUS", [PROBLEM]),
        ("X-SpamReason: No, hits=0.0 required=7.0 tests=", [OK]),
        ("X-TM-AS-Result: Yes-5.339-5.0-31-1", [PROBLEM]),
        ("X-Unknown-Filter: bad", []),
    ],
)
def test_headers_of_one_value(header: str, verdicts: list[Verdict]) -> None:
    assert [item.verdict for item in explained(header + "\n")] == verdicts


def test_spamassassin() -> None:
    header = (
        "X-Spam-Status: Yes, score=7.1 required=5.0 tests=BAYES_99,DKIM_INVALID,\n\tRDNS_NONE,RCVD_IN_PBL,"
        "URIBL_BLOCKED,T_OTHER autolearn=no\n\tautolearn_force=no version=4.0.0\n"
    )
    assert told(header) == [
        ("", "Yes", PROBLEM),
        ("score", "7.1", OK),
        ("required", "5.0", OK),
        ("tests", "BAYES_99", PROBLEM),
        ("tests", "DKIM_INVALID", NOTICE),
        ("tests", "RDNS_NONE", PROBLEM),
        ("tests", "RCVD_IN_PBL", PROBLEM),
        ("tests", "URIBL_BLOCKED", NOTICE),
    ]
    amavis = "X-Spam-Status: No, score=-2.9 tagged_above=-999 required=6.2\n\ttests=[BAYES_00=-1.9, SPF_PASS=-0.001]\n"
    assert told(amavis)[-2:] == [("tests", "BAYES_00", OK), ("tests", "SPF_PASS", OK)]


def test_rspamd() -> None:
    header = (
        "X-Spamd-Result: default: False [4.50 / 15.00];\n\tDMARC_POLICY_REJECT(2.00)[north.example : reject];\n"
        "\tR_SPF_ALLOW(-0.20)[+ip4:203.0.113.7];\n\tRCPT_COUNT_ONE(0.00)[1]\n"
    )
    assert told(header) == [
        ("", "False", OK),
        ("score", "4.50", OK),
        ("required", "15.00", OK),
        ("tests", "DMARC_POLICY_REJECT", PROBLEM),
        ("tests", "R_SPF_ALLOW", OK),
    ]


def test_barracuda() -> None:
    header = (
        "X-Barracuda-Spam-Status: No, SCORE=3.60 using per-user scores of TAG_LEVEL=3.5 QUARANTINE_LEVEL=1000.0 "
        "KILL_LEVEL=9.0 tests=HTML_MESSAGE, URLBL_BC\n"
    )
    assert told(header) == [
        ("", "No", OK),
        ("SCORE", "3.60", OK),
        ("TAG_LEVEL", "3.5", OK),
        ("QUARANTINE_LEVEL", "1000.0", OK),
        ("KILL_LEVEL", "9.0", OK),
        ("tests", "URLBL_BC", PROBLEM),
    ]


def test_proofpoint() -> None:
    header = (
        "X-Proofpoint-Spam-Details: rule=notspam policy=default score=0 suspectscore=61 bulkscore=0 phishscore=0 "
        "classifier=spam adjust=0 reason=mlx\n"
    )
    assert told(header) == [("rule", "notspam", OK), ("score", "0", OK), ("suspectscore", "61", NOTICE)]
    assert told("X-Proofpoint-Spam-Details: rule=inbound_spam score=99\n") == [
        ("rule", "inbound_spam", PROBLEM),
        ("score", "99", PROBLEM),
    ]


def test_mimecast_on_imitators() -> None:
    header = "X-Mimecast-Impersonation-Protect: Policy=CLP;Similar Internal Domain=false;Internal User Name=true\n"
    assert told(header) == [("Internal User Name", "true", PROBLEM)]


@pytest.mark.parametrize(
    ("result", "reason", "verdicts"),
    [
        ("fail", "000", [PROBLEM, PROBLEM]),
        ("fail", "001", [PROBLEM, PROBLEM]),
        ("fail", "002", [PROBLEM, PROBLEM]),
        ("fail", "010", [PROBLEM, PROBLEM]),
        ("pass", "100", [OK, OK]),
        ("pass", "130", [OK, OK]),
        ("softpass", "202", [NOTICE, NOTICE]),
        ("none", "300", [NOTICE, NOTICE]),
        ("none", "405", [NOTICE, OK]),
        ("fail", "601", [PROBLEM, PROBLEM]),
        ("pass", "703", [OK, OK]),
        ("none", "905", [NOTICE, OK]),
        ("pass", "", [OK]),
        ("pass", "1", [OK]),
        ("odd", "555", []),
    ],
)
def test_microsofts_check_of_the_sender(result: str, reason: str, verdicts: list[Verdict]) -> None:
    fields = read_message(f"Authentication-Results: spf=pass; compauth={result} reason={reason}\n").fields
    found = read_results(fields)
    assert [item.verdict for item in explain(fields, found)] == verdicts
    assert explain(fields) == ()


def test_every_row_has_its_source_and_can_be_met() -> None:
    names = [name.lower() for header in headers() for name in header.names]
    assert len(names) == len(set(names))
    for header in headers():
        assert header.rows, header.names
        for row in header.rows:
            assert row.meaning.endswith("."), row
            assert (
                row.exact or row.begins or row.has or row.hundred is not None or (row.least, row.most) != (None, None)
            )
            assert row.verdict in (OK, NOTICE, PROBLEM)


def test_hostile_values_are_cut() -> None:
    found = explained("X-Forefront-Antispam-Report: " + "CIP:" + "x" * 9000 + ";\n")
    assert len(found[0].value) == 200
    assert len(explained("X-Spam-Status: Yes, tests=" + "RDNS_NONE," * 5000 + "\n")) <= 60


NAMES = st.sampled_from([header.names[0] for header in headers()])


@settings(max_examples=150, deadline=None)
@given(NAMES, st.text(alphabet="SCL:=;,. YesTrue[]()/-019{}\x00é", max_size=60))
def test_any_value_is_read(name: str, value: str) -> None:
    for item in explained(f"{name}: {value}\n"):
        assert item.meaning
