"""What the judgement of one message can say.

All of it is about *this* message as it was handed to us. What its domain publishes for all its mail (its posture) is
another question, and is answered elsewhere.
"""

from __future__ import annotations

from diagnostics.engine.findings import Actor, Code, Source, Verdict

_FORM = Source("RFC 5322", "3.6")
_TRACE = Source("RFC 5321", "4.4")
_RESULTS = Source("RFC 8601", "5")
_VERIFY = Source("RFC 6376", "6.1")
_KEYS = Source("RFC 6376", "3.6.1")
_ALIGNMENT = Source("RFC 9989", "4.4")
_ARC = Source("RFC 8617", "5.2")

_UPLOAD = "Upload the message itself, as a file (.eml), in place of copied text."


class Words:
    """The codes by name. A finding's arguments fill them."""

    NO_HEADER = Code(
        "message.no_header", Verdict.UNKNOWN, Actor.SUPPORT, "There is no header in this text",
        "A header is a list of lines such as Received: and From:. Nothing of the kind was found.",
        "Copy the whole header from the mail program (often under Show original or View source), or upload the file.",
        (_FORM,),
    )  # fmt: skip
    TRUNCATED = Code(
        "message.truncated", Verdict.NOTICE, Actor.SUPPORT, "Only the beginning of the message was read",
        "It is longer than what is read here, so its signatures cannot be verified.",
        "If the signatures matter, upload the message without its attachments' copies, or the header alone.", (_FORM,),
    )  # fmt: skip
    FOLDING_LOST = Code(
        "message.folding_lost", Verdict.NOTICE, Actor.SUPPORT, "The text was changed when it was copied",
        "Long lines of a header go on with a space in front, and those spaces are missing. It can be read all the "
        "same, but no signature can be verified with it.",
        _UPLOAD, (Source("RFC 5322", "2.2.3"),),
    )  # fmt: skip

    ROUTE = Code(
        "message.route", Verdict.OK, Actor.NOBODY, "The message came by way of {servers}",
        "It went from {first} to {last}. {time}", sources=(_TRACE,),
    )  # fmt: skip
    NO_ROUTE = Code(
        "message.no_route", Verdict.NOTICE, Actor.SUPPORT, "No server noted that it took the message",
        "There is no Received line, so this is not the header as it arrived: it is a copy from before sending, or a "
        "part of the header.",
        "Ask the recipient for the whole header of the message that arrived.", (_TRACE,),
    )  # fmt: skip
    SLOW = Code(
        "message.slow", Verdict.NOTICE, Actor.SUPPORT, "The message lay for {delay} before {by} took it",
        "It came from {source}. Servers keep a message that the next one does not take at once, and try again: the "
        "other side put it off (greylisting, a limit), or could not be reached.",
        "Support looks in the log of {source} for what {by} answered in that time.", (_TRACE,),
    )  # fmt: skip
    CLOCK_SKEW = Code(
        "message.clock_skew", Verdict.NOTICE, Actor.NOBODY, "The clocks of {source} and {by} are {delay} apart",
        "By their notes the message arrived before it was sent. So the delays beside it are wrong by as much.",
        sources=(_TRACE,),
    )  # fmt: skip

    FROM_MISSING = Code(
        "message.from_missing", Verdict.PROBLEM, Actor.SUPPORT, "The message does not say who it is from",
        "It has no From line, and most servers refuse such a message.",
        "Whoever runs the program that writes the message has it write one From line.", (_FORM,),
    )  # fmt: skip
    FROM_SEVERAL = Code(
        "message.from_several", Verdict.PROBLEM, Actor.SUPPORT, "The message has {count} From lines",
        "There may be one. Of several the recipient may be shown another than the one that was checked, so most "
        "servers refuse it: {authors}.",
        "Whoever runs the program that writes the message has it write one From line.", (_FORM,),
    )  # fmt: skip
    FROM_ADDRESSES = Code(
        "message.from_addresses", Verdict.NOTICE, Actor.SUPPORT, "The message has several authors: {authors}",
        "That is permitted and hardly ever met. Servers differ in whose domain they check, and many refuse it.",
        "Whoever runs the program that writes the message has it name one author.", (Source("RFC 5322", "3.6.2"),),
    )  # fmt: skip
    FROM_GROUP = Code(
        "message.from_group", Verdict.NOTICE, Actor.SUPPORT, "The From line holds a group in place of an address",
        "Servers that cannot find the author's domain often refuse the message.",
        "Whoever runs the program that writes the message has it name one author.", (Source("RFC 6854", "4"),),
    )  # fmt: skip
    FROM_UNREADABLE = Code(
        "message.from_unreadable", Verdict.PROBLEM, Actor.SUPPORT, "The From line holds no address: {written}",
        "Servers cannot tell whose domain to check, and many refuse the message.",
        "Whoever runs the program that writes the message has it write an address of the form name@domain.", (_FORM,),
    )  # fmt: skip

    RESULTS_BELIEVED = Code(
        "message.results_believed", Verdict.OK, Actor.NOBODY, "The notes of {server} on the sender are believed",
        "It noted: {said}. It is believed because {why}.", sources=(_RESULTS,),
    )  # fmt: skip
    RESULTS_FORGEABLE = Code(
        "message.results_forgeable", Verdict.NOTICE, Actor.NOBODY, "Notes on the sender that are not believed: {count}",
        "They say that they are by {servers}. A sender can write such notes, so they prove nothing; servers on the "
        "way, and forwarders, write them in good faith too.",
        sources=(_RESULTS,),
    )  # fmt: skip
    RESULTS_NOT_PLACED = Code(
        "message.results_not_placed", Verdict.UNKNOWN, Actor.SUPPORT,
        "Could not find out which server's notes are to be believed",
        "Nothing in their place shows that the receiver wrote them. They say that they are by {servers}.",
        "If you know which of them is the receiver's server, choose it.", (_RESULTS,),
    )  # fmt: skip
    NO_RESULTS = Code(
        "message.no_results", Verdict.NOT_APPLICABLE, Actor.NOBODY, "The receiver noted nothing about the sender",
        "Many servers check SPF, DKIM and DMARC and write down what they found; this one did not, or the lines are "
        "missing here.",
        sources=(_RESULTS,),
    )  # fmt: skip
    RECEIVER_DMARC_FAILED = Code(
        "message.receiver_dmarc_failed", Verdict.PROBLEM, Actor.BRANCH_IT,
        "The receiver found that nothing vouched for {domain}",
        "By the notes of {server}: dmarc=fail {remark}",
        "The branch's IT publishes the DKIM key of the sending server below {domain}.", (_ALIGNMENT,),
    )  # fmt: skip

    DKIM_VERIFIED = Code(
        "message.dkim_verified", Verdict.OK, Actor.NOBODY, "The signature of {domain} is valid",
        "What it covers is as it was signed (selector {selector}, {algorithm}).", sources=(_VERIFY,),
    )  # fmt: skip
    DKIM_BODY_CHANGED = Code(
        "message.dkim_body_changed", Verdict.PROBLEM, Actor.SUPPORT, "The text was changed after {domain} signed it",
        "A server behind the signer added a footer, rewrote links or converted the text. {receiver}",
        "Support finds the server on the way that changes mail (a disclaimer, a link scanner, a mailing list) and has "
        "it sign afterwards, or leave signed mail alone.",
        (_VERIFY,),
    )  # fmt: skip
    DKIM_WRONG = Code(
        "message.dkim_wrong", Verdict.PROBLEM, Actor.SUPPORT, "The signature of {domain} does not fit the message",
        "The header was changed after signing (a subject with a new prefix, for example), or the key at {name} is not "
        "the signer's. {receiver}",
        "Support compares the key in DNS with the one issued; if they are equal, a server on the way changes headers.",
        (_VERIFY,),
    )  # fmt: skip
    DKIM_NOT_AS_COPIED = Code(
        "message.dkim_not_as_copied", Verdict.UNKNOWN, Actor.SUPPORT,
        "The signature of {domain} does not fit the text as it was copied here",
        "Copying often changes spaces and line ends, so this does not prove that the message was changed. {receiver}",
        _UPLOAD, (_VERIFY,),
    )  # fmt: skip
    DKIM_NO_KEY = Code(
        "message.dkim_no_key", Verdict.PROBLEM, Actor.BRANCH_IT, "The key of {domain} is not in DNS",
        "The message is signed with the selector {selector}, and nothing stands at {name}.",
        "The branch's IT publishes the key that the signer issued as a TXT record at {name}.", (_KEYS,),
    )  # fmt: skip
    DKIM_REVOKED = Code(
        "message.dkim_revoked", Verdict.PROBLEM, Actor.BRANCH_IT, "The key of {domain} was withdrawn",
        "At {name} stands a record with an empty p=, so no signature made with that selector is valid.",
        "Support has the server sign with a selector that is in use, or the branch's IT publishes the key again at "
        "{name}.",
        (_KEYS,),
    )  # fmt: skip
    DKIM_UNKNOWN_KEY = Code(
        "message.dkim_unknown_key", Verdict.PROBLEM, Actor.BRANCH_IT, "The key of {domain} cannot be used",
        "What stands at {name} is no key that receivers can read, or not for this kind of signature.",
        "The branch's IT publishes the record at {name} exactly as the signer issued it.", (_KEYS,),
    )  # fmt: skip
    DKIM_WEAK = Code(
        "message.dkim_weak", Verdict.PROBLEM, Actor.SUPPORT, "The signature of {domain} is too weak to count",
        "Receivers take no RSA key of less than 1024 bits and no signature made with SHA-1.",
        "Support issues a key of 2048 bits and has the branch's IT publish it.", (Source("RFC 8301", "3"),),
    )  # fmt: skip
    DKIM_EXPIRED = Code(
        "message.dkim_expired", Verdict.NOTICE, Actor.SUPPORT, "The signature of {domain} had run out on {expires}",
        "Its x= says until when it holds, and the message arrived later than that.",
        "Support lengthens the time for which the signer lets its signatures hold, or finds out where the message "
        "lay.",
        (Source("RFC 6376", "3.5"),),
    )  # fmt: skip
    DKIM_MALFORMED = Code(
        "message.dkim_malformed", Verdict.PROBLEM, Actor.SUPPORT, "A signature is written so that nobody can verify it",
        "It says that it is by {domain}. What is wrong: {reason}.",
        "Whoever runs the signing server mends its settings; From must be among the fields that are signed.",
        (Source("RFC 6376", "6.1.1"),),
    )  # fmt: skip
    DKIM_FROM_ADDED = Code(
        "message.dkim_from_added", Verdict.PROBLEM, Actor.SUPPORT, "A From line was put in after {domain} signed",
        "The signature fits, but does not cover all From lines, so the recipient may see one that nobody signed.",
        "Treat the message as suspicious. A signer prevents this by listing From twice in h=.",
        (Source("RFC 6376", "8.15"),),
    )  # fmt: skip
    DKIM_UNKNOWN = Code(
        "message.dkim_unknown", Verdict.UNKNOWN, Actor.SUPPORT,
        "Could not find out whether the signature of {domain} holds",
        "DNS did not answer when it was asked for the key at {name}.", "Examine again in a few minutes.", (_VERIFY,),
    )  # fmt: skip
    DKIM_NOT_CHECKED = Code(
        "message.dkim_not_checked", Verdict.UNKNOWN, Actor.SUPPORT,
        "The signature of {domain} cannot be verified with what is here",
        "A signature covers header and text. {reason}",
        _UPLOAD, (_VERIFY,),
    )  # fmt: skip
    DKIM_NONE = Code(
        "message.dkim_none", Verdict.NOTICE, Actor.SUPPORT, "The message is not signed",
        "Without a DKIM signature only SPF can vouch for it, and SPF is lost when a message is forwarded.",
        "Support switches on signing for the From-domain at the sending server.", (Source("RFC 6376", "5"),),
    )  # fmt: skip
    DKIM_LENGTH = Code(
        "message.dkim_length", Verdict.NOTICE, Actor.SUPPORT,
        "The signature of {domain} covers only a part of the text",
        "It covers the first {length} octets (l=). Anybody may add to the message behind that, and the signature "
        "still holds, so some receivers do not count it.",
        "Whoever runs the signing server leaves l= out.", (Source("RFC 6376", "8.2"),),
    )  # fmt: skip
    DKIM_TESTING = Code(
        "message.dkim_testing", Verdict.NOTICE, Actor.BRANCH_IT, "The key of {domain} is marked as a test",
        "It says t=y, so receivers may treat the message as if it were not signed.",
        "The branch's IT takes t=y out of the record at {name}.", (_KEYS,),
    )  # fmt: skip
    DKIM_DIFFERS = Code(
        "message.dkim_differs", Verdict.NOTICE, Actor.NOBODY,
        "The receiver still found the signature of {domain} valid",
        "So says {server}. It does not fit the message as it is here, so the message was changed after that, in the "
        "mailbox or when it was saved; on arrival it was in order.",
        sources=(_RESULTS,),
    )  # fmt: skip

    VOUCHED = Code(
        "message.vouched", Verdict.OK, Actor.NOBODY, "Something vouches for {domain} in this message",
        "{by}. So the message meets DMARC.", sources=(_ALIGNMENT,),
    )  # fmt: skip
    NOT_VOUCHED = Code(
        "message.not_vouched", Verdict.PROBLEM, Actor.BRANCH_IT, "Nothing vouches for {domain} in this message",
        "{by}. So the message does not meet DMARC, whatever the domain publishes; receivers may put it into Junk or "
        "refuse it.",
        "The branch's IT publishes the DKIM key of the sending server below {domain}, so that its signature carries "
        "that name.",
        (_ALIGNMENT,),
    )  # fmt: skip
    VOUCHING_UNKNOWN = Code(
        "message.vouching_unknown", Verdict.UNKNOWN, Actor.SUPPORT,
        "Could not find out whether anything vouches for {domain} in this message",
        "{by}.",
        "Upload the whole message as it arrived, or choose the receiver's server among those that noted results.",
        (_ALIGNMENT,),
    )  # fmt: skip

    ARC_HOLDS = Code(
        "message.arc_holds", Verdict.OK, Actor.NOBODY, "The seals of {forwarders} hold",
        "The last is {sealer}. A receiver that trusts them may take the message though its own signature is broken.",
        sources=(_ARC,),
    )  # fmt: skip
    ARC_BROKEN = Code(
        "message.arc_broken", Verdict.NOTICE, Actor.NOBODY, "The seals of the forwarders do not hold",
        "What is wrong: {reason}. Receivers then judge the message as if there were no seals.", sources=(_ARC,),
    )  # fmt: skip
    ARC_UNKNOWN = Code(
        "message.arc_unknown", Verdict.UNKNOWN, Actor.SUPPORT, "Could not find out whether the forwarders' seals hold",
        "The sets of {forwarders} are complete and in order; their signatures were not verified: {reason}.",
        _UPLOAD, (_ARC,),
    )  # fmt: skip

    FILTER_PROBLEM = Code(
        "message.filter_problem", Verdict.PROBLEM, Actor.RECIPIENT_IT, "{filter} held something against the message",
        "{said}",
        "The recipient's IT looks at the message in {filter}, reports it as wanted mail, and allows the sending "
        "server's addresses.",
    )  # fmt: skip
    FILTER_NOTICE = Code(
        "message.filter_notice", Verdict.NOTICE, Actor.RECIPIENT_IT, "{filter} remarked something about the message",
        "{said}", "If such mail goes missing, the recipient's IT allows the sending server's addresses in {filter}.",
    )  # fmt: skip
    FILTER_OK = Code(
        "message.filter_ok", Verdict.OK, Actor.NOBODY, "{filter} held nothing against the message", "{said}",
    )  # fmt: skip


#: In the order people read them.
CODES: tuple[Code, ...] = tuple(value for value in vars(Words).values() if isinstance(value, Code))
