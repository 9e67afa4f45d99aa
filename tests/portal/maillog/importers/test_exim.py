"""Exim's main log. ``samples/exim.log`` is what Exim 4.96 wrote; single lines are in the forms that others write."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portal.maillog.importers.event import LogEvent, Rejected
from tests.portal.maillog.importers.contract import LogContract

SAMPLE = Path(__file__).parent / "samples" / "exim.log"
TIME = "2026-03-04 14:02:10"
IDENT = "1xWzsw-00063T-0X"
TO = "R=dnslookup T=remote_smtp H=mx.corp.example [198.51.100.7]"
SENT = f'=> lee@corp.example {TO} C="250 2.0.0 Ok: queued as 9F3"'


def line(text: str, ident: str = IDENT, time: str = TIME) -> str:
    return f"{time} {ident} {text}\n"


class TestExim(LogContract):
    source = "exim"

    def sample(self) -> bytes:
        return SAMPLE.read_bytes()

    def message(self, number: int) -> bytes:
        ident = f"1x{number:04d}-{number * 7 % 999999:06d}-{number % 60:02d}"
        to = f"c{number % 97}@corp.example"
        told = (
            f'=> {to} {TO} C="250 OK"',
            f"** {to} {TO}: SMTP error from remote mail server after RCPT TO:<{to}>: 550 5.1.1 User unknown",
        )
        text = line(f"<= bounce@north.example H=app [192.0.2.33] P=esmtp S=350 id={number}@north.example", ident)
        return (text + line(told[number % 2], ident) + line("Completed", ident)).encode()

    def told(self, text: str) -> LogEvent:
        (found,) = self.read(text)
        assert isinstance(found, LogEvent)
        return found

    def test_what_the_sample_tells(self) -> None:
        told = {(event.recipient, str(event.kind)) for event in self.events(self.sample())}
        assert told == {
            ("lee@corp.example", "accepted"), ("ann@corp.example", "accepted"), ("bo@out.example", "accepted"),
            ("lee@defer.example", "deferred"), ("lee@defer.example", "expired"),
            ("bo@defer.example", "deferred"), ("bo@defer.example", "expired"),
            ("old@refuse.example", "refused"), ("d@data.example", "refused"),
            ("d@dead.example", "deferred"), ("d@dead.example", "expired"),
            ("t@ret.example", "deferred"), ("t@ret.example", "expired"), ("e@err.example", "refused"),
            ("x@disc.example", "error"), ("f@filt.example", "handed"), ("l@lm.example", "accepted"),
            ("zed@boxes.example", "refused"), ("ana@boxes.example", "deferred"), ("ana@boxes.example", "expired"),
            ("alias@here.example", "handed"), ("team@here.example", "handed"), ("jürgen@corp.example", "accepted"),
            ("n@nohost.example", "refused"), ("w@two.example", "accepted"),
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("text", "log_name"),
        [
            (f'=> lee@corp.example {TO} I=[192.0.2.10] X=TLS1.3 C="250 OK"', "192.0.2.10"),
            (f'=> lee@corp.example {TO}:25 I=[192.0.2.10]:40112 C="250 OK"', "192.0.2.10"),
            (f'=> lee@corp.example {TO}:25 PRX=[10.0.0.1]:80 I=[2001:db8::10]:40112 C="250 OK"', "2001:db8::10"),
            (f'=> lee@corp.example {TO.replace(" [", " DS [")} I=[192.0.2.10] C="250 OK"', "192.0.2.10"),
            (f"** lee@corp.example {TO} I=[192.0.2.10]: SMTP error from remote mail server after RCPT TO:<lee@corp."
             "example>: 550 5.1.1 no", "192.0.2.10"),
            (SENT, ""),
            # What their server says is no word of ours.
            (f'=> lee@corp.example {TO} C="250 OK H=x [192.0.2.9] I=[192.0.2.10]"', ""),
            (f"** lee@corp.example {TO}: SMTP error from remote mail server after RCPT TO:<lee@corp.example>: "
             "550 5.1.1 no H=x [192.0.2.9] I=[192.0.2.10]", ""),
            (f"== lee@corp.example {TO.partition(' H=')[0]} defer (-44): SMTP error from remote mail server after "
             "EHLO: 450 no H=x [192.0.2.9] I=[192.0.2.10]", ""),
        ],
    )  # fmt: skip
    def test_the_address_it_was_sent_from(self, text: str, log_name: str) -> None:
        assert self.told(line(text)).log_name == log_name

    def test_the_servers_own_bounces_are_no_deliveries(self) -> None:
        assert not [event for event in self.events(self.sample()) if event.recipient.startswith(("bounce@", "ghost@"))]

    def test_every_event_knows_its_message(self) -> None:
        for event in self.events(self.sample()):
            assert event.envelope_from in {"bounce@north.example", "nobody@vendor.example", "ghost@dead.example"}
            assert event.message_id.endswith("@north.example>") or event.envelope_from == "nobody@vendor.example"

    def test_the_first_and_the_further_recipients(self) -> None:
        found = self.events(line(SENT) + line(SENT.replace("=> lee", "-> bo")) + line(SENT.replace("=> lee", ">> ann")))
        assert [event.recipient for event in found] == ["lee@corp.example", "bo@corp.example", "ann@corp.example"]
        assert {(event.kind, event.reply_code, event.status, event.remote_host) for event in found} == {
            ("accepted", "250", "2.0.0", "mx.corp.example")
        }

    @pytest.mark.parametrize(
        ("prefix", "server"),
        [
            ("2026-03-04 14:02:10 +0000", ""),
            ("2026-03-04 07:02:10", ""),
            ("2026-03-04 14:02:10.123 +0000 [25839]", ""),
            ("2026-03-04 14:02:10 +0000 [25839] [192.0.2.33]", ""),
            ("Mar  4 07:02:11 out2 exim[25839]: 2026-03-04 14:02:10 +0000", "out2"),
            ("2026-03-04T14:02:10+00:00 out2 exim4[25839]:", "out2"),
        ],
    )
    def test_what_stands_before_the_id(self, prefix: str, server: str) -> None:
        event = self.told(f"{prefix} {IDENT} {SENT}\n")
        assert event.at.replace(microsecond=0) == datetime(2026, 3, 4, 14, 2, 10, tzinfo=UTC)
        assert (event.server, event.queue_id) == (server, IDENT)

    @pytest.mark.parametrize("ident", ["1xWzsw-00063T-0X", "1rLLZ8-000000068Ei-2gJG"])
    def test_both_kinds_of_ids(self, ident: str) -> None:
        text = line("<= bounce@north.example H=a [192.0.2.3] P=esmtps S=1 id=m1@north.example", ident) + line(
            SENT, ident
        )
        event = self.told(text)
        assert (event.queue_id, event.key) == (ident, "<m1@north.example>")

    def test_all_selectors(self) -> None:
        """``log_selector = +all``: other fields before and after what is told, and a subject that says id= too."""
        event = self.told(
            f"{TIME}.229 [25838] {IDENT} <= bounce@north.example H=([192.0.2.3]) [192.0.2.3]:38090 I=[192.0.2.4]:25 "
            'P=esmtp L.- S=311 M8S=0 RT=0.000s id=m1@north.example T="t id=evil@x.example R=1xWzsw-00063T-0Y" '
            "from <bounce@north.example> for lee@corp.example\n"
            f"{TIME}.272 [25839] {IDENT} => lee@corp.example F=<bounce@north.example> P=<bounce@north.example> "
            "R=remote T=remote_smtp S=327 H=mx.corp.example [198.51.100.7]:25 I=[198.51.100.1]:47916 "
            'X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=yes DN="/CN=mx: corp" K C="250 2.0.0 Ok \\"x\\"" QT=0.043s DT=0s\n'
        )
        assert (event.key, event.kind, event.reply) == ("<m1@north.example>", "accepted", '250 2.0.0 Ok "x"')

    @pytest.mark.parametrize(
        ("text", "reply", "remote"),
        [
            (
                f"** lee@corp.example F=<b@north.example> P=<b@north.example> {TO}:25 I=[198.51.100.1]:60162 "
                'X=TLS1.3 CV=yes DN="/CN=a: b": SMTP error from remote mail server after RCPT TO:<lee@corp.example>: '
                "550 5.1.1 User unknown DT=0.000s",
                "550 5.1.1 User unknown", "mx.corp.example",
            ),
            (
                f"** lee@corp.example {TO}: SMTP error from remote mail server after end of data: "
                "550-5.7.26 first\\n550 5.7.26 second",
                "550-5.7.26 first\n550 5.7.26 second", "mx.corp.example",
            ),
            (
                "** lee@corp.example R=dnslookup T=remote_smtp: SMTP error from remote mailer after RCPT TO:"
                "<lee@corp.example>: host mx.corp.example [198.51.100.7]: 550 no such user",
                "550 no such user", "mx.corp.example",
            ),
            ("** lee@corp.example: Unrouteable address", "Unrouteable address", ""),
            ("** lee@corp.example R=fail: mail is switched off DT=0.000s", "mail is switched off", ""),
        ],
    )  # fmt: skip
    def test_refusals(self, text: str, reply: str, remote: str) -> None:
        event = self.told(line(text))
        assert (event.kind, event.recipient) == ("refused", "lee@corp.example")
        assert (event.reply, event.remote_host) == (reply, remote)

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            (f"== a@b.example {TO} defer (-44): SMTP error from remote mail server after EHLO: 450 no", "deferred"),
            ("== a@b.example R=dnslookup T=remote_smtp defer (110): Connection timed out", "deferred"),
            ("== a@b.example R=r defer (-1) DT=0.000s: later", "deferred"),
            ("** a@b.example: retry timeout exceeded", "expired"),
            (
                f"** a@b.example {TO}: SMTP error from remote mail server after RCPT TO:<a>: 451 busy: "
                "retry timeout exceeded", "expired",
            ),
            (
                "** a@b.example R=r T=t: all hosts for 'b.example' have been failing for a long time "
                "(and retry time not reached)", "expired",
            ),
            ('=> a@b.example R=r T=t H=127.0.0.1 [127.0.0.1] C="250 OK"', "handed"),
            ('=> a@b.example R=r T=dovecot_lmtp H=localhost [127.0.0.1] C="250 Saved"', "accepted"),
            ("=> a@b.example R=r T=remote_smtp H=mx [192.0.2.1]", "accepted"),
            ('=> a@b.example R=r T=t H=mx [192.0.2.1] C="354 go on"', "handed"),
            ("=> ana <a@b.example> R=localuser T=local_delivery", "accepted"),
            ("=> /home/ana/Maildir <a@b.example> R=userforward T=address_directory", "accepted"),
            ("=> /dev/null <a@b.example> R=userforward T=address_file", "handed"),
            ("=> |/usr/bin/vacation <a@b.example> R=system_aliases T=address_pipe", "handed"),
            ("=> >c@d.example <a@b.example> R=userforward T=address_reply", "handed"),
            ("=> :blackhole: <a@b.example> R=system_aliases", "error"),
            (f"*> a@b.example {TO}", "error"),
        ],
    )  # fmt: skip
    def test_how_far_it_got(self, text: str, kind: str) -> None:
        event = self.told(line(text))
        assert (event.kind, event.recipient) == (kind, "a@b.example")

    def test_a_server_whose_log_goes_on_here_was_only_handed_it(self) -> None:
        later = "1xWzsx-00065u-0O"
        arrival = line("<= bounce@north.example H=a [192.0.2.3] P=esmtp S=1 id=m1@north.example", later)
        event = self.told(arrival + line(f'=> a@b.example {TO} C="250 OK id={later}"'))
        assert event.kind == "handed"

    @pytest.mark.parametrize(
        "text",
        [
            "== a@b.example routing defer (-52): retry time not reached",
            "== a@b.example R=remote T=remote_smtp defer (-54): retry time not reached for any host for 'b.example'",
            "H=mx.dead.example [198.51.100.11] Connection refused",
            "Spool file for 1xWzsx-00066W-1G is locked (another process is handling this message)",
            "H=(x) [192.0.2.1] F=<a@b.example> rejected after DATA: spam",
            "Unfrozen by errmsg timer",
        ],
    )
    def test_lines_that_tell_of_no_try(self, text: str) -> None:
        assert self.read(line(text)) == []

    def test_a_frozen_message_keeps_its_last_reply(self) -> None:
        put_off = line(
            f"== a@b.example {TO} defer (-44): SMTP error from remote mail server after RCPT TO:<a>: 450 4.2.0 no"
        )
        found = self.events(put_off + line("frozen by root") + line("Message is frozen") * 3)
        assert [event.kind for event in found] == ["deferred", "deferred"]
        assert found[1].reply.startswith("450 4.2.0 no: the message is frozen")

    @pytest.mark.parametrize("words", ["cancelled by root", "removed by root"])
    def test_what_somebody_took_out_of_the_queue(self, words: str) -> None:
        put_off = line(f"== a@b.example {TO} defer (110): Connection timed out")
        arrival = line("<= bounce@north.example H=a [192.0.2.3] P=esmtp S=1")
        found = self.events(arrival + line(SENT) + put_off + line(words) * 2)
        assert [(event.recipient, event.kind) for event in found[2:]] == [("a@b.example", "expired")]
        assert isinstance(self.read(line(words))[0], Rejected)

    def test_addresses_that_were_passed_on(self) -> None:
        event, first = self.events(
            line(SENT.replace("lee@corp.example", "lee@corp.example (x@y.example) <Team@here.example>", 1))
        )
        assert (event.recipient, event.kind) == ("lee@corp.example", "accepted")
        assert (first.recipient, first.kind) == ("Team@here.example", "handed")

    def test_a_quoted_local_part(self) -> None:
        assert self.told(line(SENT.replace("lee@corp", '"lee >> x"@corp', 1))).recipient == '"lee >> x"@corp.example'

    @pytest.mark.parametrize(
        "text", [f"2026-03-04 25:02:10 {IDENT} {SENT}", f"{IDENT} {SENT}", f"4.3.2026 14:02 {IDENT} {SENT}"]
    )
    def test_a_delivery_without_a_time_is_told(self, text: str) -> None:
        (found,) = self.read(text + "\n")
        assert isinstance(found, Rejected)
        assert "at" in found.why

    def test_the_sample_is_no_persons(self) -> None:
        hosts = set(re.findall(r"@([\w.-]+)", self.sample().decode()))
        assert all(host.endswith(".example") for host in hosts)
