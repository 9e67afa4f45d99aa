"""The pages of the log at ten million deliveries beside the same pages at a hundred thousand: medians and their ratio.

Builds the log in scratch databases of its own and drops them: PostgreSQL (``BENCH_DATABASE_URL``, by default the local
one; ``BENCH_ROWS`` deliveries, by default 10,000,000, which take 6 GB and some twenty minutes) and SQLite (a tenth as
many). A year of mail of a hundred branches, of which the first sends a tenth; an address gets forty of them at any
size, and what a list is asked for is frequent enough at the smaller one, so that a page holds as many rows in both.
Pages are asked for through Django's test client, in rounds that alternate between the sizes, and the best median of a
page counts. Where others use the machine too, the ratio of the time that program and database were at work (``cpu``)
says more; everything is in memory by then.

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
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

SERVER = os.environ.get("BENCH_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
LARGE, SMALL = int(os.environ.get("BENCH_ROWS", "10000000")), 100_000
ROUNDS, REQUESTS = 3, 21
BRANCHES, SPAN = 100, timedelta(days=365)
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
#: One in a hundred complains: more than do, so that a page of complaints is full at the smaller size as well.
FIRST_COMPLAINT = 990
CAUSES = ("no_such_user", "mailbox_full", "recipient_policy", "sender_ip_blocked", "spam_content", "auth_failure")


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
    at_work: dict[str, dict[int, float]] = {}
    queries: dict[str, int] = {}
    for number in range(ROUNDS):
        for rows, url in urls.items():
            told = json.loads(child("measure", rows, url, arguments if number == 0 else []))
            for page, (median, cpu, count) in told.items():
                for best, taken in ((medians, median), (at_work, cpu)):
                    of_page = best.setdefault(page, {})
                    of_page[rows] = min(of_page.get(rows, taken), taken)
                queries[page] = max(queries.get(page, 0), count)
    small, large = urls
    for page, of_page in medians.items():
        figures: dict[str, object] = {"database": database, "page": page, "queries": queries[page]}
        for word, best in (("ms", of_page), ("cpu_ms", at_work[page])):
            figures |= {f"{word}_at_{rows}": round(best[rows], 1) for rows in urls}
            figures[f"ratio_{word}"] = round(best[large] / best[small], 2)
        print(json.dumps(figures), flush=True)


def child(task: str, rows: int, url: str, arguments: list[str]) -> str:
    command = [sys.executable, "-m", "tests.benchmarks.history", task, str(rows), *arguments]
    environment = {**os.environ, "DATABASE_URL": url}
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout


def build(rows: int) -> None:
    """The schema, the branches and people, and ``rows`` deliveries with their counts, made by the database itself."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, transaction

    from portal.maillog import partitions
    from tests import make

    call_command("migrate", verbosity=0)
    branches = [make.branch(f"branch{number}", f"Branch {number}") for number in range(BRANCHES)]
    make.person("nora@branch0.example", "Nora", "staff", branches[0])
    make.person("ida@desk.example", "Ida", "support")
    with transaction.atomic():
        partitions.ensure(NOW - SPAN + timedelta(days=day) for day in range(SPAN.days + 1))
    indexes = without_indexes()
    with connection.cursor() as cursor:
        for statement in statements(connection.vendor, rows, branches[0].pk):
            cursor.execute(statement)
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
            [["maillog_messagelog", "maillog_delivery"]],
        )
        found = cursor.fetchall()
        for name, _ in found:
            cursor.execute(f"DROP INDEX {name}")
    return [definition.replace(" ON ONLY ", " ON ") for _, definition in found]


