"""Who may open what: one row a URL, tried by everybody with every method.

The list of URLs comes from the URLconf itself, so a new URL without a row here fails. The world is North College, full
of things that carry a canary word, and Sven of South College, who must neither read nor change any of it by any road.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from diagnostics.models import Run, RunState, StoredFinding
from portal.accounts.models import User
from portal.allowing.models import AllowRequest
from portal.api.models import Token
from portal.branches.models import AllowListEntry, BranchProfile, DKIMEntry, SendingDomain
from portal.feedback.models import TLSReport
from portal.maillog.models import ReplyRule, SavedFilter
from portal.planning.models import Mailing
from portal.retention.models import Erasure
from portal.signing.models import SigningKey
from portal.suppression.services import suppress
from portal.suppression.unsubscribe import token_for
from portal.trials.services import give, open_trial, share
from portal.trials.sharing import token_of
from portal.watch.models import Watch
from tests import make
from tests.conftest import signed_in
from tests.portal.intake.conftest import TABLE, read, upload_of
from tests.portal.returned.conftest import came, dsn
from tests.tickets.queue.conftest import make_ticket
from tickets.models import Attachment, Report

CANARY = "kanarie"
METHODS = ("get", "head", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Row:
    """What one URL is: who may open it, by which methods, and what of North's it is about.

    ``who``: "public", "person" (everybody who is signed in), "branch" (North's staff and support), "support", "admin",
    "owner" (Nora, whose own it is).
    """

    who: str
    methods: str = "get"
    about: str = ""


ROWS: dict[str, Row] = {
    # A branch's own mail server: support looks and tries, admins change.
    "own_server": Row("branch", "get post", "branch"),
    "own_server_ask": Row("branch", "get post", "branch"),
    "own_server_try": Row("branch", "post", "branch"),
    "own_server_forget": Row("admin", "post", "branch"),
    # What is known of a recipient domain: to each as far as they may see it.
    "dossiers": Row("person"),
    "dossier": Row("person", "get", "domain"),
    "accuracy": Row("support"),
    "accuracy_tickets": Row("support", "get", "cause"),
    # Asking to be allowed. The last is for whoever holds the link, and is of another branch.
    "allow_requests": Row("branch", "get post", "branch"),
    "allow_request": Row("branch", "get", "allow_request"),
    "allow_request_revoke": Row("branch", "post", "allow_request"),
    "allow_answer": Row("public", "get post", "allow_link"),
    # DKIM keys.
    "signing_asked": Row("support"),
    "signing_keys": Row("branch", "get", "branch"),
    "signing_key": Row("branch", "get", "signing_key"),
    "signing_look": Row("branch", "post", "signing_key"),
    "signing_revoke": Row("support", "get post", "signing_key"),
    "signing_ask": Row("branch", "post", "from_domain"),
    "signing_issue": Row("support", "get post", "from_domain"),
    # May I send this?
    "mailings": Row("branch", "get post", "branch"),
    "mailing": Row("branch", "get", "mailing"),
    "mailing_sheet": Row("branch", "get", "mailing"),
    # How branches stand as senders.
    "standings": Row("support"),
    "standing": Row("branch", "get", "branch"),
    "standing_ask": Row("branch", "get post", "branch"),
    "standing_warn": Row("support", "get post", "branch"),
    "standing_withdraw": Row("support", "get post", "branch"),
    "standing_suspend": Row("admin", "get post", "branch"),
    "standing_resume": Row("admin", "get post", "branch"),
    # What receivers and mail services report.
    "feedback": Row("branch", "get", "branch"),
    "feedback_source": Row("branch", "get", "tls_report"),
    "tls_report": Row("branch", "get", "tls_report"),
    "service_events": Row("support"),
    # Tokens of programs. What is under /api/v1/ lets nobody in without one (tests/portal/api).
    "api_reference": Row("person"),
    "api_no_such_address": Row("public", "none", "api_path"),
    "tokens": Row("admin"),
    "token_add": Row("admin", "get post"),
    "token_revoke": Row("admin", "post", "token"),
    # How long records are kept, and people taken out.
    "retention": Row("admin"),
    "retention_prune": Row("admin", "post"),
    "erasures": Row("admin"),
    "erasure_add": Row("admin", "get post"),
    "erasure": Row("admin", "get", "erasure"),
    "home": Row("person"),
    "healthz": Row("public"),
    "readyz": Row("public"),
    "style": Row("admin"),
    "confidence": Row("public"),
    # The wizard.
    "reports": Row("person"),
    "report_begin": Row("person", "get post"),
    # What one form opened at once is found again by whoever sent it.
    "reports_together": Row("owner", "get post", "together"),
    "report": Row("branch", "get", "report"),
    "report_step": Row("branch", "get post", "report"),
    "report_findings": Row("branch", "get", "report"),
    "report_message": Row("branch", "get post", "report"),
    "report_text": Row("branch", "get", "report"),
    "report_withdraw": Row("branch", "post", "report"),
    "report_reopen": Row("branch", "post", "report"),
    "attachment": Row("branch", "get", "attachment"),
    "attachment_remove": Row("branch", "post", "attachment"),
    # The queue.
    "queue": Row("person"),
    "tickets_bulk": Row("support", "get post"),
    "ticket": Row("branch", "get", "ticket"),
    "ticket_unmerge": Row("support", "post", "ticket"),
    "ticket_unlink": Row("support", "post", "ticket"),
    "ticket_findings": Row("branch", "get", "ticket"),
    "ticket_reply": Row("branch", "get post", "ticket"),
    "ticket_files": Row("branch", "get post", "ticket"),
    "ticket_note": Row("support", "get post", "ticket"),
    "ticket_assign": Row("support", "get post", "ticket"),
    "ticket_state": Row("support", "get post", "ticket"),
    "ticket_cause": Row("support", "get post", "ticket"),
    "ticket_examine": Row("support", "post", "ticket"),
    # Diagnostics.
    "bench": Row("support", "get post"),
    "message_bench": Row("support", "get post"),
    "run": Row("branch", "get", "run"),
    "run_again": Row("branch", "post", "run"),
    "run_transcript": Row("support", "get", "run"),
    # The message log.
    "history": Row("branch", "get", "branch"),
    "client_email_counts": Row("branch", "get", "branch"),
    "deliveries": Row("branch", "get", "branch"),
    "deliveries_export": Row("branch", "get", "branch"),
    "filter_save": Row("branch", "post", "branch"),
    "all_deliveries": Row("support"),
    "all_deliveries_export": Row("support"),
    "all_filter_save": Row("support", "post"),
    "filter_delete": Row("owner", "post", "saved_filter"),
    "delivery": Row("branch", "get", "delivery"),
    "message": Row("branch", "get", "message"),
    "comparison": Row("support"),
    # Logs that are brought in.
    "logs": Row("person"),
    "upload_add": Row("person", "get post"),
    "upload": Row("branch", "get", "upload"),
    "upload_columns": Row("branch", "get post", "upload"),
    "upload_zone": Row("branch", "post", "upload"),
    "upload_start": Row("branch", "post", "upload"),
    "upload_stop": Row("branch", "post", "upload"),
    "upload_remove": Row("branch", "post", "upload"),
    "upload_rejected": Row("branch", "get", "upload"),
    "upload_rejected_lines": Row("branch", "get", "upload"),
    # What came back.
    "returned_mails": Row("support"),
    "returned_mail": Row("support", "get", "returned"),
    "returned_match": Row("support", "get post", "returned"),
    "returned_not_a_bounce": Row("support", "post", "returned"),
    "returned_read_again": Row("support", "post", "returned"),
    # Suppression.
    "suppressions": Row("person"),
    "suppression": Row("branch", "get", "suppression"),
    "suppression_end": Row("branch", "post", "suppression"),
    "branch_suppressions": Row("branch", "get", "branch"),
    "suppression_add": Row("branch", "get post", "branch"),
    "suppression_import": Row("support", "get post", "branch"),
    "suppression_export": Row("branch", "get", "branch"),
    "unsubscribe": Row("public", "get post", "way_out"),
    # Branches.
    "branches": Row("person"),
    "branch": Row("branch", "get", "branch"),
    "branch_add": Row("admin", "get post"),
    "branch_edit": Row("admin", "get post", "branch"),
    "branch_suspend": Row("admin", "get post", "branch"),
    "branch_resume": Row("admin", "post", "branch"),
    "from_domain_add": Row("admin", "get post", "branch"),
    "from_domain": Row("admin", "get post", "from_domain"),
    "from_domain_remove": Row("admin", "post", "from_domain"),
    "dkim_entry_remove": Row("admin", "post", "dkim_entry"),
    "domain_report": Row("branch", "get", "from_domain"),
    "domain_look": Row("branch", "post", "from_domain"),
    "domain_letter": Row("branch", "get", "from_domain"),
    "domain_letter_text": Row("branch", "get", "from_domain"),
    "notices": Row("support"),
    "servers": Row("admin"),
    "server_add": Row("admin", "get post"),
    "server_edit": Row("admin", "get post", "server"),
    "allow_list": Row("support"),
    "allow_list_add": Row("support", "get post"),
    "allow_list_edit": Row("support", "get post", "allow_list"),
    # Test messages.
    "trials": Row("branch", "get", "branch"),
    "trial_add": Row("branch", "get post", "branch"),
    "trial": Row("branch", "get", "trial"),
    "trial_message": Row("branch", "get", "trial"),
    "trial_picture": Row("branch", "get", "trial"),
    "trial_compare": Row("branch", "get post", "trial"),
    "trial_share": Row("branch", "post", "trial"),
    "trial_withdraw": Row("branch", "post", "trial"),
    "shared_trial": Row("public", "get", "trial_of_another"),
    "shared_picture": Row("public", "get", "trial_of_another"),
    # Naming replies.
    "unclassified": Row("support"),
    "reply_rules": Row("support"),
    "shipped_rules": Row("support", "get post"),
    "shipped_rule": Row("support", "get", "shipped_rule"),
    "reply_rule_add": Row("support", "get post"),
    "reply_rule": Row("support", "get post", "reply_rule"),
    "reply_rule_switch": Row("support", "post", "reply_rule"),
    "reply_rule_delete": Row("support", "get post", "reply_rule"),
    # Rates.
    "rates": Row("support"),
    "rates_provider": Row("support", "get", "provider"),
    "rates_tries": Row("support", "get", "provider"),
    "limits": Row("support"),
    "limit_add": Row("admin", "get post"),
    "limit_edit": Row("admin", "get post", "limit"),
    "limit_reset": Row("admin", "post", "limit"),
    # People.
    "people": Row("admin"),
    "person_add": Row("admin", "get post"),
    "person_edit": Row("admin", "get post", "person"),
    "person_invite": Row("admin", "post", "person"),
}
#: allauth's own pages are about the account of whoever is signed in; they know no branch.
OWN_ACCOUNT = ("account_", "mfa_", "socialaccount_", "openid_connect_", "unnamed social/")


def named_urls(patterns: list[Any], namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            # What programs ask with a token is tried by tests/portal/api/test_access.py.
            if pattern.namespace != "api":
                yield from named_urls(pattern.url_patterns, namespace)
        else:
            yield pattern.name or f"unnamed {pattern.pattern}", pattern


OURS = sorted({name for name, _ in named_urls(get_resolver().url_patterns) if not name.startswith(OWN_ACCOUNT)})


def asked(branch: BranchProfile, by: User) -> AllowRequest:
    domain = f"{CANARY if branch.code == 'north' else 'corp'}.example"
    expires = timezone.now() + timedelta(days=9)
    return AllowRequest.objects.create(branch=branch, by=by, domain=domain, host="smtp.xenegrade.net", expires=expires)


def tls_report_of(branch: BranchProfile) -> TLSReport:
    day = timezone.now()
    return TLSReport.objects.create(
        branch=branch,
        domain=f"{CANARY}.example",
        organisation=CANARY,
        report_id="1",
        policy="sts",
        begins=day,
        ends=day,
    )


@pytest.fixture
def world(north: BranchProfile, nora: User, ida: User) -> dict[str, dict[str, Any]]:
    """North's things, each with the canary, by the word the rows use for them."""
    BranchProfile.objects.filter(pk=north.pk).update(organisation=f"{CANARY} College")
    delivery = make.delivery(north, f"{CANARY}@corp.example")
    make.case_note(north, f"{CANARY}@corp.example")
    together = "5f0c63f5-3ad0-4e55-9c75-0a3f5e2a7a10"
    draft = Report.objects.create(
        branch=north,
        by=nora,
        recipient=f"{CANARY}@corp.example",
        around=make.NOON,
        evidence={"together": together},
    )
    ticket = make_ticket(1, north, nora, recipient=f"{CANARY}@corp.example")
    file = Attachment.objects.create(
        report=ticket.report,
        name=f"{CANARY}.txt",
        content_type="text/plain",
        size=7,
        sha256="0" * 64,
        file=ContentFile(CANARY.encode(), name="x.txt"),
        by=nora,
    )
    run = Run.objects.create(
        subject={"recipient": f"{CANARY}@corp.example"},
        requested_by=nora,
        state=RunState.DONE,
        attempt=1,
        lease_until=timezone.now() + timedelta(seconds=30),
    )
    StoredFinding.objects.create(
        run=run, attempt=1, position=0, check_slug="x", code=CANARY, verdict="ok", actor="nobody"
    )
    Watch.objects.create(domain=SendingDomain.objects.get(branch=north), run=run, next_at=timezone.now())
    trial = open_trial(north, by=nora, module="webreg")
    tried = give(trial, f"From: {CANARY}@north.example\r\nSubject: {CANARY}\r\n\r\n{CANARY}".encode(), by=nora)
    # Whoever has the link may read the message, so it is another's.
    east = open_trial(make.branch("trialists"), by=nora, module="webreg")
    shared = share(give(east, b"From: lee@corp.example\r\n\r\nHello", by=nora), by=nora)
    entry = AllowListEntry.objects.create(branch=north, domain=f"{CANARY}.example", state="asked")
    domain = SendingDomain.objects.get(branch=north)
    things: dict[str, dict[str, Any]] = {
        "branch": {"code": "north", "kind": "csv"},
        "returned": {"pk": came(dsn(f"{CANARY}@corp.example")).pk, "position": 0},
        "suppression": {"pk": suppress(north, address=f"{CANARY}@corp.example", reason="manual").pk},
        # Whoever holds a token may read the name of its branch, so it is another's.
        "way_out": {"token": token_for(make.branch("west"), "lee@corp.example")},
        "trial": {
            "code": trial.code,
            "pk": tried.pk,
            "kind": "shown",
            "share": share(tried, by=nora).code,
        },
        "trial_of_another": {"token": token_of(shared), "kind": "shown"},
        "report": {"code": draft.code, "slug": "sent"},
        "together": {"code": together},
        "ticket": {"number": 1},
        "attachment": {"code": file.code},
        "run": {"code": run.code},
        "delivery": {"pk": delivery.pk},
        "message": {"pk": delivery.message_id},
        "saved_filter": {"pk": SavedFilter.objects.create(owner=nora, branch=north, name=CANARY, query="x=1").pk},
        "upload": {"code": read(upload_of(f"{TABLE}{CANARY},,,,\n", by=nora, branch=north, name=f"{CANARY}.csv")).code},
        "server": {"pk": make.server().pk},
        "allow_list": {"pk": entry.pk},
        "person": {"pk": nora.pk},
        "from_domain": {"code": "north", "pk": domain.pk},
        "dkim_entry": {"code": "north", "pk": domain.pk, "entry": DKIMEntry.objects.get(domain=domain).pk},
        "erasure": {"code": Erasure.objects.create(way="erase", digest="0" * 64, stand_in=f"{CANARY}@x.example").code},
        "token": {"pk": Token.objects.create(name="XenDirect", user=ida, digest="0" * 64, hint="dd_0").pk},
        "tls_report": {"code": "north", "pk": tls_report_of(north).pk},
        "cause": {"cause": "mailbox_full"},
        "shipped_rule": {"ident": "apple.no-user"},
        "reply_rule": {"pk": ReplyRule.objects.create(text=f"{CANARY} full", cause="mailbox_full").pk},
        "mailing": {
            "code": Mailing.objects.create(
                branch=north,
                name=CANARY,
                by=nora,
                state="done",
                verdicts=ContentFile(b"line,address,verdict,why,suggestion\r\n", name="x.csv"),
            ).code,
            "kind": "all",
        },
        "signing_key": {
            "pk": SigningKey.objects.create(domain=domain, selector=CANARY, public_key="x", state="issued").pk
        },
        "allow_request": {"pk": asked(north, nora).pk},
        "allow_link": {"token": asked(make.branch("east"), nora).token},
        "domain": {"domain": "corp.example"},
        "api_path": {"rest": "nothing"},
        "provider": {"slug": "gmail"},
        "limit": {"key": "gmail-connections"},
        "": {},
    }
    return things


def address(name: str, world: dict[str, dict[str, Any]]) -> str:
    """The URL of that name about North's thing, with just the arguments its pattern takes."""
    pattern = next(pattern for known, pattern in named_urls(get_resolver().url_patterns) if known == name)
    given = world[ROWS[name].about]
    return reverse(name, kwargs={key: given[key] for key in pattern.pattern.converters})


def norths_rows() -> str:
    """A fingerprint of everything stored, but for what signing in and asking write themselves."""
    left_out = {"sessions.session", "accounts.user"}
    digest = hashlib.sha256()
    for model in apps.get_models():
        if model._meta.label_lower not in left_out:
            for row in model._default_manager.order_by("pk").values_list():
                digest.update(repr([bytes(cell) if isinstance(cell, memoryview) else cell for cell in row]).encode())
    return digest.hexdigest()


def may(role: str, who: str) -> bool:
    return {
        "public": True,
        "person": role != "anonymous",
        "branch": role in {"nora", "ida", "ada"},
        "support": role in {"ida", "ada"},
        "admin": role == "ada",
        "owner": role == "nora",
    }[who]


def test_every_url_has_a_row() -> None:
    assert sorted(ROWS) == OURS


@pytest.mark.parametrize("name", sorted(ROWS))
def test_only_who_may(name: str, world: dict[str, Any], nora: User, sven: User, ida: User, ada: User) -> None:
    """Nobody reads or changes what is not theirs, by any method; who may is let in."""
    row, url = ROWS[name], address(name, world)
    people = {"anonymous": Client(), "sven": signed_in(sven), "nora": signed_in(nora), "ida": signed_in(ida)}
    people["ada"] = signed_in(ada)
    before = norths_rows()
    for role, client in people.items():
        for method in METHODS:
            response = getattr(client, method)(url)
            told = f"{role} {method} {url}: {response.status_code}"
            allowed = method in row.methods.split() or (method == "head" and "get" in row.methods.split())
            if may(role, row.who) and allowed:
                # Without a worker the desk is not ready, and says so.
                assert response.status_code in {200, 302, 400} | ({503} if name == "readyz" else set()), told
            elif may(role, row.who):
                assert response.status_code in {400, 404, 405}, told
            else:
                assert response.status_code in {302, 401, 403, 404, 405}, told
                if response.status_code == 302:
                    assert role == "anonymous", told
                    assert response.headers["Location"].startswith("/account/login/"), told
            content = b"".join(response) if response.streaming else response.content
            if role in {"anonymous", "sven"}:
                assert CANARY.encode() not in content, told
                if not (may(role, row.who) and allowed and method == "post"):
                    assert norths_rows() == before, told
            if method in {"get", "head"}:
                assert norths_rows() == before, f"{told} changed something"
            elif may(role, row.who) and allowed:
                before = norths_rows()
