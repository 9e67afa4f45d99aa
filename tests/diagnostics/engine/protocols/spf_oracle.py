"""pyspf as the oracle of our evaluator: it asks a zone instead of the network, and keeps RFC 7208 where it departs.

Every method here is one known difference between the two programs, with the section that decides it. What is left
has to agree to the word.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import spf as pyspf

from diagnostics.engine.resolver import Status
from diagnostics.engine.zone import Zone

#: What pyspf says of a failure that the domain itself does not explain.
UNEXPLAINED = pyspf.EXPLANATIONS["fail"]
#: So far from pyspf's limit that nothing counts.
_FAR = -1000


class Oracle(pyspf.query):  # type: ignore[misc]
    """One evaluation by pyspf."""

    def validate_mechanism(self, mech: str) -> tuple[Any, ...]:
        """§4.6.4: an include of the domain itself ends at the tenth look-up, and only where it is reached."""
        try:
            found: tuple[Any, ...] = super().validate_mechanism(mech)
        except pyspf.PermError as error:
            if error.msg != "include has trivial recursion":
                raise
            return mech, "include", self.d, self.cidrmax, pyspf.RESULTS.get(mech[0], "pass")
        return found

    def check0(self, spf: str, recursion: int) -> tuple[Any, ...]:
        """§6: only ``redirect`` and ``exp`` may not stand twice; other modifiers are not looked at."""
        terms = (spf or "").split(" ")
        for at, term in enumerate(terms[1:], 1):
            if re.match(r"(?!exp=|redirect=)[A-Za-z][A-Za-z0-9_.-]*=", term):
                terms[at] = f"x{at}-{term}"
        found: tuple[Any, ...] = super().check0(" ".join(terms), recursion)
        return found

    def expand(self, s: str, stripdot: bool = True) -> str:
        """§7.3: the number of parts must not be zero."""
        if re.search(r"%\{[a-z]0+[^0-9]", s, re.IGNORECASE):
            raise pyspf.PermError("no parts at all", s)
        return str(super().expand(s, stripdot))

    def dns_mx(self, domainname: str) -> Iterator[str]:
        """§5.4: one server after the other, until one matches; the ``.`` of RFC 7505 is no server."""
        servers = sorted(self.dns(domainname, "MX"))
        if len(servers) > pyspf.MAX_MX:
            raise pyspf.PermError("More than ten mail servers", domainname)
        return (found for _, host in servers if host != "." for found in self.dns_a(host, self.A))

    def cidrmatch(self, ipaddrs: Iterable[str], n: int) -> bool:
        """As above: what stands behind the address that matches is not asked for."""
        return any(pyspf.query.cidrmatch(self, [address], n) for address in ipaddrs)

    def validated_ptrs(self) -> list[str]:
        """§5.5: what fails while a reverse name is confirmed is passed over. Such names are not counted as void,
        on which the standard is silent."""
        try:
            found = self.dns_ptr(self.i)[: pyspf.MAX_PTR]
        except pyspf.TempError:
            return []
        return [name for name in found if self._leads_back(name)]

    def _leads_back(self, name: str) -> bool:
        kept, self.void_lookups = self.void_lookups, _FAR
        try:
            return self.cidrmatch(self.dns_a(name, self.A), self.cidrmax)
        except pyspf.TempError:
            return False
        finally:
            self.void_lookups = kept

    def getp(self) -> str:
        """§4.6.4 counts terms that come back empty; a macro is no term."""
        kept, self.void_lookups = self.void_lookups, _FAR
        try:
            return str(super().getp())
        finally:
            self.void_lookups = kept


def judged(zone: Zone, ip: str, sender: str, helo: str) -> tuple[str, str]:
    """pyspf's result, and the domain's own words on a failure."""
    with _asking(zone):
        result, _, words = Oracle(i=ip, s=sender, h=helo, querytime=0).check()
    # §6.2: an explanation is printable ASCII, else it is none.
    is_own = result == "fail" and words != UNEXPLAINED and words.isprintable()
    return result, words if is_own else ""


@contextmanager
def _asking(zone: Zone) -> Iterator[None]:
    """pyspf asks ``zone``."""

    def look_up(name: str, rdtype: str, *_: Any, **__: Any) -> list[Any]:
        answer = asyncio.run(zone.query(str(name), rdtype))
        if answer.status not in (Status.OK, Status.NODATA, Status.NXDOMAIN):
            raise pyspf.TempError("no answer")
        return [((name, rdtype), _value(rdtype, record)) for record in answer.records]

    kept, pyspf.DNSLookup = pyspf.DNSLookup, look_up
    try:
        yield
    finally:
        pyspf.DNSLookup = kept


def _value(rdtype: str, record: str) -> Any:
    if rdtype == "TXT":
        return (record.encode("latin-1"),)
    if rdtype == "MX":
        preference, _, host = record.partition(" ")
        return (int(preference), host)
    return record
