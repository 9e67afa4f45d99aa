"""Telling a finding as it is for one subject: whose turn it is, and in words that fit whose server sends.

A check speaks as if the vendor's server wrote to a stranger. Where sender and recipient are one organisation there is
one IT department, the branch's; where the branch has a server of its own, its faults are for the branch's IT too, and
neither the signature nor the envelope is ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from diagnostics.engine.findings import Actor, Verdict

OUR_SERVER = frozenset({"sending-server", "sending-ip-reverse", "sending-ip-listed", "sender-spf", "sender-dkim"})
#: What asks somebody to publish something about a name.
ADVISES_A_SENDER = frozenset({"sender-spf", "sender-dkim", "sender-dmarc", "sender-bimi", "signed-dns"})
ADVISES_A_RECEIVER = frozenset({"recipient-tls-reports", "recipient-mta-sts", "recipient-dane"})
NO_SUCH_NAME = "mx.no_domain"

Words = tuple[tuple[str, str], ...]
_OF_ITSELF: Words = (
    (r"[Tt]he recipient's IT", "The branch's IT"),
    (r"The IT of \S+ allows", "The branch's IT allows"),
    (r"the IT of \S+ allows", "the branch's IT allows"),
)
_OF_A_NAME: Words = (
    (r"Ask the client whether the address is right: .*", "See whether the name is spelt as it should be."),
    (r"Ask the client whether the address is right\. If it is, their provider has to", "Whoever runs its DNS has to"),
    (r"Ask the client for an address on another domain\.", "Write to no address on it."),
)
_OF_AN_OWN_SERVER: Words = (
    (r"We make a new key of 2048 bits under a new selector\. The branch's IT publishes the record that we then send\.",
     "The branch's IT makes a new key of 2048 bits under a new selector and publishes its record."),
    (r"asks us for a DKIM record for (\S+) and publishes it\. Once it stands, we sign the mail\.",
     r"has the server sign mail in the name of \1 and publishes the key."),
    (r"that our server sends with the branch's consent", "that the branch's server has its consent"),
    (r"\(ask us for the record; our own records do not hold this key\)", "(the server that signs shows its record)"),
    (r"We sign mail", "The branch's server signs mail"),
    (r"We (put|publish|add|correct)\b", r"The branch's IT \1s"),
    (r"publishs", "publishes"),
    (r"Support (finds|looks|asks)", r"The branch's IT \1"),
    (r"corrects our records, and asks", "tells us, and asks"),
    (r"SPF of our own envelope domain", "SPF of the envelope domain"),
    (r"which is ours, and it names", "and it names"),
    (r"That is ours, and its record", "Its record"),
    (r"But that record, which is ours,", "But that record"),
    (r"The branch did what we asked for: its SPF", "Its SPF"),
    (r"takes in from us", "takes in"),
    (r"\bour own (server|TXT record)", r"its own \1"),
    (r"Our own sending server", "The branch's own server"),
    (r"\bour server", "the branch's server"),
    (r"\bOur server", "The branch's server"),
    (r"the one we issued", "the one in our records"),
    (r"\bour signature", "the signature"),
    (r"\bour mail", "this mail"),
    (r"It differs from ours", "It differs from the one in our records"),
    (r"every signature of ours", "every such signature"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """How findings of one subject are told, from what its run has stored (``Subject.to_json``)."""

    is_to_itself: bool = False
    is_own_server: bool = False
    is_name_alone: bool = False

    @classmethod
    def of(cls, subject: dict[str, object]) -> Teller:
        recipient, sender = str(subject.get("recipient") or ""), str(subject.get("sender_domain") or "")
        server = subject.get("sending_server")
        return cls(
            is_to_itself=bool(sender) and recipient.rpartition("@")[2].lower() == sender.lower(),
            is_own_server=isinstance(server, dict) and bool(server.get("is_own")),
            is_name_alone=bool(subject.get("recipient_is_assumed")),
        )

    def actor(self, actor: Actor, *, check: str, verdict: Verdict) -> Actor:
        """Whose turn it is. What could not be found out stays with whom it was."""
        if self.is_to_itself and actor is Actor.RECIPIENT_IT:
            return Actor.BRANCH_IT
        needs_somebody = verdict in (Verdict.PROBLEM, Verdict.NOTICE)
        if self.is_own_server and actor is Actor.SUPPORT and check in OUR_SERVER and needs_somebody:
            return Actor.BRANCH_IT
        return actor

    def text(self, text: str) -> str:
        """One of the finding's sentences."""
        words: Words = ()
        if self.is_to_itself:
            words += _OF_ITSELF
        if self.is_name_alone:
            words += _OF_A_NAME
        if self.is_own_server:
            words += _OF_AN_OWN_SERVER
        for pattern, instead in words:
            text = re.sub(pattern, instead, text)
        return text

    def is_moot(self, check: str, codes: frozenset[str]) -> bool:
        """Beside ``codes`` this check has nothing to advise: the name it is about does not exist."""
        if NO_SUCH_NAME not in codes:
            return False
        return check in ADVISES_A_RECEIVER or (self.is_to_itself and check in ADVISES_A_SENDER)
