"""From a report to the first cause it is told, as a browser sees it: how much longer than DNS itself takes.

A desk of its own (``manage.py up``: web, worker and beat) on the embedded default, and, where ``BENCH_DATABASE_URL`` (a
PostgreSQL that lets databases be made) and ``BENCH_REDIS_URL`` (an empty database of it) are given, on those as well.
Somebody signs in, fills in which e-mail it is about, and then does what the page says: its own requests, at its own
interval. Each report is of domains that nobody has asked about yet, over a name server that delays each answer.

In seconds from sending that form: ``first`` to the first cause beside the questions, ``last`` to the end of the checks
as the page tells it, ``ranked`` to their cause on the page that ranks causes, with every question before it answered
at once. The critical path is the longest chain of questions that depend on one another, times the delay; ``beyond`` is
what a report took longer than that. ``BENCH_REPORTS`` sets how many reports of each kind are made.
"""

from __future__ import annotations

import html
import json
import math
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import requests

from tests.benchmarks.dns_world import OPEN_ADDRESS, Served, served
from tests.desk import ROOT, free_port, scratch_database, wait_until_ready

DELAYS_MS = (0, 20, 50, 200)
REPORTS = int(os.environ.get("BENCH_REPORTS", "10"))
PATIENCE = 30.0
WHO, PASSWORD = "staff@bench.example.com", "only for this measurement"


@dataclass(frozen=True, slots=True)
class World:
    """What is wrong, by numbered domains that have never been asked about, and the cause that this is."""

    about: str
    sender: str
    recipient: str
    cause: str


WORLDS = (
    World(
        "the recipient's domain takes no mail", "d{}.bench.internal", "anna@nomail.d{}.bench.internal", "domain_or_dns"
    ),
    World("SPF lets us not send", "strict.d{}.bench.internal", "anna@d{}.bench.internal", "auth_failure"),
)

FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
#: An element that asks for itself again: where, and after how many seconds or thousandths of them.
AGAIN = re.compile(r'hx-get="([^"]+)" hx-trigger="every (\d+)(ms|s)"')
DECISIVE = re.compile(r'<div id="decisive"[^>]*>\s*<form')
FOLDED = re.compile(r"<details.*?</details>", re.S)
BELIEVED = re.compile(r'id="belief".*?<h3>(.*?)</h3>', re.S)


def main(arguments: list[str]) -> None:
    if arguments:
        {"prepare": prepare, "paths": tell_paths}[arguments[0]]()
        return
    for shape in shapes():
        for delay in DELAYS_MS:
            with served(delay / 1000) as server, desk(shape, server.port) as (address, environment):
                for row in measure(address, environment, delay, server):
                    print(json.dumps({"desk": "served" if shape else "embedded", "delay_ms": delay, **row}), flush=True)


def shapes() -> Iterator[dict[str, str]]:
    """The desks to measure, by their settings."""
    yield {}
    if os.environ.get("BENCH_DATABASE_URL") and os.environ.get("BENCH_REDIS_URL"):
        yield {"DATABASE_URL": os.environ["BENCH_DATABASE_URL"], "REDIS_URL": os.environ["BENCH_REDIS_URL"]}


@contextmanager
def desk(shape: dict[str, str], port: int) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a running desk that asks the name server at ``port``, and the environment it runs in."""
    web = free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        environment |= {**shape, "DATA_DIR": folder, "MAILROOM": "off", "RESOLVERS": f"127.0.0.1:{port}"}
        # One person makes many reports within a minute here, and none is to be held for that.
        environment |= {"RUNS_A_MINUTE": "1000", "RUNS_AT_ONCE": "100", "SECRET_KEY": "thrown away with its folder"}
        environment |= {"PYTHONWARNINGS": "ignore", "DJANGO_SETTINGS_MODULE": "portal.settings"}
        log = Path(folder) / "desk.log"
        with scratch_database(environment), log.open("wb") as lines:
            subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
            aside("prepare", environment)
            process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--no-demo", "--port", str(web)],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=lines,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                wait_until_ready(f"http://127.0.0.1:{web}", process, log)
                yield f"http://127.0.0.1:{web}", environment
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(20)


def aside(what: str, environment: dict[str, str]) -> str:
    """Do ``what`` in the desk's database, in a process of its own; what that printed."""
    command = [sys.executable, "-m", "tests.benchmarks.first_answer", what]
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def prepare() -> None:
    """One person, and a branch for each report that will be made."""
    import django

    django.setup()
    from portal.accounts.models import Role, User
    from portal.branches.models import BranchProfile, Membership, SendingDomain, SendingServer

    person = User.objects.create_user(WHO, PASSWORD, role=Role.STAFF, name="Staff")
    server = SendingServer.objects.create(
        host="smtp.north.bench.internal", addresses=[OPEN_ADDRESS], helo="smtp.north.bench.internal", is_vendor=True
    )
    for number in numbers():
        domain = world_of(number).sender.format(number)
        branch = BranchProfile.objects.create(
            code=f"d{number}", organisation=f"D{number}", notification_address=f"office@{domain}", sending_server=server
        )
        SendingDomain.objects.create(branch=branch, domain=domain)
        Membership.objects.create(user=person, branch=branch)


