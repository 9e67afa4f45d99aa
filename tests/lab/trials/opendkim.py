"""A real OpenDKIM that signs what a real Postfix takes: in a folder of its own, on a port of its own.

Which key signs is told by the address in From, so that one server shows every way in which signing goes right or wrong.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.desk import free_port
from tests.diagnostics.engine.messages.headers.signing import rsa
from tests.lab import postfix

OPENDKIM = shutil.which("opendkim", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
#: Seconds for which a signature holds (x=).
HOLDS = 300

CONFIG = """\
Socket inet:{port}@127.0.0.1
Mode s
Canonicalization relaxed/relaxed
InternalHosts {folder}/everybody
KeyTable file:{folder}/keys
SigningTable refile:{folder}/signing
SignatureTTL {holds}
MinimumKeyBits 512
RequireSafeKeys no
Background no
Syslog no
"""


@dataclass(frozen=True, slots=True)
class Signs:
    """What signs mail of an address: the domain and the selector that stand in the signature, and the key."""

    domain: str
    selector: str
    bits: int = 1024
    word: str = ""


def why_not() -> str:
    """Why no signing server can be started here; nothing where one can."""
    missing = "" if OPENDKIM else "OpenDKIM is missing: on Debian, apt-get install opendkim."
    return postfix.why_not() or missing


@contextmanager
def signing(folder: Path, signers: Mapping[str, Signs]) -> Iterator[int]:
    """An OpenDKIM that signs for the addresses of ``signers``; the port at which it listens."""
    assert OPENDKIM is not None
    port = free_port()
    keys, table = [], []
    for number, (address, item) in enumerate(signers.items()):
        pem = rsa(item.bits, item.word).private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        (folder / f"{number}.pem").write_bytes(pem)
        keys.append(f"k{number} {item.domain}:{item.selector}:{folder}/{number}.pem\n")
        table.append(f"{address} k{number}\n")
    (folder / "keys").write_text("".join(keys))
    (folder / "signing").write_text("".join(table))
    (folder / "everybody").write_text("0.0.0.0/0\n")
    (folder / "opendkim.conf").write_text(CONFIG.format(port=port, folder=folder, holds=HOLDS))
    server = subprocess.Popen([OPENDKIM, "-f", "-x", str(folder / "opendkim.conf")], stderr=subprocess.DEVNULL)
    try:
        postfix.wait_until(lambda: _answers(port), "OpenDKIM did not start.")
        yield port
    finally:
        server.terminate()
        server.wait(10)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


def sign_by(server: postfix.SendingServer, port: int) -> None:
    """Have ``server`` pass its mail through the signer, and let who hands it over say whom it stands for (XCLIENT)."""
    etc, path = str(server.folder / "etc"), f"{os.environ.get('PATH', '')}:/usr/sbin"
    settings = [
        *(f"smtpd_milters=inet:127.0.0.1:{port}", "milter_default_action=tempfail"),
        *("smtpd_authorized_xclient_hosts=127.0.0.1", "mynetworks=0.0.0.0/0"),
    ]
    for command in (["postconf", "-c", etc, "-e", *settings], ["postfix", "-c", etc, "reload"]):
        subprocess.run(command, env={"PATH": path, "LC_ALL": "C"}, capture_output=True, timeout=30, check=True)
