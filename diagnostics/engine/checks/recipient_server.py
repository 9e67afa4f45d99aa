"""How does the recipient's mail server receive a sender? Asked only when a person of support wants it asked.

The desk calls on the server, greets, encrypts and leaves; it names the recipient only where it is told to, and there is
never a message. What that proves is little, and every finding says so: another address may be treated otherwise, and a
server that takes the envelope may still refuse the message, or put it where nobody looks.
"""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.engine.check import Check
from diagnostics.engine.findings import Actor, Argument, Code, Finding, Source, Verdict
from diagnostics.engine.messages.reply import read_reply
from diagnostics.engine.names import Address, parse_address
from diagnostics.engine.protocols.mx import Route, mail_route
from diagnostics.engine.protocols.smtp import Dialogue, Reply, read_dialogue
from diagnostics.engine.records import SMTP
from diagnostics.engine.resolver import Answer, Resolver
from diagnostics.engine.subject import Subject

GREETING = Source("RFC 5321", "3.1")
STARTTLS = Source("RFC 3207", "4")
#: Of one domain's servers so many are called on, the second only when the first cannot be reached.
MOST_HOSTS = 2
NOT_ASKED = Code(
    "smtp.not_asked", Verdict.NOT_APPLICABLE, Actor.NOBODY, "Their mail server was not called on",
    "Support can ask for it.", "", (GREETING,),
)  # fmt: skip
FINE = Code(
    "smtp.fine", Verdict.OK, Actor.NOBODY, "{host} greets and encrypts",
    "It answered at once, offered encryption, and its certificate is valid. That does not show what it does with a "
    "message{elsewhere}.", "", (GREETING, STARTTLS),
)  # fmt: skip
ACCEPTS = Code(
    "smtp.accepts", Verdict.OK, Actor.NOBODY, "{host} would take an envelope for {recipient}",
    "It said: {reply}. That shows that the address was not refused there. Content, quarantine and junk are judged "
    "later, and no message was sent{elsewhere}.", "", (Source("RFC 5321", "3.3"),),
)  # fmt: skip
NO_SUCH_USER = Code(
    "smtp.no_such_user", Verdict.PROBLEM, Actor.BRANCH, "{host} knows no {recipient}",
    "It said: {reply}",
    "Ask the client for the right address, and correct it on their profile.",
    (Source("RFC 5321", "3.3"), Source("RFC 3463", "3.2")),
)  # fmt: skip
RECIPIENT_REFUSED = Code(
    "smtp.recipient_refused", Verdict.PROBLEM, Actor.RECIPIENT_IT, "{host} refuses mail for {recipient}",
    "It said: {reply} {words}",
    "Send their IT this reply, and ask what in their rules caused it.",
    (Source("RFC 5321", "3.3"),),
)  # fmt: skip
REFUSED = Code(
    "smtp.refused", Verdict.PROBLEM, Actor.SUPPORT, "{host} refuses to talk to the sending server",
    "It said: {reply} {words}",
    "Support looks at the reply: a blocklist, the reverse name, or a rule of theirs.",
    (GREETING,),
)  # fmt: skip
REFUSED_HERE = Code(
    "smtp.refused_here", Verdict.NOTICE, Actor.NOBODY, "{host} refuses to talk to this desk",
    "It said: {reply} The desk does not call from the sending server's address, so this is not representative.", "",
    (GREETING,),
)  # fmt: skip
LATER = Code(
    "smtp.later", Verdict.UNKNOWN, Actor.NOBODY, "{host} asks to come back later",
    "It said: {reply} Many servers put off whom they do not know yet, and some limit how often they are called on.",
    "Ask again in ten minutes at the earliest.", (Source("RFC 6647", "5"),),
)  # fmt: skip
NO_TLS = Code(
    "smtp.no_tls", Verdict.NOTICE, Actor.RECIPIENT_IT, "{host} offers no encryption",
    "It does not announce STARTTLS. Senders that insist on encryption cannot deliver there.",
    "The recipient's IT switches STARTTLS on and gives the server a certificate for {host}.",
    (STARTTLS,),
)  # fmt: skip
TLS_FAILED = Code(
    "smtp.tls_failed", Verdict.NOTICE, Actor.RECIPIENT_IT, "The encryption of {host} does not hold",
    "{problem} Most senders deliver all the same; those that insist (MTA-STS, DANE) do not.",
    "The recipient's IT renews the certificate for {host}, or mends STARTTLS there.",
    (STARTTLS, Source("RFC 7817", "3")),
)  # fmt: skip
INJECTED = Code(
    "smtp.injected", Verdict.NOTICE, Actor.RECIPIENT_IT, "Somebody speaks in clear where {host} should encrypt",
    "More was sent behind the reply to STARTTLS. A server with that fault lets others put words into the conversation.",
    "The recipient's IT updates the server or the firewall in front of it.",
    (Source("RFC 3207", "6"),),
)  # fmt: skip
NO_SMTPUTF8 = Code(
    "smtp.no_smtputf8", Verdict.PROBLEM, Actor.BRANCH, "{host} cannot take addresses such as {recipient}",
    "The part before the @ has letters that only servers with SMTPUTF8 can take, and this one does not offer it.",
    "Ask the client for an address in plain letters.",
    (Source("RFC 6531", "3.1"),),
)  # fmt: skip
STRANGE = Code(
    "smtp.strange", Verdict.UNKNOWN, Actor.SUPPORT, "What answers at {host} does not speak SMTP",
    "A firewall may stand between. What was said is below.",
    "Call again from another network.", (GREETING,),
)  # fmt: skip
UNKNOWN = Code(
    "smtp.unknown", Verdict.UNKNOWN, Actor.SUPPORT, "Could not find out how {host} receives mail",
    "{problem} Many networks let nobody out to port 25, so this says nothing about the server.",
    "Call from the sending server itself, where mail goes out.", (GREETING,),
)  # fmt: skip
CODES = (
    NO_SUCH_USER, RECIPIENT_REFUSED, REFUSED, NO_SMTPUTF8, REFUSED_HERE, TLS_FAILED, NO_TLS, INJECTED, ACCEPTS, FINE,
    LATER, STRANGE, UNKNOWN, NOT_ASKED,
)  # fmt: skip
ELSEWHERE = ", and to the sending server it may speak otherwise"


