"""Responses that nobody wrote by hand: any good one is read as it was meant, any bad one refused."""

import random
import re

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.http1_inputs import (
    BODY,
    FIELD,
    PIECES,
    SECONDS,
    VALUE,
    canonical,
    chunks,
    cut,
    examples,
    generators,
    grouped,
    mutated,
)
from tests.http1.feeding import Pairs, bytewise
from tests.http1.feeding_responses import Response, ResponseReading, read_responses
from tests.http1.transcripts.responses import RESPONSES
from tornadolike.http1 import Limits, has_no_body

pytestmark = [pytest.mark.timeout(60 + 3 * SECONDS), pytest.mark.once]

METHODS = ["GET", "HEAD", "POST"]


# Good responses


@st.composite
def good_responses(draw: st.DrawFn) -> tuple[bytes, str, Response]:
    """A response on the wire behind which another may come, the method it answers, and what it says."""
    method = draw(st.sampled_from(METHODS))
    interim, wire = [], b""
    for status in draw(st.lists(st.sampled_from([100, 102, 103, 199]), max_size=2)):
        head, pairs = draw(heads(status, "HTTP/1.1", ""))
        wire += head + b"\r\n"
        interim.append((status, pairs))
    status = draw(st.sampled_from([200, 204, 206, 304, 404, 599, 999]))
    version = draw(st.sampled_from(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"]))
    reason = draw(VALUE)
    head, pairs = draw(heads(status, version, reason))
    wire += head
    if version == "HTTP/1.0":
        pairs += (("Connection", "keep-alive"),)
        wire += b"Connection: keep-alive\r\n"
    body, trailers = b"", ()
    without = method == "HEAD" or has_no_body(status)
    if status == 204:
        wire += b"\r\n"
    elif version == "HTTP/1.0" or draw(st.booleans()):
        body = draw(BODY)
        pairs += (("Content-Length", str(len(body))),)
        lengths = [b"Content-Length: %d\r\n" % len(body)] * draw(st.integers(1, 2))
        wire += b"".join(lengths) + b"\r\n" + (b"" if without else body)
    else:
        body = draw(BODY)
        pairs += (("Transfer-Encoding", "chunked"),)
        wire += b"Transfer-Encoding: chunked\r\n\r\n"
        if not without:
            lines, trailers = draw(field_lines(2))
            wire += draw(chunks(body)) + lines + b"\r\n"
    if without:
        body = b""
    response = Response(
        status, grouped(list(pairs)), body, reason, version, trailers, tuple(interim)
    )
    return wire, method, response


@st.composite
def heads(draw: st.DrawFn, status: int, version: str, reason: str) -> tuple[bytes, Pairs]:
    """A status line and fields that mean nothing, without the empty line."""
    lines, pairs = draw(field_lines(5))
    behind = f" {reason}" if reason or draw(st.booleans()) else ""
    return f"{version} {status}{behind}\r\n".encode("latin1") + lines, pairs


@st.composite
def field_lines(draw: st.DrawFn, count: int) -> tuple[bytes, Pairs]:
    pairs, lines = [], ""
    for name, value, before, behind in draw(st.lists(FIELD, max_size=count)):
        pairs.append((canonical(name), value.strip(" \t")))
        lines += f"{name}:{before}{value}{behind}\r\n"
    return lines.encode("latin1"), grouped(pairs)


@examples(250)
@given(st.lists(good_responses(), max_size=3), st.lists(st.integers(0, 5000), max_size=12))
def test_a_good_response_is_read_as_it_was_meant(
    responses: list[tuple[bytes, str, Response]], places: list[int]
) -> None:
    data = b"".join(wire for wire, _, _ in responses)
    methods = [method for _, method, _ in responses]
    expected = ResponseReading(tuple(response for _, _, response in responses))
    for way in ([data], cut(data, places), bytewise(data)):
        assert read_responses(way, methods) == expected


# Bad ones


def check(
    data: bytes,
    methods: tuple[str, ...],
    places: list[int],
    eof: bool,
    limits: Limits | None = None,
) -> None:
    """However it comes, it is the same responses, and what is a response keeps to the rules."""
    whole = read_responses([data], methods, limits, eof=eof)
    for way in (cut(data, places), bytewise(data)):
        other = read_responses(way, methods, limits, eof=eof)
        # What is wrong with a body in chunks may be seen before or behind the end of the connection.
        assert (other.responses, bool(other.refused), other.waiting_for, other.handed_over) == (
            whole.responses,
            bool(whole.refused),
            whole.waiting_for,
            whole.handed_over,
        ), way
        assert other.keep_alive == whole.keep_alive
    assert len(whole.responses) <= len(methods)
    for method, response in zip(methods, whole.responses, strict=False):
        check_rules(method, response)
    for response in whole.responses[: None if whole.keep_alive else -1]:
        check_it_was_not_the_last(response)
    if whole.responses and methods[0] != "CONNECT":
        kept = whole.keep_alive or len(whole.responses) > 1
        compare_with_h11(data, methods[0], eof, whole.responses[0], kept)


TOKENS = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
TEXT = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def check_rules(method: str, response: Response) -> None:
    assert response.version in ("HTTP/1.0", "HTTP/1.1")
    assert 100 <= response.status <= 999
    assert TEXT.fullmatch(response.reason)
    for _, fields in response.interim:
        assert "Transfer-Encoding" not in dict(fields)
        assert dict(fields).get("Content-Length", "0").strip("0") == ""
    for name, value in response.fields + response.trailers:
        assert TOKENS.fullmatch(name)
        assert TEXT.fullmatch(value)
        assert value == value.strip(" \t")
    assert {"Content-Length", "Transfer-Encoding", "Host"}.isdisjoint(dict(response.trailers))
    if method == "CONNECT" and response.status < 300:
        return
    lengths = [value for name, value in response.fields if name == "Content-Length"]
    codings = [value.lower() for name, value in response.fields if name == "Transfer-Encoding"]
    if method == "HEAD" or has_no_body(response.status):
        assert response.body == b""
        return
    assert len(lengths + codings) <= 1
    assert codings in ([], ["chunked"])
    assert not codings or response.version == "HTTP/1.1"
    if lengths:
        assert len(response.body) == int(lengths[0])


def check_it_was_not_the_last(response: Response) -> None:
    """Behind this one another came, or may come."""
    said = ",".join(value for name, value in response.fields if name == "Connection").lower()
    options = [option.strip(" \t") for option in said.split(",")]
    assert "close" not in options
    assert response.version == "HTTP/1.1" or "keep-alive" in options
    assert response.status != 101


def compare_with_h11(data: bytes, method: str, eof: bool, mine: Response, keep_alive: bool) -> None:
    """What we read whole, h11 reads the same, or refuses."""
    client = h11.Connection(h11.CLIENT)
    headers = [("Host", "a"), ("Connection", "upgrade"), ("Upgrade", "b")]
    client.send(h11.Request(method=method, target="/", headers=headers))
    client.send(h11.EndOfMessage())
    client.receive_data(data)
    status, body = 0, b""
    try:
        while True:
            event = client.next_event()
            if isinstance(event, h11.Response | h11.InformationalResponse):
                status = event.status_code
                if status == 101:
                    break
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif event is h11.NEED_DATA:
                assert eof
                client.receive_data(b"")
            else:
                break
    except h11.RemoteProtocolError:
        return
    assert (status, body) == (mine.status, mine.body)
    if keep_alive and mine.version == "HTTP/1.1":  # h11 keeps no connection of HTTP/1.0
        assert client.their_state is h11.DONE


ANSWERS = [
    *PIECES,
    *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.1 204 No Content\r\n"),
    *(b"HTTP/1.1 101 Switching Protocols\r\n", b"HTTP/1.1 304 Not Modified\r\n", b"200", b"99", b"1000"),
    *(b"Connection: keep-alive\r\n", b"Content-Length: 5, 5\r\n", b"HTTP/2.0"),
]  # fmt: skip
SHORT = [case.data for case in RESPONSES if 0 < len(case.data) < 400]
ASKED = [*METHODS, "GET", "GET", "CONNECT"]


def methods_by(rng: random.Random) -> tuple[str, ...]:
    return tuple(rng.choice(ASKED) for _ in range(rng.choice([0, 1, 1, 1, 2, 3])))


def test_transcripts_mutated() -> None:
    for rng in generators():
        data = b"".join(
            mutated(rng, rng.choice(SHORT), ANSWERS) for _ in range(rng.choice([1, 1, 2, 3]))
        )
        places = [rng.randrange(len(data) + 1) for _ in range(rng.randrange(5))]
        check(data, methods_by(rng), places, rng.random() < 0.5)


def test_transcripts_mutated_within_small_limits() -> None:
    for rng in generators():
        limits = Limits(
            max_header_size=rng.randrange(30, 150),
            max_header_count=rng.randrange(1, 6),
            max_body_size=rng.randrange(12),
            max_chunk_header_size=rng.randrange(1, 20),
            max_chunk_extensions_size=rng.randrange(20),
        )
        data = mutated(rng, rng.choice(SHORT), ANSWERS)
        places = [rng.randrange(len(data) + 1) for _ in range(rng.randrange(5))]
        check(data, methods_by(rng), places, rng.random() < 0.5, limits)


@examples(300)
@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=5), st.booleans())
def test_any_bytes(data: bytes, places: list[int], eof: bool) -> None:
    check(data, ("GET",), places, eof)
    check(b"HTTP/1.1 200 " + data + b"\r\n\r\n", ("GET", "GET"), places, eof)
    check(b"HTTP/1.1 200 OK\r\n" + data + b"\r\n\r\n", ("HEAD", "GET"), places, eof)
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    check(head + data, ("GET",), places, eof)
