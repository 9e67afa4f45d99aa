"""Trying a mail server as a program would that hands it mail: reach, greeting, encryption, sign-in, sender, message.

Somebody names the host in a form, so no address within our own network is ever connected to: the address is judged
when it is connected to, whatever the name says. It goes step by step and stops at the first that fails, with the
server's own words and what they mean.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any

from django.utils import timezone

from diagnostics.engine.connect import is_public

SECONDS = 10
#: Where mail is handed in (RFC 6409, RFC 8314), and between servers.
PORTS = frozenset([25, 465, 587, 2525])


@dataclass(frozen=True, slots=True)
class Settings:
    """How the server is reached."""

    host: str
    port: int
    encryption: str
    username: str
    password: str
    sender: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what was tried, whether it went well, what the server said, and what to do where it did not.

    ``is_unknown``: it could not be found out from here, which is no fault of the server.
    """

    slug: str
    is_ok: bool
    said: str = ""
    remedy: str = ""
    is_unknown: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class _Stop(Exception):
    def __init__(self, step: Step) -> None:
        super().__init__(step.slug)
        self.step = step


class _Checked(smtplib.SMTP):
    """Connects to one address that was judged, and shows the certificate of the name that was asked for."""

    def __init__(self, address: str, name: str) -> None:
        self._address = address
        super().__init__(timeout=SECONDS)
        self._host = name

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return socket.create_connection((self._address, port), timeout)


class _CheckedTLS(_Checked):
    def __init__(self, address: str, name: str, context: ssl.SSLContext) -> None:
        self._tls = context
        super().__init__(address, name)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._tls.wrap_socket(super()._get_socket(host, port, timeout), server_hostname=self._host)


def attempt(
    given: Settings,
    addresses: Sequence[str],
    *,
    to: str = "",
    may_reach: Callable[[str], bool] = is_public,
    context: ssl.SSLContext | None = None,
    ports: frozenset[int] = PORTS,
) -> list[Step]:
    """Try ``given`` at the first of ``addresses`` that may be reached; with ``to`` a test message is sent there."""
    steps: list[Step] = []
    try:
        for step in _tried(given, addresses, to, may_reach, context or ssl.create_default_context(), ports):
            steps.append(step)
    except _Stop as stop:
        steps.append(stop.step)
    return steps


def _tried(
    given: Settings,
    addresses: Sequence[str],
    to: str,
    may_reach: Callable[[str], bool],
    context: ssl.SSLContext,
    ports: frozenset[int],
) -> Iterator[Step]:
    address = _address(given, addresses, may_reach, ports)
    server = _CheckedTLS(address, given.host, context) if given.encryption == "tls" else _Checked(address, given.host)
    try:
        yield _reach(server, given, address)
        if given.encryption == "starttls":
            yield _encrypt(server, context)
        if given.username:
            yield _sign_in(server, given)
        yield _sender(server, given)
        if to:
            yield _send(server, given, to)
    finally:
        try:
            server.quit()
        except (smtplib.SMTPException, OSError):
            server.close()


def _address(given: Settings, addresses: Sequence[str], may_reach: Callable[[str], bool], ports: frozenset[int]) -> str:
    if given.port not in ports:
        wanted = ", ".join(str(port) for port in sorted(ports))
        raise _Stop(Step("reach", False, "", f"No mail is handed in at port {given.port}. Use one of {wanted}."))
    if not addresses:
        raise _Stop(Step("reach", False, "", f"{given.host} has no address in DNS. Correct the name of the server."))
    allowed = [address for address in addresses if may_reach(address)]
    if not allowed:
        remedy = (
            f"{given.host} is at {', '.join(addresses)}, a private or reserved address, and the desk connects to "
            "none of those. Whether the server takes mail can only be seen from where the application sends."
        )
        raise _Stop(Step("reach", False, "", remedy, is_unknown=True))
    return allowed[0]


