"""The steps of a report as data: the vendor's four, in the vendor's words, and a last look before submitting.

``decide`` is a pure function of what was answered and of what our records show, so the whole wizard is a table that
tests walk. Nothing else knows the order of the steps: views ask :func:`place_of` and :func:`first_open`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from portal.maillog.models import Delivery, State
from portal.maillog.onward import onward_from
from portal.maillog.replies import cause_now
from tickets.models import Exit, Report
from tickets.selectors.sends import erased_about
from tickets.wizard import forms, known
from tickets.wizard.outcomes import Continue, Escalate, Leave, Outcome
from tickets.wizard.words import SUPPRESSED

Answers = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What our records show of the e-mail: what kept it from being sent, and how far the chosen delivery got.

    ``is_erased``: what was known of the recipient is not known any more.
    """

    is_suspended: bool = False
    is_suppressed: bool = False
    is_erased: bool = False
    state: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One page of the wizard.

    ``question`` is the vendor's sentence, ``word`` its short form in the progress line, ``why`` what the answer is good
    for, told to whom it is asked. ``know`` gathers what the page
    shows and its form offers. ``decide`` judges the answer; ``skipped`` says why the step is not asked, or nothing.
    One that ``may_come_first`` can be answered before the steps in front of it.
    """

    slug: str
    word: str
    question: str
    why: str
    form: type[forms.StepForm]
    template: str
    know: known.Know
    decide: Callable[[Answers, Facts], Outcome]
    skipped: Callable[[Answers, Facts], str] = lambda answers, facts: ""
    may_come_first: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step stands for one report: answered, open (the first that is not), or not asked and why."""

    step: Step
    is_done: bool = False
    is_open: bool = False
    skipped: str = ""

    @property
    def is_reachable(self) -> bool:
        return (self.is_done or self.is_open or self.step.may_come_first) and not self.skipped


#: States in which the recipient's server does not have the message, so it cannot be in a folder there.
NOT_THERE = frozenset({State.ERROR, State.DEFERRED, State.REFUSED, State.EXPIRED})


def decide_sent(answers: Answers, facts: Facts) -> Outcome:
    """Step 1. No record: it was not sent, or it failed before it went out. A reply that says why may end it here.

    Where the records of the recipient were erased, that there is none does not say that nothing was sent.
    """
    choice, stops = answers["sent"]["choice"], answers["sent"].get("stop", False)
    if choice == SUPPRESSED:
        return Leave(Exit.EXPLAINED, "suppressed") if facts.is_suppressed else Continue()
    if choice == "not_sent":
        if facts.is_suspended:
            return Leave(Exit.SUSPENDED, "sending_suspended")
        if facts.is_suppressed:
            return Leave(Exit.EXPLAINED, "suppressed")
        return Leave(Exit.ERASED) if facts.is_erased else Leave(Exit.NOT_SENT, "not_sent")
    if choice == "error" or (choice.startswith("delivery-") and facts.state == State.ERROR):
        return Escalate("send_error")
    if stops and facts.state == State.DEFERRED:
        return Leave(Exit.STILL_TRYING, facts.cause or "still_trying")
    if stops and facts.state in (State.REFUSED, State.EXPIRED):
        return Leave(Exit.ANSWERED, facts.cause or "unknown")
    return Continue()


def decide_address(answers: Answers, facts: Facts) -> Outcome:
    """Step 2. "If not, correct the email and resend the email." """
    answer = answers["address"]
    if answer["choice"] in ("wrong", "not_on_profile"):
        return Leave(Exit.ADDRESS_CORRECTED, answer.get("cause", ""))
    return Continue()


def decide_junk(answers: Answers, facts: Facts) -> Outcome:
    """Step 3. "If the email is in the junk folder, the recipient needs to add Xenegrade in the allowed email list." """
    if answers["junk"]["choice"] == "found":
        return Leave(Exit.FOUND_IN_JUNK, "junked")
    return Continue()


def decide_describe(answers: Answers, facts: Facts) -> Outcome:
    """Step 4. Whatever is described, the last look comes next."""
    return Continue()


def _skips_address(answers: Answers, facts: Facts) -> str:
    return "It never went out, so no address was tried." if _is_escalated(answers, facts) else ""


def _skips_junk(answers: Answers, facts: Facts) -> str:
    if _is_escalated(answers, facts):
        return "It never went out, so it is in no folder."
    if answers.get("sent", {}).get("choice", "").startswith("delivery-") and facts.state in NOT_THERE:
        return "The recipient's server does not have it, so it is in no folder there."
    return ""


