"""What is sent in the lab, how each receiving server answers, and what must be known of it in the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.lab.receivers import Receiver

#: Whom the sending application writes as, and where it wants back what did not arrive.
SENDER = "registrar@north.example"
RETURNED = "returned@desk.example"
BLOCKED = (
    "554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using zen.spamhaus.org; "
    "https://www.spamhaus.org/query/ip/192.0.2.10"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Mail to ``recipient``, at whose domain ``receiver`` answers.

    ``state``, ``cause`` and ``status`` (the enhanced status code) are what the message log must hold in the end, and
    what the report that comes back must say; ``actor`` is whose turn it must be. ``answer`` is what must be believed
    where that is more than the cause; ``is_tried_again`` whether the server tries until it gives up; ``how`` by what
    the report is matched. Recipients at one domain get one message.
    """

    recipient: str
    receiver: Receiver
    state: str
    cause: str
    status: str
    actor: str
    answer: str = ""
    is_tried_again: bool = False
    how: str = "message_id"

    @property
    def domain(self) -> str:
        return self.recipient.rpartition("@")[2]

    @property
    def slug(self) -> str:
        return self.recipient.replace("@", "-at-").removesuffix(".example")

    @property
    def comes_back(self) -> bool:
        return self.state != "accepted"

    @property
    def believed(self) -> tuple[str, str]:
        return self.answer or self.cause, self.actor


def _taken(recipient: str, receiver: Receiver) -> Scenario:
    return Scenario(
        recipient=recipient,
        receiver=receiver,
        state="accepted",
        cause="",
        status="2.0.0",
        actor="recipient_it",
        answer="accepted_by_recipient_server",
    )


def _refused(recipient: str, receiver: Receiver, cause: str, status: str, actor: str, **more: Any) -> Scenario:
    fields = {"state": "refused", "cause": cause, "status": status, "actor": actor}
    return Scenario(recipient=recipient, receiver=receiver, **fields, **more)


def _given_up(recipient: str, receiver: Receiver, cause: str, status: str, actor: str) -> Scenario:
    fields = {"state": "expired", "cause": cause, "status": status, "actor": actor}
    return Scenario(recipient=recipient, receiver=receiver, is_tried_again=True, **fields)


COLLEGE = Receiver(
    at_recipient="550 5.1.1 <ghost@college.example>: Recipient address rejected: User unknown",
    only="ghost@college.example",
)
SCENARIOS = (
    _taken("lee@corp.example", Receiver()),
    _taken(
        "lee@greylisting.example",
        Receiver(first="450 4.2.0 <lee@greylisting.example>: Recipient address rejected: Greylisted"),
    ),
    _given_up(
        "lee@busy.example",
        Receiver(at_recipient="421 4.7.0 Too many messages from your address, rate limited. Try again later."),
        "rate_limited",
        "4.7.0",
        "support",
    ),
    _given_up(
        "lee@hourly.example",
        Receiver(at_recipient="452 4.5.3 You have sent to too many recipients this hour"),
        "rate_limited",
        "4.5.3",
        "support",
    ),
    _refused(
        "lee@policy.example",
        Receiver(at_recipient="550 5.7.1 Mail from third-party senders is not accepted by policy"),
        "recipient_policy",
        "5.7.1",
        "recipient_it",
    ),
    _refused("lee@listed.example", Receiver(at_recipient=BLOCKED), "sender_ip_blocked", "5.7.1", "support"),
    # Postfix takes a refusal at the door for one that may pass, and tries again; what was said is final all the same.
    _refused(
        "lee@door.example", Receiver(greeting=BLOCKED), "sender_ip_blocked", "5.7.1", "support", is_tried_again=True
    ),
    _refused(
        "lee@dmarc.example",
        Receiver(
            at_data="550 5.7.26 Unauthenticated email from north.example is not accepted due to domain's DMARC policy."
        ),
        "auth_failure",
        "5.7.26",
        "branch_it",
    ),
    _taken("lee@college.example", COLLEGE),
    _refused(
        "ghost@college.example",
        COLLEGE,
        "no_such_user",
        "5.1.1",
        "branch",
    ),
    # The sending application forgot to name the message.
    _refused(
        "ghost@nameless.example",
        Receiver(at_recipient="550 5.1.1 No such user here"),
        "no_such_user",
        "5.1.1",
        "branch",
        how="queue_id",
    ),
    _given_up(
        "lee@full.example",
        Receiver(at_recipient="452 4.2.2 The email account that you tried to reach is over quota"),
        "mailbox_full",
        "4.2.2",
        "recipient",
    ),
    _refused(
        "lee@fuller.example", Receiver(at_recipient="552 5.2.2 Mailbox full"), "mailbox_full", "5.2.2", "recipient"
    ),
    _refused(
        "dean@north.example",
        Receiver(at_recipient="550 5.7.1 <registrar@north.example>: anti-spoofing policy - Inbound not allowed"),
        "self_to_self_blocked",
        "5.7.1",
        "recipient_it",
    ),
    _refused(
        "lee@filter.example",
        Receiver(at_data="554 5.7.1 Message rejected as spam by content filtering"),
        "spam_content",
        "5.7.1",
        "branch",
    ),
    _refused(
        "lee@mum.example",
        Receiver(at_data="554 Message refused"),
        "recipient_refused_unspecified",
        "5.0.0",
        "recipient_it",
    ),
    _refused("lee@strict.example", Receiver(wants_tls=True), "tls_required", "5.0.0", "support"),
    _refused(
        "lee@small.example",
        Receiver(at_data="552 5.3.4 Message size exceeds fixed limit"),
        "message_too_big",
        "5.3.4",
        "branch",
    ),
    # Postfix reads the limit in the answer to EHLO and does not even try.
    _refused("lee@smaller.example", Receiver(size=100), "message_too_big", "5.3.4", "branch"),
    _given_up("lee@down.example", Receiver(is_there=False), "network_or_timeout", "4.4.1", "provider"),
    _given_up("lee@silent.example", Receiver(greeting=""), "network_or_timeout", "4.4.2", "provider"),
    # The name servers cannot be asked, so nothing is known of the domain.
    _given_up("lee@nowhere.example", Receiver(has_name=False), "network_or_timeout", "4.4.4", "provider"),
)


def messages() -> Iterator[tuple[str, list[str]]]:
    """The messages as the application hands them over, each with whom it goes to."""
    for domain in dict.fromkeys(item.domain for item in SCENARIOS):
        to = [item for item in SCENARIOS if item.domain == domain]
        name = f"Message-ID: <{domain}@north.example>\n" if to[0].how == "message_id" else ""
        yield (
            (
                f"From: North College <{SENDER}>\nTo: {', '.join(item.recipient for item in to)}\n"
                f"Subject: Your registration\n{name}\nDear Lee, your place in the course is confirmed.\n"
            ),
            [item.recipient for item in to],
        )