def statements(vendor: str, rows: int, first: int) -> Iterator[str]:
    """What makes the rows, each from its own number ``n``: nothing is random. ``first`` is the first branch's key."""
    is_large = vendor == "postgresql"
    series = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {0}) "
    source = "generate_series(1, {0}::bigint) AS s(n)" if is_large else "s"
    series = "" if is_large else series
    begin, seconds = int((NOW - SPAN).timestamp()), int(SPAN.total_seconds())
    moment = f"{begin} + m * {seconds} / {rows // 2}"
    at = f"to_timestamp({moment})" if is_large else f"datetime({moment}, 'unixepoch')"
    day = "(at AT TIME ZONE 'UTC')::date" if is_large else "date(at)"
    hour = "date_trunc('hour', at)" if is_large else "strftime('%Y-%m-%d %H:00:00', at)"
    month = f"date_trunc('month', {day})::date" if is_large else "date(at, 'start of month')"
    branch = f"CASE WHEN c % 10 = 0 THEN {first} ELSE {first} + c / 10 % {BRANCHES} END"
    module = "CASE c % 3 WHEN 0 THEN 'webreg' WHEN 1 THEN 'quicktools' ELSE 'xendirect_admin' END"
    yield (
        "INSERT INTO maillog_messagelog (id, branch_id, at, key, module, function, message_id, queue_id, from_address, "
        f"envelope_from, subject) {series.format(rows // 2)}SELECT m, {branch}, {at}, 'key' || m, {module}, "
        "'Class reminder', '<' || m || '@branch.example>', '4' || c, 'desk@branch.example', 'bounce@xenegrade.net', "
        f"'Your class starts soon' FROM (SELECT n AS m, n * 2654435761 % 4294967296 AS c FROM "
        f"{source.format(rows // 2)}) AS made"
    )
    domain = (
        "CASE WHEN p % 20 < 6 THEN 'gmail.com' WHEN p % 20 < 9 THEN 'outlook.com' WHEN p % 20 < 11 THEN 'yahoo.com' "
        "ELSE 'd' || p % 20000 || '.example' END"
    )
    provider = (
        "CASE WHEN p % 20 < 6 THEN 'gmail' WHEN p % 20 < 9 THEN 'outlook' WHEN p % 20 < 11 THEN 'yahoo' ELSE '' END"
    )
    state = (
        "CASE WHEN f < 2 THEN 'error' WHEN f < 32 THEN 'deferred' WHEN f < 80 THEN 'refused' "
        "WHEN f < 85 THEN 'expired' WHEN f < 90 THEN 'handed' ELSE 'accepted' END"
    )
    causes = " ".join(f"WHEN {number} THEN '{cause}'" for number, cause in enumerate(CAUSES))
    cause = (
        f"CASE WHEN f < 2 THEN 'send_error' WHEN f < 32 THEN 'rate_limited' WHEN f < 85 THEN CASE f % {len(CAUSES)} "
        f"{causes} END ELSE '' END"
    )
    numbers = (
        f"SELECT n, (n + 1) / 2 AS m, (n + 1) / 2 * 2654435761 % 4294967296 AS c, n * 40503 % {rows // 40} AS p, "
        f"(n * 7919 + n / 13 * 31) % 1000 AS f FROM {source.format(rows)}"
    )
    yield (
        "INSERT INTO maillog_delivery (id, message_id, recipient, recipient_normal, recipient_domain, leg, branch_id, "
        "at, state, state_at, reply, reply_code, status, remote_host, cause, attempts, complained_at, provider, "
        f"module, server) {series.format(rows)}SELECT n, m, 'client' || p || '@' || domain, "
        f"'client' || p || '@' || domain, domain, 0, branch, at, state, at, 'So they said', '', '', 'mx.' || domain, "
        f"{cause}, 1, "
        f"CASE WHEN f >= {FIRST_COMPLAINT} THEN at END, {provider}, module, "
        "CASE WHEN c % 5 = 0 THEN 'smtp2.xenegrade.net' ELSE 'smtp.xenegrade.net' END "
        f"FROM (SELECT made.*, {domain} AS domain, {state} AS state, {branch} AS branch, {at} AS at, "
        f"{module} AS module FROM ({numbers}) AS made) AS told"
    )
    yield (
        "INSERT INTO maillog_hourcount (branch_id, hour, state, recipients) "
        f"SELECT branch_id, {hour}, state, count(*) FROM maillog_delivery GROUP BY 1, 2, 3 ORDER BY 2"
    )
    yield (
        "INSERT INTO maillog_daycount (branch_id, day, module, server, provider, state, cause, recipients, complaints) "
        f"SELECT branch_id, {day}, module, server, provider, state, cause, count(*), count(complained_at) "
        "FROM maillog_delivery GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 2"
    )
    stands = ("error", "submitted", "handed", "deferred", "accepted", "refused", "expired")
    sums = ", ".join(f"sum(CASE state WHEN '{stand}' THEN recipients ELSE 0 END)" for stand in stands)
    for part in ("", "cause", "provider", "module", "server"):
        value = part or "''"
        yield (
            f"INSERT INTO maillog_daypart (branch_id, part, day, value, {', '.join(stands)}, complaints) "
            f"SELECT branch_id, '{part}', day, {value}, {sums}, sum(complaints) "
            "FROM maillog_daycount GROUP BY 1, 3, 4 ORDER BY 3"
        )
    yield (
        "INSERT INTO maillog_domaincount (branch_id, month, domain, recipients, accepted, deferred, refused, "
        f"complaints) SELECT branch_id, {month}, recipient_domain, count(*), "
        "sum(CASE state WHEN 'accepted' THEN 1 ELSE 0 END), "
        "sum(CASE state WHEN 'deferred' THEN 1 ELSE 0 END), "
        "sum(CASE WHEN state IN ('refused', 'expired') THEN 1 ELSE 0 END), count(complained_at) "
        "FROM maillog_delivery WHERE state <> 'error' GROUP BY 1, 2, 3 ORDER BY 2"
    )


