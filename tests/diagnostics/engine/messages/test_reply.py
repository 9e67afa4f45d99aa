"""Reading replies: real forms of many providers, the narrower rule first, and never more than a reply says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from diagnostics.engine.messages import reply
from diagnostics.engine.messages.reply import FILES, PROVIDERS, WORDS, Rule, read_reply, rule_from, rules

HERE = Path(__file__).parent


def lines(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tomllib.loads((HERE / name).read_text(encoding="utf-8"))["line"]
    return rows


LINES = lines("replies.toml")
RATES = lines("rates.toml")
#: What RFC 3463 and its registry call each status, which servers give as their words.
TITLES = lines("titles.toml")
LANGUAGES = lines("languages.toml")


@pytest.mark.parametrize("line", [*LINES, *RATES, *TITLES, *LANGUAGES], ids=lambda line: line["text"][:70])
def test_a_reply_is_read(line: dict[str, Any]) -> None:
    reading = read_reply(line["text"], remote_host=line.get("host", ""))
    assert reading.cause == line["cause"]
    assert reading.permanence == line.get("permanence", "soft")
    assert reading.words == WORDS[line["cause"]]


@pytest.mark.parametrize("line", TITLES, ids=lambda line: line["text"][:70])
def test_an_address_between_code_and_words_changes_nothing(line: dict[str, Any]) -> None:
    code, status, words = line["text"].split(" ", 2)
    text = f"{code} {status} <spam-blacklist@greylist.example>: Recipient address rejected: {words}"
    assert read_reply(text).cause == line["cause"]


def test_there_are_enough_forms_and_each_once() -> None:
    assert len({line["text"] for line in RATES}) == len(RATES)
    assert len([line for line in RATES if line["cause"] == "rate_limited"]) >= 150
    assert len([line for line in RATES if line["cause"] != "rate_limited"]) >= 40


def test_codes_are_found_in_the_text_and_overruled_by_what_is_given() -> None:
    found = read_reply("550 5.1.1 <lee@corp.example>: User unknown")
    assert (found.reply_code, found.status, found.permanence) == ("550", "5.1.1", "hard")
    given_ = read_reply("User unknown", reply_code="450", status="4.1.1")
    assert (given_.reply_code, given_.status, given_.permanence) == ("450", "4.1.1", "soft")


def test_an_address_is_no_status_code() -> None:
    assert read_reply("550 blocked 5.1.1.9 by list").status == ""


def test_lines_of_one_reply_are_read_as_one() -> None:
    text = (
        "550-5.7.26 Unauthenticated email from\r\n550-5.7.26 harbor.example is not accepted due to\r\n"
        "550 5.7.26 domain's DMARC policy."
    )
    assert read_reply(text).cause == "auth_failure"


def test_names_of_people_and_servers_say_nothing() -> None:
    said = "host mx.rbl-spam.example[198.51.100.5] said: 550 5.1.1 <ratelimit@dmarc-policy.example>: User unknown"
    assert read_reply(said).cause == "no_such_user"
    assert read_reply("<mx.spamhaus.example #5.1.1 smtp;550 5.1.1 User unknown>").cause == "no_such_user"


def test_every_rule_has_a_name_a_source_and_a_date() -> None:
    found = rules()
    assert len({rule.id for rule in found}) == len(found)
    for rule in found:
        assert re.fullmatch(rf"({'|'.join(FILES)})\.[a-z0-9-]+", rule.id)
        assert rule.cause in WORDS
        assert len(rule.source) > 5
        assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", rule.date)


def test_every_rule_can_hold() -> None:
    for rule in rules():
        for fragment in (*rule.any, *rule.all, *rule.words, *rule.beside, *rule.none):
            assert fragment == fragment.lower()
            # A Chinese or Japanese word may have two signs.
            assert len(fragment) >= (3 if fragment.isascii() else 2)
            assert "@" not in fragment or " @ " in fragment  # Addresses are left out of what is compared.
        assert rule.is_worded or rule.codes or rule.statuses


def test_providers_go_before_what_servers_say_in_general() -> None:
    files = [rule.id.partition(".")[0] for rule in rules()]
    assert [name for at, name in enumerate(files) if at == 0 or files[at - 1] != name] == list(FILES)
    assert files[-1] == "generic"
    assert not {"languages", "generic"} & set(PROVIDERS)


def test_words_go_before_codes_alone() -> None:
    general = [rule for rule in rules() if rule.id.startswith("generic.")]
    first = next(at for at, rule in enumerate(general) if rule.codes and not rule.statuses and not rule.is_worded)
    for rule in general[first:]:
        assert not rule.is_worded or "address rejected" in " ".join(rule.any)
    assert read_reply("550 5.1.1 sent to too many recipients this hour. IB607").cause == "rate_limited"
    assert read_reply("452 4.2.2 out of disk space on the server").cause != "mailbox_full"


def test_other_languages_go_before_what_is_said_in_english() -> None:
    assert read_reply("554 5.7.1 Ihre IP-Adresse 192.0.2.10 ist gesperrt").rule == "languages.sending-address"
    # The name of a server, and English words that look alike, are no foreign words.
    assert read_reply("host relay.corp.example[203.0.113.5] refused to talk to me: 421 busy").cause != "relay_denied"
    assert read_reply("450 4.2.1 The mailbox receives too high a volume of mail").cause != "mailbox_full"


def test_what_decided_is_told_and_how() -> None:
    worded, coded = read_reply("550 5.1.1 no such user"), read_reply("550 5.1.1 brzl")
    assert (worded.rule, worded.is_worded) == ("generic.no-user", True)
    assert (coded.rule, coded.is_worded) == ("generic.no-user-status", False)
    assert read_reply("421 4.7.0 [TSS04]").rank < worded.rank < coded.rank
    assert (read_reply("brzl").rule, read_reply("brzl").is_worded) == ("", False)


def desk(*, hosts: tuple[str, ...] = (), words: str = "zorp") -> Rule:
    return rule_from(
        "desk.1", cause="spam_content", any=[words + " zorp"], hosts=hosts, source="Ida", date="2026-11-27"
    )


def test_a_rule_of_the_caller_goes_before_the_general_ones() -> None:
    text = "550 5.1.1 zorp zorp no such user"
    assert read_reply(text).cause == "no_such_user"
    assert read_reply(text, extra=(desk(),)).rule == "desk.1"


def test_a_rule_of_the_caller_does_not_overrule_what_a_provider_publishes() -> None:
    text = "421 4.7.0 [TSS04] zorp zorp temporarily deferred due to unexpected volume"
    assert read_reply(text, extra=(desk(),)).rule == "yahoo.deferred"


def test_a_rule_that_is_bound_to_a_server_goes_first() -> None:
    text = "421 4.7.0 [TSS04] zorp zorp temporarily deferred due to unexpected volume"
    rule = desk(hosts=("corp.example",))
    assert read_reply(text, remote_host="MX1.corp.example.", extra=(rule,)).rule == "desk.1"
    assert read_reply(text, remote_host="mx1.other.example", extra=(rule,)).rule == "yahoo.deferred"


def test_only_the_beginning_of_a_hostile_reply_is_read() -> None:
    text = "550 " + "a" * reply.MOST_CHARACTERS + " mailbox full"
    assert read_reply(text).cause == "recipient_refused_unspecified"


@given(some.text(max_size=300), some.sampled_from(["", "250", "450", "550", "nonsense"]))
def test_anything_can_be_read_and_only_a_success_is_one(text: str, code: str) -> None:
    reading = read_reply(text, reply_code=code)
    assert reading.cause in WORDS
    assert reading.permanence in {"hard", "soft"}
    if reading.cause == "accepted_by_recipient_server":
        assert reading.reply_code.startswith("2") or code == "250"
