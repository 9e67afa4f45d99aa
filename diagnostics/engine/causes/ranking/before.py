"""What stopped the message before it went out: the suspension, the suppression, an error, or that nobody sent it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from diagnostics.engine.causes.case import Case, ErrorFact
from diagnostics.engine.causes.ranking.claims import Claim, Confidence, Kind, Line, Place

#: A record this far from the time that was reported may be about another message.
NEAR = timedelta(days=1)
#: A person's "about three o'clock" is no better than this.
VAGUE_TIME = timedelta(hours=1)
#: A complete message log says nothing of case notes: those are the application's own.
UNRECORDED = "There is no message log record of it."
ERASED = "What was known of this recipient was erased on {}, so we cannot say whether it was sent."
#: What an application says of a mail server that would not have it.
_OWN_SERVER = re.compile(
    r"\bconnect|connection|\btls\b|\bssl\b|certificate|\blog ?in (?:failed|denied|refused)|login failed|authenticat"
    r"|credential|timed out|actively refused|\b5(?:30|34|35)\b|handshake|no such host|unreachable|smtp server|starttls"
    r"|name or service not known|could not be resolved|host not found",
    re.I,
)
#: What it says of its own work, whatever other words stand beside.
_OWN_WORK = re.compile(r"merge field|template|database|\bsql\b|attachment|could not find file", re.I)
_ABOUT_ADDRESS = re.compile(
    r"required for an e-?mail address|invalid (?:e-?mail )?address|address is (?:not valid|invalid)"
    r"|(?:malformed|illegal|bad) (?:e-?mail )?address|invalid (?:recipient|mailbox)|not a valid e-?mail",
    re.I,
)

_ABOUT_SUPPRESSION = re.compile(r"suppress|opt(?:ed)?[ -]?out|unsubscri|do not (?:e-?mail|contact|send)", re.I)
_ABOUT_SUSPENSION = re.compile(r"suspend|disabled|switched off|not enabled", re.I)


def _suspended(case: Case) -> Iterator[Claim]:
    if not case.is_suspended or (case.delivery and case.delivery.went_out):
        return
    since, moment = case.suspended_since, case.moment
    if since and since > (moment or case.now):
        return
    told = f" since {case.exact(since)}" if since else ""
    text = f"The e-mail function of the branch is suspended{told}: {case.suspended_reason or 'no reason was given'}"
    is_sure = since is not None and moment is not None and not case.has_case_note
    if since and case.delivery is None and moment and moment - since < VAGUE_TIME:
        is_sure = False
    most = Confidence.CERTAIN if is_sure else Confidence.LIKELY
    remarks = () if since else ("Missing: since when it is suspended is not known.",)
    if case.has_case_note:
        remarks = (*remarks, "A case note says that it was sent.")
    yield Claim("sending_suspended", (Line(Kind.RECORD, text, most),), Place.STOPPED, remarks=remarks)


def _errors(case: Case) -> Iterator[Claim]:
    delivery = case.delivery
    if delivery is not None and delivery.state != "error":
        return
    told = [item for item in case.errors if case.around is None or abs(item.at - case.around) <= NEAR]
    if delivery is not None:
        # An error of another module stands beside what is asked about, and may be another message's.
        is_named = not (case.module and delivery.module) or case.module == delivery.module
        told.insert(0, ErrorFact(at=delivery.at, text=delivery.reply, is_named=is_named))
    for item in told:
        cause = "own_server_failed" if _is_of_own_server(case, item.text) else "send_error"
        line = Line(Kind.RECORD, f"The application recorded: {item.text}", _how_sure(case, item))
        yield Claim(cause, (line,), Place.BESIDE if _is_explained(case, item.text) else Place.STOPPED)


def _is_explained(case: Case, text: str) -> bool:
    """The application says in its error what our records say by themselves: the record is the narrower cause."""
    if case.address_fault and _ABOUT_ADDRESS.search(text):
        return True
    if case.suppressed and _ABOUT_SUPPRESSION.search(text):
        return True
    return case.is_suspended and _ABOUT_SUSPENSION.search(text) is not None


def _how_sure(case: Case, error: ErrorFact) -> Confidence:
    """An error that names nobody, or stands beside a case note of the sending, is not surely about this message."""
    return Confidence.LIKELY if not error.is_named or case.has_case_note else Confidence.CERTAIN


def _is_of_own_server(case: Case, text: str) -> bool:
    return case.sends_through_own_server and bool(_OWN_SERVER.search(text)) and not _OWN_WORK.search(text)


def _suppressed(case: Case) -> Iterator[Claim]:
    if case.delivery is not None and case.delivery.state != "submitted":
        return
    for item in case.suppressed:
        if not item.holds_at(case.moment or case.now):
            continue
        most = Confidence.CERTAIN if case.moment else Confidence.LIKELY
        text = f"Suppressed since {case.day(item.since)}: {item.reason.replace('_', ' ')}"
        yield Claim("suppressed", (Line(Kind.RECORD, text, most),), Place.STOPPED)


def _malformed(case: Case) -> Iterator[Claim]:
    if not case.address_fault or (case.delivery and case.delivery.state in ("accepted", "handed")):
        return
    other = any(not _ABOUT_ADDRESS.search(item.text) for item in case.errors) or case.state == "error"
    text = case.delivery.reply if case.delivery and case.state == "error" else ""
    is_beside = other and not _ABOUT_ADDRESS.search(text)
    yield Claim(
        "address_malformed",
        (Line(Kind.RECORD, case.address_fault),),
        Place.ADDRESS if is_beside else Place.NARROWER,
    )


def _absent(case: Case) -> Iterator[Claim]:
    """Nothing in the log: not sent, where the log is complete, nobody saw a record of it, and none was erased."""
    if case.delivery is not None or case.errors or case.was_had or not case.recipient:
        return
    if case.has_case_note or case.case_note_seen == "yes":
        yield from _noted(case)
        return
    if case.erased:
        # Nobody who looks for a record now can find it, whoever looks.
        yield Claim("unknown", (Line(Kind.LOG, ERASED.format(case.day(case.erased))),), Place.UNDECIDED)
        return
    told: list[Line] = []
    if case.is_covered:
        most = Confidence.LIKELY if case.around else Confidence.POSSIBLE
        told += [Line(Kind.LOG, text, most) for text in (UNRECORDED, _complete(case))]
    if case.case_note_seen == "no":
        told.append(Line(Kind.ANSWER, "The reporter sees neither a case note nor a message log record of it."))
    if told:
        yield Claim("not_sent", tuple(told), Place.ABSENT)


def _complete(case: Case) -> str:
    """Of which time the log is complete: the one that was named, else all of it."""
    until = f" until {case.exact(case.covered_until)}" if case.covered_until else ""
    if case.around:
        return f"The log of that time is complete{until}."
    since = f"since {case.day(case.covered_since)}" if case.covered_since else "of the thirty days before"
    return f"The whole log {since} is complete{until}."


def _noted(case: Case) -> Iterator[Claim]:
    """A case note without a message: where the log is complete, one of the two is wrong, and nobody can say which."""
    if not case.is_covered:
        return
    noted = "A case note says that it was sent." if case.has_case_note else "The reporter saw a case note."
    nothing = "The complete log of that time holds no message to this address."
    yield Claim("unknown", (Line(Kind.LOG, f"{noted} {nothing}"),), Place.UNDECIDED)


RULES = (_suspended, _errors, _suppressed, _malformed, _absent)
