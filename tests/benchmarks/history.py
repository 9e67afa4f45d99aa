"""The pages of the log at ten million deliveries beside the same pages at a hundred thousand: medians and their ratio.

Builds the log in scratch databases of its own and drops them: PostgreSQL (``BENCH_DATABASE_URL``, by default the local
one; ``BENCH_ROWS`` deliveries, by default 10,000,000, which take 6 GB and some twenty minutes) and SQLite (a tenth as
many). A year of mail of a hundred branches, of which the first sends a tenth; an address gets forty of them at any
size, so that a page holds as many rows in both. Pages are asked for through Django's test client, in rounds that
alternate between the sizes, and the best median of a page counts; where others use the machine too, the ratio of the
least times says more.

``sqlite`` or ``postgresql`` measures on that one alone; ``--explain`` prints the plans of the queries as well.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

SERVER = os.environ.get("BENCH_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
LARGE, SMALL = int(os.environ.get("BENCH_ROWS", "10000000")), 100_000
ROUNDS, REQUESTS = 3, 21
BRANCHES, SPAN, PIECE = 100, timedelta(days=365), 50_000
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
TABLES = ("maillog_messagelog", "maillog_delivery")
DOMAINS = ("gmail.com",) * 6 + ("outlook.com",) * 3 + ("yahoo.com",) * 2
PROVIDERS = {"gmail.com": "gmail", "outlook.com": "outlook", "yahoo.com": "yahoo"}
CAUSES = ("no_such_user", "mailbox_full", "recipient_policy", "sender_ip_blocked", "spam_content", "auth_failure")
DELIVERY = (
    "id", "message_id", "recipient", "recipient_normal", "recipient_domain", "leg", "branch_id", "at", "state",
    "state_at", "reply", "reply_code", "status", "remote_host", "cause", "attempts", "complained_at", "provider",
    "module", "server",
)  # fmt: skip
MESSAGE = (
    "id", "branch_id", "at", "key", "module", "function", "message_id", "queue_id", "from_address", "envelope_from",
    "subject",
)  # fmt: skip


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["build"]:
        build(int(arguments[1]))
        return 0
    if arguments[:1] == ["measure"]:
        print(json.dumps(measure(int(arguments[1]), "--explain" in arguments)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DATA_DIR": folder, "LOG_LEVEL": "ERROR", "SECRET_KEY": "only for this measurement, thrown away"}
        os.environ |= {"DJANGO_SETTINGS_MODULE": "portal.settings"}
        os.environ.pop("REDIS_URL", None)
        if "postgresql" not in arguments:
            compare("sqlite", {rows: f"sqlite:///{folder}/{rows}.sqlite3" for rows in (SMALL, LARGE // 10)}, arguments)
        if "sqlite" in arguments:
            return 0
        names = {rows: f"delivery_desk_history_{rows}" for rows in (SMALL, LARGE)}
        try:
            for name in names.values():
                server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
            urls = {rows: urlunsplit(urlsplit(SERVER)._replace(path=f"/{name}")) for rows, name in names.items()}
            compare("postgresql", urls, arguments)
        finally:
            for name in names.values():
                server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    return 0


def server(*statements: str) -> None:
    """Run statements on the server itself."""
    import psycopg2

    connection = psycopg2.connect(SERVER)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


def compare(database: str, urls: dict[int, str], arguments: list[str]) -> None:
    for rows, url in urls.items():
        began = time.perf_counter()
        child("build", rows, url, [])
        print(
            json.dumps({"database": database, "rows": rows, "built_s": round(time.perf_counter() - began)}), flush=True
        )
    medians: dict[str, dict[int, float]] = {}
    least: dict[str, dict[int, float]] = {}
    queries: dict[str, int] = {}
    for number in range(ROUNDS):
        for rows, url in urls.items():
            told_of = json.loads(child("measure", rows, url, arguments if number == 0 else []))
            for page, (median, quickest, count) in told_of.items():
                for best, taken in ((medians, median), (least, quickest)):
                    of_page = best.setdefault(page, {})
                    of_page[rows] = min(of_page.get(rows, taken), taken)
                queries[page] = max(queries.get(page, 0), count)
    small, large = urls
    for page, of_page in medians.items():
        told = {f"ms_at_{rows}": round(of_page[rows], 1) for rows in urls}
        ratios = {
            "ratio": round(of_page[large] / of_page[small], 2),
            "ratio_of_least": round(least[page][large] / least[page][small], 2),
        }
        print(json.dumps({"database": database, "page": page, **told, **ratios, "queries": queries[page]}), flush=True)


def child(task: str, rows: int, url: str, arguments: list[str]) -> str:
    command = [sys.executable, "-m", "tests.benchmarks.history", task, str(rows), *arguments]
    environment = {**os.environ, "DATABASE_URL": url}
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout


def build(rows: int) -> None:
    """The schema, the branches and people, and ``rows`` deliveries with their counts."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, transaction

    from portal.branches.models import BranchProfile
    from portal.maillog import partitions
    from portal.maillog.bulk import insert
    from portal.maillog.counts import Counted, Counts
    from portal.maillog.models import Delivery, MessageLog
    from tests import make

    call_command("migrate", verbosity=0)
    branches = [make.branch(f"branch{number}", f"Branch {number}") for number in range(BRANCHES)]
    make.person("nora@branch0.example", "Nora", "staff", branches[0])
    make.person("ida@desk.example", "Ida", "support")
    numbers = [branch.pk for branch in branches]
    counts = Counts({branch.pk: UTC for branch in BranchProfile.objects.all()})
    indexes = without_indexes()
    for begin in range(0, rows, PIECE):
        made = [told(number, rows, numbers) for number in range(begin, min(begin + PIECE, rows))]
        with transaction.atomic():
            partitions.ensure({row[1][7] for row in made})
            insert(MessageLog, MESSAGE, [message for message, _ in made if message])
            insert(Delivery, DELIVERY, [delivery for _, delivery in made])
        for _, row in made:
            counts.add(
                Counted(row[6], row[7], row[8], row[14], row[17], row[18], row[19], row[4], row[16] is not None), 1
            )
    with transaction.atomic():
        counts.write()
    with connection.cursor() as cursor:
        for statement in indexes:
            cursor.execute(statement)
        if connection.vendor == "postgresql":
            # What autovacuum does in time.
            cursor.execute("VACUUM ANALYZE")


