"""The world of a case: its branch, its logs and lists, put into the database by the services and importers of the desk.

Call it inside a transaction of a scratch database. What the desk's services would refuse because of today's date (an
entry that ran out long ago) is written as it stood.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from django.core.exceptions import ValidationError

from portal.branches.loading import LoadProblem, load
from portal.branches.models import BranchProfile
from portal.cases.lines import whole
from portal.cases.reading import CaseFile, CaseProblem, Row, time_of
from portal.cases.returned import take_in
from portal.maillog.addresses import domain_of, normal
from portal.maillog.importers import IMPORTERS
from portal.maillog.importers.clock import as_of
from portal.maillog.importers.event import AHEAD
from portal.maillog.models import Module
from portal.maillog.services import Zones, ingest
from portal.suppression.models import Ending, Reason, Suppression

#: A branch that names no domain sends from nowhere that could be looked at.
NOWHERE = "branch.invalid"
#: What people call the modules beside their names.
MODULES = {"admin": Module.XENDIRECT_ADMIN, "xendirect": Module.XENDIRECT_ADMIN, "quick_tools": Module.QUICKTOOLS}


def build(case: CaseFile) -> BranchProfile:
    """Everything the file tells, as rows; CaseProblem names what cannot be one."""
    branch = _branch(case)
    told = list(_told(case))
    with as_of(case.now):
        _ingest("jsonl", [json.dumps(item) for _, item in told], case, branch.code, [path for path, _ in told])
    logged = [(index, line) for index, text in enumerate(case.texts("postfix_log")) for line in text.split("\n")]
    lines = whole((line for _, line in logged), now=case.now)
    with as_of(case.now):
        _ingest("postfix", lines, case, branch.code, [f"postfix_log[{index}]" for index, _ in logged])
    take_in(case.texts("bounces"), branch, recipient=case.report.recipient, now=case.now)
    _suppress(case, branch)
    return branch


def module_of(text: str) -> str:
    """The module that is meant, or "other"."""
    word = text.strip().lower().replace(" ", "_")
    return word if word in Module.values else MODULES.get(word, Module.OTHER)


def _branch(case: CaseFile) -> BranchProfile:
    given, code = case.branch, case.code
    listed = given.get("from_domains") or []
    if not isinstance(listed, list):
        raise CaseProblem("branch.from_domains must be a list.")
    domains = [item if isinstance(item, dict) else {"domain": item} for item in listed]
    first = str(domains[0].get("domain") or NOWHERE) if domains else NOWHERE
    branch = {
        **given,
        "code": code,
        "organisation": given.get("organisation") or code,
        "notification_address": given.get("notification_address") or f"notifications@{first}",
        "from_domains": domains,
    }
    servers = case.items("sending_servers")
    if server := _server_of(branch, servers):
        branch["sending_server"] = server
    allowed = [{"at": case.now.isoformat(), **_told_of(row.value)} for row in case.rows("allow_list")]
    try:
        load({"sending_servers": servers, "branches": [branch], "allow_list": allowed})
    except LoadProblem as error:
        raise CaseProblem(str(error).replace("branches[0]", "branch")) from error
    except (ValidationError, TypeError) as error:
        # Only the addresses of an allow-list entry are judged there without their place being named.
        raise CaseProblem(f"allow_list: addresses must be a list of IP addresses ({error}).") from error
    made = BranchProfile.objects.select_related("sending_server").get(code=code)
    if made.is_suspended:
        made.suspended_since = case.suspended_since
        made.save(update_fields=["suspended_since"])
    return made


def _told_of(value: Mapping[str, Any]) -> dict[str, Any]:
    """What is told at all: nothing stands for what is not."""
    return {key: item for key, item in value.items() if item is not None}


def _server_of(branch: dict[str, Any], servers: list[Any]) -> str:
    """The server the branch sends by: with ``own`` the one under a domain of its own, else one that is not."""
    hosts = [str(item.get("host") or "").lower() for item in servers if isinstance(item, dict)]
    domains = [str(item.get("domain") or "").lower() for item in branch["from_domains"]]
    domains.append(domain_of(str(branch["notification_address"]).lower()))
    own = [host for host in hosts if any(host == item or host.endswith("." + item) for item in domains if item)]
    others = [host for host in hosts if host not in own]
    wanted = own or others[-1:] if branch.get("sending") == "own" else others or own
    return wanted[0] if wanted else ""


def _told(case: CaseFile) -> Iterable[tuple[str, dict[str, Any]]]:
    """Clients, coverage, notes, messages and errors as lines of the desk's own log format (docs/importing.md).

    Each with its place in the file. What lies days after the case's ``now`` has not happened yet.
    """
    for number, row in enumerate(case.rows("clients")):
        client = {"kind": "client", "reference": f"{number}", "name": row.text("name"), "email": row.text("email")}
        yield row.path, client
    for index, span in enumerate(case.items("log_covers")):
        if not isinstance(span, list) or len(span) != 2:
            raise CaseProblem(f"log_covers[{index}] must be a list of two times, from and until.")
        begins, until = _clipped(span, f"log_covers[{index}]", case.now)
        if begins < until:
            covered = {"from": begins.isoformat(), "until": until.isoformat(), "branch": case.code}
            yield f"log_covers[{index}]", {"kind": "coverage", **covered}
    clients = {row.text("name").casefold(): row.text("email") for row in case.rows("clients")}
    for row in _happened(case, "case_notes"):
        email = row.text("email") or row.text("client") or case.report.recipient
        yield (
            row.path,
            {
                "kind": "case_note",
                "at": _at(row),
                "email": email if "@" in email else clients.get(email.casefold(), email),
                "text": row.text("text"),
            },
        )
    for number, row in enumerate(_happened(case, "message_log")):
        yield (
            row.path,
            {
                "kind": "message",
                "at": _at(row),
                "recipient": row.value.get("recipient"),
                "key": row.text("message_id") or f"message-{number}",
                "message_id": row.text("message_id"),
                "module": module_of(row.text("module")),
                "function": row.text("function"),
                "from": row.text("from"),
            },
        )
    for number, row in enumerate(_happened(case, "application_errors")):
        if recipient := row.text("recipient"):
            yield (
                row.path,
                {
                    "kind": "error",
                    "at": _at(row),
                    "recipient": recipient,
                    "key": f"error-{number}",
                    "module": module_of(row.text("module")),
                    "function": row.text("function"),
                    "reply": row.text("text") or "no text",
                },
            )


def _happened(case: CaseFile, key: str) -> Iterator[Row]:
    """The rows of ``key`` up to about the case's ``now``."""
    for row in case.rows(key):
        at = row.time("at")
        if at is None or at < case.now + AHEAD:
            yield row


