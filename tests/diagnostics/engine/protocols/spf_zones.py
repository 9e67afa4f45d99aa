"""Generated zones for the SPF oracle: seven domains with terms of every kind, and hosts that fail now and then.

Some terms are broken on purpose, some names are missing, some do not answer; three addresses send, one of them IPv6.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NAMES = tuple(f"{letter}.example" for letter in "abcdefg")
IPS = ("192.0.2.10", "198.51.100.7", "2001:db8::10", "::ffff:192.0.2.10")
SENDERS = ("lee@a.example", "strong-bad.x@a.example")
#: Where the addresses that send have their reverse names.
REVERSE = (
    "10.2.0.192.in-addr.arpa",
    "7.100.51.198.in-addr.arpa",
    "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
)

names = st.sampled_from((*NAMES, *NAMES, "missing.example", "B.Example", "c.example."))
qualifiers = st.sampled_from(("", "", "", "+", "-", "~", "?"))
prefixes = st.sampled_from(("", "", "", "/24", "//64", "/24//64", "/0", "//0", "/32//128"))
macros = st.sampled_from(
    (
        "%{i}",
        "%{ir}",
        "%{l}",
        "%{L}",
        "%{l1r-}",
        "%{lr-}",
        "%{s}",
        "%{S}",
        "%{o}",
        "%{d2}",
        "%{dr}",
        "%{h}",
        "%{v}",
        "%{p}",
    )
)
specs = st.one_of(
    names,
    st.builds("{}.{}".format, macros, names),
    st.builds("{}.{}._spf.{}".format, macros, macros, names),
    st.sampled_from(("%{d}", "%{o}", "%{h}", "%{p}")),
)
wrong = st.sampled_from(
    (
        "ip4:nonsense",
        "ip4:192.0.2.256",
        "ip4:192.0.2.0/33",
        "ip4:192.0.2.010",
        "ip4",
        "ip6:",
        "ip6:2001:db8::/129",
        "ip6:192.0.2.1",
        "a:nodots",
        "a:192.0.2.10",
        "a/33",
        "a//129",
        "a/024",
        "a:",
        "mx:.",
        "include",
        "include:",
        "include:b.example/24",
        "exists",
        "exists:%{x}.b.example",
        "exists:%{c}.b.example",
        "exists:%{d0}.b.example",
        "exists:%a.b.example",
        "all:b.example",
        "all.",
        "-",
        "=b.example",
        "redirect=",
        "exp=",
        "un_known=%{i}",
        "un-known=%(i)",
        "ptr:",
        "prt",
        "mx,",
        "?exists:b.example/24",
    )
)
terms = st.one_of(
    st.builds("{}include:{}".format, qualifiers, specs),
    st.builds("{}include:{}".format, qualifiers, names),
    st.builds("{}a{}".format, qualifiers, prefixes),
    st.builds("{}a:{}{}".format, qualifiers, specs, prefixes),
    st.builds("{}A:{}{}".format, qualifiers, names, prefixes),
    st.builds("{}mx{}".format, qualifiers, prefixes),
    st.builds("{}mx:{}{}".format, qualifiers, names, prefixes),
    st.builds("{}ptr".format, qualifiers),
    st.builds("{}ptr:{}".format, qualifiers, names),
    st.builds("{}exists:{}".format, qualifiers, specs),
    st.builds(
        "{}ip4:{}".format, qualifiers, st.sampled_from(("192.0.2.10", "192.0.2.0/28", "203.0.113.1", "192.0.2.9/30"))
    ),
    st.builds("{}ip6:{}".format, qualifiers, st.sampled_from(("2001:db8::10", "2001:DB8::/64", "::1", "2001:db9::/0"))),
    st.builds("{}all".format, qualifiers),
    st.builds("redirect={}".format, specs),
    st.builds("exp={}".format, names),
    st.just("note=%{d}-is-ours"),
)
#: One in a dozen records holds a mistake.
lines = st.one_of(*([st.lists(terms, max_size=7)] * 11), st.lists(st.one_of(terms, wrong), max_size=4))
versions = st.sampled_from(("v=spf1", "v=spf1", "v=spf1", "V=SPF1", "v=spf1 "))
records = st.builds(lambda version, found: " ".join((version, *found)), versions, lines)
beside = st.sampled_from(
    ("v=spf10 -all", "v=spf1", "hello", "v=spf1\t-all", "v=DMARC1; p=none", "say why: %{i} %{c} %{r}")
)
texts = st.one_of(
    *([records.map(lambda record: [record])] * 20),
    st.builds(lambda record, other: [other, record], records, beside),
    beside.map(lambda other: [other]),
    st.sampled_from(("TIMEOUT", "SERVFAIL")),
)
addresses = (["192.0.2.10"], ["192.0.2.99"], ["198.51.100.7", "192.0.2.10"], ["203.0.113.4"])
hosts = st.sampled_from((*addresses, *addresses, *addresses, "SERVFAIL"))
held = st.fixed_dictionaries(
    {"TXT": texts, "A": hosts},
    optional={
        "AAAA": st.sampled_from((["2001:db8::10"], ["2001:db8::ff", "2001:db8:1::1"])),
        "MX": st.one_of(
            st.lists(names, min_size=1, max_size=3, unique=True).map(
                lambda found: [[10 * at, name] for at, name in enumerate(found)]
            ),
            st.just([[at, f"mx{at}.example"] for at in range(11)]),
            st.just([[0, "."]]),
        ),
    },
)
#: The domain that is looked at has one record in most zones, else there would be little to compare.
first = st.one_of(
    *([st.builds(lambda types, record: {**types, "TXT": [record]}, held, records)] * 9),
    held,
)
#: A name that answers for whatever stands below it, which is what ``exists`` with a macro asks for.
wild = st.fixed_dictionaries({"A": st.just(["127.0.0.2"])})
back = st.lists(st.sampled_from((*NAMES, "x.a.example", "missing.example")), min_size=1, max_size=3, unique=True)


def _zone(own: dict[str, Any], below: dict[str, Any], reverse: dict[str, Any]) -> dict[str, Any]:
    return {
        **own,
        **{f"*.{name}": types for name, types in below.items()},
        **{at: {"PTR": to} for at, to in reverse.items()},
    }


zones = st.builds(
    _zone,
    st.fixed_dictionaries({**dict.fromkeys(NAMES, held), NAMES[0]: first}),
    st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES[:3], wild)),
    st.fixed_dictionaries({}, optional=dict.fromkeys(REVERSE, back)),
)