def _is_escalated(answers: Answers, facts: Facts) -> bool:
    return "sent" in answers and isinstance(decide_sent(answers, facts), Escalate)


SENT = Step(
    slug="sent",
    word="Sent",
    question="Confirm that the email was sent.",
    why="What was never sent cannot arrive, and no search at the recipient finds it. The record also tells how far it "
    "got and what the other server replied, which settles most reports at once.",
    form=forms.SentForm,
    template="tickets/wizard/_sent.html",
    know=known.about_sending,
    decide=decide_sent,
)
ADDRESS = Step(
    slug="address",
    word="Address",
    question="Confirm that the recipient's email is correct.",
    why="One wrong letter sends an e-mail to nobody, or to somebody else. Only you and the client know which address "
    "was meant; we can tell whether this one can take mail.",
    form=forms.AddressForm,
    template="tickets/wizard/_address.html",
    know=known.about_address,
    decide=decide_address,
    skipped=_skips_address,
    # An address that cannot be right is corrected at once, whatever else has been asked.
    may_come_first=True,
)
JUNK = Step(
    slug="junk",
    word="Junk",
    question="Confirm that the email is not in the recipient's junk or spam folder.",
    why="When the recipient's server has accepted an e-mail, no record of ours shows where it was put. Only the "
    "recipient can look, and a junk folder is where it is most often found.",
    form=forms.JunkForm,
    template="tickets/wizard/_junk.html",
    know=known.about_junk,
    decide=decide_junk,
    skipped=_skips_junk,
)
DESCRIBE = Step(
    slug="describe",
    word="Describe",
    question="If none of the above are the cause, submit a detailed support ticket with this information.",
    why="Support cannot see the recipient's screen. Whether another address on another domain got it tells the "
    "recipient's side from ours, and what you describe decides where support looks first.",
    form=forms.DescribeForm,
    template="tickets/wizard/_describe.html",
    know=known.about_description,
    decide=decide_describe,
)
REVIEW = Step(
    slug="review",
    word="Submit",
    question="Before you submit: what we believe, and whose turn it is.",
    why="Often it is not support who can mend it. When what we believe explains it, you have the answer now instead of "
    "after a ticket; when it does not, support begins from all that stands here.",
    form=forms.StepForm,
    template="tickets/wizard/_review.html",
    know=known.about_everything,
    decide=decide_describe,
)
STEPS = (SENT, ADDRESS, JUNK, DESCRIBE, REVIEW)


def facts_of(report: Report, delivery: Delivery | None, answers: Answers | None = None) -> Facts:
    """What is known to judge ``answers`` by (those of the report), were ``delivery`` the chosen one.

    The suppression list, and what was erased, are only asked for an answer that they could decide.
    """
    branch, given = report.branch, report.answers if answers is None else answers
    # What was passed on has the fate of the address behind it.
    leg = (onward_from(delivery) or delivery) if delivery else None
    choice = given.get("sent", {}).get("choice")
    may_be_listed = choice in ("not_sent", SUPPRESSED)
    was_suspended = branch.is_suspended and (
        branch.suspended_since is None
        or report.around is None
        or branch.suspended_since <= report.around + timedelta(days=report.span_days)
    )
    return Facts(
        is_suspended=was_suspended,
        is_suppressed=may_be_listed and known.suppression_about(report, delivery) is not None,
        is_erased=choice == "not_sent" and erased_about(report) is not None,
        state=leg.state if leg else "",
        cause=cause_now(leg) if leg else "",
    )


def path(answers: Answers, facts: Facts) -> tuple[Place, ...]:
    """Every step in order with where it stands. An answer that leads out of the wizard keeps its step open."""
    places: list[Place] = []
    is_closed = False
    for step in STEPS:
        skipped = step.skipped(answers, facts) if not is_closed else ""
        if is_closed or skipped:
            places.append(Place(step, skipped=skipped))
        elif step.slug in answers and not isinstance(step.decide(answers, facts), Leave):
            places.append(Place(step, is_done=True))
        else:
            places.append(Place(step, is_open=True))
            is_closed = True
    return tuple(places)


def path_of(report: Report) -> tuple[Place, ...]:
    """The steps of ``report`` with where each stands."""
    return path(report.answers, facts_of(report, report.delivery))


def first_open(report: Report) -> Step:
    """The step that is asked next."""
    return next(place.step for place in path_of(report) if place.is_open)


def place_of(report: Report, slug: str) -> Place | None:
    """Where the step ``slug`` stands for ``report``; None when there is no such step."""
    return next((place for place in path_of(report) if place.step.slug == slug), None)
