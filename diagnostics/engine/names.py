"""Names of domains and addresses of people: read what was typed, say what is wrong with it, and make one form of it.

DNS compares octets, people type letters. So a domain name is held in one form only, lower-case A-labels without the
trailing dot (RFC 5890), and shown to people in U-labels. An address that cannot be read is not an exception but a
:class:`Malformed`, which says what is wrong, where, and what was probably meant.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

import idna

MAX_NAME = 253  # RFC 1035 §3.1: 255 octets on the wire.
MAX_LABEL = 63  # RFC 1035 §2.3.4
MAX_LOCAL = 64  # RFC 5321 §4.5.3.1.1
MAX_ADDRESS = 254  # RFC 5321 §4.5.3.1.3, erratum 1690: 256 octets with the angle brackets.
MAX_TYPED = 1000  # An address, and a display name and blanks around it.

_DOTS = re.compile("[\u3002\uff0e\uff61]")  # UTS 46 §4: these are full stops too.
_ATEXT = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]")  # RFC 5322 §3.2.3, RFC 6531 §3.3


class NameProblem(ValueError):
    """A text that is no domain name. ``code`` says why, for programs; ``text`` for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def normalised(name: str) -> str:
    """``name`` as absolute, lower-case A-labels without the trailing dot; NameProblem where DNS cannot carry it.

    What is only unusual passes (underscores, a numeric top label, an A-label IDNA would not make), since DNS has it.
    """
    text = _DOTS.sub(".", name)
    text = text.lower() if text.isascii() else _to_ascii(text)
    text = text.removesuffix(".")
    if not text:
        raise NameProblem("empty", "A domain name is missing.")
    for label in text.split("."):
        if not label:
            raise NameProblem("empty_label", f"{name!r} has two dots in a row, or one at its beginning.")
        if len(label) > MAX_LABEL:
            raise NameProblem("label_too_long", f"A part of {name[:80]!r} is longer than {MAX_LABEL} characters.")
    if len(text) > MAX_NAME:
        raise NameProblem("name_too_long", f"{name[:80]!r}… is longer than {MAX_NAME} characters.")
    if bad := re.search(r"[\x00-\x20\x7f]", text):
        raise NameProblem("forbidden_character", f"{name!r} holds {bad[0]!r}, which no domain name can hold.")
    return text


def host_domain(typed: str) -> str:
    """The domain of hosts or mail that a person typed, normalised; NameProblem for an IP address or anything else."""
    name = normalised(typed.strip())
    if "://" in typed or not re.fullmatch(r"[a-z0-9_.-]+", name):
        raise NameProblem("forbidden_character", f"{typed[:80]!r} is no domain name: give one such as example.org.")
    if name.rsplit(".", 1)[-1].isdecimal():
        raise NameProblem("numeric", f"{typed[:80]!r} ends in a number, so it is an IP address or no domain at all.")
    return name


def _to_ascii(text: str) -> str:
    """The A-labels of ``text``: UTS 46 mapping first (RFC 5895), then IDNA 2008, label by label."""
    try:
        text = idna.uts46_remap(text, std3_rules=False, transitional=False)
        return ".".join(_label_to_ascii(label) for label in text.split("."))
    except UnicodeError as error:
        raise NameProblem("not_idna", f"{text[:80]!r} cannot be written as a domain name: {error}.") from error


def _label_to_ascii(label: str) -> str:
    if label.isascii():
        return label
    if label.startswith("_"):
        return "_" + _label_to_ascii(label[1:])
    return idna.encode(label).decode("ascii")


def shown(name: str) -> str:
    """``name`` for people: U-labels where the whole name has sound ones, else the A-labels as they are."""
    if "xn--" not in name:
        return name
    try:
        return ".".join(idna.decode(label) if label.startswith("xn--") else label for label in name.split("."))
    except UnicodeError:
        return name


def parents(name: str) -> tuple[str, ...]:
    """The names above ``name``, nearest first, down to the top-level domain: ``a.b.c`` has ``b.c`` and ``c``."""
    labels = name.split(".")
    return tuple(".".join(labels[start:]) for start in range(1, len(labels)))


def is_under(name: str, suffix: str) -> bool:
    """``name`` is ``suffix`` or lies below it, on a label boundary."""
    return name == suffix or name.endswith("." + suffix)


