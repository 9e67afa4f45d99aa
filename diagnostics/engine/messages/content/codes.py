"""What the content of one message can say: all about this message, and most of it about the branch's template."""

from __future__ import annotations

from diagnostics.engine.findings import Actor, Code, Source, Verdict

_FORM = Source("RFC 5322", "3.6")
_UNSUBSCRIBE = Source("RFC 2369", "3.2")
_ONE_CLICK = Source("RFC 8058", "3.1")
_CHARSET = Source("RFC 2045", "5.2")
_RELATED = Source("RFC 2387", "3")
_ALTERNATIVE = Source("RFC 2046", "5.1.4")
_HTML = Source("HTML Living Standard", "13")
_TEMPLATE = "Correct the template, and send another test message."


class Words:
    """The codes by name. A finding's arguments fill them."""

    WELL_BUILT = Code(
        "content.well_built", Verdict.OK, Actor.NOBODY, "The message is well built",
        "Nothing was found in its parts, pictures and tags that mail programs stumble over.", sources=(_FORM,),
    )  # fmt: skip
    HEADER_MISSING = Code(
        "content.header_missing", Verdict.PROBLEM, Actor.SUPPORT, "The message lacks {names}",
        "Every message has these; some servers refuse one without, and filters count it as a sign of spam.",
        "Support has the sending application write {names}.", (_FORM,),
    )  # fmt: skip
    EMPTY = Code(
        "content.empty", Verdict.PROBLEM, Actor.BRANCH, "The message says nothing",
        "It has no text, no picture and no file.", "Look at the function's template: its text is missing.", (_FORM,),
    )  # fmt: skip
    PLACEHOLDER = Code(
        "content.placeholder", Verdict.PROBLEM, Actor.BRANCH, "A field of the template was not filled in: {fields}",
        "Readers see it as it stands, and filters know it from careless mailings.",
        "Look at the template: the field is misspelt, or the client's profile has no value for it.", (_FORM,),
    )  # fmt: skip
    CHARSET = Code(
        "content.charset", Verdict.PROBLEM, Actor.SUPPORT, "Letters are broken: {problem}",
        "Letters beyond plain English are shown as other signs in some mail programs.",
        "Support has the sending application write charset=utf-8 and send the text so.", (_CHARSET,),
    )  # fmt: skip
    PART_MISSING = Code(
        "content.part_missing", Verdict.PROBLEM, Actor.BRANCH, "A picture that the page shows is not in the message",
        "The page asks for {parts} (cid:), and no part of the message is called so. Readers see an empty frame.",
        "Put the picture into the template again, or give it an https address.", (_RELATED,),
    )  # fmt: skip
    IMAGE_ADDRESS = Code(
        "content.image_address", Verdict.PROBLEM, Actor.BRANCH, "A picture has an address no mail program can load",
        "{sources}: in a mail there is no page it could be relative to.",
        "Give the picture its whole address, beginning with https://.", (_HTML,),
    )  # fmt: skip
    IMAGE_HTTP = Code(
        "content.image_http", Verdict.NOTICE, Actor.BRANCH, "A picture is loaded without encryption",
        "{sources}: many mail programs load pictures only by https, so the banner is missing there.",
        "Change http:// to https:// in the template. If the picture is not there by https, put it where it is.",
        (_HTML,),
    )  # fmt: skip
    IMAGE_ALT = Code(
        "content.image_alt", Verdict.NOTICE, Actor.BRANCH, "A picture has no words to stand for it",
        "{count} of {all} pictures have no alt text. Most mail programs show none until the reader allows them, and "
        "whoever cannot see never gets them.",
        'Give each picture its words in the template: alt="North College". Decoration gets alt="".', (_HTML,),
    )  # fmt: skip
    ONLY_PICTURES = Code(
        "content.only_pictures", Verdict.NOTICE, Actor.BRANCH, "The message is nearly all pictures",
        "It has {count} pictures and {words} words. With pictures blocked it says nothing, and filters distrust it.",
        "Write what matters as text.", (_HTML,),
    )  # fmt: skip
    CLIPPED = Code(
        "content.clipped", Verdict.NOTICE, Actor.BRANCH, "Gmail cuts the message off",
        "Its HTML has {kilobytes} KB; Gmail shows the first 102 KB and hides the rest, also the way out at the end.",
        "Make the template shorter: text pasted out of a word processor brings much that nobody sees.", (_HTML,),
    )  # fmt: skip
    TAGS = Code(
        "content.tags", Verdict.NOTICE, Actor.BRANCH, "Tags of the page do not fit together",
        "{tags}: mail programs guess, each in its own way, so the message looks different or is cut.", _TEMPLATE,
        (_HTML,),
    )  # fmt: skip
    ACTIVE = Code(
        "content.active", Verdict.NOTICE, Actor.BRANCH, "The page has parts that mail programs take out: {tags}",
        "They are never shown or run in a mail, and filters take them for an attack.", _TEMPLATE, (_HTML,),
    )  # fmt: skip
    NO_TEXT = Code(
        "content.no_text", Verdict.NOTICE, Actor.SUPPORT, "There is no plain text beside the page",
        "Some readers and most filters look for it.",
        "Support has the sending application add a text/plain part with the same words.", (_ALTERNATIVE,),
    )  # fmt: skip
    UNSUBSCRIBE = Code(
        "content.unsubscribe", Verdict.OK, Actor.NOBODY, "The mail program can offer a way out with one press",
        "List-Unsubscribe and List-Unsubscribe-Post are there.", sources=(_ONE_CLICK,),
    )  # fmt: skip
    NOT_ONE_CLICK = Code(
        "content.not_one_click", Verdict.NOTICE, Actor.SUPPORT, "The way out takes more than one press",
        "There is a List-Unsubscribe header but no List-Unsubscribe-Post with an https address. Gmail and Yahoo ask "
        "for it in mail to many.",
        "Support has the sending application add: List-Unsubscribe-Post: List-Unsubscribe=One-Click", (_ONE_CLICK,),
    )  # fmt: skip
    NO_UNSUBSCRIBE = Code(
        "content.no_unsubscribe", Verdict.NOTICE, Actor.SUPPORT, "There is no List-Unsubscribe header",
        "Mail to many needs one: Gmail, Yahoo and Outlook ask for it. A receipt or a password needs none.",
        "For mailings support has the sending application add List-Unsubscribe and List-Unsubscribe-Post.",
        (_UNSUBSCRIBE,),
    )  # fmt: skip
    NO_OPT_OUT = Code(
        "content.no_opt_out", Verdict.NOTICE, Actor.BRANCH, "The text offers no way to opt out",
        "Laws and the vendor's rules ask for one in mail to many. A receipt or a password needs none.",
        "For mailings add a sentence with a link to opt out at the end of the template.", (_UNSUBSCRIBE,),
    )  # fmt: skip
    LARGE = Code(
        "content.large", Verdict.NOTICE, Actor.BRANCH, "The message is large: {megabytes} MB",
        "Many servers refuse more than 10 MB, and a mailing of it takes long.",
        "Put files where people can fetch them, and send the link.", (Source("RFC 1870", "6.1"),),
    )  # fmt: skip


CODES: tuple[Code, ...] = tuple(value for name, value in vars(Words).items() if isinstance(value, Code))
