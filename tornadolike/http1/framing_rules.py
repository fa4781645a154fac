"""Where a message ends: the rules of RFC 9112 section 6.3 as tables.

What bears on it is a :class:`Situation`: what kind of message it is, its version, and what its fields say of
transfer codings and of a length. The rules stand in the order in which they count: the first that fits
decides. :data:`READING` and :data:`WRITING` have the decision for every situation there can be.

Whoever is read is trusted with nothing: where the RFC leaves the choice between guessing and refusing we
refuse. What we write ourselves must leave nothing to be guessed by others.
"""

import itertools
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final, NamedTuple


class Kind(StrEnum):
    """What kind of message it is, as far as that says something about its body."""

    REQUEST = "request"
    RESPONSE = "response"
    EMPTY_RESPONSE = "1xx, 204"
    """A response that never has a body, nor fields that speak of one (RFC 9110 sections 15.2, 15.3.5)."""
    BODY_NOT_SENT = "to HEAD, 304"
    """A response whose fields speak of a body that is not sent (RFC 9110 sections 9.3.2, 15.4.5)."""
    TUNNEL = "2xx to CONNECT"
    UPGRADE = "101"


class Version(StrEnum):
    """The version of a message; of a response that we write, that of its request."""

    HTTP_1_0 = "HTTP/1.0"
    HTTP_1_1 = "HTTP/1.1"


class Coding(StrEnum):
    """What Transfer-Encoding says."""

    NONE = "none"
    CHUNKED = "chunked"
    OTHERS = "others too"
    """Other codings, and chunked as the last of them."""
    FAULTY = "faulty"


class Length(StrEnum):
    """What Content-Length says."""

    NONE = "none"
    ZERO = "zero"
    NUMBER = "number"
    REPEATED = "repeated"
    """The same number several times, in one line or in several."""
    UNEQUAL = "unequal"
    """Several that are not the same."""
    HUGE = "huge"
    """A number that no body can have."""
    FAULTY = "faulty"


class Framing(StrEnum):
    """How a body is framed."""

    EMPTY = "no body"
    LENGTH = "length"
    CHUNKED = "chunks"
    UNTIL_END = "until the connection ends"
    OTHER_PROTOCOL = "another protocol follows"


class Refusal(NamedTuple):
    """Why a message is refused, and with which status."""

    status: int
    text: str


class Situation(NamedTuple):
    """What bears on the framing of a message."""

    kind: Kind
    version: Version
    coding: Coding
    length: Length


# Python 3.11 takes its time to look up a member of an enumeration; these are needed for each message.
EMPTY, LENGTH, CHUNKED, UNTIL_END, OTHER_PROTOCOL = Framing
REQUEST, RESPONSE, EMPTY_RESPONSE, BODY_NOT_SENT, TUNNEL, UPGRADE = Kind
NO_CODING: Final = Coding.NONE
ZERO: Final = Length.ZERO
NUMBER: Final = Length.NUMBER
NO_LENGTH: Final = (Length.NONE, None)

Decision = Framing | Refusal


class Rule(NamedTuple):
    """What is decided in some situations. An empty tuple means any."""

    section: str
    """Of RFC 9112, unless it says otherwise."""
    decision: Decision
    kinds: tuple[Kind, ...] = ()
    versions: tuple[Version, ...] = ()
    codings: tuple[Coding, ...] = ()
    lengths: tuple[Length, ...] = ()

    def situations(self) -> Iterator[Situation]:
        """Those that it fits."""
        parts = itertools.product(
            self.kinds or Kind,
            self.versions or Version,
            self.codings or Coding,
            self.lengths or Length,
        )
        return map(Situation._make, parts)


_CODED: Final = (Coding.CHUNKED, Coding.OTHERS, Coding.FAULTY)
_SOME_LENGTH: Final = tuple(length for length in Length if length is not Length.NONE)
_1_0: Final = (Version.HTTP_1_0,)

