"""What asking for a message's pictures can say: is each where the page has it, for anybody who comes?"""

from __future__ import annotations

from diagnostics.engine.findings import Actor, Code, Source, Verdict

_FETCHED = Source("HTML Living Standard", "4.8.4.3")
_GONE = Source("RFC 9110", "15.5.5")
_STATUS = Source("RFC 9110", "15")
_NAMES = Source("RFC 9499", "3")
_CERTIFICATE = Source("RFC 9525", "6")
_CHAIN = Source("RFC 8446", "4.4.2")
_INTERNAL = Source("RFC 6890", "2.2.2")


class PictureWords:
    """The codes by name. A finding's arguments fill them."""

    LOADS = Code(
        "content.images_load", Verdict.OK, Actor.NOBODY, "Its pictures can be loaded",
        "{asked}: asked for as a mail program asks, and each was there. Whether a program shows them at once, or only "
        "when the reader allows it, is its own choice.", sources=(_FETCHED,),
    )  # fmt: skip
    GONE = Code(
        "content.image_gone", Verdict.PROBLEM, Actor.BRANCH, "A picture is not where the page says",
        "{sources}: the answer is {answers}. Readers see an empty frame, or nothing.",
        "Put the picture back to that address, or give the template the address where it is now. Then send another "
        "test message.", (_GONE,),
    )  # fmt: skip
    NO_HOST = Code(
        "content.image_no_host", Verdict.PROBLEM, Actor.BRANCH, "The server of a picture does not exist",
        "DNS has no address for {hosts}, so nobody can load {sources}.",
        "Correct the address in the template. If it is right, have whoever looks after the DNS of {hosts} publish it.",
        (_NAMES,),
    )  # fmt: skip
    CERTIFICATE = Code(
        "content.image_certificate", Verdict.PROBLEM, Actor.BRANCH,
        "The certificate of a picture's server is not valid",
        "{sources}: {answers}. Mail programs load nothing from such a server.",
        "Have whoever runs {hosts} install a valid certificate for that name. Until then put the picture elsewhere.",
        (_CERTIFICATE,),
    )  # fmt: skip
    CHAIN = Code(
        "content.image_chain", Verdict.NOTICE, Actor.BRANCH,
        "The certificate of a picture's server leads to no authority that we know",
        "{sources}: {answers}. Mostly the server leaves out the certificates in between; some programs find them by "
        "themselves, others show no picture.",
        "Have whoever runs {hosts} install the whole chain, not the server's own certificate alone.", (_CHAIN,),
    )  # fmt: skip
    NO_PICTURE = Code(
        "content.image_no_picture", Verdict.PROBLEM, Actor.BRANCH, "Something else is at the address of a picture",
        "{sources}: what comes is {answers}, and that is no picture. Often it is a page that asks to sign in, or says "
        "that something has moved.",
        "Open the address in a browser in which you are not signed in. Give the template the address of the picture "
        "itself, and let everybody read it.", (_FETCHED,),
    )  # fmt: skip
    REFUSED = Code(
        "content.image_refused", Verdict.NOTICE, Actor.BRANCH, "The server of a picture refused us",
        "{sources}: the answer is {answers}. It may refuse mail programs too, for they sign in nowhere; or it refuses "
        "only us.",
        "Open the address in a browser in which you are not signed in. Where no picture is shown, let everybody read "
        "it.", (_STATUS,),
    )  # fmt: skip
    PRIVATE = Code(
        "content.image_private", Verdict.PROBLEM, Actor.BRANCH, "A picture lies in an internal network",
        "{sources}: nobody outside that network can load it. Nothing was sent there.",
        "Put the picture on a server of the open internet, and give the template that address.", (_INTERNAL,),
    )  # fmt: skip
    INSIDE = Code(
        "content.image_inside", Verdict.NOTICE, Actor.BRANCH, "The server of a picture has an internal address",
        "{hosts}: by the name servers that this desk asks, {answers}. Where the world is told the same, no reader can "
        "load {sources}. Nothing was sent there.",
        "Ask whoever looks after the DNS of {hosts} which address the world is told. If it is that one, put the "
        "picture elsewhere.", (_INTERNAL,),
    )  # fmt: skip
    UNKNOWN = Code(
        "content.images_unknown", Verdict.UNKNOWN, Actor.SUPPORT, "Could not find out whether a picture can be loaded",
        "{sources}: {answers}. That says nothing about the picture.",
        "Open the address in a browser in which you are not signed in, or send another test message later.",
        (_STATUS,),
    )  # fmt: skip


CODES: tuple[Code, ...] = tuple(value for value in vars(PictureWords).values() if isinstance(value, Code))
