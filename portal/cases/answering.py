"""The answer to a case: its world is built, examined and ranked, and nothing of it is left behind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from diagnostics.engine.causes import FindingFact, Ranked, rank
from diagnostics.engine.check import Check
from diagnostics.engine.checks import recipient_address
from diagnostics.engine.names import Address, parse_address
from diagnostics.engine.plan import CHECKS, Result, examine
from diagnostics.engine.resolver import Resolver
from diagnostics.engine.subject import Subject
from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Zone, ZoneProblem
from diagnostics.telling import Teller
from portal.accounts.models import Role, User
from portal.branches.models import BranchProfile
from portal.branches.selectors import compose_subject
from portal.cases.reading import CaseFile, CaseProblem
from portal.cases.world import NOWHERE, build, module_of
from portal.maillog.addresses import normal
from portal.maillog.models import ClientProfile, State
from portal.maillog.selectors import deliveries_of, domains_reached, last_refusal_by_rule
from tickets.selectors.belief import is_forgot
from tickets.selectors.evidence import Asked, Gathered, gathered


@dataclass(frozen=True, slots=True)
class Answer:
    """What the desk would say: the causes, and the records they were judged by."""

    causes: tuple[Ranked, ...]
    gathered: Gathered

    def rows(self) -> list[dict[str, Any]]:
        """The causes as other programs read them; the shape is a promise."""
        return [
            {
                "cause": item.cause,
                "confidence": item.confidence.value,
                "actor": item.actor.value,
                "for": list(item.for_),
                "against": list(item.against),
                "remedy": item.remedy,
            }
            for item in self.causes
        ]


def answer(case: CaseFile) -> Answer:
    """The answer to ``case``; CaseProblem when it cannot be built. Its rows are never committed."""
    case = _addressed(case)
    with transaction.atomic():
        branch = build(case)
        found = gathered(_asked(case, branch))
        transaction.set_rollback(True)
    return Answer(rank(found.case), found)


def _addressed(case: CaseFile) -> CaseFile:
    """The case with its recipient: where the report names none, the one on the profile of the client that it names."""
    told = case.report
    if told.recipient or not told.client:
        return case
    held = {row.text("email") for row in case.rows("clients") if row.text("name").casefold() == told.client.casefold()}
    return replace(case, report=replace(told, recipient=held.pop())) if len(held) == 1 else case


def _asked(case: CaseFile, branch: BranchProfile) -> Asked:
    told, viewer = case.report, User(role=Role.SUPPORT)
    profile = profile_of(branch, told.recipient, told.client)
    forgot = is_forgot(told.function)
    subject = replace(subject_of(branch, told.recipient, profile), now=case.now.isoformat())
    return Asked(
        viewer=viewer,
        branch=branch,
        recipient=told.recipient,
        now=case.now,
        around=told.around,
        span=told.span,
        module="" if not told.module else module_of(told.module),
        function=told.function,
        sender_domain=subject.sender_domain,
        profile_addresses=profile,
        is_on_no_profile=forgot and not profile and branch.clients.exists(),
        is_forgot=forgot,
        in_junk=told.in_junk,
        case_note_seen=told.case_note_seen,
        other_domain=told.other_domain,
        symptom=told.symptom,
        findings=_findings(case, subject) if told.recipient else (),
    )


def subject_of(branch: BranchProfile, recipient: str, profile: tuple[str, ...]) -> Subject:
    """What the engine looks at when ``branch`` writes to ``recipient``."""
    viewer, sender = User(role=Role.SUPPORT), sender_domain(branch, recipient)
    subject = compose_subject(
        branch,
        recipient,
        sender_domain=sender,
        # An address is not held against itself: the mistake may stand on the profile.
        profile_addresses=[item for item in profile if normal(item) != normal(recipient)],
        known_domains=_known_domains(viewer, branch, recipient),
        refused_at=last_refusal_by_rule(viewer, branch, normal(recipient).rpartition("@")[2]),
    )
    return replace(subject, sender_domain="") if sender == NOWHERE else subject


def _known_domains(viewer: User, branch: BranchProfile, recipient: str) -> list[str]:
    """The domains that a typing mistake may have meant; its own only where somebody else was reached there."""
    name = normal(recipient)
    domain = name.rpartition("@")[2]
    others = deliveries_of(viewer).filter(branch=branch, recipient_domain=domain, state=State.ACCEPTED)
    is_known = others.exclude(recipient_normal=name).exists()
    return [item for item in domains_reached(viewer, branch) if item != domain or is_known]


def sender_domain(branch: BranchProfile, recipient: str) -> str:
    """The domain that mail to ``recipient`` is sent as.

    Notifications go to and from the branch's own address; other mail from its domain too, where it may send from there.
    """
    own = branch.notification_address.rpartition("@")[2].lower()
    domains = list(branch.from_domains.values_list("domain", flat=True))
    if not domains or own in domains or normal(recipient) == normal(branch.notification_address):
        return own
    return domains[0]


def profile_of(branch: BranchProfile, recipient: str, client: str) -> tuple[str, ...]:
    """The addresses on the profiles that are meant: of the client by that name, else of whoever has this address."""
    rows = ClientProfile.objects.filter(branch=branch).exclude(email="")
    found = list(rows.filter(name__iexact=client.strip())[:10]) if client.strip() else []
    if not found and "@" in client:
        found = list(rows.filter(email_normal=normal(client))[:10])
    if not found:
        found = list(rows.filter(email_normal=normal(recipient))[:10])
    return tuple(dict.fromkeys(_spelt(item, recipient) for item in found))


def _spelt(client: ClientProfile, recipient: str) -> str:
    """The address on the profile, spelt as it was asked for where it is the same."""
    return recipient if client.email_normal == normal(recipient) else client.email


def _findings(case: CaseFile, subject: Subject) -> tuple[FindingFact, ...]:
    if not case.zone:
        return _by_name(subject)
    try:
        zone = Zone(case.zone)
    except ZoneProblem as error:
        raise CaseProblem(f"zone: {error}") from error
    return findings_over(zone, subject)


def _by_name(subject: Subject) -> tuple[FindingFact, ...]:
    """What can be seen of the address by itself, where nothing is known of any name server."""
    parsed = parse_address(subject.recipient)
    if not isinstance(parsed, Address) or not parsed.domain:
        return ()
    found = findings_over(Zone({parsed.domain: "TIMEOUT"}), subject, checks=(recipient_address.CHECK,))
    return tuple(item for item in found if item.code.startswith("address.typo"))


def findings_over(resolver: Resolver, subject: Subject, checks: tuple[Check, ...] = CHECKS) -> tuple[FindingFact, ...]:
    """What the checks find about ``subject``, asked of ``resolver`` alone."""
    results = asyncio.run(_examined(resolver, subject, checks))
    teller = Teller.of(subject.to_json())
    return tuple(
        FindingFact(
            check=result.check.slug,
            code=finding.code.id,
            verdict=finding.verdict,
            title=finding.title,
            suggestion=str(finding.arguments.get("suggestion") or ""),
            remedy=teller.text(finding.remedy),
            actor=teller.actor(finding.code.actor, check=result.check.slug, verdict=finding.verdict),
        )
        for result in sorted(results, key=lambda result: result.position)
        for finding in result.findings
    )


async def _examined(resolver: Resolver, subject: Subject, checks: tuple[Check, ...]) -> list[Result]:
    recording = Recording(resolver)
    return [result async for result in examine(subject, recording, checks=checks)]