READING_RULES: Final = (
    Rule("RFC 9110 9.3.6", OTHER_PROTOCOL, kinds=(TUNNEL,)),
    Rule(
        "RFC 9110 7.8",
        Refusal(400, "Protocol switched in HTTP/1.0, which has no Upgrade"),
        kinds=(UPGRADE,),
        versions=_1_0,
    ),
    Rule("RFC 9110 7.8", OTHER_PROTOCOL, kinds=(UPGRADE,)),
    Rule("6.3 rule 1", EMPTY, kinds=(BODY_NOT_SENT,)),
    Rule(
        "6.3 rule 1",
        EMPTY,
        kinds=(EMPTY_RESPONSE,),
        codings=(NO_CODING,),
        lengths=(Length.NONE, ZERO),
    ),
    Rule(
        "6.1, RFC 9110 8.6",
        Refusal(400, "Response of a status that should not have body, with the fields of one"),
        kinds=(EMPTY_RESPONSE,),
    ),
    Rule(
        "6.3 rule 3",
        Refusal(400, "Message with both Transfer-Encoding and Content-Length"),
        codings=_CODED,
        lengths=_SOME_LENGTH,
    ),
    Rule("6.1", Refusal(400, "Transfer-Encoding in HTTP/1.0"), versions=_1_0, codings=_CODED),
    Rule("6.3 rule 4", CHUNKED, codings=(Coding.CHUNKED,)),
    Rule("6.1", Refusal(501, "Unsupported Transfer-Encoding {coding}"), codings=(Coding.OTHERS,)),
    Rule(
        "6.3 rule 4", Refusal(400, "Invalid Transfer-Encoding {coding}"), codings=(Coding.FAULTY,)
    ),
    Rule(
        "6.3 rule 5",
        Refusal(400, "Only integer Content-Length is allowed: {length}"),
        lengths=(Length.FAULTY,),
    ),
    Rule(
        "6.3 rule 5",
        Refusal(400, "Multiple unequal Content-Lengths: {length}"),
        lengths=(Length.UNEQUAL,),
    ),
    Rule(
        "6.3 rule 5",
        Refusal(400, "Content-Length given several times: {length}"),
        kinds=(REQUEST,),
        lengths=(Length.REPEATED,),
    ),
    Rule(
        "RFC 9110 8.6",
        Refusal(413, "Content-Length {length} is beyond measure"),
        lengths=(Length.HUGE,),
    ),
    Rule("6.3 rule 6", EMPTY, lengths=(ZERO,)),
    Rule("6.3 rule 6", LENGTH, lengths=(NUMBER, Length.REPEATED)),
    Rule("6.3 rule 7", EMPTY, kinds=(REQUEST,)),
    Rule("6.3 rule 8", UNTIL_END, kinds=(RESPONSE,)),
)

_WITHOUT_FRAMING: Final = (EMPTY_RESPONSE, TUNNEL, UPGRADE)
_FRAMED_RESPONSES: Final = (RESPONSE, BODY_NOT_SENT)
_NO_FRAMING: Final = Refusal(
    500, "A response of this kind ({kind}) has no Content-Length and no Transfer-Encoding"
)

_OURS_TO_SAY: Final = Refusal(500, "Transfer-Encoding is the server's affair: do not set it")

WRITING_RULES: Final = (
    Rule("6.1, RFC 9110 8.6", _NO_FRAMING, kinds=_WITHOUT_FRAMING, codings=_CODED),
    Rule("6.1, RFC 9110 8.6", _NO_FRAMING, kinds=_WITHOUT_FRAMING, lengths=_SOME_LENGTH),
    Rule("6.1", _OURS_TO_SAY, kinds=_FRAMED_RESPONSES, codings=(Coding.OTHERS, Coding.FAULTY)),
    Rule("6.2", _OURS_TO_SAY, kinds=_FRAMED_RESPONSES, codings=_CODED, lengths=_SOME_LENGTH),
    Rule(
        "RFC 9110 8.6",
        Refusal(500, "Invalid Content-Length {length}: it should be one number"),
        lengths=(Length.REPEATED, Length.UNEQUAL, Length.HUGE, Length.FAULTY),
    ),
    Rule(
        "RFC 9110 7.8",
        Refusal(500, "HTTP/1.0 has no Upgrade: 101 cannot answer it"),
        kinds=(UPGRADE,),
        versions=_1_0,
    ),
    Rule("RFC 9110 9.3.6, 7.8", OTHER_PROTOCOL, kinds=(TUNNEL, UPGRADE)),
    Rule("6.3 rule 1", EMPTY, kinds=(EMPTY_RESPONSE, BODY_NOT_SENT)),
    Rule(
        "6.1",
        Refusal(500, "Transfer-Encoding {coding}: only chunked, alone, can be written"),
        codings=(Coding.OTHERS, Coding.FAULTY),
    ),
    Rule(
        "6.2",
        Refusal(500, "Both Transfer-Encoding and Content-Length: leave one of them out"),
        codings=(Coding.CHUNKED,),
        lengths=_SOME_LENGTH,
    ),
    Rule("6.2", LENGTH, lengths=(ZERO, NUMBER)),
    Rule(
        "6.1",
        Refusal(500, "HTTP/1.0 knows no chunks: set Content-Length"),
        kinds=(REQUEST,),
        versions=_1_0,
        codings=(Coding.CHUNKED,),
    ),
    Rule("6.3 rule 8", UNTIL_END, kinds=(RESPONSE,), versions=_1_0),
    Rule("6.1", CHUNKED, codings=(Coding.CHUNKED,)),
    Rule("6.3 rule 7", EMPTY, kinds=(REQUEST,)),
    Rule("7.1", CHUNKED, kinds=(RESPONSE,)),
)


def _decide(rules: Iterable[Rule]) -> dict[tuple[str, str, str, str], Decision]:
    """The decision for every situation."""
    decisions: dict[tuple[str, str, str, str], Decision] = {}
    for (
        rule
    ) in rules:  # (not rule by rule for each situation: that would take each program 4 ms to begin)
        for situation in rule.situations():
            decisions.setdefault(situation, rule.decision)
    return decisions


READING: Final = _decide(READING_RULES)
WRITING: Final = _decide(WRITING_RULES)
