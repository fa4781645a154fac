"""Each limit a byte below, at it, and a byte above; the status says which it was."""

import dataclasses

import pytest

from tests.http1.feeding import Message, Reading, assert_reads, assert_refuses, read, ways
from tests.http1.transcripts.case import chunked, post, with_fields
from tests.http1.transcripts.framing import CHUNKED
from tornadolike.http1 import EndOfMessage, Limits, RequestReader
from tornadolike.httputil import HTTPInputError, HTTPServerRequest

SMALL = Limits(
    max_target_size=20,
    max_header_size=100,
    max_header_count=4,
    max_body_size=10,
    max_chunk_header_size=12,
    max_chunk_extensions_size=15,
)


def assert_accepts(data: bytes, message: Message, limits: Limits = SMALL) -> None:
    assert_reads(data, Reading((message,)), limits)


def test_defaults() -> None:
    """A change of these is a change for every server that runs with them."""
    assert dataclasses.asdict(Limits()) == {
        "max_target_size": 16 * 1024,
        "max_header_size": 64 * 1024,
        "max_header_count": 128,
        "max_body_size": 100 * 1024 * 1024,
        "max_chunk_header_size": 1024,
        "max_chunk_extensions_size": 16 * 1024,
    }


@pytest.mark.parametrize("method", [b"GET", b"M" * 32])
def test_target(method: bytes) -> None:
    def request(size: int) -> bytes:
        return method + b" /" + b"a" * (size - 1) + b" HTTP/1.1\r\nHost: a\r\n\r\n"

    for size in (19, 20):
        assert_accepts(request(size), Message(method.decode(), "/" + "a" * (size - 1)))
    assert_refuses(request(21), 414, SMALL)
    assert_refuses(request(2000), 414, SMALL)


def test_target_as_url() -> None:
    for size in (19, 20):
        path = "/" + "a" * (size - len("http://b/"))
        assert_accepts(
            b"GET http://b" + path.encode() + b" HTTP/1.1\r\nHost: a\r\n\r\n",
            Message(uri=path, fields=(("Host", "b"),)),
        )
    assert_refuses(b"GET http://b/" + b"a" * 12 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, SMALL)


def test_target_without_end() -> None:
    """Refused before its line is whole, and not before it must be too large."""
    whole = b"GET /" + b"a" * 19 + b" HTTP/1.1\r\nHost: a\r\n\r\n"
    for way in ways(whole):
        assert read(way, SMALL).status is None
    assert read([b"GET /" + b"a" * 19], SMALL) == Reading(waiting_for="head")
    assert_refuses(b"GET /" + b"a" * 100, 414, SMALL)


def head_of(size: int) -> bytes:
    """A head of ``size`` bytes up to the line breaks at its end."""
    head = b"GET / HTTP/1.1\r\nHost: a\r\nA: "
    return head + b"b" * (size - len(head)) + b"\r\n\r\n"


def test_header_size() -> None:
    for size in (99, 100):
        value = "b" * (size - 28)
        assert_accepts(head_of(size), Message(fields=(("Host", "a"), ("A", value))))
    assert_refuses(head_of(101), 431, SMALL)
    assert_refuses(head_of(1000), 431, SMALL)


def test_header_without_end() -> None:
    assert read([head_of(100)[:-1]], SMALL) == Reading(waiting_for="head")
    assert read([head_of(200)[:103]], SMALL) == Reading(waiting_for="head")
    assert_refuses(head_of(200)[:104], 431, SMALL)


def test_header_smaller_than_target() -> None:
    limits = Limits(max_target_size=1000, max_header_size=100)
    assert_refuses(b"GET /" + b"a" * 100 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431, limits)


def test_header_count() -> None:
    for count in (3, 4):
        lines = [b"A: b"] * (count - 1)
        fields = (("Host", "a"), *[("A", "b")] * (count - 1))
        assert_accepts(with_fields(*lines), Message(fields=fields))
    assert_refuses(with_fields(*[b"A: b"] * 4), 431, SMALL)


def test_body_by_length() -> None:
    for size in (9, 10):
        length = str(size)
        assert_accepts(
            post(b"Content-Length: " + length.encode(), body=b"a" * size),
            Message("POST", fields=(("Host", "a"), ("Content-Length", length)), body=b"a" * size),
        )
    for length in ("11", "0011", "1" * 18, "1" * 19, "1" * 50):
        assert_refuses(post(b"Content-Length: " + length.encode()), 413, SMALL)


def test_body_in_chunks() -> None:
    for wire in (b"9\r\nhellohell\r\n0\r\n\r\n", b"9\r\nhellohell\r\n1\r\no\r\n0\r\n\r\n"):
        body = b"hellohello"[: 9 + wire.count(b"o\r\n")]
        assert_accepts(chunked(wire), Message("POST", fields=CHUNKED, body=body))
    assert_refuses(chunked(b"9\r\nhellohell\r\n2\r\n"), 413, SMALL)
    assert_refuses(chunked(b"b\r\n"), 413, SMALL)
    assert_refuses(chunked(b"f" * 12 + b"\r\n"), 413, SMALL)


def test_body_of_nothing() -> None:
    limits = Limits(max_body_size=0)
    assert_accepts(chunked(b"0\r\n\r\n"), Message("POST", fields=CHUNKED), limits)
    assert_refuses(chunked(b"1\r\n"), 413, limits)
    assert_refuses(post(b"Content-Length: 1"), 413, limits)


