"""What the readers of both roles have in common, as the reader of requests shows it: ends and rests."""

import pytest

from tests.http1.feeding import bytewise
from tests.http1.transcripts.case import chunked, post, with_line
from tornadolike.http1 import EndedTooSoon, EndOfMessage, Limits, RequestReader, State
from tornadolike.httputil import HTTPInputError, HTTPServerRequest

GET = with_line(b"GET / HTTP/1.1")
LONG = post(b"Content-Length: 5", body=b"hello")
CHUNKS = chunked(b"5\r\nhello\r\n0\r\nA: b\r\n\r\n")


def read_to_the_end(data: bytes) -> RequestReader:
    reader = RequestReader(Limits())
    for byte in bytewise(data):
        reader.feed(byte)
        while reader.next_event() is not None:
            pass
    reader.feed_eof()
    assert reader.next_event() is None
    return reader


@pytest.mark.parametrize("data", [b"", GET, LONG, CHUNKS, GET + LONG + CHUNKS + b"\r\n"])
def test_the_end_between_messages(data: bytes) -> None:
    reader = read_to_the_end(data)
    assert reader.state is State.ENDED
    assert reader.next_event() is None
    with pytest.raises(RuntimeError, match="feed_eof"):
        reader.feed(GET)


@pytest.mark.parametrize("message", [GET, LONG, CHUNKS])
def test_the_end_in_a_message(message: bytes) -> None:
    for at in range(1, len(message)):
        with pytest.raises(EndedTooSoon):
            read_to_the_end(GET + message[:at])


def test_what_has_come_is_given_before_the_end() -> None:
    reader = RequestReader(Limits())
    reader.feed(GET + chunked(b"5\r\nhello\r\n"))
    reader.feed_eof()
    assert isinstance(reader.next_event(), HTTPServerRequest)
    assert isinstance(reader.next_event(), HTTPServerRequest)
    assert reader.next_event() == b"hello"
    for _ in range(2):
        with pytest.raises(HTTPInputError):
            reader.next_event()
    assert reader.state is State.SPENT


def test_the_end_behind_what_was_fed_with_it() -> None:
    reader = RequestReader(Limits())
    reader.feed(CHUNKS + GET)
    reader.feed_eof()
    events = [type(reader.next_event()) for _ in range(5)]
    assert events == [HTTPServerRequest, bytes, EndOfMessage, HTTPServerRequest, type(None)]
    assert reader.state is State.ENDED
