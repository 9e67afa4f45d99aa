"""What receivers found out about a message: ``Authentication-Results`` (RFC 8601).

The server that checks SPF, DKIM and DMARC writes down what came out, under its own name, the *authserv-id*:
``mx.corp.example; spf=pass smtp.mailfrom=north.example; dkim=fail reason="key; too old" header.d=north.example``.
Anybody can write such a field into a message before sending it, so a result is worth as much as the knowledge of who
wrote it (§5, §7.1). :func:`read_results` reads all there are, :func:`trusted` says which are to be believed.

Microsoft leaves the authserv-id out and adds ``compauth=pass reason=100``; ``ARC-Authentication-Results`` is the same
behind ``i=1;`` (RFC 8617 §4.1.1).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from diagnostics.engine.messages.headers.fields import Field
from diagnostics.engine.messages.headers.received import Hop, hop
from diagnostics.engine.messages.headers.tokens import Kind, Token, parts, tokens
from diagnostics.engine.names import is_under

MAX_VALUE: Final = 32_768
MAX_RESULTS: Final = 100

_METHOD = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,40})(?:/(\d{1,5}))?")
# RFC 8601 §2.2: a result is a keyword. Yahoo once wrote from=north.example in its place.
_RESULT = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,40}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,60}")
_INSTANCE = re.compile(r"i=(\d{1,4})")
_NAMES = frozenset(
    (
        *("authentication-results", "arc-authentication-results", "x-authentication-results"),
        *("authentication-results-original", "x-original-authentication-results"),
    )
)
#: With these addresses Microsoft's servers hand mail to each other, which is no entry from outside.
_MICROSOFT_INNER = (ipaddress.IPv6Network("2603:1000::/24"), ipaddress.IPv6Network("2a01:111::/32"))
#: Providers whose servers do not carry the name they sign their results with.
_MICROSOFT = ("outlook.com", "exchangelabs.com", "office365.com", "office365.us", "microsoft.com", "hotmail.com")
_FAMILIES = (
    _MICROSOFT,
    ("google.com", "googlemail.com", "gmail.com"),
    ("icloud.com", "apple.com", "me.com", "mac.com"),
    ("yahoo.com", "yahoodns.net", "aol.com", "yahoo.co.jp"),
    ("gmx.net", "gmx.com", "gmx.de", "web.de", "mail.com", "1and1.com", "kundenserver.de"),
    ("fastmail.com", "messagingengine.com"),
    ("proton.me", "protonmail.ch", "protonmail.com"),
    ("zoho.com", "zohomail.com", "zoho.eu"),
    ("yandex.ru", "yandex.net", "yandex.com"),
)


@dataclass(frozen=True, slots=True)
class Property:
    """One thing that was looked at: ``smtp.mailfrom=north.example`` has the kind ``smtp``, the name ``mailfrom``."""

    kind: str
    name: str
    value: str

    @property
    def full(self) -> str:
        return f"{self.kind}.{self.name}" if self.kind else self.name


@dataclass(frozen=True, slots=True)
class Result:
    """What came out of one method. ``comment`` is what the server remarked in brackets."""

    method: str
    result: str
    version: str = ""
    reason: str = ""
    properties: tuple[Property, ...] = ()
    comment: str = ""

    def value(self, *names: str) -> str:
        """The value of the first of ``names`` (``header.d``) that is there, else nothing."""
        return next((item.value for name in names for item in self.properties if item.full == name), "")


@dataclass(frozen=True, slots=True)
class Results:
    """One field. ``authserv_id`` is lower-case, empty where the server left it out; ``instance`` is ARC's ``i=``."""

    field: str
    authserv_id: str
    results: tuple[Result, ...]
    position: int
    raw: str
    version: str = ""
    instance: int | None = None

    @property
    def is_arc(self) -> bool:
        return self.field.lower().startswith("arc-")

    @property
    def is_original(self) -> bool:
        """The field's own name, and not one under which a server puts away what others wrote."""
        return self.field.lower() == "authentication-results"

    def all(self, method: str) -> tuple[Result, ...]:
        return tuple(result for result in self.results if result.method == method)