def tell_paths() -> None:
    """Print the run of each branch's report: its questions, and its critical path in milliseconds."""
    import django

    django.setup()
    from tickets.models import Report

    rows = Report.objects.values_list("branch__code", "run__queries", "run__critical_path_ms")
    print(json.dumps({code: [queries, path] for code, queries, path in rows}))


def numbers() -> range:
    """Two reports of each kind in every round, after one of each that goes before so that the start is not measured."""
    return range(2 * len(WORLDS) * (REPORTS + 1))


def world_of(number: int) -> World:
    return WORLDS[number // 2 % len(WORLDS)]


@dataclass(slots=True)
class Told:
    """What a report took, in seconds from its form: to the first cause, to the end of the checks, to the ranked one."""

    number: int
    first: float = math.nan
    last: float = math.nan
    ranked: float = math.nan


def measure(address: str, environment: dict[str, str], delay: int, server: Served) -> Iterator[dict[str, object]]:
    """One row for each world."""
    browser = Browser(address)
    asked, told = server.asked, []
    for number in numbers():
        told.append(browser.panel(number) if number % 2 == 0 else browser.ranking(number))
    arrived = server.asked - asked
    paths = json.loads(aside("paths", environment))
    if arrived < len(told) or len(paths) < len(told):
        raise RuntimeError(f"{len(told)} reports, {len(paths)} runs, and only {arrived} questions came: not measured.")
    for world in WORLDS:
        rows = [item for item in told[2 * len(WORLDS) :] if world_of(item.number) is world]
        # What a loaded machine adds to a question is not the path's, so the number of its questions is counted.
        shortest = min(paths[f"d{item.number}"][1] for item in rows)
        path = shortest // delay * delay / 1000 if delay else 0.0
        row: dict[str, object] = {"about": world.about, "critical_path_s": path}
        row["questions a run"] = statistics.median(paths[f"d{item.number}"][0] for item in rows)
        for name in ("first", "last", "ranked"):
            seconds = [value for item in rows if not math.isnan(value := getattr(item, name))]
            row |= {f"{name}_s": round(statistics.median(seconds), 2), f"{name}_worst_s": round(max(seconds), 2)}
            row[f"{name}_worst_beyond_s"] = round(max(seconds) - path, 2)
        yield {**row, "reports": len(rows) // 2, "questions that arrived": arrived}


class Browser:
    """Somebody who is signed in: keeps cookies and the connection, and does what the page says."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.session = requests.Session()
        page = self.get("/account/login/")
        self.post(page, login=WHO, password=PASSWORD)

    def get(self, path: str, *, current: str = "") -> requests.Response:
        """A page, or with ``current``, the page it is part of, a fragment as HTMX asks for it."""
        headers = {"HX-Request": "true", "HX-Current-URL": current} if current else {}
        answer = self.session.get(urljoin(self.address, path), headers=headers, timeout=PATIENCE)
        answer.raise_for_status()
        return answer

    def post(self, page: requests.Response, **values: str) -> requests.Response:
        """Send the form of ``page``, its hidden fields with it, and go where that leads."""
        fields = {name: html.unescape(value) for name, value in FIELD.findall(page.text)}
        answer = self.session.post(page.url, {**fields, **values}, headers={"Referer": page.url}, timeout=PATIENCE)
        answer.raise_for_status()
        return answer

    def begin(self, number: int) -> tuple[float, requests.Response]:
        """Fill in which e-mail it is about; when that was sent, and the page it led to."""
        form = self.get("/reports/new/")
        recipient = world_of(number).recipient.format(number)
        began = time.monotonic()
        return began, self.post(form, branch=f"d{number}", recipient=recipient, span_days="1")

    def panel(self, number: int) -> Told:
        """Stay at the first question, and watch the panel beside it."""
        told = Told(number)
        began, page = self.begin(number)
        for text in self.watch(page):
            after = time.monotonic() - began
            if math.isnan(told.first) and ("dd-actor-group" in FOLDED.sub("", text) or DECISIVE.search(text)):
                told.first = after
            told.last = after
        return told

    def ranking(self, number: int) -> Told:
        """Answer every question at once, and watch what is believed until it is what is wrong in this world."""
        from diagnostics.engine.causes import CAUSES

        told, expected = Told(number), CAUSES[world_of(number).cause].title
        began, page = self.begin(number)
        page = self.post(page, choice="seen")
        page = self.post(page, choice="right")
        page = self.post(page, choice="not_there")
        page = self.post(page, symptom="not_received", other_domain="no", description="It did not arrive.")
        for text in self.watch(page):
            believed = BELIEVED.search(text)
            if math.isnan(told.ranked) and believed and html.unescape(believed[1]) == expected:
                told.ranked = time.monotonic() - began
        return told

    def watch(self, page: requests.Response) -> Iterator[str]:
        """The page, and then its parts as often as it asks for them again."""
        text, ends_at = page.text, time.monotonic() + PATIENCE
        yield text
        while again := AGAIN.search(text):
            if time.monotonic() > ends_at:
                raise TimeoutError(f"{page.url} was not over within {PATIENCE:g} s.")
            time.sleep(int(again[2]) / (1000 if again[3] == "ms" else 1))
            text = self.get(html.unescape(again[1]), current=page.url).text
            yield text


if __name__ == "__main__":
    main(sys.argv[1:])