def _clipped(span: list[Any], path: str, now: datetime) -> tuple[datetime, datetime]:
    """A span of coverage as far as it has been; no log is complete for what is still to come."""
    begins, until = (time_of(str(text), path) for text in span)
    if until <= begins:
        raise CaseProblem(f"{path}: until must be later than from.")
    return begins, min(until, max(now, begins)) if until > now + AHEAD else until


def _at(row: Row) -> str:
    at = row.time("at")
    if at is None:
        raise CaseProblem(f"{row.path}.at is missing.")
    return at.isoformat()


def _ingest(source: str, lines: list[str], case: CaseFile, code: str, places: Sequence[str]) -> None:
    """Take in ``lines``; CaseProblem names the place of the first that is refused."""
    if not lines:
        return
    file = BytesIO("\n".join(lines).encode("utf-8", "replace"))
    batch = ingest(IMPORTERS[source](file, code, Zones()), source=source, name=case.name)
    for item in batch.rejected[:1]:
        raise CaseProblem(f"{places[item['line'] - 1]}: {item['why'][:300]}")


def _suppress(case: CaseFile, branch: BranchProfile) -> None:
    # The file tells the whole list: what the bounces above would add to it today was not on it then.
    Suppression.objects.filter(branch=branch).delete()
    for row in case.rows("suppressed"):
        address, since, until = row.needed("address"), row.time("since"), row.time("until")
        name = normal(address)
        is_over = until is not None and until <= case.now
        has_one = Suppression.objects.filter(branch=branch, address_normal=name, ended=None).exists()
        Suppression.objects.create(
            branch=branch,
            address=address,
            address_normal=name,
            domain=domain_of(name),
            reason=row.word("reason", tuple(Reason.values), Reason.MANUAL),
            since=since or case.now,
            until=until,
            # At most one entry of an address has not ended.
            ended=until if is_over else case.now if has_one else None,
            ending=Ending.LAPSED if is_over else Ending.REPLACED if has_one else "",
        )
