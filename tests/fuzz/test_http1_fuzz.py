"""Requests that nobody wrote by hand: any good one is read as it was meant, any bad one refused by its name.

As a rule these tests do the same in every run, in a few seconds. With ``TORNADOLIKE_FUZZ_SECONDS=600`` in the
environment they look for something new, each so long.
"""

import itertools
import os
import random
import re
import time
from collections.abc import Iterator

import h11
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.http1_peers import PEERS, without_authority
from tests.http1.feeding import Message, Pairs, Reading, bytewise, read
from tests.http1.transcripts import CASES
from tornadolike.http1 import Limits, ResponseWriter, has_no_body
from tornadolike.httputil import HTTPHeaders, HTTPOutputError

SECONDS = float(os.environ.get("TORNADOLIKE_FUZZ_SECONDS", "0"))
ROUNDS = 1200

pytestmark = pytest.mark.timeout(60 + 3 * SECONDS)


def examples(count: int) -> settings:
    """So many examples in a short run, in a long one a hundred more for each second."""
    return settings(
        derandomize=not SECONDS,
        database=None,
        max_examples=count + int(SECONDS * 100),
        suppress_health_check=list(HealthCheck),
    )


def generators() -> Iterator[random.Random]:
    """The sources of chance of a test's rounds: always the same ones, or new ones until time is up."""
    if not SECONDS:
        yield from map(random.Random, range(ROUNDS))
        return
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        yield random.Random()


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in itertools.pairwise(edges)]


# Good requests

TOKEN = st.text("!#$%&'*+-.^_`|~0189azAZ", min_size=1, max_size=32)
TARGET = st.text([chr(code) for code in range(0x21, 0x7F) if chr(code) != "#"], max_size=50)
VALUE = st.text(
    ["\t", *(chr(code) for code in (*range(0x20, 0x7F), *range(0x80, 0x100)))], max_size=40
)
SPACE = st.text(" \t", max_size=3)
BODY = st.binary(max_size=200)
MEANING = {"content-length", "transfer-encoding", "host", "connection", "expect"}
FIELD = st.tuples(TOKEN.filter(lambda name: name.lower() not in MEANING), VALUE, SPACE, SPACE)
EXTENSION = st.sampled_from([b"", b"", b";a", b";a=b", b'; a = "b;\\" c"', b"\t;a;b"])


def grouped(pairs: list[tuple[str, str]]) -> Pairs:
    """As :class:`HTTPHeaders` gives them: by name, in the order of the first of each."""
    names = dict.fromkeys(name for name, _ in pairs)
    return tuple((name, value) for name in names for other, value in pairs if other == name)


def canonical(name: str) -> str:
    return "-".join(word.capitalize() for word in name.split("-"))


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


@st.composite
def chunks(draw: st.DrawFn, body: bytes) -> bytes:
    """A body in chunks, as far as the trailers."""
    wire = b""
    while body:
        size = draw(st.integers(1, len(body)))
        zeros, form = draw(st.integers(0, 3)), draw(st.sampled_from(["x", "X"]))
        wire += b"0" * zeros + format(size, form).encode() + draw(EXTENSION) + b"\r\n"
        wire += body[:size] + b"\r\n"
        body = body[size:]
    return wire + b"0" + draw(EXTENSION) + b"\r\n"


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


PIECES = [
    *(bytes([code]) for code in (0, 9, 10, 11, 12, 13, 32, 34, 35, 44, 48, 49, 58, 59, 0x7F, 0xA0)),
    *(b"\r\n", b"\r\n\r\n", b"\n\n", b"\n\r\n", b"\r\n ", b"\r\r\n", b"0\r\n\r\n", b"5\r\nhello\r\n"),
    *(b"Content-Length: 5\r\n", b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n"),
    *(b"Transfer-Encoding", b"Content-Length", b"chunked", b"Host: a\r\n", b"Connection: close\r\n"),
    *(b"GET / HTTP/1.1\r\nHost: b\r\n\r\n", b"HTTP/1.0", b"HTTP/1.1", b"http://b/", b" : ", b"0x", b"+"),
    *(b"Expect: 100-continue\r\n", b"Upgrade: b\r\nConnection: upgrade\r\n", b";a=\"", b"A: b\r\n"),
]  # fmt: skip


def mutated(rng: random.Random, data: bytes) -> bytes:
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3, 6])):
        start = rng.randrange(len(data) + 1)
        end = min(start + rng.choice([0, 0, 1, 1, 2, 8, 40]), len(data))
        middle = rng.choice(
            [
                rng.choice(PIECES),
                rng.choice(PIECES),
                rng.randbytes(rng.randrange(3)),
                data[start:end] * 2,
                data[start:end][::-1],
                data[start:end].swapcase(),
                b"",
            ]
        )
        data = data[:start] + middle + data[end:]
    return data


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


# Responses

ANY_TEXT = st.text(max_size=20) | st.sampled_from(
    ["a\r\nB: c", "a\nb", "\r", "\0", "", "5", "close"]
)
ANY_NAME = TOKEN | ANY_TEXT | st.sampled_from(["Content-Length", "Transfer-Encoding", "Connection"])


@examples(300)
@given(
    st.sampled_from(["GET", "HEAD", "POST"]),
    st.sampled_from(["HTTP/1.0", "HTTP/1.1"]),
    st.booleans(),
    st.integers(190, 610),
    ANY_TEXT,
    st.lists(st.tuples(ANY_NAME, ANY_TEXT), max_size=5),
    st.lists(BODY, max_size=3),
)
def test_a_response_is_read_as_it_was_meant_or_refused(
    method: str,
    version: str,
    keep_alive: bool,
    status: int,
    reason: str,
    pairs: list[tuple[str, str]],
    pieces: list[bytes],
) -> None:
    headers = HTTPHeaders.from_fields({})
    for name, value in pairs:
        headers._append(name, value)  # past every check but the writer's
    writer = ResponseWriter(method, version, keep_alive)
    try:
        data = writer.head(status, reason, headers)
        data += b"".join(map(writer.data, pieces)) + writer.end()
    except HTTPOutputError:
        return
    if not data:
        assert status < 200
        assert version == "HTTP/1.0"
        return
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    client.send(h11.EndOfMessage())
    client.receive_data(data)
    response = client.next_event()
    assert isinstance(response, h11.Response | h11.InformationalResponse)
    assert response.status_code == status
    said = {name.decode("latin1").strip().lower() for name, _ in response.headers}
    meant = {name.lower() for name, _ in headers.get_all()}
    assert meant <= said <= meant | {"transfer-encoding", "connection"}
    if isinstance(response, h11.InformationalResponse):
        return
    body = b""
    while not isinstance(event := client.next_event(), h11.EndOfMessage):
        if event is h11.NEED_DATA:
            client.receive_data(b"")
        else:
            assert isinstance(event, h11.Data)
            body += bytes(event.data)
    assert body == (b"" if method == "HEAD" or has_no_body(status) else b"".join(pieces))
    assert (client.their_state is h11.DONE) == writer.keep_alive


def test_targets_of_the_peers_are_compared_as_ours() -> None:
    for target, expected in (
        ("/a", "/a"),
        ("http://b", "/"),
        ("HTTP://b?c", "/?c"),
        ("https://b/http://c", "/http://c"),
        ("*", "*"),
    ):
        assert without_authority(target) == expected