class Fault(StrEnum):
    """What is wrong with an address, or unusual enough that it had to be put right."""

    EMPTY = "empty"
    NO_AT = "no_at"
    SEVERAL_AT = "several_at"
    NO_LOCAL = "no_local"
    NO_DOMAIN = "no_domain"
    LOCAL_DOT = "local_dot"
    LOCAL_CHARACTER = "local_character"
    LOCAL_QUOTE = "local_quote"
    LOCAL_TOO_LONG = "local_too_long"
    ADDRESS_TOO_LONG = "address_too_long"
    DOMAIN = "domain"
    DOMAIN_NOT_QUALIFIED = "domain_not_qualified"
    DOMAIN_NUMERIC = "domain_numeric"
    LITERAL = "literal"
    SEVERAL_ADDRESSES = "several_addresses"
    SPACE = "space"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Address:
    """An address that can be written to.

    ``local`` is as typed, without quotes; ``domain`` is in A-labels, empty for an address literal, whose IP address is
    ``literal``. ``cleaned`` names what stood around it and was left out (``space``, ``mailto``, ``brackets``,
    ``display_name``, ``quotes``, ``trailing_dot``, ``punctuation``, ``invisible``, ``full_width``).
    """

    local: str
    domain: str
    literal: str = ""
    is_quoted: bool = False
    cleaned: tuple[str, ...] = ()

    @property
    def needs_smtputf8(self) -> bool:
        """The local part is not ASCII, so every server on the way must speak RFC 6531."""
        return not self.local.isascii()

    @property
    def text(self) -> str:
        """The one form of it for the wire and for comparing: the domain in A-labels."""
        return f"{self._local_text()}@{self._domain_text()}"

    @property
    def shown(self) -> str:
        """The form for people: the domain in U-labels."""
        return f"{self._local_text()}@{shown(self.domain) if self.domain else self._domain_text()}"

    def _local_text(self) -> str:
        if not self.is_quoted:
            return self.local
        return '"' + re.sub(r'(["\\])', r"\\\1", self.local) + '"'

    def _domain_text(self) -> str:
        if self.domain:
            return self.domain
        return f"[IPv6:{self.literal}]" if ":" in self.literal else f"[{self.literal}]"


@dataclass(frozen=True, slots=True)
class Malformed:
    """A text that is no address. ``position`` counts characters in ``typed``; ``suggestion`` may be empty."""

    fault: Fault
    typed: str
    position: int
    text: str
    suggestion: str = ""


def parse_address(typed: str) -> Address | Malformed:
    """The one address in ``typed``, or what is wrong with it.

    What people paste around an address (spaces, ``mailto:``, angle brackets, a display name, a final dot) is left out
    and named in :attr:`Address.cleaned`. What is inside it is never changed silently: that is Malformed, with a
    suggestion. What is longer than any address with what may stand around it is not looked into.
    """
    if len(typed) > MAX_TYPED:
        return Malformed(Fault.ADDRESS_TOO_LONG, typed, MAX_TYPED, f"More than {MAX_TYPED} characters are no address.")
    return _Reader(typed).read()