def pages(rows: int) -> Iterator[tuple[str, str, str]]:
    """Name, who asks, address. The branch is the one that sends most."""
    listed = "/branches/branch0/deliveries/"
    # Somebody whose address the branch has written to of late.
    from portal.maillog.models import Delivery, MessageLog

    one = Delivery.objects.filter(branch__code="branch0", recipient_domain="gmail.com").order_by("-at", "-pk")[0]
    message = MessageLog.objects.get(pk=one.message_id)
    half = f"{(NOW - SPAN / 2):%Y-%m-%dT%H:%M}"
    yield "history, 30 days", "nora", "/branches/branch0/history/"
    yield "history of a smaller branch", "ida", "/branches/branch7/history/"
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
    yield "deliveries by cause and provider", "nora", f"{listed}?cause=rate_limited&provider=gmail"
    yield (
        "deliveries by server and module before",
        "nora",
        f"{listed}?server=smtp2.xenegrade.net&module=webreg&until={half}",
    )
    yield "deliveries that are not there", "nora", f"{listed}?server=smtp9.xenegrade.net"
    yield "complaints", "nora", f"{listed}?complained=yes"
    yield "message-id, all branches", "ida", f"/deliveries/?message_id={message.message_id.strip('<>')}"
    yield "domain and cause, all branches", "ida", "/deliveries/?domain=gmail.com&cause=no_such_user"
    yield "refused, all branches", "ida", "/deliveries/?state=refused"
    yield "of one provider before, all branches", "ida", f"/deliveries/?provider=yahoo&until={half}"
    yield "a message", "nora", f"/messages/{one.message_id}/"
    yield "a delivery", "nora", f"/deliveries/{one.pk}/"
    yield "comparison", "ida", "/comparison/"
    yield "home of staff", "nora", "/"


def measure(rows: int, explain: bool) -> dict[str, tuple[float, float, int]]:
    """The median of each page in milliseconds, the time at work a request, and its queries."""
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
            for _ in range(2):
                # These fill the caches.
                client.get(address)
            taken, worked = [], at_work()
            for _ in range(REQUESTS):
                began = time.perf_counter()
                client.get(address)
                taken.append(time.perf_counter() - began)
            found[name] = 1000 * statistics.median(taken), 1000 * (at_work() - worked) / REQUESTS, count
        return found


def at_work() -> float:
    """Seconds that this process and, on PostgreSQL, the one that serves it have been at work."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return time.process_time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = Path(f"/proc/{cursor.fetchone()[0]}/schedstat").read_text(encoding="ascii")
    return time.process_time() + int(backend.split()[0]) / 1e9


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
