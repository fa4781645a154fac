"""The scanner of heads says nothing that the reference does not say of the same bytes."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.http1_inputs import ROUNDS, SECONDS, examples, generators, mutated
from tests.http1.transcripts import CASES
from tests.http1.transcripts.case import with_fields, with_line
from tests.native.references import PythonReader, PythonSection, needs_native
from tornadolike.http1 import Limits
from tornadolike.httputil import HTTPInputError, HTTPServerRequest

pytestmark = [needs_native, pytest.mark.timeout(60 + 3 * SECONDS)]

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]


def scan(data: bytes, limits: Limits | None = None, known: bytes | None = None) -> Any:
    from tornadolike._native import scanner

    limits = limits or Limits()
    return scanner.scan(data, limits.max_header_size, limits.max_target_size, known)


def refusal_of_fields(fields: bytes, minor: int, limits: Limits) -> int | None:
    """The status that the fields alone deserve, whatever the request line says."""
    head = b"GET / HTTP/1.%d\r\n" % minor + (fields and fields + b"\r\n") + b"\r\n"
    reader = PythonReader(
        Limits(
            max_header_count=limits.max_header_count, max_header_size=10**6, max_body_size=10**18
        )
    )
    reader.feed(head)
    try:
        reader.next_event()
    except HTTPInputError as error:
        return error.status
    return None


def check(data: bytes, limits: Limits | None = None) -> str:
    """Hold what is said of ``data`` against the reference; the verdict."""
    limits = limits or Limits()
    found = scan(data, limits)
    reader = PythonReader(limits)
    reader.feed(data)
    try:
        event = reader.next_event()
        status = None
    except HTTPInputError as error:
        event, status = None, error.status
    if found == "other":
        return "other"
    if found == "part":
        assert (event, status) == (None, None), data
        return "part"
    method, minor, target, path, fields, size = found
    assert data[:size].endswith(b"\r\n\r\n")
    assert data[:size] == b"%s %s HTTP/1.%d\r\n%s\r\n" % (
        METHODS[method].encode(),
        target,
        minor,
        fields and fields + b"\r\n",
    )
    refused = refusal_of_fields(fields, minor, limits)
    assert status == refused, (data, status, refused)
    if refused is None:
        assert isinstance(event, HTTPServerRequest)
        assert event.method == METHODS[method]
        assert event.uri == target.decode("ascii")
        assert event.path == path.decode("ascii")
        assert event.version == f"HTTP/1.{minor}"
        assert reader.section is not None
        assert dict(reader.section.fields) == PythonSection(fields.decode("latin1"), 10**6).fields
        assert reader.buffered + len(event.body) == len(data) - size
    # The fields of the message before, or of another one, change nothing.
    for known in (fields, fields + b"\r\nA: b", b"Host: a", b""):
        assert scan(data, limits, known) == found
    return "whole"


# What is whole


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("minor", [0, 1])
def test_a_head(method: str, minor: int) -> None:
    line = f"{method} /a/b?c=d?e HTTP/1.{minor}\r\n".encode()
    for fields in (b"", b"Host: a", b"Host: a\r\nB:\t\xe9 c\r\nD:"):
        data = line + (fields and fields + b"\r\n") + b"\r\n"
        expected = (METHODS.index(method), minor, b"/a/b?c=d?e", b"/a/b", fields, len(data))
        for more in (b"", b"\r\n", data, b"\0", b"\xff" * 40):
            assert scan(data + more) == expected
        for at in range(1, len(data)):
            assert scan(data[:at]) == "part", data[:at]
        check(data)


def test_nothing_is_a_part() -> None:
    assert scan(b"") == "part"


def test_every_byte_at_every_place() -> None:
    """In the target, in a name, in a value: at each distance from where sixteen bytes at a time are looked at."""
    for length, code in itertools.product(range(1, 36), range(256)):
        text = b"x" * length + bytes([code]) + b"y" * 18
        line = with_line(b"GET /" + text + b" HTTP/1.1")
        good = 0x21 <= code <= 0x7E and code != ord("#")
        assert (type(scan(line)) is tuple) == good, (length, code)
        found = scan(with_fields(b"A: " + text))
        good = code == 9 or 0x20 <= code <= 0x7E or code >= 0x80
        assert (type(found) is tuple) == good, (length, code)
        if length % 16 == 3:
            check(line)
            check(with_fields(b"A: " + text))


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n" + with_line(b"GET / HTTP/1.1"),
        b"\n",
        b" GET / HTTP/1.1\r\n",
        with_line(b"get / HTTP/1.1"),
        with_line(b"GETX / HTTP/1.1"),
        with_line(b"TRACE / HTTP/1.1"),
        with_line(b"CONNECT a:1 HTTP/1.1"),
        with_line(b"OPTIONS * HTTP/1.1"),
        with_line(b"GET http://a/ HTTP/1.1"),
        with_line(b"GET  / HTTP/1.1"),
        with_line(b"GET /  HTTP/1.1"),
        with_line(b"GET / HTTP/1.1 "),
        with_line(b"GET / HTTP/1.2"),
        with_line(b"GET / HTTP/2.0"),
        with_line(b"GET / http/1.1"),
        with_line(b"GET / HTTP/1.10"),
        with_line(b"GET /\xe9 HTTP/1.1"),
        with_line(b"GET /#a HTTP/1.1"),
        with_line(b"GET /"),
        with_line(b"GET"),
        b"GET / HTTP/1.1\nHost: a\n\n",
        b"GET / HTTP/1.1\r\nHost: a\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r",
        b"GET / HTTP/1.1\r\nHost: a\r\n\rX",
        b"GET / HTTP/1.1\r\nHost: a\r\n\n",
        b"P",
        b"PA",
        b"PO",
        b"PX",
        b"GET /a HTTP/1.1\r",
        b"GET /a HTTP/1.1\rX",
        b"GET /a HTTP/1.2",
        b"GET /a HTTP/1.",
        b"GET /a HTTQ",
    ],
)
def test_what_is_unusual_or_malformed(data: bytes) -> None:
    check(data)
    if data.endswith(b"\r\n\r\n"):
        assert scan(data) == "other"


def test_limits() -> None:
    data = b"GET /1234567 HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n"
    for target, header in itertools.product(range(1, 12), range(1, len(data) + 4)):
        limits = Limits(max_target_size=target, max_header_size=header)
        good = target >= 8 and header >= len(data) - 4
        assert (check(data, limits) == "whole") == good
        for at in range(1, len(data)):
            check(data[:at], limits)


def test_known_fields() -> None:
    head = b"GET / HTTP/1.1\r\n"
    for fields, known in (
        (b"Host: ab", b"Host: a"),
        (b"Host: a", b"Host: ab"),
        (b"Host: a\r\nB: c", b"Host: a"),
        (b"Host: a", b"Host: a\r\nB: c"),
        (b"Host: a", b"Host: a"),
        (b"Host: a", b""),
    ):
        found = scan(head + fields + b"\r\n\r\n" + b"GET", None, known)
        assert found[4] == fields
        assert scan(head + fields + b"\r\n\r", None, known) == "part"


# Chance

SHORT = [case.data for case in CASES if len(case.data) < 400]


def test_transcripts() -> None:
    verdicts = set()
    for case in CASES:
        verdicts.add(check(case.data))
        for at in range(0, len(case.data), 1 + len(case.data) // 100):
            verdicts.add(check(case.data[:at]))
    assert verdicts == {"whole", "part", "other"}


def test_transcripts_mutated() -> None:
    for rng in generators(4 * ROUNDS):
        data = mutated(rng, rng.choice(SHORT))
        check(data)
        check(data[: rng.randrange(len(data) + 1)])
        check(
            data,
            Limits(max_target_size=rng.randrange(1, 40), max_header_size=rng.randrange(1, 150)),
        )


@examples(300)
@given(st.binary(max_size=60))
def test_any_bytes(data: bytes) -> None:
    check(data)
    check(b"GET /" + data)
    check(b"GET / HTTP/1.1\r\n" + data)
    check(b"GET / HTTP/1.1\r\n" + data + b"\r\n\r\n")
