"""Postfix's log. ``samples/postfix.log`` is what Postfix 3.7 wrote; single lines are in the forms that others write."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
import time_machine

from portal.maillog.importers import IMPORTERS
from portal.maillog.importers.event import LogEvent, Rejected
from tests.portal.maillog.importers.contract import LogContract

SAMPLE = Path(__file__).parent / "samples" / "postfix.log"
TIME = "Mar  4 14:02:10"
HOST = "out1"
SENT = "status=sent (250 2.0.0 Ok: queued as 9F3)"
FIELDS = "relay=mx.corp.example[198.51.100.7]:25, delay=0.3, delays=0.1/0/0.1/0.1"


def line(text: str, daemon: str = "postfix/smtp", time: str = TIME) -> str:
    return f"{time} {HOST} {daemon}[24995]: {text}\n"


def message(ident: str, *lines: str, sender: str = "bounce@north.example") -> str:
    """A message of its own that these lines tell of."""
    return (
        line(f"{ident}: message-id=<{ident}@north.example>", "postfix/cleanup")
        + line(f"{ident}: from=<{sender}>, size=350, nrcpt=1 (queue active)", "postfix/qmgr")
        + "".join(lines)
        + line(f"{ident}: removed", "postfix/qmgr")
    )


class TestPostfix(LogContract):
    source = "postfix"

    def sample(self) -> bytes:
        return SAMPLE.read_bytes()

    def message(self, number: int) -> bytes:
        what = (
            "status=bounced (host mx.corp.example[198.51.100.7] said: 550 5.1.1 no (in reply to RCPT TO command))",
            SENT,
        )
        ident = f"4jbg{number:07d}zK{number % 50:02d}"
        told = line(f"{ident}: to=<c{number % 97}@corp.example>, {FIELDS}, dsn=2.0.0, {what[number % 2]}")
        return message(ident, told).encode()

    def one(self, text: str) -> LogEvent | Rejected:
        found = self.read(text)
        assert len(found) == 1
        return found[0]

    def told(self, text: str) -> LogEvent:
        found = self.one(text)
        assert isinstance(found, LogEvent)
        return found

    def test_what_the_sample_tells(self) -> None:
        told = {(event.recipient, str(event.kind)) for event in self.events(self.sample())}
        assert told == {
            ("lee@corp.example", "accepted"), ("lee@corp.example", "handed"), ("old@refuse.example", "refused"),
            ("bo@defer.example", "deferred"), ("bo@defer.example", "expired"),
            ("lee@defer.example", "deferred"), ("lee@defer.example", "expired"),
            ("r@rel.example", "accepted"), ("o@out.example", "accepted"), ("l@lm.example", "accepted"),
            ("x@disc.example", "error"), ("v@dov.example", "accepted"), ("f@filt.example", "handed"),
            ("b@brk.example", "refused"), ("n@nohost.example", "deferred"), ("n@nohost.example", "expired"),
            ("alias@here.example", "handed"), ("team@here.example", "handed"),
            ("file@out1.vendor.example", "accepted"), ("nobody2@out1.vendor.example", "handed"),
            ("prog@out1.vendor.example", "handed"), ("root@out1.vendor.example", "handed"),
            ("nosuch@localhost", "refused"), ("jürgen@corp.example", "accepted"), ("用户@corp.example", "accepted"),
            ("old@refuse.example", "deferred"), ("old@refuse.example", "expired"),
        }  # fmt: skip

    def test_the_servers_own_notices_are_no_deliveries(self) -> None:
        assert not [event for event in self.events(self.sample()) if event.recipient == "bounce@north.example"]

    def test_every_event_knows_its_message(self) -> None:
        """Also that of a service with a name of its own in the log (postfix-out/smtp)."""
        for event in self.events(self.sample()):
            assert event.message_id.endswith("@out1.vendor.example>")
            assert event.envelope_from in {"bounce@north.example", "nobody@vendor.example"}

    @pytest.mark.parametrize(
        ("daemon", "log_name"),
        [
            ("postfix/smtp", "postfix"),
            ("postfix-out2/smtp", "postfix-out2"),
            ("postfix/out2/smtp", "postfix/out2"),
            ("postfix-a/out2/lmtp", "postfix-a/out2"),
            # Nobody was called, so that no address was sent from.
            ("postfix/error", ""),
            ("postfix/retry", ""),
        ],
    )
    def test_what_the_log_calls_whoever_sent(self, daemon: str, log_name: str) -> None:
        text = line(f"4jbgK90c8HzKWXP: to=<a@b.example>, {FIELDS}, dsn=4.4.1, status=deferred (x)", daemon)
        event = self.told(text)
        assert (event.server, event.log_name) == (HOST, log_name)
        plain = text.replace(daemon, f"{daemon.partition('/')[0]}/smtp")
        assert event.fingerprint == self.told(plain).fingerprint

    def test_who_is_not_called_again_was_sent_from_the_same(self) -> None:
        ident, to = "4jbgK90c8HzKWXP", f"to=<a@b.example>, {FIELDS}, dsn=4.4.1, status=deferred"
        log = message(
            ident,
            line(f"{ident}: {to} (connect to b.example[192.0.2.7]:25: timed out)", "postfix-out2/smtp"),
            line(f"{ident}: {to} (delivery temporarily suspended: timed out)", "postfix/error"),
            line(f"{ident}: from=<bounce@north.example>, status=expired, returned to sender", "postfix/qmgr"),
        )
        told = [(str(event.kind), event.log_name) for event in self.events(log.encode())]
        assert told == [("deferred", "postfix-out2"), ("deferred", "postfix-out2"), ("expired", "postfix-out2")]

    def test_a_filter_that_gives_the_message_back(self) -> None:
        first, last = [event for event in self.events(self.sample()) if "4jbgKB52KJzKWVn" in event.key]
        assert (first.kind, last.kind) == ("handed", "accepted")
        assert first.key == last.key
        assert first.queue_id != last.queue_id

    def test_a_reply_of_several_lines(self) -> None:
        event = self.told(
            line(
                f"4jbgK93dd1zKWXT: to=<d@data.example>, {FIELDS}, dsn=5.7.26, status=bounced (host "
                "mx.data.example[198.51.100.10] said: 550-5.7.26 first (line) 550 5.7.26 second "
                "(in reply to end of DATA command))"
            )
        )
        assert event.reply == "550-5.7.26 first (line) 550 5.7.26 second"
        assert (event.remote_host, event.status, event.kind) == ("mx.data.example", "5.7.26", "refused")

    @pytest.mark.parametrize(
        "time",
        [
            "Mar  4 14:02:10",
            "Mar  4 14:02:10.123456",
            "2026-03-04T14:02:10+00:00",
            "2026-03-04T07:02:10.5-07:00",
            "2026-03-04T14:02:10Z",
            "2026-03-04T14:02:10+0000",
            "Wed 2026-03-04 14:02:10 UTC",
            "<22>Mar  4 14:02:10",
        ],
    )
    @time_machine.travel("2026-03-05T00:00:00Z")
    def test_times(self, time: str) -> None:
        text = line(f"4jbgK90c8HzKWXP: to=<a@b.example>, {FIELDS}, dsn=2.0.0, {SENT}", time=time)
        event = self.told(text) if "Mar" not in time else self.events_in_utc(text)
        assert event.at.replace(microsecond=0) == datetime(2026, 3, 4, 14, 2, 10, tzinfo=UTC)

    def events_in_utc(self, text: str) -> LogEvent:
        event = next(IMPORTERS["postfix"](BytesIO(text.encode()), "north", lambda _: UTC))
        assert isinstance(event, LogEvent)
        return event

    @pytest.mark.parametrize(
        "time", ["Feb 30 14:02:10", "2026-03-04T25:02:10", "Wed 2026-03-04 14:02:10 IST", "Mar  4 14:62:10"]
    )
    def test_times_that_are_none(self, time: str) -> None:
        found = self.one(line(f"4jbgK90c8HzKWXP: to=<a@b.example>, {FIELDS}, dsn=2.0.0, {SENT}", time=time))
        assert isinstance(found, Rejected)
        assert "at" in found.why

    def test_the_rfc_5424_header(self) -> None:
        ident = "4jbgK90c8HzKWXP"
        for head in (
            "<22>1 {} out1 postfix/smtp 24995 - - ",
            '<22>1 {} out1 postfix/smtp 24995 - [timeQuality tzKnown="1"] \ufeff',
        ):
            told = f"{ident}: to=<a@b.example>, {FIELDS}, dsn=2.0.0, {SENT}\n"
            event = self.told(head.format("2026-03-04T14:02:10.003+00:00") + told)
            assert (event.queue_id, event.server, event.kind) == (ident, "out1", "accepted")

    @time_machine.travel("2026-01-02T08:00:00Z")
    def test_dates_without_a_year_across_new_year(self) -> None:
        found = [
            self.told(line(f"4jbgK90c8HzKWXP: to=<a@b.example>, {FIELDS}, dsn=2.0.0, {SENT}", time=time)).at.year
            for time in ("Dec 31 12:00:00", "Jan  1 12:00:00")
        ]
        assert found == [2025, 2026]

    @pytest.mark.parametrize(
        ("time", "year"),
        [
            ("Nov 27 14:05:00", 2026),  # Two clocks are never quite the same.
            ("Nov 27 20:55:00", None),  # Five hours after now: another zone.
            ("Nov 29 10:00:00", None),
            ("2026-11-27T20:55:00", None),
            ("2026-11-27T20:55:00Z", 2026),  # It says its zone: the server's clock is wrong.
            ("Nov 30 20:55:00", 2025),  # Nearly a year ago.
        ],
    )
    @time_machine.travel("2026-11-27T21:00:00Z")
    def test_a_time_that_would_be_to_come_was_written_in_another_zone(self, time: str, year: int | None) -> None:
        found = self.one(line(f"4jbgK90c8HzKWXP: to=<a@b.example>, {FIELDS}, dsn=2.0.0, {SENT}", time=time))
        assert (found.at.year if isinstance(found, LogEvent) else None) == year
        if isinstance(found, Rejected):
            assert "America/Denver" in found.why
            assert "--time-zone" in found.why

    @pytest.mark.parametrize(("daemon", "is_known"), [("postfix-out/smtp", True), ("postfix/out/smtp", True)])
    def test_short_queue_ids_under_the_name_of_a_service(self, daemon: str, is_known: bool) -> None:
        told = line(f"9EE622380A2: to=<a@b.example>, {FIELDS}, dsn=2.0.0, {SENT}", daemon)
        event = self.told(message("9EE622380A2", told))
        assert (event.envelope_from == "bounce@north.example") is is_known

    def test_two_instances_may_have_one_short_queue_id(self) -> None:
        out = message("9EE622380A2").replace("postfix/", "postfix-out/").replace("@north", "@other")
        told = line(f"9EE622380A2: to=<a@b.example>, {FIELDS}, dsn=2.0.0, {SENT}", "postfix-out/smtp")
        begun = message("9EE622380A2").partition(" removed")[0] + " removed\n"
        assert self.told(begun + out + told).message_id == "<9EE622380A2@other.example>"

    def test_a_short_queue_id_is_used_again(self) -> None:
        told = line(f"9EE622380A2: to=<a@b.example>, {FIELDS}, dsn=2.0.0, {SENT}")
        again = message("9EE622380A2", told).replace("9EE622380A2@", "second@")
        found = self.events(message("9EE622380A2", told) + again)
        assert [event.message_id for event in found] == ["<9EE622380A2@north.example>", "<second@north.example>"]

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("relay=127.0.0.1[127.0.0.1]:10024, delay=1, dsn=2.0.0, status=sent (250 2.0.0 Ok)", "handed"),
            ("relay=localhost[::1]:10024, delay=1, dsn=2.0.0, status=sent (250 2.0.0 Ok)", "handed"),
            ("relay=none, delay=1, dsn=2.0.0, status=sent (250 2.0.0 Ok)", "handed"),
            ("relay=mx.b[192.0.2.1]:25, conn_use=3, delay=1, dsn=2.0.0, status=sent (250 2.0.0 Ok)", "accepted"),
            ("relay=mx.b[192.0.2.1]:25, delay=1, status=sent (250 Ok)", "accepted"),
            ("relay=mx.b[192.0.2.1]:25, delay=1, dsn=2.0.0, status=sent (354 go on)", "handed"),
            ("relay=none, delay=1, dsn=4.4.1, status=deferred (connect to mx.b[192.0.2.1]:25: timed out)", "deferred"),
            (
                "relay=none, delay=1, dsn=4.7.0, status=deferred (delivery temporarily suspended: host mx.b[192.0.2.1] "
                "refused to talk to me: 421 4.7.0 busy)", "deferred",
            ),
            (
                "relay=none, delay=1, dsn=5.4.4, status=bounced (Host or domain name not found. Name service error for "
                "name=b.example type=AAAA: Host not found)", "refused",
            ),
            ("relay=mx.b[192.0.2.1]:25, delay=1, status=SOFTBOUNCE (host mx.b[192.0.2.1] said: 5)", "deferred"),
        ],
    )  # fmt: skip
    def test_how_far_it_got(self, text: str, kind: str) -> None:
        assert self.told(line(f"4jbgK90c8HzKWXP: to=<a@b.example>, {text}")).kind == kind

    @pytest.mark.parametrize("word", ["deliverable", "undeliverable"])
    def test_a_probe_of_an_address_is_no_delivery(self, word: str) -> None:
        assert self.read(line(f"4jbgK90c8HzKWXP: to=<a@b.example>, {FIELDS}, dsn=2.1.5, status={word} (250 ok)")) == []

    def test_a_last_line_that_is_half_written_is_left_for_later(self) -> None:
        whole = line(f"4jbgK90c8HzKWXP: to=<a@b.example>, {FIELDS}, dsn=2.0.0, {SENT}").rstrip("\n")
        assert self.told(whole).kind == "accepted"
        for cut in range(whole.index(": to=<") + 7, len(whole)):
            assert isinstance(self.one(whole[:cut]), Rejected)

    def test_a_line_that_syslog_cut_off_is_read(self) -> None:
        text = line(
            f"4jbgK90c8HzKWXP: to=<a@b.example>, {FIELDS}, dsn=5.1.1, status=bounced "
            "(host mx.b[192.0.2.1] said: 550 5.1.1 The em"
        )
        assert self.told(text).reply == "550 5.1.1 The em"

    def test_a_line_of_a_megabyte_is_rejected_alone(self) -> None:
        good = line(f"4jbgK90c8HzKWXP: to=<a@b.example>, {FIELDS}, dsn=2.0.0, {SENT}")
        found = self.read(good + "x" * (1 << 20) + "\n" + good.replace("a@b", "c@d"))
        assert [isinstance(item, LogEvent) for item in found] == [True, False, True]
        assert [item.line for item in found] == [1, 2, 3]

    def test_nul_inside_a_line(self) -> None:
        event = self.told(line(f"4jbgK90c8HzKWXP: to=<a\x00b@b.example>, {FIELDS}, dsn=2.0.0, {SENT}"))
        assert event.recipient == "a\ufffdb@b.example"

    def test_what_postfix_gives_up_before_anybody_was_named(self) -> None:
        text = line("4jbgK90c8HzKWXP: from=<bounce@north.example>, status=expired, returned to sender", "postfix/qmgr")
        assert isinstance(self.one(text), Rejected)

    @pytest.mark.parametrize(
        "text",
        [
            "NOQUEUE: reject: RCPT from a[192.0.2.1]: 554 5.7.1 <x@y>: Relay access denied; from=<a@b> to=<x@y>",
            "warning: hostname x does not resolve to address 192.0.2.1",
            "connect to mx.b[192.0.2.1]:25: Connection refused",
            "4jbgK90c8HzKWXP: milter-reject: END-OF-MESSAGE from a[192.0.2.1]: 5.7.1; from=<a@b> to=<x@y> proto=ESMTP",
        ],
    )
    def test_lines_of_other_matters_are_passed_over(self, text: str) -> None:
        assert self.read(line(text, "postfix/smtpd")) == []

    @pytest.mark.parametrize(
        "change", [("[24995]", "[x]"), ("relay=", "rely="), (TIME, "04.03."), ("status=sent", "status=lost")]
    )
    def test_a_delivery_that_cannot_be_read_is_told(self, change: tuple[str, str]) -> None:
        good = line(f"4jbgK90c8HzKWXP: to=<a@b.example>, {FIELDS}, dsn=2.0.0, {SENT}")
        assert isinstance(self.one(good.replace(*change)), Rejected)

    def test_the_sample_is_no_persons(self) -> None:
        hosts = set(re.findall(r"@([\w.-]+)", self.sample().decode()))
        assert all(host.endswith((".example", "localhost")) for host in hosts)
