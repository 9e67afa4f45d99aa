"""By what each cause is judged: which data it needs, which kinds of lines speak for it, and how much each may count.

This is the one place that says how sure the desk may be. ``docs/causes.md`` tells the same to people, and a test holds
the two together. Missing data is named beside the cause that needs it, and never read as a fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from diagnostics.engine.causes.case import Case
from diagnostics.engine.causes.ranking.claims import Confidence, Kind
from diagnostics.engine.findings import Verdict

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE


def _lacks_log(case: Case) -> bool:
    return case.delivery is None and not case.is_covered and not case.errors


def _lacks_fate(case: Case) -> bool:
    return case.state in ("submitted", "handed") and not case.is_covered


@dataclass(frozen=True, slots=True)
class _Lack:
    """``word`` for the table of ``docs/causes.md``, ``text`` for people, and whether a case lacks it.

    ``undated`` is the text where nobody said when it was sent, ``erased`` where what was known is erased.
    """

    word: str
    text: str
    is_lacking: Callable[[Case], bool]
    undated: str = ""
    erased: str = ""

    def told(self, case: Case) -> str:
        if self.erased and case.erased:
            return self.erased.format(case.day(case.erased))
        return self.undated if self.undated and case.moment is None else self.text


class Need(Enum):
    """Data that a cause is judged by."""

    TIME = _Lack("the time", "Missing: when it was sent is not known.", lambda case: case.moment is None)
    LOG = _Lack(
        "the log",
        "Missing: the log does not cover that time, so the absence of a record proves nothing.",
        _lacks_log,
        "Missing: the log is not known to hold all mail to this address, so the absence of a record proves nothing.",
        "Missing: what was known of this recipient was erased on {}, so finding no record proves nothing.",
    )
    FATE = _Lack("its fate", "Missing: the sending server's log does not say what became of it.", _lacks_fate)
    CHECKS = _Lack("checks", "Missing: the checks have found nothing yet.", lambda case: not case.findings)
    ANSWERS = _Lack(
        "their DNS",
        "Missing: some checks could not find out.",
        lambda case: any(item.verdict is Verdict.UNKNOWN for item in case.findings),
    )
    PROFILE = _Lack(
        "the profile", "Missing: the client's profile is not known.", lambda case: not case.profile_addresses
    )
    JUNK = _Lack("a look in junk", "Missing: nobody has looked in the junk folder yet.", lambda case: not case.in_junk)
    NOTE = _Lack(
        "a case note",
        "Missing: whether there is a case note is not known.",
        lambda case: not case.has_case_note and not case.case_note_seen,
    )

    @property
    def word(self) -> str:
        return self.value.word


@dataclass(frozen=True, slots=True)
class Grounds:
    """How one cause is judged. A kind that is not named says nothing for it."""

    weights: Mapping[Kind, Confidence]
    needs: tuple[Need, ...] = ()

    def missing(self, case: Case) -> tuple[str, ...]:
        """What of its needs the case lacks, in words."""
        return tuple(need.value.told(case) for need in self.needs if need.value.is_lacking(case))


def _said(*needs: Need, **more: Confidence) -> Grounds:
    """A cause that a reply may name, and that other messages to the same address may have met."""
    weights = {Kind.REPLY: CERTAIN, Kind.EARLIER: POSSIBLE, Kind.TICKET: POSSIBLE}
    if "check" in more:
        # Whether it came through at another domain says a little of what the checks foretell.
        weights[Kind.ANSWER] = POSSIBLE
    return Grounds({**weights, **{Kind(kind): most for kind, most in more.items()}}, (Need.LOG, *needs))


def _lasting(*needs: Need, **more: Confidence) -> Grounds:
    """One that stays until somebody mends it: what was confirmed a while ago is likely to be so still."""
    return _said(*needs, **more, ticket=LIKELY)


_OF_CHECKS = (Need.FATE, Need.CHECKS, Need.ANSWERS)

GROUNDS: Mapping[str, Grounds] = {
    "not_sent": Grounds({Kind.LOG: LIKELY, Kind.ANSWER: POSSIBLE}, (Need.TIME, Need.LOG, Need.NOTE)),
    "send_error": Grounds({Kind.RECORD: CERTAIN, Kind.ANSWER: LIKELY}, (Need.LOG,)),
    "sending_suspended": Grounds({Kind.RECORD: CERTAIN}, (Need.TIME, Need.LOG)),
    "suppressed": Grounds({Kind.RECORD: CERTAIN, Kind.REPLY: CERTAIN}, (Need.TIME,)),
    "still_trying": Grounds({Kind.REPLY: LIKELY, Kind.LOG: POSSIBLE}, (Need.LOG, Need.FATE)),
    "greylisted": _said(),
    "address_malformed": Grounds({Kind.RECORD: CERTAIN}),
    "address_typo": Grounds({Kind.REPLY: LIKELY, Kind.CHECK: LIKELY, Kind.TICKET: POSSIBLE}, (Need.LOG, Need.PROFILE)),
    "address_not_on_profile": Grounds(
        {Kind.RECORD: LIKELY, Kind.LOG: LIKELY, Kind.REPLY: LIKELY, Kind.TICKET: POSSIBLE}, (Need.LOG,)
    ),
    "no_such_user": _lasting(Need.PROFILE),
    "mailbox_full": _said(),
    "mailbox_disabled": _lasting(),
    "domain_or_dns": _lasting(*_OF_CHECKS, check=LIKELY),
    "auth_failure": _lasting(*_OF_CHECKS, check=LIKELY),
    "self_to_self_blocked": _lasting(*_OF_CHECKS, check=LIKELY),
    "recipient_policy": _lasting(*_OF_CHECKS, check=LIKELY),
    "sender_address_rejected": _lasting(),
    "sender_ip_blocked": _said(*_OF_CHECKS, check=LIKELY),
    "rdns_missing": _lasting(*_OF_CHECKS, check=LIKELY),
    "relay_denied": _lasting(),
    "spam_content": _said(),
    "malware_or_attachment": _said(),
    "rate_limited": _said(log=POSSIBLE),
    "message_too_big": _said(),
    "malformed_message": _said(),
    "tls_required": _said(*_OF_CHECKS, check=POSSIBLE),
    "network_or_timeout": _said(),
    "remote_system_error": _said(),
    "recipient_refused_unspecified": Grounds(
        {Kind.REPLY: LIKELY, Kind.EARLIER: POSSIBLE, Kind.TICKET: POSSIBLE}, (Need.LOG,)
    ),
    "accepted_by_recipient_server": Grounds(
        {Kind.LOG: LIKELY, Kind.REPLY: LIKELY, Kind.TICKET: POSSIBLE}, (Need.JUNK,)
    ),
    "junked": Grounds(
        {Kind.ANSWER: LIKELY, Kind.REPLY: LIKELY, Kind.LOG: POSSIBLE, Kind.TICKET: POSSIBLE}, (Need.JUNK,)
    ),
    "images_blocked": Grounds({Kind.ANSWER: LIKELY, Kind.TICKET: POSSIBLE}, (Need.LOG,)),
    "badly_formatted": Grounds({Kind.ANSWER: LIKELY, Kind.TICKET: POSSIBLE}, (Need.LOG,)),
    "own_server_failed": Grounds({Kind.RECORD: CERTAIN, Kind.REPLY: CERTAIN, Kind.TICKET: POSSIBLE}, (Need.LOG,)),
    "unknown": Grounds(
        dict.fromkeys(Kind, POSSIBLE),
        (Need.TIME, Need.LOG, Need.FATE, Need.CHECKS, Need.ANSWERS, Need.NOTE, Need.JUNK),
    ),
}
#: What the reply to a message that was refused, put off or given up can be about.
OF_REPLIES = frozenset(
    cause for cause, grounds in GROUNDS.items() if {Kind.REPLY, Kind.EARLIER} <= set(grounds.weights)
) - {"unknown"} | {"suppressed"}  # fmt: skip