def without_indexes() -> list[str]:
    """Drop the indexes of the large tables; returns how they are made again. Rows come in faster so."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
            "WHERE indrelid = ANY(%s::regclass[]) AND NOT indisprimary",
            [list(TABLES)],
        )
        found = cursor.fetchall()
        for name, _ in found:
            cursor.execute(f"DROP INDEX {name}")
    return [definition.replace(" ON ONLY ", " ON ") for _, definition in found]


def told(number: int, rows: int, branches: list[int]) -> tuple[tuple[Any, ...] | None, tuple[Any, ...]]:
    """The delivery of that number and, for every second one, the message of both. All follows from the number."""
    message = number // 2 + 1
    chance = message * 2654435761 % 2**32
    branch = branches[0] if chance % 10 == 0 else branches[chance // 10 % BRANCHES]
    at = NOW - SPAN * ((rows - 2 * (message - 1)) / rows)
    module = ("webreg", "quicktools", "xendirect_admin")[chance % 3]
    client = (number * 40503 + 7919) % max(rows // 40, 1)
    place = client % 20
    domain = DOMAINS[place] if place < len(DOMAINS) else f"d{client % 20_000}.example"
    fate = number * 40503 % 1000
    state, cause = "accepted", ""
    if fate < 2:
        state, cause = "error", "send_error"
    elif fate < 32:
        state, cause = "deferred", "rate_limited"
    elif fate < 85:
        state, cause = "refused" if fate < 80 else "expired", CAUSES[fate % len(CAUSES)]
    elif fate < 90:
        state = "handed"
    recipient, code = (
        f"client{client}@{domain}",
        {"accepted": "250", "deferred": "421", "refused": "550"}.get(state, ""),
    )
    complained = at + timedelta(hours=30) if fate == 999 else None
    reply = f"{code} said the server"
    delivery = (
        number + 1, message, recipient, recipient, domain, 0, branch, at, state, at, reply, code, "",
        f"mx.{domain}", cause, 1, complained, PROVIDERS.get(domain, ""), module,
        "smtp2.xenegrade.net" if chance % 5 == 0 else "smtp.xenegrade.net",
    )  # fmt: skip
    if number % 2:
        return None, delivery
    ident = f"{message:x}.{chance:08x}"
    return (
        message, branch, at, ident, module, "Class reminder", f"<{ident}@branch.example>", f"4{chance:08x}",
        "desk@branch.example", "bounce@xenegrade.net", "Your class starts soon",
    ), delivery  # fmt: skip


def pages(rows: int) -> Iterator[tuple[str, str, str]]:
    """Name, who asks, address. The branch is the one that sends most."""
    listed = "/branches/branch0/deliveries/"
    # Somebody whose address the branch has written to of late.
    from portal.maillog.models import Delivery, MessageLog

    one = Delivery.objects.filter(branch__code="branch0", recipient_domain="gmail.com").order_by("-at", "-pk")[0]
    message = MessageLog.objects.get(pk=one.message_id)
    half = f"{(NOW - SPAN / 2):%Y-%m-%dT%H:%M}"
    yield "history, 30 days", "nora", "/branches/branch0/history/"
    yield "history, 90 days by provider", "nora", "/branches/branch0/history/?span=90-days&split=provider"
    yield "history, a month by domain", "nora", "/branches/branch0/history/?month=2026-10&split=domain"
    yield "history, 24 months", "nora", "/branches/branch0/history/?span=24-months"
    yield "client email counts", "nora", "/branches/branch0/client-email-counts/"
    yield "recipient search", "nora", f"{listed}?recipient={one.recipient}"
    yield "recipient search, all branches", "ida", f"/deliveries/?recipient={one.recipient}"
    yield "deliveries", "nora", listed
    yield "deliveries, deep", "nora", f"{listed}?after={int((NOW - SPAN / 2).timestamp()) * 1_000_000}-1"
    yield "deliveries with trouble", "nora", f"{listed}?state=trouble"
    yield "deliveries by domain and state", "nora", f"{listed}?domain=outlook.com&state=refused"
    yield "deliveries by cause and provider", "nora", f"{listed}?cause=mailbox_full&provider=yahoo"
    yield (
        "deliveries by server and module before",
        "nora",
        f"{listed}?server=smtp2.xenegrade.net&module=webreg&until={half}",
    )
    yield "deliveries that are not there", "nora", f"{listed}?server=smtp9.xenegrade.net"
    yield "complaints", "nora", f"{listed}?complained=yes"
    yield "message-id, all branches", "ida", f"/deliveries/?message_id={message.message_id.strip('<>')}"
    yield "domain and cause, all branches", "ida", "/deliveries/?domain=gmail.com&cause=no_such_user"
    yield "a message", "nora", f"/messages/{one.message_id}/"
    yield "a delivery", "nora", f"/deliveries/{one.pk}/"
    yield "comparison", "ida", "/comparison/"
    yield "home of staff", "nora", "/"


def measure(rows: int, explain: bool) -> dict[str, tuple[float, float, int]]:
    """The median and the least of each page in milliseconds, and its queries."""
    import django

    django.setup()
    import time_machine
    from django.conf import settings
    from django.db import connection
    from django.test import Client, override_settings
    from django.test.utils import CaptureQueriesContext

    from portal.accounts.models import User

    people = {}
    plain = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    with time_machine.travel(NOW, tick=True), override_settings(STORAGES=plain, STATIC_ROOT=os.environ["DATA_DIR"]):
        for email in ("nora@branch0.example", "ida@desk.example"):
            client = people[email.partition("@")[0]] = Client(headers={"host": "localhost"})
            client.force_login(User.objects.get(email=email))
        found: dict[str, tuple[float, int]] = {}
        for name, who, address in pages(rows):
            client = people[who]
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(address)
            count = len(queries)
            assert answer.status_code == 200, f"{address}: {answer.status_code}"
            if explain:
                show_plans(name, [item["sql"] for item in queries])
            taken = []
            for _ in range(REQUESTS):
                began = time.perf_counter()
                client.get(address)
                taken.append(time.perf_counter() - began)
            # The first ones fill the caches.
            found[name] = 1000 * statistics.median(taken[2:]), 1000 * min(taken), count
        return found


def show_plans(name: str, statements: list[str]) -> None:
    from django.db import connection

    explain = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF)" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    for statement in statements:
        if statement.startswith("SELECT") and "maillog_" in statement:
            with connection.cursor() as cursor:
                cursor.execute(f"{explain} {statement}")
                plan = [str(row[-1]) for row in cursor.fetchall()]
            print(f"\n## {name}\n{statement[:300]}", *plan[:25], sep="\n", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
