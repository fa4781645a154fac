"""The tables of framing: every situation, by itself and through the readers and writers that stand on them."""

import itertools

import pytest

from tornadolike.http1 import (
    EndOfMessage,
    Limits,
    RequestReader,
    RequestWriter,
    ResponseHead,
    ResponseReader,
    ResponseWriter,
    State,
)
from tornadolike.http1.framing_rules import (
    READING,
    READING_RULES,
    WRITING,
    WRITING_RULES,
    Coding,
    Decision,
    Framing,
    Kind,
    Length,
    Refusal,
    Rule,
    Situation,
    Version,
)
from tornadolike.httputil import HTTPHeaders, HTTPInputError, HTTPOutputError, HTTPServerRequest

SITUATIONS = list(itertools.starmap(Situation, itertools.product(Kind, Version, Coding, Length)))

CODINGS = {
    Coding.NONE: None,
    Coding.CHUNKED: "chunked",
    Coding.OTHERS: "gzip, chunked",
    Coding.FAULTY: "chunked, gzip",
}
LENGTHS = {
    Length.NONE: None,
    Length.ZERO: "0",
    Length.NUMBER: "5",
    Length.REPEATED: "5, 5",
    Length.HUGE: "1" * 19,
    Length.UNEQUAL: "5, 6",
    Length.FAULTY: "x",
}
RESPONSES = {
    Kind.RESPONSE: ("GET", 200),
    Kind.EMPTY_RESPONSE: ("GET", 204),
    Kind.BODY_NOT_SENT: ("HEAD", 200),
    Kind.TUNNEL: ("CONNECT", 200),
    Kind.UPGRADE: ("GET", 101),
}
"""A request's method and a response's status for each kind of response."""


def headers_for(situation: Situation) -> HTTPHeaders:
    headers = HTTPHeaders()
    for name, value in (
        ("Transfer-Encoding", CODINGS[situation.coding]),
        ("Content-Length", LENGTHS[situation.length]),
    ):
        if value is not None:
            headers[name] = value
    return headers


# The tables say what the RFC says: once more, in other words


def by_the_rfc(situation: Situation) -> Framing | int:
    """RFC 9112 section 6.3 for one who reads: the framing, or the status of the refusal."""
    kind, version, coding, length = situation
    says_nothing = coding is Coding.NONE and length in (Length.NONE, Length.ZERO)
    if kind is Kind.TUNNEL:
        return Framing.OTHER_PROTOCOL
    if kind is Kind.UPGRADE:
        return Framing.OTHER_PROTOCOL if version == "HTTP/1.1" else 400
    if kind is Kind.BODY_NOT_SENT:
        return Framing.EMPTY
    if kind is Kind.EMPTY_RESPONSE:
        return Framing.EMPTY if says_nothing else 400
    if coding is not Coding.NONE:
        if length is not Length.NONE or version == "HTTP/1.0" or coding is Coding.FAULTY:
            return 400
        return Framing.CHUNKED if coding is Coding.CHUNKED else 501
    if length is Length.NONE:
        return Framing.EMPTY if kind is Kind.REQUEST else Framing.UNTIL_END
    if length is Length.REPEATED:
        return 400 if kind is Kind.REQUEST else Framing.LENGTH
    return {
        Length.ZERO: Framing.EMPTY,
        Length.NUMBER: Framing.LENGTH,
        Length.HUGE: 413,
        Length.UNEQUAL: 400,
        Length.FAULTY: 400,
    }[length]


def by_our_rules(situation: Situation) -> Framing | None:
    """What we write: the framing, or None for what we refuse to."""
    kind, version, coding, length = situation
    says_nothing = coding is Coding.NONE and length is Length.NONE
    if kind in (Kind.EMPTY_RESPONSE, Kind.TUNNEL, Kind.UPGRADE):
        if not says_nothing or (kind is Kind.UPGRADE and version == "HTTP/1.0"):
            return None
        return Framing.EMPTY if kind is Kind.EMPTY_RESPONSE else Framing.OTHER_PROTOCOL
    if length in (Length.REPEATED, Length.UNEQUAL, Length.HUGE, Length.FAULTY):
        return None
    if kind is Kind.REQUEST:
        if coding is Coding.CHUNKED:
            good = length is Length.NONE and version == "HTTP/1.1"
            return Framing.CHUNKED if good else None
        if coding is not Coding.NONE:
            return None
        return Framing.EMPTY if length is Length.NONE else Framing.LENGTH
    # An author may say that there are chunks where we would say so ourselves.
    if coding is not Coding.NONE and (coding, length) != (Coding.CHUNKED, Length.NONE):
        return None
    if kind is Kind.BODY_NOT_SENT:
        return Framing.EMPTY
    if length is not Length.NONE:
        return Framing.LENGTH
    return Framing.CHUNKED if version == "HTTP/1.1" else Framing.UNTIL_END


