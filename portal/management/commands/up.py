"""``manage.py up``: the whole desk on one machine. Migrates, loads the demo into an empty database, and keeps web,
worker, beat and mailroom running together until Ctrl-C; when one of them ends, all end, and why is said.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from portal.accounts.models import User
from portal.demo.people import PASSWORD, PEOPLE
from portal.mailroom.listening import address_of

#: How long a child may take to end by itself.
GRACE_SECONDS = 5.0
READY_SECONDS = 60.0
#: How Celery's warning of a worker that runs as root begins.
AS_ROOT = "You're running the worker with superuser privileges"


class Command(BaseCommand):
    help = "Run web, worker, beat and mailroom together (the embedded default needs nothing else)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")), help="default: 8000")
        parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1")
        parser.add_argument("--no-demo", action="store_true", help="leave an empty database empty")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        check_folder(settings.DATA_DIR)
        check_port(host, port)
        mailroom = self.mailroom()
        self.prepare(with_demo=not options["no_demo"])
        address = web_address(host, port)
        children = Children(self.stdout.write, environment_for(address))
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: stopping.set())
        try:
            for name, arguments in commands(host, port, mailroom=mailroom).items():
                children.begin(name, arguments)
            if wait_until_it_answers(f"{address}/healthz", children, stopping):
                self.tell(address)
            while not stopping.wait(0.2):
                if ended := children.ended():
                    raise CommandError(f"{ended} The others are stopped too.")
        finally:
            children.stop()
        self.stdout.write("Stopped.")

    def prepare(self, *, with_demo: bool) -> None:
        """Bring database and static files to where the program is, and load the demo into an empty database."""
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Preparing the database ...")
            call_command("migrate", verbosity=0)
        if static_is_stale():
            call_command("collectstatic", verbosity=0, interactive=False)
        if with_demo and not User.objects.exists():
            self.stdout.write("Loading the demo world ...")
            call_command("demo", verbosity=0)
        connection.close()

    def mailroom(self) -> bool:
        """Whether the mailroom is started: where MAILROOM says so, and its port can be had.

        Nobody asked for the default's port, so that a second desk on this machine just goes without.
        """
        if not settings.MAILROOM:
            return False
        try:
            check_port(*address_of(settings.MAILROOM), way_out="Set MAILROOM to another host:port, or to off.")
        except CommandError as error:
            if os.environ.get("MAILROOM", "").strip():
                raise
            self.stdout.write(f"The mailroom is not started. {error}")
            return False
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        return True

    def tell(self, address: str) -> None:
        """Where it is, and who can sign in while the demo people are there."""
        self.stdout.write(f"\nDelivery Desk is at {self.style.SUCCESS(address)}  (Ctrl-C ends it)\n")
        known = set(User.objects.filter(email__in=[item.email for item in PEOPLE]).values_list("email", flat=True))
        connection.close()
        if known:
            self.stdout.write(f"Sign in with one of these, password {PASSWORD}\n")
            for item in PEOPLE:
                if item.email in known:
                    self.stdout.write(f"  {item.email:<22} {item.about}")
        if settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
            self.stdout.write("Mails are printed here; EMAIL_HOST sends them for real.")
        self.stdout.write("")


def check_folder(folder: Path) -> None:
    """CommandError unless files can be written in ``folder``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CommandError(
            f"{folder} cannot be written ({error.strerror}). Set DATA_DIR to a folder that can be.", returncode=2
        ) from error


def check_port(host: str, port: int, *, way_out: str = "") -> None:
    """CommandError when somebody listens there already; ``way_out`` says what to do about it."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} on {host} cannot be used ({error.strerror}). "
                + (way_out or f"Choose another: make run PORT={port + 1}"),
                returncode=2,
            ) from error


def static_is_stale() -> bool:
    """The collected files are missing, or older than the sources they were collected from."""
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if not manifest.exists():
        return True
    collected = manifest.stat().st_mtime
    sources = settings.BASE_DIR.glob("portal/static/**/*")
    return any(path.stat().st_mtime > collected for path in (*sources, settings.BASE_DIR / "requirements.txt"))


def web_address(host: str, port: int) -> str:
    """The address the desk is reached at from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - all interfaces are no address to go to.
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def environment_for(address: str) -> dict[str, str]:
    """What all children are told alike: the address that mails link to, unless BASE_URL names another one.

    Celery warns of a worker that runs as root, as it does in a container of one's own; ours takes nothing but JSON.
    """
    warnings = ",".join(filter(None, [os.environ.get("PYTHONWARNINGS"), f"ignore:{AS_ROOT}"]))
    return {"BASE_URL": os.environ.get("BASE_URL") or address, "PYTHONWARNINGS": warnings}


def commands(host: str, port: int, *, mailroom: bool = False) -> dict[str, list[str]]:
    """The children: their names and how each is started."""
    python = sys.executable
    celery = [python, "-m", "celery", "-A", "portal", "--quiet"]
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    web = ["--bind", bind, "--workers", "1", "--threads", "8", "--worker-tmp-dir", str(settings.DATA_DIR)]
    children = {
        "web": [python, "-m", "gunicorn", "portal.wsgi", *web, "--log-level", "warning", "--no-control-socket"],
        "worker": [*celery, "worker", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"],
        "beat": [*celery, "beat", "--loglevel", "WARNING", "--pidfile="],
    }
    if mailroom:
        children["mailroom"] = [python, "manage.py", "mailroom"]
    return children


class Children:
    """The processes of the desk, each in a group of its own, and what they print, one prefix each."""

    def __init__(self, write: Callable[[str], Any], environment: Mapping[str, str] | None = None) -> None:
        self.write = write
        self.environment = environment or {}
        self.running: dict[str, subprocess.Popen[str]] = {}
        self._readers: list[threading.Thread] = []

    def begin(self, name: str, arguments: list[str]) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "portal.settings"}
        environment |= self.environment
        child = subprocess.Popen(  # noqa: S603 - the arguments are our own.
            arguments,
            cwd=settings.BASE_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self.running[name] = child
        reader = threading.Thread(target=self._pass_on, args=(name, child.stdout), daemon=True)
        reader.start()
        self._readers.append(reader)

    def _pass_on(self, name: str, lines: IO[str] | None) -> None:
        if lines is None:
            return
        with lines:
            for line in lines:
                if line.strip():
                    self.write(f"{name:<8}| {line.rstrip()}")

    def ended(self) -> str:
        """A sentence about a child that has ended; empty while all are running."""
        for name, child in self.running.items():
            if (code := child.poll()) is not None:
                how = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
                return f"The {name} process {how}; its last lines stand above."
        return ""

    def stop(self) -> None:
        """Ask every child to end, and end those that do not listen."""
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        for child in self.running.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                continue
        self._signal(signal.SIGKILL)
        for child in self.running.values():
            child.wait()
        for reader in self._readers:
            reader.join(1)

    def _signal(self, number: signal.Signals) -> None:
        for child in self.running.values():
            try:
                os.killpg(child.pid, number)
            except ProcessLookupError:
                continue


def wait_until_it_answers(url: str, children: Children, stopping: threading.Event) -> bool:
    """True once ``url`` answers 200; False when a child ended or a stop was asked for before."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and not stopping.is_set() and not children.ended():
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address.
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            stopping.wait(0.1)
    return False
