"""The side navigation: what each role finds there, and which entry is the page one is on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from portal.accounts.models import Role, User


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its word, icon and URL name, who sees it, and the URL names under it."""

    word: str
    icon: str
    url_name: str
    roles: frozenset[str]
    under: frozenset[str] = frozenset()


EVERYBODY = frozenset({Role.STAFF, Role.SUPPORT, Role.ADMIN})
SUPPORT = frozenset({Role.SUPPORT, Role.ADMIN})
ADMIN = frozenset({Role.ADMIN})
LOG_PAGES = frozenset({"history", "client_email_counts", "deliveries", "deliveries_export", "filter_save"})
TRIAL_PAGES = frozenset({"trials", "trial_add", "trial", "trial_message", "trial_compare"})
BRANCH_PAGES = (
    frozenset(
        {
            "branch",
            "branch_edit",
            "domain_report",
            "domain_letter",
            "feedback",
            "mailings",
            "mailing",
            "signing_keys",
            "signing_key",
            "signing_issue",
            "allow_requests",
            "allow_request",
        }
    )
    | LOG_PAGES
    | TRIAL_PAGES
)
SUPPRESSION_PAGES = frozenset({"suppression", "branch_suppressions", "suppression_add", "suppression_import"})

ENTRIES = (
    Entry("Home", "house", "home", EVERYBODY),
    Entry("Report a problem", "envelope-exclamation", "report_begin", frozenset({Role.STAFF})),
    Entry("Queue", "inbox", "queue", SUPPORT, frozenset({"ticket"})),
    Entry("Tickets", "inbox", "queue", frozenset({Role.STAFF}), frozenset({"ticket"})),
    Entry("Reports", "card-checklist", "reports", EVERYBODY, frozenset({"report", "report_step"})),
    Entry(
        "Branches",
        "building",
        "branches",
        EVERYBODY,
        BRANCH_PAGES,
    ),
    Entry("Deliveries", "send", "all_deliveries", SUPPORT, frozenset({"delivery", "message"})),
    Entry("Comparison", "bar-chart", "comparison", SUPPORT),
    Entry("Returned mail", "envelope-x", "returned_mails", SUPPORT, frozenset({"returned_mail", "returned_match"})),
    Entry("Suppression", "slash-circle", "suppressions", EVERYBODY, SUPPRESSION_PAGES),
    Entry("Logs", "upload", "logs", EVERYBODY, frozenset({"upload_add", "upload"})),
    Entry("Recipient domains", "globe", "dossiers", EVERYBODY, frozenset({"dossier"})),
    Entry("Check a domain", "search", "bench", SUPPORT, frozenset({"run"})),
    Entry("Check a message", "envelope-open", "message_bench", SUPPORT),
    Entry("Notices", "bell", "notices", SUPPORT),
    Entry("Suggestions", "patch-check", "accuracy", SUPPORT),
    Entry("Rates", "graph-up", "rates", SUPPORT, frozenset({"rates_provider", "limits", "limit_add", "limit_edit"})),
    Entry(
        "Unclassified replies",
        "tags",
        "unclassified",
        SUPPORT,
        frozenset({"reply_rules", "reply_rule_add", "reply_rule", "reply_rule_delete"}),
    ),
    Entry("Sending servers", "hdd-network", "servers", ADMIN, frozenset({"server_add", "server_edit"})),
    Entry("Keys asked for", "key", "signing_asked", SUPPORT),
    Entry("Allow-lists", "shield-check", "allow_list", SUPPORT, frozenset({"allow_list_add", "allow_list_edit"})),
    Entry("Records kept", "clock-history", "retention", ADMIN, frozenset({"erasures", "erasure_add", "erasure"})),
    Entry("Tokens", "key", "tokens", ADMIN, frozenset({"token_add"})),
    Entry("People", "people", "people", ADMIN, frozenset({"person_add", "person_edit"})),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The context of the side navigation: a list of entries with ``is_current``; empty for strangers."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"navigation": []}
    match = request.resolver_match
    current = match.url_name if match else ""
    return {
        "navigation": [
            {"entry": entry, "is_current": current == entry.url_name or current in entry.under}
            for entry in ENTRIES
            if user.role in entry.roles
        ]
    }
