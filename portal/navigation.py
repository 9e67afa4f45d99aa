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
            "feedback_source",
            "tls_report",
            "mailings",
            "mailing",
            "signing_keys",
            "signing_key",
            "signing_issue",
            "allow_requests",
            "allow_request",
            "own_server",
            "standing",
            "standing_warn",
            "standing_withdraw",
            "standing_suspend",
            "standing_resume",
        }
    )
    | LOG_PAGES
    | TRIAL_PAGES
)
SUPPRESSION_PAGES = frozenset({"suppression", "branch_suppressions", "suppression_add", "suppression_import"})
ALLOW_LIST_PAGES = frozenset({"allow_list_add", "allow_list_edit"})
RATES_PAGES = frozenset({"rates_provider", "rates_tries", "limits", "limit_add", "limit_edit"})
RETURNED_PAGES = frozenset({"returned_mail", "returned_match"})
RULE_PAGES = frozenset(
    {"reply_rules", "reply_rule_add", "reply_rule", "reply_rule_delete", "shipped_rules", "shipped_rule"}
)
ERASURE_PAGES = frozenset({"erasures", "erasure_add", "erasure"})

#: The entries by their groups, each with its heading; the first have none.
GROUPS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    ("", (Entry("Home", "house", "home", EVERYBODY),)),
    (
        "Work",
        (
            Entry("Report a problem", "envelope-exclamation", "report_begin", frozenset({Role.STAFF})),
            Entry("Queue", "inbox", "queue", SUPPORT, frozenset({"ticket", "tickets_bulk"})),
            Entry("Tickets", "inbox", "queue", frozenset({Role.STAFF}), frozenset({"ticket"})),
            Entry("Reports", "card-checklist", "reports", EVERYBODY, frozenset({"report", "report_step"})),
            Entry("Notices", "bell", "notices", SUPPORT),
            Entry("Suggestions", "patch-check", "accuracy", SUPPORT, frozenset({"accuracy_tickets"})),
        ),
    ),
    (
        "Senders",
        (
            Entry("Branches", "building", "branches", EVERYBODY, BRANCH_PAGES),
            Entry("Standing", "person-check", "standings", SUPPORT),
            Entry("Suppression", "slash-circle", "suppressions", EVERYBODY, SUPPRESSION_PAGES),
            Entry("Keys asked for", "key", "signing_asked", SUPPORT),
            Entry("Allow-lists", "shield-check", "allow_list", SUPPORT, ALLOW_LIST_PAGES),
        ),
    ),
    (
        "Log",
        (
            Entry("Deliveries", "send", "all_deliveries", SUPPORT, frozenset({"delivery", "message"})),
            Entry("Comparison", "bar-chart", "comparison", SUPPORT),
            Entry("Rates", "graph-up", "rates", SUPPORT, RATES_PAGES),
            Entry("Returned mail", "envelope-x", "returned_mails", SUPPORT, RETURNED_PAGES),
            Entry("Unclassified replies", "tags", "unclassified", SUPPORT, RULE_PAGES),
            Entry("Logs", "upload", "logs", EVERYBODY, frozenset({"upload_add", "upload"})),
        ),
    ),
    (
        "Checks",
        (
            Entry("Recipient domains", "globe", "dossiers", EVERYBODY, frozenset({"dossier"})),
            Entry("Check a domain", "search", "bench", SUPPORT, frozenset({"run"})),
            Entry("Check a message", "envelope-open", "message_bench", SUPPORT),
        ),
    ),
    (
        "Keep",
        (
            Entry("Sending servers", "hdd-network", "servers", ADMIN, frozenset({"server_add", "server_edit"})),
            Entry("People", "people", "people", ADMIN, frozenset({"person_add", "person_edit"})),
            Entry("Records kept", "clock-history", "retention", ADMIN, ERASURE_PAGES),
            Entry("Tokens", "key", "tokens", ADMIN, frozenset({"token_add"})),
        ),
    ),
)
ENTRIES = tuple(entry for _, entries in GROUPS for entry in entries)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The context of the side navigation: groups of entries with ``is_current``; none for strangers.

    Headings are for who finds many entries; staff, who find few, read one list.
    """
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"navigation": []}
    match = request.resolver_match
    # A page that is reached from one of two entries says itself which.
    current = getattr(request, "stands_for", match.url_name if match else "")
    found = [
        {
            "heading": heading if user.is_support else "",
            "entries": [
                {"entry": entry, "is_current": current == entry.url_name or current in entry.under}
                for entry in entries
                if user.role in entry.roles
            ],
        }
        for heading, entries in GROUPS
    ]
    return {"navigation": [group for group in found if group["entries"]]}
