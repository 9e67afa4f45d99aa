"""What is kept besides the log: what a room of its own forgets in time, and what nothing ever drops.

The first is counted in every dry round and forgotten by every hour's own task, so that a round does nothing with it.
The second is listed so that nobody has to guess: a table that is in neither list fails a test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models
from django.utils import timezone

from diagnostics.models import ReceivedMessage
from portal.intake.models import UNDER_WAY, Upload
from portal.planning.models import Mailing
from portal.returned.models import ReturnedMail

#: So many rows that are over their time are counted; beyond that they are "or more".
MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Passing:
    """Something that is forgotten in time by a task of its own, mostly a part of a record that itself stays.

    ``setting`` says for how many days; where there is none ``span`` says it. ``over`` is what the next task forgets.
    """

    slug: str
    name: str
    about: str
    over: Callable[[], models.QuerySet[Any]]
    setting: str = ""
    span: str = ""

    @property
    def kept_for(self) -> str:
        if not self.setting:
            return self.span
        days = int(getattr(settings, self.setting))
        return "1 day" if days == 1 else f"{days} days"

    def count(self) -> int:
        """How many rows the next task forgets, at most :data:`MOST_COUNTED`."""
        return len(self.over().values_list("pk", flat=True)[:MOST_COUNTED])


@dataclass(frozen=True, slots=True)
class Lasting:
    """Something that no round drops. ``tables`` are its models, the first the one whose age is told by ``column``."""

    name: str
    about: str
    tables: tuple[str, ...]
    column: str = ""
    #: The time was told, and may lie before that of an entry made earlier. Such a column needs an index.
    is_told: bool = False

    @property
    def oldest(self) -> datetime | None:
        """The time of the first row, by one look-up; None where there is none, or nothing tells it."""
        if not self.column:
            return None
        rows = apps.get_model(self.tables[0])._default_manager.order_by(self.column if self.is_told else "pk")
        found: datetime | None = rows.values_list(self.column, flat=True).first()
        return found


def _ago(setting: str) -> datetime:
    return timezone.now() - timedelta(days=int(getattr(settings, setting)))


def _uploads(column: str) -> models.QuerySet[Any]:
    return Upload.objects.exclude(state__in=UNDER_WAY).exclude(**{column: ""})


PASSING: tuple[Passing, ...] = (
    Passing(
        "messages-raw", "Test messages, and messages handed in: the text",
        "What was read out of it stays with the test, the check or the ticket.",
        lambda: ReceivedMessage.objects.filter(at__lt=_ago("MESSAGE_DAYS")).exclude(raw=b""), "MESSAGE_DAYS",
    ),
    Passing(
        "returned-raw", "Returned mail: the text",
        "What it says of whom, and which delivery it is about, stays.",
        lambda: ReturnedMail.objects.filter(received__lt=_ago("RETURNED_DAYS"), raw__isnull=False), "RETURNED_DAYS",
    ),
    Passing(
        "uploads", "Logs that were brought in: the file", "What was read from it stays as long as the log does.",
        lambda: _uploads("file").filter(at__lt=_ago("LOG_UPLOAD_DAYS")), "LOG_UPLOAD_DAYS",
    ),
    Passing(
        "rejected", "Logs that were brought in: the rejected lines", "Those that could not be used, as they stood.",
        lambda: _uploads("rejected").filter(finished_at__lt=_ago("REJECTED_DAYS")), "REJECTED_DAYS",
    ),
    Passing(
        "lists", "Lists of planned mailings: the addresses", "The plan and its counts stay.",
        lambda: Mailing.objects.filter(created__lt=_ago("LIST_DAYS")).exclude(verdicts=""), "LIST_DAYS",
    ),
    Passing(
        "sessions", "Sign-ins", "Who is signed in where. The daily round drops those that have ended.",
        lambda: Session.objects.filter(expire_date__lt=timezone.now()), span="until they end",
    ),
)  # fmt: skip

#: Forgotten in time by what writes it, and of no person: nothing is counted of it in a round.
SHORT: dict[str, str] = {
    "api.Answered": "Answers to programs, so that asking twice does once: 2 days",
    "rates.StuckCount": "How much was still put off an hour after it was handed over, by branch: 5 weeks",
    "portal.Heartbeat": "When the desk's own parts last gave a sign",
}

LASTING: tuple[Lasting, ...] = (
    Lasting(
        "Reports", "What was answered in the wizard, and what our records showed then. The record of the message is "
        "taken from them when it is dropped.", ("tickets.Report",), "created",
    ),
    Lasting(
        "Tickets and their stories", "Replies, notes, who changed what, and which belong to one incident.",
        ("tickets.Ticket", "tickets.Event", "tickets.Incident"), "created",
    ),
    Lasting(
        "Files on reports and tickets", "Pictures, bounces and traces that were added.", ("tickets.Attachment",), "at",
    ),
    Lasting(
        "Checks and what they found", "Each examination with its findings, and the questions and answers of DNS.",
        ("diagnostics.Run", "diagnostics.StoredFinding", "diagnostics.MailServerCall"), "queued_at",
    ),
    Lasting(
        "Test messages: what was seen", "The one-time address, the connection, and what was read out of the message.",
        ("trials.Trial", "trials.TrialMessage", "trials.Share", "diagnostics.ReceivedMessage"), "opened",
    ),
    Lasting(
        "Returned mail: what was read out of it", "Of whom it tells what, and which delivery it is about.",
        ("returned.ReturnedMail", "returned.ReturnedRecipient"), "received",
    ),
    Lasting(
        "Reports of receivers", "DMARC and TLS reports and what they add up to by day; they name servers, not people.",
        ("feedback.AggregateReport", "feedback.SourceDay", "feedback.TLSReport"), "at",
    ),
    Lasting("Events of mail services", "What their webhooks told, with the recipient.", ("feedback.ServiceEvent",),
            "came"),
    Lasting(
        "Suppressions", "Who is not to be written to, since when and why; also entries that have ended.",
        ("suppression.Suppression",), "since", is_told=True,
    ),
    Lasting("Client profiles", "As the application told them last.", ("maillog.ClientProfile",)),
    Lasting(
        "Counts by day and month", "Recipients, complaints and reports. They name branches and domains, and nobody.",
        ("maillog.DayCount", "maillog.DayPart", "maillog.DomainCount", "maillog.MissingCount"),
    ),
    Lasting("For which time the log is complete", "Spans, by branch.", ("maillog.LogCoverage",), "begins"),
    Lasting(
        "Who brought a log in", "The file's name, by whom, and what became of it; what its columns were said to be.",
        ("intake.Upload", "intake.SavedColumns"), "at",
    ),
    Lasting("Planned mailings: the plan", "Names and counts; the addresses are forgotten.", ("planning.Mailing",),
            "created"),
    Lasting(
        "Branches, and who changed what of them", "Profiles, domains, keys by name, allow-lists, members, servers, and "
        "the trail of their changes.",
        (
            "branches.BranchProfile", "branches.SendingDomain", "branches.DKIMEntry", "branches.Membership",
            "branches.AllowListEntry", "branches.SendingServer", "branches.BranchEvent",
        ), "created",
    ),
    Lasting(
        "How branches stand as senders", "Steps, who took them, and the figures they were taken on.",
        ("standing.Standing", "standing.StandingEvent"), "since",
    ),
    Lasting(
        "Notices, and when domains were looked at", "What was told, when it was opened and closed.",
        ("watch.Notice", "watch.Watch"), "opened",
    ),
    Lasting(
        "DKIM keys, requests to be allowed, own mail servers", "The public half of keys; who was asked and what they "
        "answered; how trying a server went. Passwords are sealed.",
        (
            "signing.SigningKey", "allowing.AllowRequest", "ownserver.OwnServer", "ownserver.ServerRequest",
            "ownserver.ServerTrial",
        ), "asked_at",
    ),
    Lasting(
        "Rules, limits and saved filters", "What people told the desk, and who changed it.",
        ("maillog.ReplyRule", "maillog.SavedFilter", "rates.ProviderLimit", "rates.LimitChange"), "created",
    ),
    Lasting(
        "Certificates of erasure, and rounds", "The proof that somebody was taken out, without their address.",
        ("retention.Erasure", "retention.Pruning"), "at",
    ),
    Lasting(
        "People of the desk, and tokens of programs", "An account is switched off and a token revoked, so that "
        "what they did keeps its name.",
        ("accounts.User", "account.EmailAddress", "account.EmailConfirmation", "mfa.Authenticator", "api.Token",
         "socialaccount.SocialApp", "socialaccount.SocialAccount", "socialaccount.SocialToken"), "date_joined",
    ),
)  # fmt: skip
