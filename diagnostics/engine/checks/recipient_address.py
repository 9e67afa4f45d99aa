"""Is the recipient's address right? Its form, the usual typing mistakes, and what the client's profile holds."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.engine.check import Check
from diagnostics.engine.findings import Actor, Code, Evidence, Finding, Source, Verdict
from diagnostics.engine.names import Address, Malformed, parse_address, shown
from diagnostics.engine.protocols.mx import Route, mail_route
from diagnostics.engine.receivers import mailbox_domains
from diagnostics.engine.resolver import Resolver
from diagnostics.engine.subject import Subject

MALFORMED = Code(
    "address.malformed", Verdict.PROBLEM, Actor.BRANCH, "{recipient} cannot be an e-mail address",
    "{fault}",
    "Ask the client for the address, correct it on their profile, and send again.",
    (Source("RFC 5321", "4.1.2"), Source("RFC 6531", "3.3")),
)  # fmt: skip
TYPO = Code(
    "address.typo", Verdict.PROBLEM, Actor.BRANCH, "{domain} is probably a typing mistake for {meant}",
    "The domain differs from {meant} by a letter or two, and it takes no mail.",
    "Correct the address to {suggestion} on the client's profile and send again.",
    (Source("RFC 5321", "2.3.5"),),
)  # fmt: skip
TYPO_FOREIGN = Code(
    "address.typo_foreign", Verdict.NOTICE, Actor.BRANCH, "{domain} may be a typing mistake for {meant}",
    "The domain differs from {meant} by a letter or two. It takes mail, but perhaps somebody else's.",
    "Ask the client whether {suggestion} was meant.",
    (Source("RFC 5321", "2.3.5"),),
)  # fmt: skip
OFF_PROFILE = Code(
    "address.off_profile", Verdict.NOTICE, Actor.BRANCH, "The client's profile holds another address",
    "The profile holds {profile}, not {recipient}.",
    "Ask the client which address they use. Forgot-password and forgot-username mails go only to the profile's.",
    (Source("XenDirect help", link=""),),
)  # fmt: skip
ROLE = Code(
    "address.role", Verdict.NOTICE, Actor.BRANCH, "{recipient} belongs to a role, not to a person",
    "Addresses such as info@ or office@ are often read by several people or by nobody, and filtered more strictly.",
    "Ask the client for their own address when mail goes missing here.",
    (Source("RFC 2142"),),
)  # fmt: skip
UTF8 = Code(
    "address.international", Verdict.NOTICE, Actor.RECIPIENT, "{recipient} needs SMTPUTF8 on the whole way",
    "Letters beyond ASCII left of the @ pass only servers that know internationalised mail.",
    "If mail goes missing, the recipient asks their provider for an address in plain letters.",
    (Source("RFC 6531", "3.1"),),
)  # fmt: skip
MIXED = Code(
    "address.mixed_script", Verdict.NOTICE, Actor.BRANCH, "{domain} mixes alphabets",
    "The domain mixes letters of several alphabets, as look-alikes of known names do.",
    "Ask the client to type the address again in plain letters.",
    (Source("RFC 5890", "4.4"),),
)  # fmt: skip
FINE = Code(
    "address.fine", Verdict.OK, Actor.NOBODY, "{recipient} is a well-formed address",
    "Its form is right. Whether the mailbox exists only its own server can say.",
    "", (Source("RFC 5321", "4.1.2"),),
)  # fmt: skip
CODES = (MALFORMED, TYPO, TYPO_FOREIGN, OFF_PROFILE, ROLE, UTF8, MIXED, FINE)

#: RFC 2142 and what organisations commonly use.
ROLES = frozenset(
    {
        "abuse", "admin", "billing", "contact", "help", "helpdesk", "hostmaster", "info", "mail", "marketing", "noc",
        "no-reply", "noreply", "office", "postmaster", "reception", "registrar", "sales", "security", "support", "team",
        "webmaster",
    }
)  # fmt: skip
#: Domains so short that a letter more or less makes another real one.
SHORTEST = 6
#: The same of what stands before the last dot, and from when on two letters may be wrong.
SHORT, LONG = 3, 6


async def look(subject: Subject, resolver: Resolver) -> Sequence[Finding]:
    """Judge the form, then look for a typing mistake in the domain, then compare with the profile."""
    parsed = parse_address(subject.recipient)
    if isinstance(parsed, Malformed):
        typed = Evidence.record("the address as it was typed", subject.recipient)
        return [MALFORMED.found(typed, recipient=parsed.typed, fault=parsed.text, suggestion=parsed.suggestion)]
    found = [*(await _typo(parsed, subject, resolver)), *_unusual(parsed, subject), *_profile(parsed, subject)]
    return found or [FINE.found(recipient=parsed.shown)]


async def _typo(address: Address, subject: Subject, resolver: Resolver) -> list[Finding]:
    """The domain is a letter or two away from one that was probably meant; whether it takes mail decides how bad."""
    known = {domain.lower() for domain in subject.known_domains} | mailbox_domains()
    known |= {profile.rpartition("@")[2].lower() for profile in subject.profile_addresses}
    if not address.domain or address.domain in known:
        return []
    meant = nearest(address.domain, sorted(known))
    if not meant:
        return []
    route = await mail_route(address.domain, resolver)
    if route.route is Route.UNKNOWN:
        code = TYPO_FOREIGN
    else:
        code = TYPO if route.route in (Route.NO_DOMAIN, Route.NONE, Route.NULL) else TYPO_FOREIGN
    suggestion = f"{address.text.rpartition('@')[0]}@{meant}"
    return [code.found(*route.answers, domain=shown(address.domain), meant=meant, suggestion=suggestion)]


def _unusual(address: Address, subject: Subject) -> list[Finding]:
    found: list[Finding] = []
    # A branch's own copy goes to such an address by its own wish.
    if address.local.lower() in ROLES and not subject.is_to_itself:
        found.append(ROLE.found(recipient=address.shown))
    if address.needs_smtputf8:
        found.append(UTF8.found(recipient=address.shown))
    if any(_scripts(label) > 1 for label in shown(address.domain).split(".")):
        found.append(MIXED.found(domain=shown(address.domain)))
    return found


def _scripts(label: str) -> int:
    """How many of Latin, Greek and Cyrillic a label mixes: the alphabets whose letters look alike."""
    alphabets = ((0x41, 0x24F), (0x370, 0x3FF), (0x400, 0x52F))
    return sum(any(low <= ord(letter) <= high for letter in label if letter.isalpha()) for low, high in alphabets)


def _profile(address: Address, subject: Subject) -> list[Finding]:
    held = subject.profile_addresses
    if not held or address.text.lower() in {item.lower() for item in held}:
        return []
    record = Evidence.record("the client's profile", *held)
    # Where there is one other address, it is the one to offer.
    suggestion = held[0] if len(held) == 1 else ""
    return [OFF_PROFILE.found(record, profile=list(held), recipient=address.shown, suggestion=suggestion)]


def nearest(domain: str, known: Sequence[str]) -> str:
    """The known domain that ``domain`` probably meant; empty when none is near enough.

    One edit (a letter missing, added, wrong, or two swapped) is near for any but the shortest names, two for long ones.
    What stands behind the last dot is the same for many and makes no name long: north.example is not south.example.
    """
    best, least = "", 3
    for candidate in known:
        name = candidate.rpartition(".")[0]
        allowed = 2 if len(name) >= LONG else 1
        if len(name) < SHORT or len(candidate) < SHORTEST or abs(len(candidate) - len(domain)) > allowed:
            continue
        away = distance(domain, candidate, allowed)
        if 0 < away <= allowed and away < least:
            best, least = candidate, away
    return best


def distance(one: str, other: str, most: int) -> int:
    """How many edits lie between the two (optimal string alignment); ``most + 1`` as soon as it is more."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for index, letter in enumerate(one, 1):
        before, row, last = row, [index], before
        for place, wanted in enumerate(other, 1):
            cost = min(before[place] + 1, row[place - 1] + 1, before[place - 1] + (letter != wanted))
            if index > 1 and place > 1 and letter == other[place - 2] and one[index - 2] == wanted:
                cost = min(cost, last[place - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


CHECK = Check(
    slug="recipient-address",
    question="Is the recipient's address right?",
    needs=frozenset({"recipient", "person"}),
    codes=CODES,
    look=look,
    sources=(Source("RFC 5321", "4.1.2"),),
)