def read_results(fields: Sequence[Field]) -> tuple[Results, ...]:
    """All results among ``fields``, topmost first."""
    return tuple(results(field) for field in fields if field.key in _NAMES)


def results(field: Field) -> Results:
    """The results in one field."""
    cut = [[token for token in part if token.text] for part in parts(tokens(field.value[:MAX_VALUE]))]
    instance = None
    if cut and cut[0] and (match := _INSTANCE.fullmatch("".join(token.text for token in cut[0]).replace(" ", ""))):
        instance = int(match[1])
        cut = cut[1:]
    authserv_id = version = ""
    if cut and _result(cut[0]) is None:
        authserv_id, version = _server(cut[0])
        cut = cut[1:]
    found = [result for part in cut[:MAX_RESULTS] if (result := _result(part)) is not None]
    return Results(field.name, authserv_id, tuple(found), field.position, field.value, version, instance)


def _server(part: Sequence[Token]) -> tuple[str, str]:
    """The authserv-id and its version (RFC 8601 §2.2)."""
    words = [token.text for token in part if not token.is_comment]
    name = words[0].lower().removesuffix(".") if words else ""
    return name, words[1] if len(words) > 1 and words[1].isdecimal() else ""


def _result(part: Sequence[Token]) -> Result | None:
    """One ``method=result`` with all that follows it, or nothing where the part does not begin so."""
    pairs = _pairs(part)
    words = [token.text for token in part if not token.is_comment][:2]
    if not pairs or not ("=" in words[0] or words[1].startswith("=")):
        return None
    match = _METHOD.fullmatch(pairs[0][0])
    if match is None or not _RESULT.fullmatch(pairs[0][1]):
        return None
    reason, properties = "", []
    for name, value in pairs[1:]:
        if name.lower() == "reason":
            reason = value
        elif _NAME.fullmatch(name):
            kind, dot, rest = name.lower().partition(".")
            properties.append(Property(kind, rest, value) if dot else Property("", kind, value))
    comment = "; ".join(token.text.strip() for token in part if token.is_comment)
    return Result(match[1].lower(), pairs[0][1].lower(), match[2] or "", reason, tuple(properties), comment)


def _pairs(part: Sequence[Token]) -> list[tuple[str, str]]:
    """The ``name=value`` pairs. White space and comments may stand around each sign (RFC 8601 §2.2)."""
    pairs: list[tuple[str, str]] = []
    name = ""
    waits = False  # For a value: the name and the sign stood there.
    for token in part:
        if token.is_comment:
            continue
        if waits or token.kind is Kind.QUOTED:
            if waits:
                pairs.append((name, token.text))
            name, waits = "", False
            continue
        if token.text.startswith("@") and pairs:
            pairs[-1] = (pairs[-1][0], pairs[-1][1] + token.text)  # header.i="a b"@north.example
            continue
        left, equals, right = token.text.partition("=")
        if not equals:
            name = left
        elif right:
            pairs.append((left or name, right))
            name = ""
        else:
            name, waits = left or name, True
    return pairs


class Basis(StrEnum):
    """Why results are believed, or that none are."""

    CHOSEN = "chosen"
    ABOVE = "above"
    SAME_ORGANISATION = "same_organisation"
    ONLY_HEADER = "only_header"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Trust:
    """Which results are believed. ``forgeable`` are all others: a sender may have written them.

    ``authserv_id`` is the one that was chosen, ``candidates`` all that a person could choose instead, topmost first.
    """

    basis: Basis
    authserv_id: str = ""
    believed: tuple[Results, ...] = ()
    forgeable: tuple[Results, ...] = ()
    candidates: tuple[str, ...] = ()

    def all(self, method: str) -> tuple[Result, ...]:
        """The believed results of one method."""
        return tuple(result for item in self.believed for result in item.all(method))


