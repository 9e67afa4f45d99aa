"""Our evaluator beside pyspf's, over generated zones: two programs written apart have to agree."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import spf as pyspf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnostics.engine.protocols.spf import check_host
from diagnostics.engine.resolver import Status
from diagnostics.engine.transcript import Recording
from diagnostics.engine.zone import Zone

NAMES = tuple(f"{letter}.example" for letter in "abcdefg")
IPS = ("192.0.2.10", "198.51.100.7", "2001:db8::10")

names = st.sampled_from((*NAMES, "missing.example"))
qualifiers = st.sampled_from(("", "+", "-", "~", "?"))
terms = st.one_of(
    st.builds("{}include:{}".format, qualifiers, names),
    st.builds("{}a:{}{}".format, qualifiers, names, st.sampled_from(("", "/24", "//64", "/0"))),
    st.builds("{}mx:{}{}".format, qualifiers, names, st.sampled_from(("", "/24"))),
    st.builds("{}exists:{}{}".format, qualifiers, st.sampled_from(("", "%{ir}.", "%{l}.")), names),
    st.builds("{}ip4:{}".format, qualifiers, st.sampled_from(("192.0.2.10", "192.0.2.0/28", "203.0.113.1"))),
    st.builds("{}ip6:{}".format, qualifiers, st.sampled_from(("2001:db8::10", "2001:db8::/64"))),
    st.builds("{}all".format, qualifiers),
    st.builds("redirect={}".format, names),
    st.sampled_from(("a", "mx", "ip4:nonsense", "a:nodots", "include:", "exp=a.example")),
)
records = st.lists(terms, max_size=6).map(lambda found: " ".join(("v=spf1", *found)))
hosts = st.sampled_from((["192.0.2.10"], ["192.0.2.99"], ["198.51.100.7", "192.0.2.10"]))
held = st.fixed_dictionaries(
    {"TXT": records.map(lambda record: [record])},
    optional={
        "A": hosts,
        "AAAA": st.just(["2001:db8::10"]),
        # One host: of several, pyspf asks for all even when the first matches, and counts those that are empty.
        "MX": names.map(lambda name: [[10, name]]),
    },
)


def without_own(zone: dict[str, Any]) -> dict[str, Any]:
    """pyspf alone takes an include or redirect of the domain itself for a mistake even where it is never reached."""
    for name, types in zone.items():
        types["TXT"] = [types["TXT"][0].replace(f"include:{name}", "a").replace(f"redirect={name}", "mx")]
    return zone


zones = st.fixed_dictionaries(dict.fromkeys(NAMES, held)).map(without_own)


@contextmanager
def pyspf_over(zone: Zone) -> Iterator[None]:
    """pyspf asks the zone instead of the network."""

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


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(names=zones, ip=st.sampled_from(IPS))
def test_two_evaluators_agree(names: dict[str, Any], ip: str) -> None:
    zone = Zone(names)
    ours = asyncio.run(check_host(Recording(zone), ip, "a.example", "lee@a.example", "h.example"))
    with pyspf_over(zone):
        theirs, _ = pyspf.check2(i=ip, s="lee@a.example", h="h.example", querytime=0)
    assert ours.result.value == theirs, ours.problem
