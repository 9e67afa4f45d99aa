"""What the recipient's address shows: a typing mistake, or an address that the client's profile does not hold."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.engine.causes.case import Case, FindingFact
from diagnostics.engine.causes.ranking.claims import Claim, Confidence, Kind, Line, Place
from diagnostics.engine.findings import Verdict


def typo_of(case: Case) -> FindingFact | None:
    """What the checks say of a typing mistake in the domain, if anything."""
    return next((item for item in case.findings if item.code.startswith("address.typo")), None)


def off_profile_line(case: Case) -> str:
    if not case.profile_addresses:
        return f"No client's profile holds {case.recipient}."
    return f"The client's profile holds {', '.join(case.profile_addresses)}, not {case.recipient}."


def _typo(case: Case) -> Iterator[Claim]:
    """The domain is almost that of a provider or of the client. Where it takes mail, it may be somebody's own."""
    typo = typo_of(case)
    if typo is None or case.state in ("refused", "deferred", "expired", "error"):
        return
    is_clear = typo.verdict is Verdict.PROBLEM or _is_profiles(case, typo)
    line = Line(Kind.CHECK, typo.title, Confidence.LIKELY if is_clear else Confidence.POSSIBLE)
    if case.state == "accepted":
        took = Line(Kind.CHECK, "Whoever has that domain took the message.", line.most)
        place = Place.NARROWER if is_clear else Place.BESIDE
        yield Claim("address_typo", (line, took), place, remedies=typo.remedies)
        return
    if case.is_absent and not case.was_sent:
        yield Claim("address_typo", (line,), Place.BESIDE, remedies=typo.remedies)
        return
    yield Claim("address_typo", (line,), Place.ADDRESS if is_clear else Place.FORETOLD, remedies=typo.remedies)


def _is_profiles(case: Case, typo: FindingFact) -> bool:
    """The address that was probably meant is the very one on the client's profile."""
    return typo.suggestion.lower() in {address.lower() for address in case.profile_addresses}


def _off_profile(case: Case) -> Iterator[Claim]:
    """Forgot-password mails go to the profile's address alone; other mail may well go elsewhere.

    A notice about a client goes to whoever is to know of it, so for other functions this is only worth a thought.
    """
    has_answer = case.state in ("deferred", "expired", "error") or (case.state == "refused" and case.is_forgot)
    if typo_of(case) is not None or has_answer or case.was_had:
        return
    if case.to_profile is not None:
        where = f"It went to {case.to_profile.recipient} at {case.exact(case.to_profile.at)}."
        told = (Line(Kind.LOG, where), Line(Kind.RECORD, off_profile_line(case)))
        yield Claim("address_not_on_profile", told, Place.NARROWER)
    if not case.is_off_profile:
        return
    line = Line(Kind.RECORD, off_profile_line(case), Confidence.LIKELY if case.is_forgot else Confidence.POSSIBLE)
    if not case.is_forgot:
        yield Claim("address_not_on_profile", (line,), Place.BESIDE)
        return
    why = "A forgotten password or user name is sent only to the address that the profile holds."
    yield Claim("address_not_on_profile", (line, Line(Kind.RECORD, why)), Place.NARROWER)


RULES = (_typo, _off_profile)