def _reach(server: _Checked, given: Settings, address: str) -> Step:
    try:
        code, text = server.connect(given.host, given.port)
        if code != 220:
            raise _Stop(Step("reach", False, _said(code, text), "The server takes nobody now. Try again later."))
        server.ehlo()
    except ssl.SSLError as error:
        raise _Stop(_not_encrypted(error)) from error
    except smtplib.SMTPConnectError as error:
        raise _Stop(
            Step("reach", False, _said(error.smtp_code, error.smtp_error), "The server turned us away at its door.")
        ) from error
    except (TimeoutError, smtplib.SMTPServerDisconnected) as error:
        remedy = (
            f"Nothing came from {address} within {SECONDS} s. Is the port open, and is it one for SMTP unencrypted?"
        )
        # Silence is no fault: it may be the way there.
        raise _Stop(Step("reach", False, str(error), remedy, is_unknown=isinstance(error, TimeoutError))) from error
    except OSError as error:
        remedy = f"{address} could not be reached at port {given.port}. A firewall may be in between."
        is_unknown = not isinstance(error, ConnectionRefusedError)
        raise _Stop(Step("reach", False, error.strerror or str(error), remedy, is_unknown)) from error
    return Step("reach", True, _said(code, text))


def _encrypt(server: _Checked, context: ssl.SSLContext) -> Step:
    try:
        if not server.has_extn("starttls"):
            remedy = "The server offers no STARTTLS at this port. Choose another port, or encryption from the start."
            raise _Stop(Step("encrypt", False, "", remedy))
        code, text = server.starttls(context=context)
        server.ehlo()
    except ssl.SSLError as error:
        raise _Stop(_not_encrypted(error)) from error
    except (smtplib.SMTPException, OSError) as error:
        raise _Stop(Step("encrypt", False, _words(error), "The server broke off the encryption.")) from error
    return Step("encrypt", True, _said(code, text))


def _not_encrypted(error: ssl.SSLError) -> Step:
    if isinstance(error, ssl.SSLCertVerificationError):
        remedy = "The branch's IT gives the server a valid certificate for this very name, or the name here is wrong."
        return Step("encrypt", False, error.verify_message, remedy)
    remedy = "Encryption failed. If the port is 587, choose STARTTLS; if it is 465, from the first octet."
    return Step("encrypt", False, error.reason or str(error), remedy)


def _sign_in(server: _Checked, given: Settings) -> Step:
    if given.encryption == "none":
        raise _Stop(Step("sign-in", False, "", "A password is not sent without encryption. Choose STARTTLS or TLS."))
    try:
        code, text = server.login(given.username, given.password)
    except smtplib.SMTPAuthenticationError as error:
        remedy = "User name or password are wrong, or signing in so is switched off (an app password may be needed)."
        raise _Stop(Step("sign-in", False, _said(error.smtp_code, error.smtp_error), remedy)) from error
    except smtplib.SMTPNotSupportedError as error:
        raise _Stop(
            Step("sign-in", False, str(error), "The server offers no sign-in here. Leave the user name empty.")
        ) from error
    except (smtplib.SMTPException, OSError) as error:
        raise _Stop(Step("sign-in", False, _words(error), "The server broke off the sign-in.")) from error
    return Step("sign-in", True, _said(code, text))


def _sender(server: _Checked, given: Settings) -> Step:
    try:
        code, text = server.mail(given.sender)
        if code != 250:
            remedy = f"The server does not let this sign-in send as {given.sender}. Its IT allows it, or use another."
            raise _Stop(Step("sender", False, _said(code, text), remedy))
        server.rset()
    except (smtplib.SMTPException, OSError) as error:
        raise _Stop(Step("sender", False, _words(error), "The server broke off.")) from error
    return Step("sender", True, _said(code, text))


def _send(server: _Checked, given: Settings, to: str) -> Step:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = given.sender, to, "A test by the Delivery Desk"
    mail["Date"] = format_datetime(timezone.now())
    mail["Message-ID"] = make_msgid(domain=given.sender.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("Somebody at your desk tried whether this mail server takes mail. Nothing has to be done.\n")
    try:
        refused = server.send_message(mail, given.sender, [to])
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return Step("message", False, _said(code, text), "The server does not take mail to this address.")
    except smtplib.SMTPResponseException as error:
        return Step("message", False, _said(error.smtp_code, error.smtp_error), "The server refused the message.")
    except (smtplib.SMTPException, OSError) as error:
        return Step("message", False, _words(error), "The server broke off while the message was sent.")
    return Step("message", not refused, "The server took the message. Whether it arrives, the recipient sees.")


def _said(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return f"{code} {' '.join(words.split())}"[:500]


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _said(error.smtp_code, error.smtp_error)
    return (str(error) or type(error).__name__)[:500]