def trusted(found: Sequence[Results], fields: Sequence[Field] = (), authserv_id: str = "") -> Trust:
    """Which of the results ``found`` among ``fields`` are to be believed.

    With an ``authserv_id``, only what that server wrote. Without, the topmost field, if it stands above the
    ``Received`` field with which the message came in from outside (what a sender wrote stands below that), or right
    below it and names the same organisation: Google and the milters of Postfix write it there.

    Of one server's fields only those between the same two ``Received`` fields as its topmost are believed, and of these
    a further one only for methods that no higher one reported: RFC 8601 §5 has servers remove what claims their name,
    and not all do.
    """
    own = [item for item in found if item.is_original and not item.is_arc]
    candidates = tuple(dict.fromkeys(item.authserv_id for item in own))
    wanted = authserv_id.strip().lower().removesuffix(".")
    top = next((item for item in own if not wanted or item.authserv_id == wanted), None)
    basis = Basis.CHOSEN if wanted and top else _basis(top, fields) if top else Basis.NONE
    if top is None or basis is Basis.NONE:
        return Trust(Basis.NONE, wanted, (), tuple(found), candidates)
    received = [field.position for field in fields if field.key == "received"]
    lower = next((position for position in received if position > top.position), None)
    believed: list[Results] = []
    methods: set[str] = set()
    for item in own:
        reported = {result.method for result in item.results}
        if (
            item.authserv_id == top.authserv_id
            and item.position >= top.position
            and (lower is None or item.position < lower)
            and not reported & methods
        ):
            believed.append(item)
            methods |= reported
    positions = {item.position for item in believed}
    forgeable = tuple(item for item in found if item.position not in positions)
    return Trust(basis, top.authserv_id, tuple(believed), forgeable, candidates)


def _basis(top: Results, fields: Sequence[Field]) -> Basis:
    """Why the topmost results may be believed, where nobody said whose are to be."""
    hops = [hop(field) for field in fields if field.key == "received"]
    if not hops:
        return Basis.ONLY_HEADER
    above = [item for item in hops if item.position < top.position]
    # Up to the entry the receiver's own servers handed the message to each other.
    entry = next((at for at, item in enumerate(hops) if _is_entry(item)), None)
    if not above or (entry is not None and len(above) <= entry):
        return Basis.ABOVE
    if entry is None:
        return Basis.SAME_ORGANISATION if all(_is_same(top.authserv_id, item) for item in above) else Basis.NONE
    is_next = len(above) == entry + 1
    return Basis.SAME_ORGANISATION if is_next and _is_same(top.authserv_id, above[-1]) else Basis.NONE


def _is_entry(item: Hop) -> bool:
    """The message came in from outside here."""
    if not item.is_from_outside:
        return False
    ip = ipaddress.ip_address(item.from_ip)
    is_inner = isinstance(ip, ipaddress.IPv6Address) and any(ip in network for network in _MICROSOFT_INNER)
    return not (is_inner and _is_of(_MICROSOFT, item.by))


def _is_of(family: Sequence[str], name: str) -> bool:
    return any(is_under(name.lower(), suffix) for suffix in family)


def _is_same(authserv_id: str, entry: Hop) -> bool:
    """The server ``entry`` is of the organisation that calls itself ``authserv_id``, by the names alone."""
    by = entry.by.lower()
    if not authserv_id:
        return _is_of(_MICROSOFT, by)  # Microsoft alone leaves its name out.
    if by and (is_under(by, authserv_id) or is_under(authserv_id, by)):
        return True
    family = next((family for family in _FAMILIES if _is_of(family, by)), None)
    if family is not None:
        return _is_of(family, authserv_id)
    return "." in by and _above(by) == _above(authserv_id)


def _above(name: str) -> str:
    """The name above the host's own, ``corp.example`` for ``mx.corp.example``, and at least two labels of it."""
    labels = name.split(".")
    return ".".join(labels[1:] if len(labels) > 2 else labels)