async def look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
    """Call on the first mail server, on the second where the first cannot be reached."""
    parsed = parse_address(subject.recipient)
    if not isinstance(parsed, Address) or not parsed.domain or not subject.probe:
        return [NOT_ASKED.found()]
    route = await mail_route(parsed.domain, resolver)
    if route.route not in (Route.MX, Route.IMPLICIT):
        # That the domain takes no mail is told by another check.
        return [NOT_ASKED.found(*route.answers)]
    visit: Answer | None = None
    for host in route.hosts[:MOST_HOSTS]:
        visit = await resolver.query(host, SMTP)
        if visit.is_ok:
            return _judge(read_dialogue(visit.records), visit, parsed, subject)
    if visit is None:
        return [NOT_ASKED.found(*route.answers)]
    return [UNKNOWN.found(visit, host=visit.name, problem=_sentence(visit.note or visit.status.value))]


def _judge(dialogue: Dialogue, visit: Answer, parsed: Address, subject: Subject) -> list[Finding]:
    facts: dict[str, Argument] = {
        "host": visit.name,
        "recipient": parsed.shown,
        "elsewhere": "" if subject.probe_is_representative else ELSEWHERE,
    }
    if dialogue.is_strange or not dialogue.replies:
        return [STRANGE.found(visit, **facts)]
    for command in ("GREETING", "EHLO", "HELO", "MAIL"):
        reply = dialogue.reply_to(command)
        if reply is not None and (
            reply.is_kept_waiting or (reply.is_refused and not _is_second_try(command, dialogue))
        ):
            return [_turned_away(reply, visit, facts, subject)]
    found = _of_encryption(dialogue, visit, facts)
    if parsed.needs_smtputf8 and dialogue.extensions and "SMTPUTF8" not in dialogue.extensions:
        found.append(NO_SMTPUTF8.found(visit, **facts))
    if recipient := dialogue.reply_to("RCPT"):
        found.insert(0, _of_recipient(recipient, visit, facts))
    if dialogue.reply_to("EHLO") is None and dialogue.reply_to("HELO") is None and not found:
        return [UNKNOWN.found(visit, **facts, problem="It greeted and then said nothing more.")]
    return found or [FINE.found(visit, **facts)]


def _is_second_try(command: str, dialogue: Dialogue) -> bool:
    """An old server that knows no EHLO was greeted by HELO then (RFC 5321 §4.1.1.1)."""
    return command == "EHLO" and dialogue.reply_to("HELO") is not None


def _turned_away(reply: Reply, visit: Answer, facts: dict[str, Argument], subject: Subject) -> Finding:
    told = facts | {"reply": _said(reply), "words": read_reply(_said(reply), remote_host=visit.name).words}
    if reply.is_kept_waiting:
        return LATER.found(visit, **told)
    return (REFUSED if subject.probe_is_representative else REFUSED_HERE).found(visit, **told)


def _of_encryption(dialogue: Dialogue, visit: Answer, facts: dict[str, Argument]) -> list[Finding]:
    if dialogue.is_injected:
        return [INJECTED.found(visit, **facts)]
    if dialogue.tls_problem:
        return [TLS_FAILED.found(visit, **facts, problem=dialogue.tls_problem)]
    offer = dialogue.reply_to("STARTTLS")
    if offer is not None and offer.code != 220:
        return [TLS_FAILED.found(visit, **facts, problem=f"It offers STARTTLS and then says: {_said(offer)}")]
    greeted = dialogue.reply_to("EHLO") or dialogue.reply_to("HELO")
    if offer is None and greeted is not None and not dialogue.is_encrypted:
        return [NO_TLS.found(visit, **facts)]
    return []


def _of_recipient(reply: Reply, visit: Answer, facts: dict[str, Argument]) -> Finding:
    reading = read_reply(_said(reply), remote_host=visit.name)
    told = facts | {"reply": _said(reply), "words": reading.words}
    if reply.is_kept_waiting:
        return LATER.found(visit, **told)
    if not reply.is_refused:
        return ACCEPTS.found(visit, **told)
    return (NO_SUCH_USER if reading.cause == "no_such_user" else RECIPIENT_REFUSED).found(visit, **told)


def _said(reply: Reply) -> str:
    return _sentence(f"{reply.code} {reply.text}"[:300].strip())


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


CHECK = Check(
    slug="recipient-server",
    question="How does the recipient's mail server receive us?",
    needs=frozenset({"recipient"}),
    codes=CODES,
    look=look,
    sources=(GREETING,),
)
