"""Heads of responses: what they say, and the cache of them."""

import pytest

from tornadolike.http1 import EndOfMessage, Limits, ResponseHead, ResponseHeadCache, ResponseReader
from tornadolike.http1.framing_rules import Coding, Length
from tornadolike.http1.response_heads import SaidInHead
from tornadolike.httputil import HTTPInputError

COUNT = Limits().max_header_count
SHORT = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nVia: a\r\nVia: b"


def reader_with(heads: ResponseHeadCache) -> ResponseReader:
    return ResponseReader(Limits(), heads=heads)


def read(
    reader: ResponseReader, raw: bytes, body: bytes = b"", method: str = "GET"
) -> ResponseHead:
    """Read a whole response."""
    reader.expect(method)
    reader.feed(raw + b"\r\n\r\n" + body)
    head = reader.next_event()
    assert isinstance(head, ResponseHead)
    pieces = []
    while isinstance(event := reader.next_event(), bytes):
        pieces.append(event)
    assert isinstance(event, EndOfMessage)
    assert b"".join(pieces) == body
    return head


def test_what_a_head_says() -> None:
    said = SaidInHead(b"HTTP/1.0 404 Not Found\r\nContent-Length: 3, 3\r\nConnection: close", COUNT)
    assert said.start_line == ("HTTP/1.0", 404, "Not Found")
    assert (said.coding, said.length, said.size) == (Coding.NONE, Length.REPEATED, 3)
    assert said.fields == {"Content-Length": "3", "Connection": "close"}
    assert not said.stays_open
    assert SaidInHead(b"HTTP/1.1 200", COUNT).stays_open
    assert not SaidInHead(b"HTTP/1.0 200", COUNT).stays_open


@pytest.mark.parametrize(
    "raw", [b"HTTP/2.0 200 OK", b"HTTP/1.1  200", b"HTTP/1.1 200 OK\r\nA", b"HTTP/1.1 200\r\nA: \0"]
)
def test_what_is_malformed_is_refused_each_time(raw: bytes) -> None:
    heads = ResponseHeadCache(COUNT)
    for _ in range(2):
        with pytest.raises(HTTPInputError):
            heads[raw]
    assert not heads


def test_equal_heads_are_parsed_once_and_share_nothing() -> None:
    heads = ResponseHeadCache(COUNT)
    first = read(reader_with(heads), SHORT, b"ab")
    said = heads[SHORT]
    first.headers.add("Via", "c")
    first.headers["Content-Length"] = "7"
    second = read(reader_with(heads), SHORT, b"cd")
    assert heads[SHORT] is said
    assert second.headers.get_list("Via") == ["a", "b"]
    assert second.headers["Content-Length"] == "2"


def test_what_a_head_means_depends_on_what_was_asked() -> None:
    heads = ResponseHeadCache(COUNT)
    reader = reader_with(heads)
    for _ in range(2):
        read(reader, SHORT, b"ab")
        read(reader, SHORT, method="HEAD")
    assert len(heads) == 1


def test_the_end_of_the_connection_is_no_matter_of_the_one_before() -> None:
    heads = ResponseHeadCache(COUNT)
    last = SHORT + b"\r\nConnection: close"
    for _ in range(2):
        reader = reader_with(heads)
        read(reader, SHORT, b"ab")
        assert reader.keep_alive
        read(reader, last, b"ab")
        assert not reader.keep_alive


def test_it_is_bounded_and_keeps_no_cookies() -> None:
    heads = ResponseHeadCache(COUNT)
    heads[SHORT + b"\r\nSet-Cookie: a=b"]
    heads[SHORT + b"\r\nX: " + b"x" * ResponseHeadCache.MAX_BYTES]
    assert not heads
    for number in range(3 * ResponseHeadCache.MAX_ENTRIES):
        heads[SHORT + b"\r\nX: %d" % number]
        assert 0 < len(heads) <= ResponseHeadCache.MAX_ENTRIES


def test_a_cache_of_other_limits_is_refused() -> None:
    with pytest.raises(ValueError, match="max_header_count"):
        ResponseReader(Limits(max_header_count=COUNT + 1), heads=ResponseHeadCache(COUNT))
    with pytest.raises(HTTPInputError) as caught:
        ResponseHeadCache(2)[SHORT]
    assert caught.value.status == 431
