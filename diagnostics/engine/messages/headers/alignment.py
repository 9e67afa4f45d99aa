"""Whether anything vouches for the author of *this* message (RFC 9989 §4.4).

DMARC is met when SPF passed for the envelope's domain, or a DKIM signature is valid, and that domain is aligned with
the one in From. We verify signatures ourselves; of SPF only the receiver knows, since only it saw the connection, so
its believed results are the witness, and we are where the message came to us. The domain's published policy decides
nothing here: it says how strict alignment is, and is kept beside the outcome as the *posture*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from diagnostics.engine import path
from diagnostics.engine.messages.headers.authentication_results import Result, Trust
from diagnostics.engine.messages.headers.signatures import Outcome, SigningDomain
from diagnostics.engine.names import NameProblem, normalised
from diagnostics.engine.protocols import dmarc
from diagnostics.engine.protocols.dmarc import InForce
from diagnostics.engine.resolver import Resolver

#: Of more domains than this nobody asks DNS; a message has two or three.
MAX_DOMAINS: Final = 12


class Witness(StrEnum):
    """Who says so."""

    US = "us"
    RECEIVER = "receiver"


class Alignment(StrEnum):
    """Whether something vouches for the author of the message. UNKNOWN is never a failure."""

    VOUCHED = "vouched"
    NOT_VOUCHED = "not_vouched"
    UNKNOWN = "unknown"
    NO_AUTHOR = "no_author"


@dataclass(frozen=True, slots=True)
class Voucher:
    """One thing that might vouch: ``method`` is ``spf``, ``dkim`` or ``dmarc``, ``result`` one of RFC 8601's words.

    ``is_aligned`` is None where it could not be found out.
    """

    method: str
    domain: str
    result: str
    witness: Witness
    is_aligned: bool | None = None

    @property
    def vouches(self) -> bool | None:
        """It vouches for the author; None where that could not be found out."""
        # SPF's neutral says that the domain does not name the server; DKIM's, that nobody could verify.
        if self.result == "temperror" or (self.result == "neutral" and self.method == "dkim"):
            return False if self.is_aligned is False else None
        return self.is_aligned if self.result == "pass" else False


@dataclass(frozen=True, slots=True)
class MessageAlignment:
    """The outcome for the message, with all that was looked at."""

    outcome: Alignment
    vouchers: tuple[Voucher, ...] = ()

    @property
    def by(self) -> tuple[Voucher, ...]:
        """What vouches."""
        return tuple(voucher for voucher in self.vouchers if voucher.vouches)


def vouchers(domains: Sequence[SigningDomain], trust: Trust, *, is_text: bool = False) -> tuple[Voucher, ...]:
    """What might vouch: the signatures as we verified them, and what the believed results say.

    A signature that does not fit copied text (``is_text``) proves nothing: copying changes spaces.
    """
    found = []
    for item in domains:
        result = Outcome.NEUTRAL if is_text and item.result is Outcome.FAIL else item.result
        found.append(Voucher("dkim", item.domain, result.value, Witness.US))
    for method, domain_of in (("dkim", _dkim_domain), ("spf", _spf_domain), ("dmarc", _dmarc_domain)):
        for noted in trust.all(method):
            if domain := domain_of(noted):
                found.append(Voucher(method, domain, noted.result, Witness.RECEIVER))
    return tuple(dict.fromkeys(found))


def _dkim_domain(result: Result) -> str:
    domain = _domain(result.value("header.d") or result.value("header.i").rpartition("@")[2])
    return "" if domain == "none" else domain  # Microsoft's word where there is no signature.


def _dmarc_domain(result: Result) -> str:
    return _domain(result.value("header.from").rpartition("@")[2])


def _spf_domain(result: Result) -> str:
    """The domain that SPF was asked about: the envelope's, or HELO's where the envelope is empty (RFC 7208 §2.4)."""
    sender = result.value("smtp.mailfrom", "smtp.mail", "smtp.from").strip("<>")
    return _domain((sender or result.value("smtp.helo")).rpartition("@")[2])


def _domain(text: str) -> str:
    try:
        return normalised(text) if text else ""
    except NameProblem:
        return ""


async def posture_of(domain: str, resolver: Resolver) -> InForce | None:
    """What the author's domain publishes for all its mail; nothing where there is no one domain."""
    return await dmarc.policy_for(resolver, domain) if domain else None


async def aligned(
    author: str, found: Sequence[Voucher], posture: InForce | None, trust: Trust, resolver: Resolver
) -> MessageAlignment:
    """What of ``found`` vouches for the domain ``author``, whose posture says how strict alignment is."""
    if not author or posture is None:
        return MessageAlignment(Alignment.NO_AUTHOR, tuple(found))
    organisations = await _organisations(author, found, posture, resolver)
    held = tuple(
        replace(
            item,
            is_aligned=dmarc.is_aligned(
                item.domain,
                author,
                is_strict=_is_strict(posture, item.method),
                organisations=organisations,
            ),
        )
        for item in found
    )
    return MessageAlignment(_outcome(held, trust), held)


def _is_strict(posture: InForce, method: str) -> bool:
    record = posture.record
    if record is None:
        return False
    return record.is_dkim_strict if method == "dkim" else record.is_spf_strict


async def _organisations(
    author: str, found: Sequence[Voucher], posture: InForce, resolver: Resolver
) -> Mapping[str, str]:
    """The organizational domains of all, where they are known."""
    others = [
        item.domain for item in found if item.domain != author and item.result in ("pass", "temperror", "neutral")
    ]
    names = list(dict.fromkeys(others))[:MAX_DOMAINS]
    walks = await path.together(*(dmarc.walk(resolver, name) for name in names)) if names else ()
    return {walk.domain: walk.organisation for walk in (posture.walk, *walks) if walk.unknown is None}


def _outcome(found: Sequence[Voucher], trust: Trust) -> Alignment:
    if any(item.vouches for item in found):
        return Alignment.VOUCHED
    definite = {
        (item.method, item.domain) for item in found if item.witness is Witness.RECEIVER and item.vouches is False
    }
    if any(item.method == "dmarc" and item.result == "fail" and item.is_aligned for item in found):
        return Alignment.NOT_VOUCHED
    if any(item.vouches is None and (item.method, item.domain) not in definite for item in found):
        return Alignment.UNKNOWN
    # Where the receiver's word on SPF is missing, something may have vouched that we cannot see.
    is_seen = any(item.method == "spf" and item.witness is Witness.US for item in found)
    return Alignment.NOT_VOUCHED if is_seen or trust.all("spf") else Alignment.UNKNOWN


def receivers_word(found: Sequence[Voucher], domain: str) -> Voucher | None:
    """What the receiver found of a signature by ``domain``."""
    own = [item for item in found if (item.method, item.domain, item.witness) == ("dkim", domain, Witness.RECEIVER)]
    return next((item for item in own if item.result == Outcome.PASS), own[0] if own else None)
