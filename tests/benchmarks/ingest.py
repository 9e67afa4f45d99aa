"""A Postfix log of a million lines into PostgreSQL: beside pflogsumm, beside COPY, read twice, and killed while read.

Needs a PostgreSQL that lets databases be made (``BENCH_DATABASE_URL``, by default the local one) and ``pflogsumm``
(Debian's package of that name) on the PATH. ``BENCH_LINES`` sets the number of lines, ``BENCH_KILLS`` how often the
reading is killed; what is killed is a log of its own of a tenth as many lines.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from tests.benchmarks.postfix_log import lines

SERVER = os.environ.get("BENCH_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
LINES = int(os.environ.get("BENCH_LINES", "1000000"))
KILLS = int(os.environ.get("BENCH_KILLS", "20"))
DATABASE = "delivery_desk_bench"
TABLES = ("maillog_messagelog", "maillog_delivery", "maillog_deliveryevent")
#: What the rows are, whatever numbers they were given.
ROWS = (
    "SELECT b.code, m.key, m.at, m.message_id, m.queue_id, d.recipient_normal, d.at, d.state, d.cause, d.attempts, "
    "d.provider, (SELECT string_agg(e.fingerprint, ',' ORDER BY e.at, e.fingerprint) FROM maillog_deliveryevent e "
    "WHERE e.delivery_id = d.id) FROM maillog_delivery d JOIN maillog_messagelog m ON m.id = d.message_id "
    "JOIN branches_branchprofile b ON b.id = d.branch_id"
)
COUNTS = (
    "SELECT branch_id, hour, state, recipients FROM maillog_hourcount WHERE recipients <> 0",
    "SELECT branch_id, day, state, cause, provider, recipients FROM maillog_daycount WHERE recipients <> 0",
    "SELECT branch_id, month, domain, recipients, accepted, deferred, refused FROM maillog_domaincount",
    "SELECT hour, server, provider, state, recipients FROM maillog_attemptcount",
)


def main() -> int:
    if shutil.which("pflogsumm") is None:
        print("pflogsumm is missing: apt install pflogsumm.", file=sys.stderr)
        return 2
    url = urlunsplit(urlsplit(SERVER)._replace(path=f"/{DATABASE}"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DATABASE_URL": url, "REDIS_URL": "redis://127.0.0.1:6379/15", "SECRET_KEY": "thrown away"}
        os.environ |= {"DATA_DIR": folder, "LOG_LEVEL": "ERROR"}
        log, small = Path(folder) / "mail.log", Path(folder) / "small.log"
        log.write_text("".join(lines(LINES)), encoding="utf-8")
        small.write_text("".join(lines(LINES // 10, seed=8)), encoding="utf-8")
        try:
            print(json.dumps(speed(url, log)), flush=True)
            print(json.dumps(killed(url, small)), flush=True)
        finally:
            server(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    return 0


def server(statement: str) -> None:
    """Run one statement on the server itself."""
    connection = psycopg2.connect(SERVER)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def fresh(folder: str) -> None:
    """A new database with the hundred branches that the log is of."""
    server(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    server(f"CREATE DATABASE {DATABASE}")
    manage("migrate", "-v0")
    branches = [
        {
            "code": f"branch{number}",
            "organisation": f"Branch {number}",
            "notification_address": f"desk@branch{number}.example",
            "from_domains": [{"domain": f"branch{number}.example"}],
        }
        for number in range(100)
    ]
    path = Path(folder) / "branches.json"
    path.write_text(json.dumps({"branches": branches}), encoding="utf-8")
    manage("load_branches", str(path))


def manage(*arguments: str) -> str:
    done = subprocess.run([sys.executable, "manage.py", *arguments], check=True, capture_output=True, text=True)
    return done.stdout


def timed(*command: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def ingest(path: Path) -> tuple[float, dict[str, int]]:
    began = time.perf_counter()
    document = json.loads(manage("ingest", "postfix", str(path), "--json"))
    return time.perf_counter() - began, {name: document[name] for name in ("lines", "new", "duplicate")}


def speed(url: str, log: Path) -> dict[str, object]:
    fresh(str(log.parent))
    theirs = min(timed("pflogsumm", str(log)) for _ in range(2))
    ours, first = ingest(log)
    again, second = ingest(log)
    rows, copied = copy(url, log.parent)
    return {
        "lines": LINES,
        "pflogsumm, lines a second": round(LINES / theirs),
        "ours, lines a second": round(LINES / ours),
        "lines, ratio": round(theirs / ours, 2),
        "rows": rows,
        "COPY, rows a second": round(rows / copied),
        "ours, rows a second": round(rows / ours),
        "rows, ratio": round(copied / ours, 2),
        "first": first,
        "again": second,
        "again, seconds": round(again, 1),
        "a month dropped, seconds": dropped(url),
    }


def dropped(url: str) -> float:
    """How long it takes to drop the month that all of it is in, in all three tables."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        began = time.perf_counter()
        for table in reversed(TABLES):
            cursor.execute(f"DROP TABLE {table}_2026_02")
        seconds = time.perf_counter() - began
    connection.close()
    return round(seconds, 3)


def copy(url: str, folder: Path) -> tuple[int, float]:
    """How long PostgreSQL takes to COPY the very rows that were stored into empty tables with the same indexes."""
    connection = psycopg2.connect(url)
    rows, seconds = 0, 0.0
    with connection.cursor() as cursor:
        for table in TABLES:
            path = folder / table
            with path.open("w") as out:
                cursor.copy_expert(f"COPY (SELECT * FROM {table}) TO STDOUT", out)
        cursor.execute(f"TRUNCATE {', '.join(TABLES)}")
        connection.commit()
        for table in TABLES:
            with (folder / table).open() as file:
                began = time.perf_counter()
                cursor.copy_expert(f"COPY {table} FROM STDIN", file, 1 << 20)
                connection.commit()
                seconds += time.perf_counter() - began
                rows += cursor.rowcount
    connection.close()
    return rows, seconds


def state(url: str) -> tuple[object, ...]:
    connection = psycopg2.connect(url)
    found = []
    with connection.cursor() as cursor:
        for statement in (ROWS, *COUNTS):
            cursor.execute(statement)
            found.append(sorted(map(str, cursor.fetchall())))
    connection.close()
    return tuple(found)


def killed(url: str, log: Path) -> dict[str, object]:
    """The reading is killed at random points, then run to its end: the rows must be those of one clean reading."""
    fresh(str(log.parent))
    seconds, _ = ingest(log)
    clean = state(url)
    order = random.Random(11)
    differing = hit = 0
    for _ in range(KILLS):
        fresh(str(log.parent))
        reading = subprocess.Popen(
            [sys.executable, "manage.py", "ingest", "postfix", str(log), "--json"], stdout=subprocess.DEVNULL
        )
        time.sleep(seconds * order.uniform(0.1, 0.95))
        hit += reading.poll() is None
        reading.send_signal(signal.SIGKILL)
        reading.wait()
        ingest(log)
        differing += state(url) != clean
    return {"killed": KILLS, "in the midst of it": hit, "ended otherwise than a clean reading": differing}


if __name__ == "__main__":
    raise SystemExit(main())