def test_chunk_header() -> None:
    message = Message("POST", fields=CHUNKED, body=b"hello")
    for size in (11, 12):
        line = b"5;" + b"a" * (size - 2)
        assert_accepts(chunked(line + b"\r\nhello\r\n0\r\n\r\n"), message)
    assert_refuses(chunked(b"5;" + b"a" * 11 + b"\r\nhello\r\n0\r\n\r\n"), 400, SMALL)
    assert_refuses(chunked(b"5;" + b"a" * 100), 400, SMALL)
    assert read([chunked(b"5;" + b"a" * 10 + b"\r")], SMALL) == Reading(waiting_for="body")


def test_chunk_extensions() -> None:
    """Each is small enough; together they are not."""
    message = Message("POST", fields=CHUNKED, body=b"abc")
    for last in (b"", b";a"):
        wire = b"1;aaaa\r\na\r\n1;bbbb\r\nb\r\n1;ccc%b\r\nc\r\n0\r\n\r\n"
        assert_accepts(chunked(wire % last[1:]), message)
    assert_refuses(chunked(wire % b"aa"), 400, SMALL)
    assert_refuses(chunked(b"1;aaaa\r\na\r\n" * 3 + b"0;a\r\n\r\n"), 400, SMALL)


def test_trailers() -> None:
    for size in (99, 100):
        value = "b" * (size - 3)
        assert_accepts(
            chunked(b"0\r\nA: " + value.encode() + b"\r\n\r\n"),
            Message("POST", fields=CHUNKED, trailers=(("A", value),)),
        )
    assert_refuses(chunked(b"0\r\nA: " + b"b" * 98 + b"\r\n\r\n"), 431, SMALL)
    assert_refuses(chunked(b"0\r\nA: " + b"b" * 101), 431, SMALL)
    assert read([chunked(b"0\r\nA: " + b"b" * 97 + b"\r\n\r")], SMALL).waiting_for == "body"


def test_trailer_count() -> None:
    assert_accepts(
        chunked(b"0\r\n" + b"A: b\r\n" * 4 + b"\r\n"),
        Message("POST", fields=CHUNKED, trailers=(("A", "b"),) * 4),
    )
    assert_refuses(chunked(b"0\r\n" + b"A: b\r\n" * 5 + b"\r\n"), 431, SMALL)


def test_default_limits_of_a_head() -> None:
    """The big ones, a few ways."""
    limits = Limits()
    for size, status in ((limits.max_target_size, None), (limits.max_target_size + 1, 414)):
        data = b"GET /" + b"a" * (size - 1) + b" HTTP/1.1\r\nHost: a\r\n\r\n"
        assert read([data]).status == status
        assert read([data[:-3], data[-3:]]).status == status
    for size, status in ((limits.max_header_size, None), (limits.max_header_size + 1, 431)):
        for cut in range(1, 6):
            assert read([head_of(size)[:-cut], head_of(size)[-cut:]]).status == status
    for count, status in ((limits.max_header_count, None), (limits.max_header_count + 1, 431)):
        assert read([with_fields(*[b"A: b"] * (count - 1))]).status == status


# A limit of its own for one message


def told_head(data: bytes) -> RequestReader:
    reader = RequestReader(SMALL)
    reader.feed(data)
    assert isinstance(reader.next_event(), HTTPServerRequest)
    return reader


LONG = post(b"Content-Length: 20", body=b"hello" * 4)
LONG_CHUNKS = chunked(b"8\r\nhellohel\r\n8\r\nlohelloh\r\n4\r\nello\r\n0\r\n\r\n")


def test_the_head_of_a_body_that_is_too_large_is_told() -> None:
    reader = told_head(LONG)
    assert not reader.complete
    with pytest.raises(HTTPInputError, match="10 bytes") as caught:
        reader.next_event()
    assert caught.value.status == 413


@pytest.mark.parametrize("data", [LONG, LONG_CHUNKS])
def test_a_message_with_a_limit_of_its_own(data: bytes) -> None:
    for way in ways(data):
        reader = RequestReader(SMALL)
        body = b""
        for piece in way:
            reader.feed(piece)
            while (event := reader.next_event()) is not None:
                if isinstance(event, HTTPServerRequest):
                    assert reader.max_body_size == 10
                    reader.max_body_size = 20
                    reader.check_body_size()
                elif isinstance(event, bytes):
                    body += event
        assert reader.complete
        assert body == b"hello" * 4
        # the next has that of the limits again
        reader.feed(data)
        assert isinstance(reader.next_event(), HTTPServerRequest)
        with pytest.raises(HTTPInputError, match="10 bytes"):
            reader.next_event()


@pytest.mark.parametrize("data", [LONG, LONG_CHUNKS])
def test_a_smaller_limit_of_its_own(data: bytes) -> None:
    reader = told_head(data)
    reader.max_body_size = 19
    with pytest.raises(HTTPInputError, match="19 bytes") as caught:
        list(iter(reader.next_event, EndOfMessage()))
    assert caught.value.status == 413


def test_a_body_that_came_with_the_head_is_checked_when_asked() -> None:
    reader = told_head(post(b"Content-Length: 5", body=b"hello"))
    assert reader.complete
    reader.check_body_size()
    reader.max_body_size = 4
    with pytest.raises(HTTPInputError, match="4 bytes"):
        reader.check_body_size()
    reader.feed(post(b"Content-Length: 5", body=b"hello"))
    with pytest.raises(HTTPInputError, match="Nothing can be read"):
        reader.next_event()


def test_what_has_no_length_has_none_to_check() -> None:
    for data in (LONG_CHUNKS, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", post(b"Content-Length: 0")):
        reader = told_head(data)
        reader.max_body_size = 0
        reader.check_body_size()
    RequestReader(SMALL).check_body_size()
