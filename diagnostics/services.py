"""Asking for an examination, within what one person, and the desk as a whole, may ask of others' servers.

Nothing that was asked for is refused or lost: a run that comes too soon is stored all the same, is held until its time,
and says so. Calling on a mail server is another matter, since somebody else pays for it: that is refused with a reason.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from diagnostics import tasks
from diagnostics.engine.messages.headers.author import read_authors
from diagnostics.engine.messages.headers.fields import MAX_OCTETS, read_message
from diagnostics.engine.names import Address, parse_address
from diagnostics.engine.plan import CHECKS
from diagnostics.engine.receivers import Kind, receiver_of_domain
from diagnostics.engine.subject import Subject
from diagnostics.models import MailServerCall, ReceivedMessage, Run, RunState
from portal.accounts.models import User
from portal.bell import ring

#: The same domain is asked anew at most this often by the whole desk; in between, remembered answers are used.
FRESH_AFTER = timedelta(seconds=30)
#: WL-16: how often the mail servers of a domain, and of all domains, may be called on.
CALL_AGAIN_AFTER = timedelta(minutes=10)
CALLS_A_DAY = 20


class CallRefused(Exception):
    """A mail server is not called on; the text says why, and what to do."""


@transaction.atomic
def start_run(subject: Subject, *, by: User | None, fresh: bool = False, message: ReceivedMessage | None = None) -> Run:
    """A new run of ``subject``, waiting for a worker; the bell is rung when the transaction is committed.

    ``fresh`` asks every question anew instead of using answers that are remembered, unless that was done half a minute
    ago. Whoever has started too many runs gets one that is held for a while. With a ``message`` (not stored yet) that
    is what the run inspects.
    """
    now = timezone.now()
    # What the desk may ask stands in the run, so that it is repeated and replayed as it was.
    subject = replace(subject, lists=subject.lists or tuple(settings.DNSBL_ZONES))
    domain = domain_of(subject)
    held_until = _held_until(by, now)
    run = Run.objects.create(
        subject=subject.to_json(),
        target_domain=domain,
        requested_by=by,
        is_fresh=fresh and not _was_asked_anew(domain, now),
        queued_at=now,
        held_until=held_until,
        lease_until=held_until or now + timedelta(seconds=settings.RUN_LEASE_SECONDS),
        checks_total=1 if message else len(CHECKS),
        is_message=message is not None,
    )
    if message is not None:
        message.run = run
        message.save()
    if held_until is None:
        # The sweep rings for a run that is held, once its time has come.
        ring(tasks.perform_run, run.pk)
    return run


def rerun(run: Run, *, by: User | None, subject: Subject | None = None) -> Run:
    """A new, fresh run of the same subject (or of what our records say now); the old one stays as it was.

    A call on a mail server is not repeated with it; that has to be asked for again.
    """
    again = subject or Subject.from_json(run.subject)
    if run.is_message:
        held = ReceivedMessage.objects.get(run=run)
        copy = ReceivedMessage(raw=held.raw, is_text=held.is_text, authserv_id=held.authserv_id, at=held.at)
        return start_run(again, by=by, fresh=True, message=copy)
    return start_run(replace(again, probe="", now=timezone.now().isoformat()), by=by, fresh=True)


def inspect_message(raw: bytes | str, *, by: User, authserv_id: str = "") -> Run:
    """A run that inspects a message or its header: octets of a file, or text somebody pasted."""
    is_text = isinstance(raw, str)
    octets = raw.encode("utf-8", "replace") if isinstance(raw, str) else raw
    domain = read_authors(read_message(raw).fields).domain
    message = ReceivedMessage(raw=octets[:MAX_OCTETS], is_text=is_text, authserv_id=authserv_id)
    return start_run(Subject(sender_domain=domain, now=timezone.now().isoformat()), by=by, message=message)


@transaction.atomic
def call_on_server(subject: Subject, *, by: User) -> Run:
    """A run of ``subject`` in which the recipient's mail server is called on, as far as the settings allow.

    CallRefused where it may not be: switched off, a large provider, or too soon after the last call.
    """
    if settings.SMTP_PROBE == "off":
        raise CallRefused("This desk calls on no mail servers. Whoever runs it can allow that (SMTP_PROBE).")
    domain = domain_of(subject)
    if not domain:
        raise CallRefused("Give the recipient's address or domain first.")
    known = receiver_of_domain(domain)
    if known is not None and known.kind is Kind.MAILBOX_CONSUMER:
        raise CallRefused(f"{known.name} is never called on: its servers answer everybody alike and block callers.")
    now = timezone.now()
    last = MailServerCall.objects.filter(domain=domain, at__gt=now - CALL_AGAIN_AFTER).order_by("-at").first()
    if last is not None:
        minutes = 1 + int((last.at + CALL_AGAIN_AFTER - now).total_seconds() // 60)
        raise CallRefused(f"The servers of {domain} were called on a moment ago. Ask again in {minutes} minutes.")
    if len(MailServerCall.objects.filter(at__gt=now - timedelta(days=1))[:CALLS_A_DAY]) >= CALLS_A_DAY:
        raise CallRefused(f"This desk has called on {CALLS_A_DAY} servers within a day. Ask again tomorrow.")
    is_representative = settings.SMTP_PROBE == "recipient"
    asked = replace(
        subject,
        probe="recipient" if is_representative else "greeting",
        probe_is_representative=is_representative,
        now=now.isoformat(),
    )
    run = start_run(asked, by=by)
    MailServerCall.objects.create(domain=domain, run=run, by=by, at=now)
    return run


def domain_of(subject: Subject) -> str:
    """The domain that is looked at: the recipient's, else the sender's."""
    parsed = parse_address(subject.recipient)
    return (parsed.domain if isinstance(parsed, Address) else "") or subject.sender_domain


def _was_asked_anew(domain: str, now: datetime) -> bool:
    return Run.objects.filter(target_domain=domain, is_fresh=True, queued_at__gt=now - FRESH_AFTER).exists()


def _held_until(by: User | None, now: datetime) -> datetime | None:
    """When the next run of this person may begin; nothing where it may at once. The desk's own runs are not held."""
    if by is None:
        return None
    latest = Run.objects.filter(requested_by=by).order_by("-queued_at", "-id")
    recent = latest.filter(queued_at__gt=now - timedelta(minutes=1)).values_list("queued_at", flat=True)
    times = list(recent[: settings.RUNS_A_MINUTE])
    if len(times) == settings.RUNS_A_MINUTE:
        return times[-1] + timedelta(minutes=1)
    states = latest.values_list("state", flat=True)[: settings.RUNS_A_MINUTE]
    if sum(state in (RunState.QUEUED, RunState.RUNNING) for state in states) >= settings.RUNS_AT_ONCE:
        return now + timedelta(seconds=settings.RUN_SWEEP_SECONDS)
    return None
