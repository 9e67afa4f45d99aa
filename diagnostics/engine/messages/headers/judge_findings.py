"""The findings that the facts of one message make, in the order people read them: way, author, notes, signatures,
what vouches, forwarders, filters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Final

from diagnostics.engine.findings import Argument, Code, Evidence, Finding, Verdict, worst
from diagnostics.engine.messages.headers.alignment import Alignment, Voucher, Witness, receivers_word
from diagnostics.engine.messages.headers.arc import State
from diagnostics.engine.messages.headers.authentication_results import Basis, Results
from diagnostics.engine.messages.headers.author import Shape
from diagnostics.engine.messages.headers.judge_codes import Words
from diagnostics.engine.messages.headers.received import Step
from diagnostics.engine.messages.headers.signatures import Outcome, Signature, SigningDomain
from diagnostics.engine.messages.headers.spam_headers import Explained
from diagnostics.engine.protocols.dkim import selector_name

if TYPE_CHECKING:
    from diagnostics.engine.messages.headers.judge import MessageReport

#: Of a hop this is long enough to be told: greylisting takes from five minutes on.
SLOW_SECONDS: Final = 300
#: Clocks of servers differ by this much without anybody's fault.
SKEW_SECONDS: Final = 5
MAX_TOLD: Final = 10
#: Below this part of a filter's limit its points are few, as 2.9 of 5 are.
FAR_BELOW: Final = 0.6

_WHY = {
    Basis.CHOSEN: "you chose it",
    Basis.ABOVE: "it stands above the line with which the message came in from outside",
    Basis.SAME_ORGANISATION: "it carries the name of the organisation whose server took the message",
    Basis.ONLY_HEADER: "it is the topmost, though no line shows which server took the message",
}
_REASONS: dict[str, Code] = {
    "body_changed": Words.DKIM_BODY_CHANGED,
    "signature_wrong": Words.DKIM_WRONG,
    "no_key": Words.DKIM_NO_KEY,
    "key_revoked": Words.DKIM_REVOKED,
    "unknown_key": Words.DKIM_UNKNOWN_KEY,
    "weak_key": Words.DKIM_WEAK,
    "weak_hash": Words.DKIM_WEAK,
    "expired": Words.DKIM_EXPIRED,
    "from_added": Words.DKIM_FROM_ADDED,
    "dns": Words.DKIM_UNKNOWN,
    "body_missing": Words.DKIM_NOT_CHECKED,
    "truncated": Words.DKIM_NOT_CHECKED,
    "folding_lost": Words.DKIM_NOT_CHECKED,
    "not_checked": Words.DKIM_NOT_CHECKED,
}
#: What a reason is in words, where a code's sentences have a place for it.
_SAID = {
    "body_missing": "Only the header is here.",
    "truncated": "Only the beginning of the message is here.",
    "folding_lost": "The lines were changed when they were copied.",
    "not_checked": "The message has more signatures than anybody verifies.",
    "from_not_signed": "From is not among the fields it covers",
    "identity": "its identity (i=) lies outside its domain (d=), or its key forbids that",
    "algorithm": "nobody knows its algorithm",
    "too_long": "it is too long",
    "malformed": "its tags cannot be read",
    "gap": "a set is missing",
    "duplicate": "a set has a line twice",
    "incomplete": "a set is incomplete",
    "instance": "a line has no number, or none that is permitted",
    "cv": "the seals contradict each other",
    "cv_fail": "a forwarder itself found them broken",
    "signature": "the last signature does not fit the message",
    "seal": "a seal does not fit",
    "no_key": "a forwarder's key is not in DNS",
}


def findings_of(report: MessageReport) -> Iterator[Finding]:
    """All findings on one message."""
    message = report.message
    if not message.fields:
        yield Words.NO_HEADER.found()
        return
    if message.is_truncated:
        yield Words.TRUNCATED.found()
    if message.has_lost_folding:
        yield Words.FOLDING_LOST.found()
    yield from _of_way(report)
    yield from _of_author(report)
    yield from _of_results(report)
    yield from _of_signatures(report)
    yield from _of_alignment(report)
    yield from _of_forwarders(report)
    yield from _of_filters(report)


def in_words(seconds: float) -> str:
    """A duration for people, in its greatest unit and the next: ``2 hours 5 minutes``."""
    left = round(abs(seconds))
    parts: list[str] = []
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        number, left = divmod(left, size)
        if number:
            parts.append(_counted(number, unit))
        elif parts:
            break
    return " ".join(parts[:2]) or "0 seconds"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


_TIME_UNKNOWN = "How long that took is not known: fewer than two of them noted a time."
_TIME_WRONG = "How long that took is not known: their clocks contradict each other."


def _of_way(report: MessageReport) -> Iterator[Finding]:
    steps = report.chain.steps
    if not steps:
        yield Words.NO_ROUTE.found()
        return
    lines = [f"{_delay(step)} {step.hop.source} -> {step.hop.by}" for step in steps]
    total = report.chain.total
    yield Words.ROUTE.found(
        Evidence.record("Received", *lines),
        servers=_counted(len(steps), "server"),
        time=_TIME_UNKNOWN if total is None else _TIME_WRONG if total < 0 else f"That took {in_words(total)}.",
        first=steps[0].hop.source or steps[0].hop.by,
        last=steps[-1].hop.by,
    )
    told = [step for step in steps if step.delay is not None]
    for step in [step for step in told if (step.delay or 0) >= SLOW_SECONDS][:MAX_TOLD]:
        yield _of_step(Words.SLOW, step)
    for step in [step for step in told if (step.delay or 0) <= -SKEW_SECONDS][:MAX_TOLD]:
        yield _of_step(Words.CLOCK_SKEW, step)


def _delay(step: Step) -> str:
    return "?" if step.delay is None else f"{step.delay:+.0f} s"


def _of_step(code: Code, step: Step) -> Finding:
    source = step.hop.source or "the server before"
    evidence = Evidence.record("Received", step.hop.raw)
    by = step.hop.by or "the next server"
    return code.found(evidence, source=source, by=by, delay=in_words(step.delay or 0))


def _of_author(report: MessageReport) -> Iterator[Finding]:
    found = report.authors
    evidence = Evidence.record("From", *(field.value for field in found.fields[:MAX_TOLD]))
    addresses = [author.address for author in found.authors[:MAX_TOLD]]
    if found.shape is Shape.NONE:
        yield Words.FROM_MISSING.found()
    elif found.shape is Shape.SEVERAL_FIELDS:
        yield Words.FROM_SEVERAL.found(evidence, count=len(found.fields), authors=addresses)
    elif found.shape is Shape.SEVERAL_ADDRESSES:
        yield Words.FROM_ADDRESSES.found(evidence, authors=addresses)
    elif found.shape is Shape.GROUP:
        yield Words.FROM_GROUP.found(evidence)
    elif found.shape is Shape.UNREADABLE:
        yield Words.FROM_UNREADABLE.found(evidence, written=found.fields[0].value[:100] or "nothing")


def _server(authserv_id: str) -> str:
    return authserv_id or "an unnamed server (Microsoft's leave out their name)"


def _of_results(report: MessageReport) -> Iterator[Finding]:
    trust = report.trust
    if not report.results:
        yield Words.NO_RESULTS.found()
        return
    if trust.basis is Basis.NONE:
        yield Words.RESULTS_NOT_PLACED.found(_evidence(report.results), servers=_servers(report.results))
        return
    said = [f"{item.method} {item.result}" for results in trust.believed for item in results.results]
    yield Words.RESULTS_BELIEVED.found(
        _evidence(trust.believed),
        server=_server(trust.authserv_id),
        said=", ".join(said[: 2 * MAX_TOLD]) or "no result",
        why=_WHY[trust.basis],
    )
    if trust.forgeable:
        servers = _servers(trust.forgeable)
        yield Words.RESULTS_FORGEABLE.found(_evidence(trust.forgeable), count=len(trust.forgeable), servers=servers)
    failed = next((item for item in trust.all("dmarc") if item.result == "fail"), None)
    if failed is not None:
        yield Words.RECEIVER_DMARC_FAILED.found(
            _evidence(trust.believed),
            server=_server(trust.authserv_id),
            domain=failed.value("header.from") or report.authors.domain or "the author",
            remark=failed.comment or failed.value("action"),
        )


def _evidence(found: tuple[Results, ...]) -> Evidence:
    return Evidence.record("Authentication-Results", *(item.raw for item in found[:MAX_TOLD]))


def _servers(found: tuple[Results, ...]) -> list[str]:
    return list(dict.fromkeys(_server(item.authserv_id) for item in found))[:MAX_TOLD]


def _of_signatures(report: MessageReport) -> Iterator[Finding]:
    for item in report.signing_domains[:MAX_TOLD]:
        yield from _of_domain(report, item)
    for signature in [item for item in report.signatures if not item.domain and item.reason != "not_checked"][:1]:
        said = _SAID.get(signature.reason, signature.reason)
        yield Words.DKIM_MALFORMED.found(domain="an unnamed domain", reason=said)
    if not report.signatures:
        yield Words.DKIM_NONE.found()


def _of_domain(report: MessageReport, found: SigningDomain) -> Iterator[Finding]:
    """One signing domain: what its best signature came to, and what is to be said of that (P114)."""
    best = next(item for item in found.signatures if item.result is found.result)
    word = receivers_word(report.alignment.vouchers, found.domain)
    proof = [Evidence.of(best.answer)] if best.answer is not None else []
    facts: dict[str, Argument] = {
        "domain": found.domain,
        "selector": best.selector,
        "algorithm": best.algorithm,
        "name": selector_name(best.selector, found.domain),
        "reason": _SAID.get(best.reason, best.reason),
        "expires": f"{best.expires_at:%d %B %Y, %H:%M} UTC" if best.expires_at else "",
        "receiver": f"The receiver noted dkim={word.result} for it." if word else "",
        "length": best.length or 0,
        "server": _server(report.trust.authserv_id),
    }
    yield _code(report, best).found(*proof, **facts)
    if best.result is Outcome.PASS and best.is_length_unsafe:
        yield Words.DKIM_LENGTH.found(*proof, **facts)
    if best.result is Outcome.PASS and best.is_testing:
        yield Words.DKIM_TESTING.found(*proof, **facts)
    if best.result is Outcome.FAIL and word is not None and word.result == Outcome.PASS:
        yield Words.DKIM_DIFFERS.found(*proof, **facts)


def _code(report: MessageReport, best: Signature) -> Code:
    if best.result is Outcome.PASS:
        return Words.DKIM_VERIFIED
    if best.result is Outcome.FAIL and report.message.is_text:
        return Words.DKIM_NOT_AS_COPIED
    return _REASONS.get(best.reason, Words.DKIM_MALFORMED)


def _of_alignment(report: MessageReport) -> Iterator[Finding]:
    found, domain = report.alignment, report.authors.domain
    if found.outcome is Alignment.NO_AUTHOR:
        return
    code = {
        Alignment.VOUCHED: Words.VOUCHED,
        Alignment.NOT_VOUCHED: Words.NOT_VOUCHED,
        Alignment.UNKNOWN: Words.VOUCHING_UNKNOWN,
    }[found.outcome]
    lines = [_line(item) for item in found.vouchers[: 2 * MAX_TOLD]]
    told = [_line(item) for item in found.by] if found.outcome is Alignment.VOUCHED else lines
    evidence = Evidence.record("what might vouch for the message", *lines)
    yield code.found(evidence, domain=domain, by="; ".join(told[:MAX_TOLD]) or "Nothing is known of SPF and DKIM")


def _line(item: Voucher) -> str:
    aligned = {True: "aligned", False: "not aligned", None: "alignment not known"}[item.is_aligned]
    witness = "verified here" if item.witness is Witness.US else "noted by the receiver"
    return f"{item.method.upper()} {item.result} for {item.domain} ({aligned}, {witness})"


def _of_forwarders(report: MessageReport) -> Iterator[Finding]:
    found = report.arc
    if found.state is State.NONE:
        return
    code = {State.PASS: Words.ARC_HOLDS, State.FAIL: Words.ARC_BROKEN}.get(found.state, Words.ARC_UNKNOWN)
    reason = _SAID.get(found.reason, "DNS did not answer" if found.reason == "dns" else found.reason).rstrip(".")
    proof = [Evidence.of(answer) for answer in found.answers]
    yield code.found(*proof, forwarders=_counted(len(found.sets), "forwarder"), sealer=found.sealer, reason=reason)


def _of_filters(report: MessageReport) -> Iterator[Finding]:
    """One finding for each filter that judged, of its worst verdict.

    Where the filter's own sum is good, what single tests held against the message is no more than a notice, and where
    the points are far from its limit there is nothing to do.
    """
    for name in dict.fromkeys(item.filter for item in report.explained if not item.is_note):
        own = [item for item in report.explained if item.filter == name]
        judged = [item for item in own if not item.is_note]
        verdict = worst([item.verdict for item in judged])
        sums = [item.verdict for item in judged if not item.key]
        if verdict is Verdict.PROBLEM and sums and worst(sums) is Verdict.OK:
            verdict = Verdict.NOTICE
        if verdict is Verdict.NOTICE and sums and worst(sums) is Verdict.OK and _is_far_below(own):
            verdict = Verdict.OK
        code = _FILTER.get(verdict, Words.FILTER_OK)
        told = {Verdict.OK} if verdict is Verdict.OK else {Verdict.PROBLEM, verdict}
        said = list(dict.fromkeys(item.meaning for item in judged if item.verdict in told))
        lines = [f"{item.header}: {item.key}{'=' if item.key else ''}{item.value}" for item in own[: 4 * MAX_TOLD]]
        evidence = Evidence.record("the filter's notes", *lines, note=own[0].source)
        yield code.found(evidence, filter=name, said=" ".join(said[:MAX_TOLD]))


def _is_far_below(own: Sequence[Explained]) -> bool:
    """The filter's points are far below the lowest limit of its own that it names."""
    scores = [number for item in own if item.key.casefold() == "score" and (number := _number(item.value)) is not None]
    limits = [number for item in own if item.key.casefold() in _LIMITS and (number := _number(item.value)) is not None]
    return bool(scores and limits) and max(scores) < min(limits) * FAR_BELOW


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


_LIMITS = ("required", "tag_level", "quarantine_level", "kill_level")
_FILTER = {Verdict.PROBLEM: Words.FILTER_PROBLEM, Verdict.NOTICE: Words.FILTER_NOTICE}
