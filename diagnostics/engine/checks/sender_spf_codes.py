"""What the check of SPF can say: every sentence about who may send in a domain's name, and who puts it right."""

from __future__ import annotations

from diagnostics.engine.findings import Actor, Code, Record, Source, Verdict
from diagnostics.engine.protocols.spf import Result

_CHECK_HOST = Source("RFC 7208", "4")
_RESULTS = Source("RFC 7208", "2.6")
_RECORDS = Source("RFC 7208", "4.5")
_LIMITS = Source("RFC 7208", "4.6.4")
_IDENTITY = Source("RFC 7208", "2.4")
SOURCES = (_CHECK_HOST,)

_AGAIN = "Examine again in a few minutes. If it stays so, the people who run the name servers of the domain must look."
_PUBLISH = "The branch's IT publishes this TXT record at {domain}, in the place of the SPF record there: {record}"


class Words:
    """The codes by name. A finding's arguments fill them."""

    PASS = Code(
        "spf.pass",
        Verdict.OK,
        Actor.NOBODY,
        "SPF of {domain} lets {addresses} send",
        "The domain's list of permitted senders names our server.",
        sources=(_RESULTS,),
    )
    RECORD = Code(
        "spf.record",
        Verdict.OK,
        Actor.NOBODY,
        "{domain} has an SPF record that can be read",
        "No sending server is known here, so whom the record lets send was not asked.",
        sources=(_RECORDS,),
    )
    FAIL = Code(
        "spf.fail",
        Verdict.PROBLEM,
        Actor.BRANCH_IT,
        "SPF of {domain} forbids {addresses} to send",
        "The domain publishes a list of the servers that may send in its name. Our server is not on it, and the list "
        "says to refuse all others.",
        _PUBLISH,
        (_RESULTS, Source("RFC 7208", "8.4")),
        publish=Record("{domain}", "TXT", "{record}"),
    )
    SOFTFAIL = Code(
        "spf.softfail",
        Verdict.NOTICE,
        Actor.BRANCH_IT,
        "SPF of {domain} does not name {addresses}",
        "The domain's list of permitted senders leaves our server out and calls all others suspicious. Many receivers "
        "put such mail into the junk folder.",
        _PUBLISH,
        (_RESULTS, Source("RFC 7208", "8.5")),
        publish=Record("{domain}", "TXT", "{record}"),
    )
    NEUTRAL = Code(
        "spf.neutral",
        Verdict.NOTICE,
        Actor.BRANCH_IT,
        "SPF of {domain} says nothing about {addresses}",
        "The domain's list of permitted senders leaves our server out and does not say what to think of others, so it "
        "is of no help to our mail.",
        _PUBLISH,
        (_RESULTS, Source("RFC 7208", "8.2")),
        publish=Record("{domain}", "TXT", "{record}"),
    )
    NONE = Code(
        "spf.none",
        Verdict.PROBLEM,
        Actor.BRANCH_IT,
        "{domain} has no SPF record",
        "The domain does not say which servers may send in its name. Large providers refuse such mail or put it into "
        "the junk folder.",
        "The branch's IT publishes this TXT record at {domain}, with the terms of the domain's other mail servers "
        "added: {record}",
        (_RESULTS, _RECORDS),
        publish=Record("{domain}", "TXT", "{record}"),
    )
    NO_RECORD = Code(
        "spf.no_record",
        Verdict.NOTICE,
        Actor.BRANCH_IT,
        "{domain} has no SPF record",
        "The domain does not say which servers may send in its name, so nobody can tell its mail from a forgery by it.",
        "The branch's IT lists every server that sends in the name of {domain} and publishes them in one TXT record "
        "there, for example: v=spf1 mx ~all",
        (_RECORDS,),
    )
    NO_DOMAIN = Code(
        "spf.no_domain",
        Verdict.PROBLEM,
        Actor.BRANCH_IT,
        "The sender's domain {domain} does not exist",
        "DNS knows no such name. Servers refuse mail whose sender has a domain that does not exist, or take it for a "
        "forgery.",
        "Look whether the From-domain is written right on the branch profile. If it is, the branch's IT has it "
        "registered again, or puts it back into DNS.",
        (Source("RFC 5321", "4.1.1.2"), _CHECK_HOST),
    )
    NOT_LOOKED_AT = Code(
        "spf.not_looked_at",
        Verdict.NOT_APPLICABLE,
        Actor.NOBODY,
        "SPF was not looked at, since {domain} does not exist",
        "A domain that does not exist can say nothing about who may send in its name.",
        sources=(_CHECK_HOST,),
    )
    SEVERAL = Code(
        "spf.several",
        Verdict.PROBLEM,
        Actor.BRANCH_IT,
        "{domain} has {count} SPF records and may have one",
        "With more than one list of permitted senders, receivers follow none of them: to them the domain's SPF is "
        "broken.",
        "The branch's IT deletes all SPF records at {domain} and publishes this one TXT record instead: {record}",
        (_RECORDS,),
        publish=Record("{domain}", "TXT", "{record}"),
    )
    SYNTAX = Code(
        "spf.syntax",
        Verdict.PROBLEM,
        Actor.BRANCH_IT,
        "The SPF record of {domain} has a mistake in it",
        "Receivers follow nothing of a record with a mistake. Here it is: {problem}",
        "The branch's IT mends the TXT record at {domain}, which now reads: {record}",
        (Source("RFC 7208", "4.6"), Source("RFC 7208", "12")),
    )
    INCLUDE_BROKEN = Code(
        "spf.include_broken",
        Verdict.PROBLEM,
        Actor.BRANCH_IT,
        "SPF of {domain} leads to a domain whose record is broken or missing",
        "The record takes in another domain's list, and receivers give up where they cannot follow that. {problem}",
        "The branch's IT asks the service behind {term} for the right name, or takes the term out of the TXT record at "
        "{domain} when the service is no longer used.",
        (Source("RFC 7208", "5.2"),),
    )
    INCLUDE_LACKS = Code(
        "spf.include_lacks",
        Verdict.PROBLEM,
        Actor.SUPPORT,
        "The list that {domain} takes in from us does not name {addresses}",
        "The branch did what we asked for: its SPF includes {include}. But that record, which is ours, leaves the "
        "address out.",
        "We add {addresses} to the SPF record at {include}, or take them out of our list of sending addresses when "
        "they no longer send.",
        (Source("RFC 7208", "5.2"),),
    )
    TOO_MANY_LOOKUPS = Code(
        "spf.too_many_lookups",
        Verdict.PROBLEM,
        Actor.BRANCH_IT,
        "SPF of {domain} makes receivers ask DNS more than ten times",
        "Receivers stop after ten questions and take the record for broken, also for the senders it names. Each list "
        "that it takes in costs: {costs}",
        "The branch's IT takes lists of services that no longer send out of the TXT record at {domain}, or replaces "
        "small ones by their addresses (ip4:). The record must come to ten or fewer.",
        (_LIMITS,),
    )
    NEAR_LIMIT = Code(
        "spf.near_limit",
        Verdict.NOTICE,
        Actor.BRANCH_IT,
        "SPF of {domain} comes to {lookups} of ten questions",
        "Receivers stop after ten questions and then take the record for broken. One more service, or a change at "
        "one of those named, may cross the line. Each list that it takes in costs: {costs}",
        "Before the next service is added, the branch's IT takes lists of services that no longer send out of the "
        "TXT record at {domain}.",
        (_LIMITS,),
    )
    TOO_MANY_SERVERS = Code(
        "spf.too_many_servers",
        Verdict.PROBLEM,
        Actor.BRANCH_IT,
        "SPF of {domain} counts on the mail servers of a domain that has more than ten",
        "Receivers look at ten servers for one mx and then take the record for broken. {problem}",
        "The branch's IT replaces {term} in the TXT record at {where} by the addresses of the servers that send (ip4:, "
        "ip6:).",
        (_LIMITS,),
    )
    TOO_MANY_VOIDS = Code(
        "spf.too_many_voids",
        Verdict.PROBLEM,
        Actor.BRANCH_IT,
        "SPF of {domain} names hosts that do not exist",
        "Receivers give up after two names that lead nowhere. These do: {empty}",
        "The branch's IT takes the terms with these names out of the TXT record at {domain}.",
        (_LIMITS,),
    )
    VOIDS_DISPUTED = Code(
        "spf.voids_disputed",
        Verdict.NOTICE,
        Actor.BRANCH_IT,
        "SPF of {domain} names hosts that have addresses of one kind only",
        "Receivers count names that lead nowhere and give up after two. Counted by the kind of address that sends "
        "there are {voids}, counted by both kinds {voids_of_both}: some receivers will take the record for broken.",
        "The branch's IT replaces these names in the TXT record at {domain} by addresses (ip4:, ip6:): {empty}",
        (_LIMITS,),
    )
    TEMPERROR = Code(
        "spf.unknown",
        Verdict.UNKNOWN,
        Actor.SUPPORT,
        "Could not find out what SPF of {domain} says",
        "A name server did not answer when it was asked for {asked}. This says nothing about the record itself.",
        _AGAIN,
        (Source("RFC 7208", "8.6"),),
    )
    NO_ADDRESS = Code(
        "spf.no_address",
        Verdict.UNKNOWN,
        Actor.SUPPORT,
        "The addresses that our server {host} sends from are not known",
        "SPF is about addresses, and neither our records nor DNS gave one.",
        "We enter the addresses of the sending server in its record here.",
        (_CHECK_HOST,),
    )
    NOT_PUBLIC = Code(
        "spf.not_public",
        Verdict.NOTICE,
        Actor.SUPPORT,
        "No receiver ever sees {addresses}",
        "Such addresses belong to private networks or to a host itself. Mail leaves by another one, and SPF is about "
        "that.",
        "Give the public addresses that the mail goes out from, in the record of the sending server.",
        (Source("RFC 6890", "2.2"),),
    )
    ANYBODY = Code(
        "spf.anybody",
        Verdict.NOTICE,
        Actor.BRANCH_IT,
        "SPF of {domain} lets the whole world send",
        "The record ends in +all, which permits every server there is. Receivers distrust such domains.",
        "The branch's IT replaces the last term of the TXT record at {domain} by ~all, once every server of theirs is "
        "named.",
        (Source("RFC 7208", "5.1"),),
    )
    NO_END = Code(
        "spf.no_end",
        Verdict.NOTICE,
        Actor.BRANCH_IT,
        "SPF of {domain} does not say what to think of other servers",
        "The record has neither all nor redirect at its end, so it protects the domain from nobody.",
        "The branch's IT ends the TXT record at {domain} so: {record}",
        (Source("RFC 7208", "4.7"),),
        publish=Record("{domain}", "TXT", "{record}"),
    )
    UNREACHABLE = Code(
        "spf.unreachable",
        Verdict.NOTICE,
        Actor.BRANCH_IT,
        "SPF of {domain} has terms behind its end",
        "Receivers stop reading at all. What stands behind it counts for nothing: {terms}",
        "The branch's IT moves these terms in front of all in the TXT record at {domain}, or deletes them.",
        (Source("RFC 7208", "5.1"),),
    )
    PTR = Code(
        "spf.ptr",
        Verdict.NOTICE,
        Actor.BRANCH_IT,
        "SPF of {domain} uses ptr, which receivers may skip",
        "The standard advises against this term: it is slow, and some receivers no longer follow it.",
        "The branch's IT replaces ptr in the TXT record at {domain} by the addresses of the servers (ip4:, ip6:).",
        (Source("RFC 7208", "5.5"),),
    )
    ENVELOPE_PASS = Code(
        "spf.envelope_pass",
        Verdict.OK,
        Actor.NOBODY,
        "SPF of our own envelope domain {domain} lets {addresses} send",
        "Receivers ask SPF about the envelope's domain, which is ours, and it names our server.",
        sources=(_IDENTITY, _RESULTS),
    )
    ENVELOPE_FAIL = Code(
        "spf.envelope_fail",
        Verdict.PROBLEM,
        Actor.SUPPORT,
        "SPF of our own envelope domain {domain} does not let {addresses} send ({result})",
        "Receivers ask SPF about the envelope's domain. That is ours, and its record does not permit our own server. "
        "{problem}",
        "We put our own TXT record at {domain} right; with the record that is there now it should read: {record}",
        (_IDENTITY, _RESULTS),
        publish=Record("{domain}", "TXT", "{record}"),
    )
    ENVELOPE_WEAK = Code(
        "spf.envelope_weak",
        Verdict.NOTICE,
        Actor.SUPPORT,
        "SPF of our own envelope domain {domain} does not name {addresses} ({result})",
        "Receivers ask SPF about the envelope's domain. That is ours, and its record leaves our server out.",
        "We publish this TXT record at {domain}: {record}",
        (_IDENTITY, _RESULTS),
        publish=Record("{domain}", "TXT", "{record}"),
    )
    ENVELOPE_UNKNOWN = Code(
        "spf.envelope_unknown",
        Verdict.UNKNOWN,
        Actor.SUPPORT,
        "Could not find out what SPF of our own envelope domain {domain} says",
        "A name server did not answer. {problem}",
        _AGAIN,
        (Source("RFC 7208", "8.6"),),
    )
    FROM_PASS = Code(
        "spf.from_pass",
        Verdict.OK,
        Actor.NOBODY,
        "SPF of {domain} names our server as well",
        "The envelope's domain is {envelope}, so the branch's own SPF does not decide; it names our server all the "
        "same, which helps with filters that look at it.",
        sources=(_IDENTITY,),
    )
    FROM_NOT_NEEDED = Code(
        "spf.from_not_needed",
        Verdict.NOTICE,
        Actor.NOBODY,
        "SPF of {domain} does not name our server, and need not",
        "Receivers ask SPF about the envelope's domain, which is {envelope}. A filter that asks about the visible "
        "sender instead is not following the standard, but there are some: for them, {record} would help.",
        sources=(_IDENTITY,),
    )
    FROM_BROKEN = Code(
        "spf.from_broken",
        Verdict.NOTICE,
        Actor.BRANCH_IT,
        "SPF of {domain} is broken, which does not decide about our mail",
        "Receivers ask SPF about the envelope's domain, which is {envelope}. But the branch's other mail suffers: with "
        "several records, or a mistake in one, receivers follow none.",
        "The branch's IT puts the SPF record of {domain} right, in one TXT record such as: {record}",
        (_RECORDS, _IDENTITY),
        publish=Record("{domain}", "TXT", "{record}"),
    )
    FROM_UNKNOWN = Code(
        "spf.from_unknown",
        Verdict.UNKNOWN,
        Actor.NOBODY,
        "Could not find out what SPF of {domain} says, which does not decide about our mail",
        "Receivers ask SPF about the envelope's domain, which is {envelope}.",
        sources=(_IDENTITY,),
    )

    #: In the order in which results of several addresses are told.
    WORST_FIRST = (
        Result.PERMERROR,
        Result.FAIL,
        Result.NONE,
        Result.SOFTFAIL,
        Result.NEUTRAL,
        Result.TEMPERROR,
        Result.PASS,
    )
    #: PERMERROR and TEMPERROR need to be told apart further.
    OF_BRANCH = {
        Result.PASS: PASS,
        Result.FAIL: FAIL,
        Result.SOFTFAIL: SOFTFAIL,
        Result.NEUTRAL: NEUTRAL,
        Result.NONE: NONE,
    }
    OF_VENDOR = {
        Result.PASS: ENVELOPE_PASS,
        Result.FAIL: ENVELOPE_FAIL,
        Result.PERMERROR: ENVELOPE_FAIL,
        Result.NONE: ENVELOPE_FAIL,
        Result.SOFTFAIL: ENVELOPE_WEAK,
        Result.NEUTRAL: ENVELOPE_WEAK,
        Result.TEMPERROR: ENVELOPE_UNKNOWN,
    }


CODES: tuple[Code, ...] = tuple(value for value in vars(Words).values() if isinstance(value, Code))
