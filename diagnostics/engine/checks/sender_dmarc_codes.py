"""What the check of DMARC can say: what the From-domain asks for, and what will therefore become of our mail."""

from __future__ import annotations

from diagnostics.engine.findings import Actor, Code, Record, Source, Verdict

_ALIGNMENT = Source("RFC 9989", "4.4")
_RECORD = Source("RFC 9989", "4.7")
_WALK = Source("RFC 9989", "4.10")
SOURCES = (_ALIGNMENT, _WALK)

_GET_KEY = "The branch's IT publishes {todo}. Then our signature vouches for the mail, also when it is forwarded."


class Words:
    """The codes by name. A finding's arguments fill them."""

    ALIGNED = Code(
        "dmarc.aligned",
        Verdict.OK,
        Actor.NOBODY,
        "Our signature vouches for mail from {domain}",
        "The domain's policy is {policy}, and our mail meets it. {dkim}. {spf}.",
        sources=(_ALIGNMENT,),
    )
    SPF_ONLY = Code(
        "dmarc.spf_only",
        Verdict.NOTICE,
        Actor.BRANCH_IT,
        "Only SPF vouches for mail from {domain}",
        "The domain's policy is {policy}. Our mail meets it on the direct way; where a recipient's server forwards "
        "it, SPF no longer holds, and it is {fate}. {dkim}.",
        _GET_KEY,
        (_ALIGNMENT, Source("RFC 7960", "3.2")),
    )
    SPF_ONLY_DKIM_UNKNOWN = Code(
        "dmarc.spf_aligned",
        Verdict.OK,
        Actor.NOBODY,
        "SPF vouches for mail from {domain}",
        "The domain's policy is {policy}, and our mail meets it. Whether our signature vouches as well could not be "
        "found out. {dkim}.",
        sources=(_ALIGNMENT,),
    )
    NOTHING_ALIGNS = Code(
        "dmarc.nothing_aligns",
        Verdict.PROBLEM,
        Actor.BRANCH_IT,
        "By its own policy, mail that we send as {domain} would be {fate}",
        "The domain asks every receiver to do so (p={policy}) with mail that neither SPF nor DKIM vouches for in its "
        "name, and nothing vouches for ours. {spf}. {dkim}.",
        _GET_KEY,
        (_ALIGNMENT, _RECORD),
    )
    UNALIGNED = Code(
        "dmarc.unaligned",
        Verdict.NOTICE,
        Actor.BRANCH_IT,
        "Nothing vouches for the mail that we send as {domain}",
        "The domain asks for nothing to be done with such mail, so it is not refused for that. Large providers "
        "distrust it all the same, and once the policy is made stricter it is lost. {spf}. {dkim}.",
        _GET_KEY,
        (_ALIGNMENT,),
    )
    ALIGNMENT_UNKNOWN = Code(
        "dmarc.alignment_unknown",
        Verdict.UNKNOWN,
        Actor.SUPPORT,
        "Could not find out whether anything vouches for mail from {domain}",
        "The domain's policy is {policy}: mail that nothing vouches for is {fate}. {spf}. {dkim}.",
        "Examine again in a few minutes. If it stays so, look at the findings on SPF and DKIM.",
        (_ALIGNMENT,),
    )
    POLICY = Code(
        "dmarc.policy",
        Verdict.OK,
        Actor.NOBODY,
        "The DMARC policy of {domain} is {policy}",
        "It stands at {at} ({tag}=): mail that nothing vouches for is {fate}. No sending server is known here, so "
        "what will become of its mail was not asked.",
        sources=(_WALK,),
    )
    NONE = Code(
        "dmarc.none",
        Verdict.NOTICE,
        Actor.BRANCH_IT,
        "{domain} has no DMARC policy",
        "Neither the domain nor one above it says what to do with mail that nothing vouches for. Large providers "
        "expect such a policy of everybody who sends much mail. {hint}",
        "The branch's IT publishes this TXT record at {at}: v=DMARC1; p=none",
        (_WALK,),
        publish=Record("{at}", "TXT", "v=DMARC1; p=none"),
    )
    NO_DOMAIN = Code(
        "dmarc.no_domain",
        Verdict.NOT_APPLICABLE,
        Actor.NOBODY,
        "DMARC was not looked at, since {domain} does not exist",
        "Mail in the name of a domain that does not exist is refused for that.",
        sources=(_WALK,),
    )
    SEVERAL = Code(
        "dmarc.several",
        Verdict.NOTICE,
        Actor.BRANCH_IT,
        "There are {count} DMARC records at {at}, and receivers follow none",
        "Where there is more than one record, all are passed over, so the domain has no policy of its own.",
        "The branch's IT deletes all but one of the TXT records at {at} that begin with v=DMARC1.",
        (_WALK,),
    )
    MALFORMED = Code(
        "dmarc.malformed",
        Verdict.NOTICE,
        Actor.BRANCH_IT,
        "Receivers do not follow the DMARC record at {at}",
        "A record is there and has a mistake, so it counts for nothing. {problem}",
        "The branch's IT mends the TXT record at {at}. The least that is right is: v=DMARC1; p=none",
        (_RECORD,),
    )
    FAULTS = Code(
        "dmarc.faults",
        Verdict.NOTICE,
        Actor.BRANCH_IT,
        "The DMARC record at {at} has mistakes that receivers pass over",
        "The rest of the record counts. What does not: {faults}",
        "The branch's IT mends these tags in the TXT record at {at}.",
        (_RECORD,),
    )
    TESTING = Code(
        "dmarc.testing",
        Verdict.NOTICE,
        Actor.NOBODY,
        "The DMARC policy of {domain} is only being tested (t=y)",
        "Receivers that know the newer standard treat mail one step more mildly than p={policy}; older ones do not "
        "know this tag and follow the policy as it stands.",
        sources=(_RECORD,),
    )
    HISTORIC = Code(
        "dmarc.historic",
        Verdict.NOTICE,
        Actor.BRANCH_IT,
        "The DMARC record at {at} has tags that no longer mean anything",
        "The newer standard removed them, and receivers differ in whether they still follow them: {tags}",
        "The branch's IT takes these tags out of the TXT record at {at}: {tags}",
        (Source("RFC 9989", "C.6"), Source("RFC 7489", "6.3")),
    )
    REPORTS_NOT_AUTHORISED = Code(
        "dmarc.reports_not_authorised",
        Verdict.NOTICE,
        Actor.BRANCH_IT,
        "Reports on {domain} do not go to {places}",
        "The DMARC record at {at} asks for reports to somebody else, who has not agreed in DNS to take them, so "
        "receivers send none there. Delivery does not depend on it.",
        "Whoever runs the DNS of {destination} publishes at {name} the TXT record v=DMARC1; or the branch's IT "
        "takes that address out of rua= in the TXT record at {at}.",
        (Source("RFC 9990", "4"), Source("RFC 7489", "7.1")),
    )
    UNKNOWN = Code(
        "dmarc.unknown",
        Verdict.UNKNOWN,
        Actor.SUPPORT,
        "Could not find out the DMARC policy of {domain}",
        "A name server did not answer when it was asked for {asked}. This says nothing about the policy itself.",
        "Examine again in a few minutes. If it stays so, the people who run the name servers of {domain} must look.",
        (_WALK,),
    )


CODES: tuple[Code, ...] = tuple(value for value in vars(Words).values() if isinstance(value, Code))