class _Reader:
    """Reads one address, and knows where each character stood in what was typed, so that a fault can be pointed at."""

    def __init__(self, typed: str, *, suggests: bool = True) -> None:
        self.typed = typed
        self.suggests = suggests
        self.text = typed
        self.places = list(range(len(typed)))
        self.cleaned: list[str] = []

    def read(self) -> Address | Malformed:
        self._bare()
        text = self.text
        if not text:
            return self._fault(Fault.EMPTY, 0, "There is no address here.")
        for at, letter in enumerate(text):
            if unicodedata.category(letter) in ("Cc", "Cs", "Co", "Cn") and not letter.isspace():
                clean = "".join(other for other in text if unicodedata.category(other)[0] != "C")
                return self._fault(Fault.CONTROL, at, "The address holds a control character.", clean)
        quoted = re.match(r'"((?:[^"\\]|\\.)*)"@', text)
        end = quoted.end() - 1 if quoted else text.find("@")
        if problem := self._shape(text, end):
            return problem
        local, domain = text[:end], text[end + 1 :]
        is_quoted = quoted is not None
        if quoted:
            local = re.sub(r"\\(.)", r"\1", quoted[1])
            # RFC 5321 §4.1.2: quotes around what needs none change nothing.
            is_quoted = re.fullmatch(rf"{_ATEXT.pattern}+(\.{_ATEXT.pattern}+)*", local) is None
        elif problem := self._local(local, domain):
            return problem
        if len(local.encode()) > MAX_LOCAL:
            return self._fault(Fault.LOCAL_TOO_LONG, MAX_LOCAL, f"More than {MAX_LOCAL} characters stand before the @.")
        found = self._domain(local, domain, end + 1)
        if isinstance(found, Malformed):
            return found
        name, literal = found
        address = Address(unicodedata.normalize("NFC", local), name, literal, is_quoted, tuple(self.cleaned))
        if len(address.text.encode()) > MAX_ADDRESS:
            return self._fault(
                Fault.ADDRESS_TOO_LONG, MAX_ADDRESS, f"The address is longer than {MAX_ADDRESS} characters."
            )
        return address

    def _fault(self, fault: Fault, at: int, text: str, suggestion: str = "") -> Malformed:
        position = self.places[at] if at < len(self.places) else len(self.typed)
        suggested = _Reader(suggestion, suggests=False).read() if suggestion and self.suggests else None
        clean = suggested.shown if isinstance(suggested, Address) else ""
        return Malformed(fault=fault, typed=self.typed, position=position, text=text, suggestion=clean)

    def _keep(self, start: int, end: int, why: str) -> None:
        """Go on with what stands between ``start`` and ``end``; the rest was pasted along."""
        if (start, end) != (0, len(self.text)):
            self.text, self.places = self.text[start:end], self.places[start:end]
            if why not in self.cleaned:
                self.cleaned.append(why)

    def _bare(self) -> None:
        """Leave out what people paste around an address."""
        seen = [at for at, letter in enumerate(self.text) if unicodedata.category(letter) != "Cf" and letter != "\xad"]
        if len(seen) < len(self.text):
            self.text, self.places = "".join(self.text[at] for at in seen), seen
            self.cleaned.append("invisible")
        if any(letter in self.text for letter in "\uff20\ufe6b"):
            self.text = re.sub("[\uff20\ufe6b]", "@", self.text)
            self.cleaned.append("full_width")
        self._strip()
        if match := re.search(r"<([^<>]*)>?[\s,;.]*$", self.text):
            self._keep(match.start(1), match.end(1), "display_name" if match.start() else "brackets")
        elif match := re.fullmatch(r"([^\s()]+)\s+\([^()]*\)", self.text):
            self._keep(match.start(1), match.end(1), "display_name")  # RFC 5322 §3.2.2: a comment.
        if match := re.match(r"(?i)mailto:([^?]*)", self.text):
            self._keep(match.start(1), match.end(1), "mailto")
            if "%" in self.text:
                self.text = unquote(self.text)
                self.places = self.places[:1] * len(self.text)
        self._strip()
        if match := re.fullmatch("(['\"\u2018\u201c\u00ab])(.*@.*)['\"\u2019\u201d\u00bb]", self.text):
            self._keep(match.start(2), match.end(2), "quotes")
        # No pattern: one that looks for an end tries at every dot of a long text.
        end = len(self.text.rstrip(".,;"))
        self._keep(0, end, "trailing_dot" if self.text[end:] == "." else "punctuation")

    def _strip(self) -> None:
        text = self.text
        self._keep(len(text) - len(text.lstrip()) if text.strip() else len(text), len(text.rstrip()), "space")

    def _shape(self, text: str, end: int) -> Malformed | None:
        """What is wrong with the whole, if anything: more than one address, no @, or several, or spaces."""
        parts = [part.strip() for part in re.split(r"[,;\s]+", text)]
        if not text.startswith('"') and sum("@" in part.strip("@") for part in parts) > 1:
            at = text.index(parts[1], len(parts[0]))
            return self._fault(Fault.SEVERAL_ADDRESSES, at, "There is more than one address here.", parts[0])
        if text.startswith('"') and text[:end].count('"') < 2:
            return self._fault(Fault.LOCAL_QUOTE, 0, "A quotation mark is opened and not closed before the @.")
        if end < 0:
            meant = re.sub(r"\s*(?:\(at\)|\[at\]|\{at\}|\sat\s)\s*", "@", text, flags=re.IGNORECASE)
            meant = re.sub(r"\s*(?:\(dot\)|\[dot\]|\sdot\s)\s*", ".", meant, flags=re.IGNORECASE)
            return self._fault(Fault.NO_AT, len(text), "The @ is missing.", meant if "@" in meant else "")
        if (second := text.find("@", end + 1)) >= 0:
            return self._fault(Fault.SEVERAL_AT, second, "There is more than one @.", re.sub("@+", "@", text))
        after = re.search(r"\s", text[end:]) if text.startswith('"') else re.search(r"\s", text)
        if after:
            at = after.start() + (end if text.startswith('"') else 0)
            return self._fault(Fault.SPACE, at, "There is a space inside the address.", re.sub(r"\s+", "", text))
        if end == 0:
            return self._fault(Fault.NO_LOCAL, 0, "Nothing stands before the @.")
        if end == len(text) - 1:
            return self._fault(Fault.NO_DOMAIN, end + 1, "Nothing stands after the @.")
        return None

    def _local(self, local: str, domain: str) -> Malformed | None:
        """What is wrong with an unquoted local part, if anything (RFC 5321 §4.1.2: a dot-string)."""
        if match := re.search(r"^\.|\.\.|\.$", local):
            meant = re.sub(r"\.+", ".", local).strip(".")
            return self._fault(
                Fault.LOCAL_DOT,
                match.start(),
                "A dot stands where none may: first, last or doubled.",
                f"{meant}@{domain}",
            )
        for at, letter in enumerate(local):
            if letter != "." and not _ATEXT.fullmatch(letter):
                text = f"{letter!r} cannot stand before the @ without quotation marks."
                kept = "".join(other for other in local if other == "." or _ATEXT.fullmatch(other))
                return self._fault(Fault.LOCAL_CHARACTER, at, text, f"{kept}@{domain}")
        return None

    def _domain(self, local: str, domain: str, start: int) -> tuple[str, str] | Malformed:
        """The domain and the literal address, one of them empty."""
        if domain.startswith("["):
            return self._literal(domain, start)
        meant = f"{local}@" + re.sub(r"\.+", ".", re.sub(r"[,;:/\\]", ".", domain)).strip(".-")
        try:
            name = normalised(domain)
        except NameProblem as problem:
            at = max(domain.find(".."), 0) if problem.code == "empty_label" else 0
            return self._fault(Fault.DOMAIN, start + at, problem.text, meant)
        # RFC 5321 §4.1.2: letters, digits and inner hyphens only, though DNS itself carries anything.
        if bad := re.search(r"[^a-z0-9.\-]|(?:^|(?<=\.))-|-(?=\.|$)", name):
            at = max(domain.find(bad[0]), 0) if domain.isascii() and bad[0] != "-" else 0
            text = f"{bad[0]!r} cannot stand there in the domain of an address."
            return self._fault(Fault.DOMAIN, start + at, text, meant)
        labels = name.split(".")
        if labels[-1].isdecimal():
            literal = f"{local}@[{name}]"
            return self._fault(Fault.DOMAIN_NUMERIC, start, f"{name!r} ends in a number: no domain does.", literal)
        if len(labels) < 2:
            text = f"{shown(name)!r} is no whole domain: its ending is missing."
            return self._fault(Fault.DOMAIN_NOT_QUALIFIED, start + len(domain), text)
        return name, ""

    def _literal(self, domain: str, start: int) -> tuple[str, str] | Malformed:
        """RFC 5321 §4.1.3: an IPv4 address, or ``IPv6:`` and an IPv6 address, in square brackets."""
        inner = domain.removeprefix("[").removesuffix("]")
        is_tagged = inner.lower().startswith("ipv6:")
        try:
            if not domain.endswith("]"):
                raise ValueError("the closing bracket is missing")
            ip = ipaddress.IPv6Address(inner[5:]) if is_tagged else ipaddress.IPv4Address(inner)
        except ValueError as error:
            meant = ""
            with contextlib.suppress(ValueError):
                meant = Address(self.text[: start - 1], "", str(ipaddress.ip_address(inner.removeprefix("IPv6:")))).text
            return self._fault(Fault.LITERAL, start, f"The address in square brackets is none: {error}.", meant)
        return "", str(ip)
