"""A Postfix log of any number of lines, the same every time: what a sending server of many branches writes in a day."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
HOST = "out1"
REFUSED = (
    ("5.1.1", "550 5.1.1 <{to}>: Recipient address rejected: User unknown in virtual mailbox table", "RCPT TO"),
    ("5.7.1", "550 5.7.1 Service unavailable; client [192.0.2.10] blocked using zen.spamhaus.org", "RCPT TO"),
    ("5.2.2", "552 5.2.2 The email account that you tried to reach is over quota {id} - gsmtp", "RCPT TO"),
    (
        "5.7.26",
        "550-5.7.26 This mail has been blocked because the sender is unauthenticated. {id} - gsmtp",
        "end of DATA",
    ),
)
DEFERRED = (
    ("4.7.0", "421 4.7.0 [TSS04] Messages from 192.0.2.10 temporarily deferred due to unexpected volume", "MAIL FROM"),
    ("4.2.0", "450 4.2.0 <{to}>: Recipient address rejected: Greylisted, see http://postgrey.example/help", "RCPT TO"),
    ("4.3.2", "451 4.3.2 Please try again later {id}", "end of DATA"),
)
BASE52 = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"


def lines(count: int, *, seed: int = 7, begins: datetime = datetime(2026, 2, 2, 6)) -> Iterator[str]:
    """``count`` lines, each with its end."""
    writer = _Writer(random.Random(seed), begins)
    made = 0
    while made < count:
        for line in writer.message():
            if made == count:
                return
            made += 1
            yield line


class _Writer:
    def __init__(self, order: random.Random, begins: datetime) -> None:
        self.order = order
        self.at = begins
        self.number = 0

    def line(self, daemon: str, text: str, later: float = 0.0) -> str:
        at = self.at + timedelta(seconds=later)
        stamp = f"{MONTHS[at.month - 1]} {at.day:2d} {at:%H:%M:%S}"
        return f"{stamp} {HOST} postfix/{daemon}[{1000 + self.number % 900}]: {text}\n"

    def queue_id(self) -> str:
        self.number += 1
        rest, text = 52**9 + self.number * 7_919_000_003, ""
        while rest:
            rest, digit = divmod(rest, 52)
            text = BASE52[digit] + text
        return "4" + text[-11:].rjust(11, "B") + "z" + BASE52[self.number % 52] + "p"

    def message(self) -> Iterator[str]:
        order = self.order
        self.at += timedelta(seconds=order.random())
        ident, chance = self.queue_id(), order.random()
        branch = f"branch{order.randrange(100)}.example"
        message = f"<{self.number:x}.{order.getrandbits(48):012x}@{branch}>"
        recipients = [
            f"client{order.randrange(200_000)}@{self.domain()}" for _ in range(1 if order.random() < 0.85 else 3)
        ]
        client = "app3.vendor.example[192.0.2.33]"
        yield self.line("submission/smtpd", f"connect from {client}")
        yield self.line("submission/smtpd", f"{ident}: client={client}, sasl_method=PLAIN, sasl_username=app3")
        yield self.line("cleanup", f"{ident}: message-id={message}")
        sender = f"bounce@{branch}"
        yield self.line(
            "qmgr",
            f"{ident}: from=<{sender}>, size={order.randrange(2000, 90000)}, nrcpt={len(recipients)} (queue active)",
        )
        yield self.line(
            "submission/smtpd",
            f"disconnect from {client} ehlo=2 starttls=1 auth=1 mail=1 rcpt=1 data=1 quit=1 commands=8",
        )
        if chance < 0.05:
            after = self.queue_id()
            yield self.line("smtpd", f"{after}: client=localhost[127.0.0.1], orig_queue_id={ident}")
            yield self.line("cleanup", f"{after}: message-id={message}")
            yield self.line("qmgr", f"{after}: from=<{sender}>, size=9001, nrcpt={len(recipients)} (queue active)")
            for to in recipients:
                yield self.sent(
                    ident,
                    to,
                    "127.0.0.1[127.0.0.1]:10024",
                    f"250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as {after}",
                )
            yield self.line("qmgr", f"{ident}: removed")
            ident = after
        for to in recipients:
            yield from self.delivery(ident, to, chance, sender)
        yield self.line("qmgr", f"{ident}: removed", 3)
        if order.random() < 0.01:
            yield self.line(
                "anvil", "statistics: max connection rate 12/60s for (submission:192.0.2.33) at Feb  2 06:00:00"
            )

    def domain(self) -> str:
        number = int(self.order.paretovariate(0.7))
        return ("gmail.com", "outlook.com", "yahoo.com")[number % 3] if number < 4 else f"d{number % 20_000}.example"

    def delivery(self, ident: str, to: str, chance: float, sender: str) -> Iterator[str]:
        domain = to.partition("@")[2]
        relay = f"mx.{domain}[198.51.100.{len(domain)}]:25"
        if self.order.random() < 0.6:
            yield self.line(
                "smtp",
                f"Trusted TLS connection established to {relay}: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)",
                1,
            )
        if chance > 0.92:
            for _ in range(1 if chance > 0.95 else 3):
                yield self.failed(ident, to, relay, "deferred", self.order.choice(DEFERRED))
                self.at += timedelta(seconds=2)
                yield self.line("qmgr", f"{ident}: from=<{sender}>, size=9001, nrcpt=1 (queue active)")
        if 0.88 < chance < 0.93:
            yield self.failed(ident, to, relay, "bounced", self.order.choice(REFUSED))
            notice = self.queue_id()
            yield self.line("cleanup", f"{notice}: message-id=<20260202060000.{notice}@{HOST}.vendor.example>", 2)
            yield self.line("bounce", f"{ident}: sender non-delivery notification: {notice}", 2)
            yield self.line("qmgr", f"{notice}: from=<>, size=3021, nrcpt=1 (queue active)", 2)
            yield self.line(
                "virtual",
                f"{notice}: to=<{sender}>, relay=virtual, delay=0.02, delays=0.01/0/0/0.01, dsn=2.0.0, status=sent (delivered to maildir)",
                2,
            )
            yield self.line("qmgr", f"{notice}: removed", 2)
            return
        yield self.sent(ident, to, relay, f"250 2.0.0 OK {self.order.getrandbits(40):010x} - gsmtp")

    def sent(self, ident: str, to: str, relay: str, reply: str) -> str:
        delay = self.order.random() * 3
        return self.line(
            "smtp",
            f"{ident}: to=<{to}>, relay={relay}, delay={delay:.2f}, delays=0.05/0.01/0.3/0.4, dsn=2.0.0, status=sent ({reply})",
            2,
        )

    def failed(self, ident: str, to: str, relay: str, status: str, reply: tuple[str, str, str]) -> str:
        dsn, text, command = reply
        said = text.format(to=to, id=f"{self.order.getrandbits(48):012x}")
        host = relay.partition(":")[0]
        return self.line(
            "smtp",
            f"{ident}: to=<{to}>, relay={relay}, delay=1.2, delays=0.1/0/0.7/0.4, dsn={dsn}, status={status} (host {host} said: {said} (in reply to {command} command))",
            2,
        )