def outcome(decision: Decision) -> Framing | int:
    return decision.status if isinstance(decision, Refusal) else decision


def test_every_situation_that_is_read() -> None:
    assert set(READING) == set(SITUATIONS)
    for situation in SITUATIONS:
        assert outcome(READING[situation]) == by_the_rfc(situation), situation


def test_every_situation_that_is_written() -> None:
    assert set(WRITING) == set(SITUATIONS)
    for situation in SITUATIONS:
        decision = WRITING[situation]
        found = None if isinstance(decision, Refusal) else decision
        assert found == by_our_rules(situation), situation


@pytest.mark.parametrize("rules", [READING_RULES, WRITING_RULES])
def test_every_rule_decides_something(rules: tuple[Rule, ...]) -> None:
    decided: set[Situation] = set()
    for rule in rules:
        found = set(rule.situations())
        assert found - decided, rule
        decided |= found


# What stands on the tables does what they say


def head_of(situation: Situation) -> bytes:
    """A message in this situation, up to its body."""
    kind, version, _, _ = situation
    if kind is Kind.REQUEST:
        lines = [f"POST / {version}", "Host: a"]
    else:
        status = RESPONSES[kind][1]
        lines = [f"{version} {status} Reason"]
    lines += [f"{name}: {value}" for name, value in headers_for(situation).get_all()]
    return "\r\n".join([*lines, "", ""]).encode()


def read_request(situation: Situation) -> Framing | int:
    """How the reader of requests takes one in this situation."""
    reader = RequestReader(Limits())
    reader.feed(head_of(situation))
    try:
        assert isinstance(reader.next_event(), HTTPServerRequest)
    except HTTPInputError as error:
        return error.status
    if reader.complete:
        return Framing.EMPTY
    reader.feed(b"5\r\nhe")
    return Framing.LENGTH if reader.next_event() == b"5\r\nhe" else Framing.CHUNKED


def read_response(situation: Situation) -> Framing | int:
    """How the reader of responses takes one in this situation."""
    reader = ResponseReader(Limits())
    reader.expect(RESPONSES[situation.kind][0])
    reader.feed(head_of(situation))
    try:
        assert isinstance(reader.next_event(), ResponseHead)
    except HTTPInputError as error:
        return error.status
    if reader.state is State.OTHER_PROTOCOL:
        return Framing.OTHER_PROTOCOL
    event = reader.next_event()
    if isinstance(event, EndOfMessage):
        return Framing.EMPTY
    if reader.state is State.UNTIL_END:
        return Framing.UNTIL_END
    reader.feed(b"5\r\nhe")
    return Framing.LENGTH if reader.next_event() == b"5\r\nhe" else Framing.CHUNKED


def test_readers_stand_on_the_table() -> None:
    for situation in SITUATIONS:
        read = read_request if situation.kind is Kind.REQUEST else read_response
        assert read(situation) == outcome(READING[situation]), situation


def write(situation: Situation) -> Framing:
    """How the writer of such a message frames it."""
    kind, version, _, _ = situation
    headers = headers_for(situation)
    if kind is Kind.REQUEST:
        request = RequestWriter(version)
        headers["Host"] = "a"
        request.head("GET", "/", headers)
        return request._framing
    method, status = RESPONSES[kind]
    response = ResponseWriter(method, version, True)
    response.head(status, "Reason", headers)
    return response._framing


def test_writers_stand_on_the_table() -> None:
    for situation in SITUATIONS:
        decision = WRITING[situation]
        if isinstance(decision, Framing):
            assert write(situation) is decision, situation
            continue
        with pytest.raises(HTTPOutputError) as caught:
            write(situation)
        assert "{" not in str(caught.value), situation
