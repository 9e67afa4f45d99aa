"""A real Postfix as the sending server: in a folder of its own, on a port of its own, and gone with the block.

Nothing of the machine's own Postfix is read or touched but its programs. What it logs and the reports that it writes of
mail that did not arrive are what the lab is about. It has to be started as root, as Postfix always is.
"""

from __future__ import annotations

import os
import pwd
import shutil
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.desk import free_port

HOST = "smtp.xenegrade.net"
#: What comes back is delivered here.
BOUNCES = "desk.example"
#: Where Debian puts what only a server's owner starts.
POSTFIX = shutil.which("postfix", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
#: Seconds until a message that is put off again and again is given up, and until its sender is told that it waits.
LIFE, WARNED = 7, 2
DEADLINE = 45

# Times are short, as nobody here is far away. The address 0.0.0.0 is this machine to Linux, and yet it is none of those
# at which the log of a server speaks of its own filters (127.0.0.0/8): the relays in it are read as strangers.
MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
myhostname = {host}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
local_header_rewrite_clients =
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_tls_security_level = none
smtp_connect_timeout = 2s
smtp_helo_timeout = 1s
transport_maps = texthash:{folder}/transport
virtual_mailbox_domains = {bounces}
virtual_mailbox_base = {folder}/returned
virtual_mailbox_maps = static:Maildir/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
maximal_queue_lifetime = {life}s
bounce_queue_lifetime = {life}s
delay_warning_time = {warned}s
"""

# The senders are in a chroot, as Debian has them, so that they find the names of the receivers in its own etc/hosts.
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - y - - smtp
relay unix - - y - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, slots=True)
class SendingServer:
    """A Postfix that is running. ``log`` is what it writes, ``maildir`` where what comes back to the sender lies."""

    folder: Path
    port: int

    @property
    def log(self) -> Path:
        return self.folder / "mail.log"

    @property
    def maildir(self) -> Path:
        return self.folder / "returned" / "Maildir"

    def send(self, message: str, *, sender: str, recipients: list[str]) -> None:
        """Hand over ``message``, as the sending application does."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=10) as client:
            client.sendmail(sender, recipients, message)

    def is_empty(self) -> bool:
        """Whether nothing is on its way any more, and no report of it either."""
        said = _run(["postqueue", "-c", str(self.folder / "etc"), "-p"], check=False).stdout
        return "Mail queue is empty" in said


def why_not() -> str:
    """Why no Postfix can be started here; nothing where one can."""
    if POSTFIX is None:
        return "Postfix is missing: on Debian, apt-get install postfix (choose: No configuration)."
    return "" if os.geteuid() == 0 else "Postfix is started by root only: run the lab as root."


@contextmanager
def running(ports: Mapping[str, int], bound: Mapping[str, tuple[str, str]] | None = None) -> Iterator[SendingServer]:
    """A Postfix that brings mail for each domain of ``ports`` to mx.DOMAIN at that port; 0: nobody knows that name.

    Mail for the domains of ``bound`` goes out by a service of its own, with a name in the log and an address.
    """
    # The folders of pytest are closed to others, and Postfix works as several of them.
    folder = Path(tempfile.mkdtemp(prefix="lab-", dir="/tmp"))
    try:
        server = SendingServer(folder, free_port())
        _lay_out(server, ports, bound or {})
        etc = str(folder / "etc")
        _run(["postfix", "-c", etc, "start"])
        try:
            wait_until(lambda: _answers(server), f"Postfix did not start: {_tail(server)}")
            yield server
        finally:
            _run(["postfix", "-c", etc, "abort"], check=False)
    finally:
        shutil.rmtree(folder)


def wait_until(is_so: Callable[[], bool], why: str, *, seconds: float = DEADLINE) -> None:
    """Look again and again whether ``is_so``; AssertionError with ``why`` when it is not in time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, why
        time.sleep(0.05)


def _lay_out(server: SendingServer, ports: Mapping[str, int], bound: Mapping[str, tuple[str, str]]) -> None:
    folder, nobody = server.folder, pwd.getpwnam("nobody")
    folder.chmod(0o755)
    for name in ("etc", "queue", "queue/etc", "data", "returned"):
        (folder / name).mkdir()
    os.chown(folder / "data", pwd.getpwnam("postfix").pw_uid, -1)
    os.chown(folder / "returned", nobody.pw_uid, nobody.pw_gid)
    values = {"folder": folder, "host": HOST, "bounces": BOUNCES, "life": LIFE, "warned": WARNED}
    main = MAIN.format(**values, uid=nobody.pw_uid, gid=nobody.pw_gid)
    (folder / "etc" / "main.cf").write_text(main)
    (folder / "etc" / "master.cf").write_text(MASTER.format(port=server.port) + "".join(_services(bound)))
    by = {domain: name for domain, (name, _) in bound.items()}
    routes = [f"{domain} {by.get(domain, 'smtp')}:[mx.{domain}]:{port or 25}\n" for domain, port in ports.items()]
    (folder / "transport").write_text("".join(routes))
    hosts = [f"0.0.0.0 mx.{domain}\n" for domain, port in ports.items() if port]
    (folder / "queue" / "etc" / "hosts").write_text("".join(hosts))
    (folder / "queue" / "etc" / "nsswitch.conf").write_text("hosts: files\n")
    (folder / "queue" / "etc" / "resolv.conf").write_text("nameserver 127.255.255.254\noptions timeout:1 attempts:1\n")


def _services(bound: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    for name, address in dict.fromkeys(bound.values()):
        yield f"{name} unix - - y - - smtp -o smtp_bind_address={address} -o syslog_name={name}\n"


def _run(command: list[str], *, check: bool = True) -> subprocess.CompletedProcess[str]:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    done = subprocess.run(
        command, env={"PATH": path, "LC_ALL": "C"}, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0 or not check, f"{command}: {done.stdout}{done.stderr}"
    return done


def _answers(server: SendingServer) -> bool:
    try:
        with smtplib.SMTP("127.0.0.1", server.port, timeout=5) as client:
            return client.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def _tail(server: SendingServer) -> str:
    return server.log.read_text()[-2000:] if server.log.exists() else "it logged nothing."
