"""Requests that nobody wrote by hand: any good one is read as it was meant, any bad one refused by its name."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.http1_inputs import (
    BODY,
    FIELD,
    SECONDS,
    TARGET,
    TOKEN,
    canonical,
    chunks,
    cut,
    examples,
    generators,
    grouped,
    mutated,
)
from tests.fuzz.http1_peers import PEERS, without_authority
from tests.http1.feeding import Message, Reading, bytewise, read
from tests.http1.transcripts import CASES
from tornadolike.http1 import Limits

pytestmark = [pytest.mark.timeout(60 + 3 * SECONDS), pytest.mark.once]


# Good requests


@st.composite
def good_requests(draw: st.DrawFn) -> tuple[bytes, Message]:
    """A request on the wire, and what it says."""
    method = draw(TOKEN.filter(lambda name: name != "CONNECT"))
    uri = "/" + draw(TARGET)
    version = draw(st.sampled_from(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"]))
    host = draw(st.sampled_from(["a", "a.example:8080", "[::1]:80", ""]))
    pairs = [("Host", host)]
    lines = [f"{method} {uri} {version}", draw(st.sampled_from(["Host: ", "HOST:"])) + host]
    for name, value, before, behind in draw(st.lists(FIELD, max_size=6)):
        pairs.append((canonical(name), value.strip(" \t")))
        lines.append(f"{name}:{before}{value}{behind}")
    body = draw(BODY)
    trailers: list[tuple[str, str]] = []
    framing = draw(st.sampled_from(["none", "length", "chunked"]))
    if framing == "length":
        pairs.append(("Content-Length", str(len(body))))
        wire = body
    elif framing == "chunked" and version == "HTTP/1.1":
        pairs.append(("Transfer-Encoding", "chunked"))
        wire = draw(chunks(body))
        for name, value, before, behind in draw(st.lists(FIELD, max_size=2)):
            trailers.append((canonical(name), value.strip(" \t")))
            wire += f"{name}:{before}{value}{behind}\r\n".encode("latin1")
        wire += b"\r\n"
    else:
        body = wire = b""
    if pairs[-1][0] in ("Content-Length", "Transfer-Encoding"):
        lines.append(": ".join(pairs[-1]))
    head = "\r\n".join(["", ""][: draw(st.integers(0, 1))] + lines + ["", ""])
    message = Message(method, uri, version, grouped(pairs), body, grouped(trailers))
    return head.encode("latin1") + wire, message


@examples(250)
@given(st.lists(good_requests(), max_size=3), st.lists(st.integers(0, 5000), max_size=12))
def test_a_good_request_is_read_as_it_was_meant(
    requests: list[tuple[bytes, Message]], places: list[int]
) -> None:
    data = b"".join(wire for wire, _ in requests)
    expected = Reading(tuple(message for _, message in requests))
    assert read([data]) == expected
    assert read(cut(data, places)) == expected
    assert read(bytewise(data)) == expected


# Bad ones

STATUSES = {None, 400, 413, 414, 431, 501, 505}
TOKENS = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def check(data: bytes, places: list[int], limits: Limits | None = None) -> None:
    """However it comes, it is the same requests, and what is a request keeps to the rules.

    If two things are wrong with it, it depends on the cut which of them is seen first; so the statuses need
    not be equal.
    """
    whole = read([data], limits)
    for way in (cut(data, places), bytewise(data)):
        other = read(way, limits)
        assert (other.messages, other.waiting_for, other.status is None) == (
            whole.messages,
            whole.waiting_for,
            whole.status is None,
        ), way
        assert other.status in STATUSES
    assert whole.status in STATUSES
    for message in whole.messages:
        check_rules(message)
    for name, peer in PEERS.items():
        theirs = peer(data).messages[: len(whole.messages)]
        mine = tuple((m.method, m.uri, m.body) for m in whole.messages[: len(theirs)])
        assert theirs == mine, (name, data)


def check_rules(message: Message) -> None:
    assert TOKENS.fullmatch(message.method)
    assert message.version in ("HTTP/1.0", "HTTP/1.1")
    assert re.fullmatch(r"[/*\[\w%.~!$&'()+,;=:-][\x21-\x7e\x80-\xff]*", message.uri)
    for name, value in message.fields + message.trailers:
        assert TOKENS.fullmatch(name)
        assert re.fullmatch(r"[\t\x20-\x7e\x80-\xff]*", value)
        assert value == value.strip(" \t")
    said = [name for name, _ in message.fields]
    assert said.count("Host") <= 1
    assert "Host" in said or message.version == "HTTP/1.0"
    lengths = [value for name, value in message.fields if name == "Content-Length"]
    codings = [value.lower() for name, value in message.fields if name == "Transfer-Encoding"]
    assert len(lengths + codings) <= 1
    assert codings in ([], ["chunked"])
    assert not codings or message.version == "HTTP/1.1"
    if lengths:
        assert len(message.body) == int(lengths[0])
    elif not codings:
        assert message.body == b""
    assert {"Content-Length", "Transfer-Encoding", "Host"}.isdisjoint(dict(message.trailers))


SHORT = [case.data for case in CASES if len(case.data) < 400]


def test_transcripts_mutated() -> None:
    for rng in generators():
        data = b"".join(mutated(rng, rng.choice(SHORT)) for _ in range(rng.choice([1, 1, 2, 3])))
        check(data, [rng.randrange(len(data) + 1) for _ in range(rng.randrange(5))])


def test_transcripts_mutated_within_small_limits() -> None:
    for rng in generators():
        limits = Limits(
            max_target_size=rng.randrange(1, 40),
            max_header_size=rng.randrange(30, 150),
            max_header_count=rng.randrange(1, 6),
            max_body_size=rng.randrange(12),
            max_chunk_header_size=rng.randrange(1, 20),
            max_chunk_extensions_size=rng.randrange(20),
        )
        data = mutated(rng, rng.choice(SHORT))
        check(data, [rng.randrange(len(data) + 1) for _ in range(rng.randrange(5))], limits)


@examples(300)
@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=5))
def test_any_bytes(data: bytes, places: list[int]) -> None:
    check(data, places)
    check(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + data, places)
    check(b"GET / HTTP/1.1\r\n" + data + b"\r\n\r\n", places)


def test_targets_of_the_peers_are_compared_as_ours() -> None:
    for target, expected in (
        ("/a", "/a"),
        ("http://b", "/"),
        ("HTTP://b?c", "/?c"),
        ("https://b/http://c", "/http://c"),
        ("*", "*"),
    ):
        assert without_authority(target) == expected
