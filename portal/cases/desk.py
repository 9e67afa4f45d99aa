"""The same question asked of the desk's own records: what is known of mail to one recipient, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from diagnostics.engine.causes import DeliveryFact, rank
from diagnostics.resolving import resolver_from_settings
from portal.accounts.models import Role, User
from portal.branches.models import BranchProfile
from portal.cases.answering import Answer, findings_over, profile_of, subject_of
from portal.maillog.models import CaseNote
from tickets.selectors.evidence import VAGUE_TIME, Asked, gathered
from tickets.selectors.sends import coverage_of
from tickets.selectors.surroundings import Around, with_surroundings

#: Records that are told of; the nearest in time come first.
MOST_TOLD = 50


@dataclass(frozen=True, slots=True)
class DeskAnswer(Answer):
    """The causes, and the records behind them."""

    def document(self) -> dict[str, Any]:
        """What other programs read; its shape is a promise."""
        return {
            "deliveries": [_delivery(item) for item in self.gathered.deliveries[:MOST_TOLD]],
            "case_notes": [_note(item) for item in self.gathered.case_notes[:MOST_TOLD]],
            "causes": self.rows(),
        }


def answer_of(branch: BranchProfile, recipient: str, *, around: datetime | None, now: datetime) -> DeskAnswer:
    """What the desk knows and believes of mail of ``branch`` to ``recipient``; the checks are asked anew."""
    profile = profile_of(branch, recipient, "")
    subject = replace(subject_of(branch, recipient, profile), now=now.isoformat())
    # The log is worth the same here as in the report of somebody who asks the same.
    known = coverage_of(branch, recipient, around=around, span=VAGUE_TIME, now=now)
    asked = Asked(
        viewer=User(role=Role.SUPPORT),
        branch=branch,
        recipient=recipient,
        now=now,
        around=around,
        is_covered=known.is_covered,
        sender_domain=subject.sender_domain,
        profile_addresses=profile,
        is_beside=True,
        findings=findings_over(resolver_from_settings(), subject),
    )
    found = gathered(asked)
    around_it = Around(
        viewer=asked.viewer,
        branch=branch,
        recipient=recipient,
        now=now,
        before=now,
        moment=found.case.moment,
        delivery=found.row,
    )
    told = replace(
        found.case, covered_since=known.complete.begins if known.complete else None, covered_until=known.until
    )
    case = with_surroundings(told, around_it)
    return DeskAnswer(rank(case), replace(found, case=case))


def _delivery(item: DeliveryFact) -> dict[str, Any]:
    return {
        "at": item.at.isoformat(),
        "module": item.module,
        "function": item.function,
        "message_id": item.message_id,
        "queue_id": item.queue_id,
        "state": item.state,
        "state_at": item.state_at.isoformat() if item.state_at else None,
        "remote_host": item.remote_host,
        "reply_code": item.reply_code,
        "status": item.status,
        "reply": item.reply,
        "cause": item.cause,
        "attempts": item.attempts,
    }


def _note(item: CaseNote) -> dict[str, Any]:
    return {"at": item.at.isoformat(), "email": item.email, "text": item.text}
