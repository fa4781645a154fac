"""The reader of responses: what it reads, when the connection may be used again, and what it refuses."""

import pytest

from tests.http1.feeding import assert_linear, bytewise
from tests.http1.feeding_responses import ResponseReading, read_responses
from tests.http1.transcripts.responses import (
    CHUNKED,
    EARLY,
    HELLO,
    LENGTH,
    OK,
    RESPONSES,
    wire,
)
from tornadolike.http1 import (
    EndedTooSoon,
    EndOfMessage,
    Limits,
    RequestWriter,
    ResponseHead,
    ResponseReader,
    State,
)
from tornadolike.httputil import HTTPHeaders, HTTPInputError


@pytest.mark.parametrize("section", sorted({case.section for case in RESPONSES}))
def test_transcripts(section: str) -> None:
    wrong = {}
    for case in RESPONSES:
        if case.section == section:
            try:
                case.check()
            except AssertionError as error:
                wrong[case.name] = error
    assert not wrong


def reader_of(data: bytes, *methods: str, limits: Limits | None = None) -> ResponseReader:
    reader = ResponseReader(limits or Limits())
    for method in methods or ("GET",):
        reader.expect(method)
    reader.feed(data)
    return reader


def status_of(reader: ResponseReader) -> int:
    head = reader.next_event()
    assert isinstance(head, ResponseHead)
    return head.status


def ask(method: str = "GET", **fields: str) -> RequestWriter:
    """A request of which the head is written."""
    request = RequestWriter()
    fields = {name.replace("_", "-"): value for name, value in fields.items()}
    request.head(method, "/", HTTPHeaders({"Host": "a", **fields}), with_body=method == "POST")
    return request


# When it is told


def test_a_response_in_events() -> None:
    reader = reader_of(EARLY + wire(OK, LENGTH, b"X: y", body=b"he"))
    early, head = reader.next_event(), reader.next_event()
    assert isinstance(early, ResponseHead)
    assert early.interim
    assert early.status == 103
    assert isinstance(head, ResponseHead)
    assert not head.interim
    assert head.start_line == ("HTTP/1.1", 200, "OK")
    assert head.headers["x"] == "y"
    assert not reader.complete
    assert reader.next_event() == b"he"
    assert reader.next_event() is None
    reader.feed(b"llo" + HELLO)
    assert reader.next_event() == b"llo"
    assert reader.next_event() == EndOfMessage()
    assert reader.complete
    assert reader.buffered == len(HELLO)


def test_the_end_of_a_response_without_a_body_is_told_too() -> None:
    for data, method in (
        (wire(OK, LENGTH), "HEAD"),
        (wire(b"HTTP/1.1 204 No Content"), "GET"),
        (wire(OK, b"Content-Length: 0"), "GET"),
    ):
        reader = reader_of(data, method)
        assert isinstance(reader.next_event(), ResponseHead)
        assert not reader.complete
        assert reader.next_event() == EndOfMessage()
        assert reader.complete
        assert reader.state is State.IDLE


def test_a_body_until_the_end_ends_once() -> None:
    reader = reader_of(wire(OK, body=b"hello"))
    status_of(reader)
    assert reader.next_event() == b"hello"
    reader.feed_eof()
    assert [reader.next_event() for _ in range(3)] == [EndOfMessage(), None, None]


def test_several_requests_at_once() -> None:
    reader = ResponseReader(Limits())
    reader.expect("GET")
    reader.feed(HELLO)
    status_of(reader)
    reader.expect("HEAD")  # in the middle of another's response
    reader.feed(wire(OK, LENGTH))
    assert reader.next_event() == b"hello"
    assert reader.next_event() == EndOfMessage()
    assert status_of(reader) == 200
    assert reader.next_event() == EndOfMessage()
    assert reader.next_event() is None


def test_who_waits_holds_no_buffer() -> None:
    for data in (HELLO, wire(OK, LENGTH, body=b"he"), wire(OK, body=b"hello")):
        reader = reader_of(data)
        while reader.next_event() is not None:
            pass
        assert reader._buffer == b""


@pytest.mark.parametrize("way", [lambda data: [data], bytewise])
def test_what_is_no_response_is_not_waited_for(way: object) -> None:
    for data in (
        b"\x16",
        b"<",
        b"HTTQ",
        b"HTTP/1.1 2000\r\n",
        b"HTTP/1.1 200 OK\n",
        b"HTTP/1.1 200 OK\r\nA: \0",
        b"HTTP/1.1 200 OK\r\n\n",
    ):
        found = read_responses(way(data))  # type: ignore[operator]
        assert found == ResponseReading(refused="malformed", keep_alive=False), data


def test_a_refusal_is_no_place_for_much_of_the_input() -> None:
    much = b"x" * 5000
    for data in (
        b"HTTP/1.1 " + much + b"\r\n",
        b"HTTP/9.9 200 " + much + b"\r\n",
        wire(OK, much),
        wire(OK, b"Content-Length: " + much),
        wire(OK, b"Transfer-Encoding: " + much),
    ):
        with pytest.raises(HTTPInputError) as caught:
            reader_of(data).next_event()
        assert len(str(caught.value)) < 300


# Whether the connection may be used again


def test_a_new_connection_may_be_used() -> None:
    assert ResponseReader(Limits()).keep_alive


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        (HELLO, True),
        (wire(OK, CHUNKED, body=b"0\r\n\r\n"), True),
        (wire(OK, b"Connection: close", LENGTH, body=b"hello"), False),
        (wire(OK, b"Connection: Upgrade, CLOSE", LENGTH, body=b"hello"), False),
        (wire(OK, b"Connection: closed", LENGTH, body=b"hello"), True),
        (wire(b"HTTP/1.0 200 OK", LENGTH, body=b"hello"), False),
        (wire(b"HTTP/1.0 200 OK", b"Connection: keep-alive", LENGTH, body=b"hello"), True),
        (wire(b"HTTP/1.0 200 OK", b"Connection: keep-alive, close", LENGTH, body=b"hello"), False),
    ],
)
def test_what_the_response_says(data: bytes, kept: bool) -> None:
    reader = reader_of(data)
    status_of(reader)
    assert reader.keep_alive == kept
    while not isinstance(reader.next_event(), EndOfMessage):
        pass
    assert reader.keep_alive == kept
    assert reader.state is (State.IDLE if kept else State.ENDED)


def test_the_request_was_to_be_the_last() -> None:
    reader = ResponseReader(Limits())
    request = ask(Connection="close")
    request.end()
    reader.expect("GET", request)
    reader.feed(HELLO)
    status_of(reader)
    assert not reader.keep_alive


def test_an_early_answer() -> None:
    """The server has answered before the request was whole: it may be ended, or the connection is spoilt."""
    reader = ResponseReader(Limits())
    request = ask("POST")
    reader.expect("POST", request)
    reader.feed(HELLO)
    while not isinstance(reader.next_event(), EndOfMessage):
        pass
    assert not reader.keep_alive
    request.end()
    assert reader.keep_alive


def test_more_than_was_asked() -> None:
    reader = reader_of(HELLO + b"H")
    while not isinstance(reader.next_event(), EndOfMessage):
        pass
    assert not reader.keep_alive
    reader.expect("GET")  # does not make an answer of it
    reader.feed(HELLO[1:])
    with pytest.raises(HTTPInputError, match="nobody has asked"):
        reader.next_event()


def test_an_answer_before_the_request() -> None:
    reader = ResponseReader(Limits())
    reader.feed(HELLO)
    assert not reader.keep_alive
    with pytest.raises(HTTPInputError, match="nobody has asked"):
        reader.next_event()


def test_nothing_can_be_asked_where_no_answer_can_come() -> None:
    for data, method in (
        (wire(OK, b"Connection: close", LENGTH, body=b"hello"), "GET"),
        (wire(OK), "GET"),
        (wire(OK), "CONNECT"),
        (wire(b"HTTP/1.1 101 Switching Protocols"), "GET"),
    ):
        reader = reader_of(data, method)
        while reader.next_event() is not None:
            pass
        with pytest.raises(RuntimeError, match="use another connection"):
            reader.expect("GET")
    reader = reader_of(b"\0")
    with pytest.raises(HTTPInputError):
        reader.next_event()
    with pytest.raises(RuntimeError, match="use another connection"):
        reader.expect("GET")
    reader = ResponseReader(Limits())
    reader.feed_eof()
    assert not reader.keep_alive
    with pytest.raises(RuntimeError, match="use another connection"):
        reader.expect("GET")


def test_the_last_response_leaves_requests_unanswered() -> None:
    for head in (wire(OK, b"Connection: close", LENGTH, body=b"hello"), wire(OK, body=b"hello")):
        reader = reader_of(head, "GET", "GET")
        status_of(reader)
        reader.feed_eof()
        assert reader.next_event() == b"hello"
        assert reader.next_event() == EndOfMessage()
        with pytest.raises(EndedTooSoon, match="all requests"):
            reader.next_event()


# Another protocol


def test_an_upgrade_that_was_asked_for() -> None:
    switch = wire(b"HTTP/1.1 101 Switching Protocols", b"Upgrade: b")
    reader = ResponseReader(Limits())
    reader.expect("GET", ask(Upgrade="b", Connection="upgrade"))
    reader.feed(switch + b"\x81")
    head = reader.next_event()
    assert isinstance(head, ResponseHead)
    assert not head.interim
    assert reader.state is State.OTHER_PROTOCOL
    assert reader.complete
    assert not reader.keep_alive
    assert reader.next_event() is None
    reader.feed(b"\x00")
    assert reader.next_event() is None
    assert reader.unread() == b"\x81\x00"
    reader.feed_eof()
    assert reader.next_event() is None
    assert reader.state is State.OTHER_PROTOCOL


def test_an_upgrade_that_was_not_asked_for() -> None:
    reader = ResponseReader(Limits())
    reader.expect("GET", ask())
    reader.feed(wire(b"HTTP/1.1 101 Switching Protocols", b"Upgrade: b"))
    with pytest.raises(HTTPInputError, match="not asked"):
        reader.next_event()


# Limits

SMALL = Limits(max_header_size=50, max_header_count=2, max_body_size=10)


def test_the_size_of_a_head() -> None:
    head = b"HTTP/1.1 200 OK\r\nA: "
    for size, refused in ((50, ""), (51, "malformed")):
        data = head + b"b" * (size - len(head)) + b"\r\n\r\n"
        for way in ([data], bytewise(data)):
            assert read_responses(way, limits=SMALL).refused == refused
    assert read_responses([b"HTTP/1.1 200 " + b"O" * 100], limits=SMALL).refused == "malformed"


def test_the_number_of_fields() -> None:
    assert read_responses([wire(OK, b"A: b", b"A: c")], limits=SMALL).refused == ""
    assert read_responses([wire(OK, b"A: b", b"A: c", b"D:")], limits=SMALL).refused == "malformed"


@pytest.mark.parametrize(
    "form",
    [
        lambda size: wire(OK, b"Content-Length: %d" % size, body=b"a" * size),
        lambda size: wire(OK, CHUNKED, body=b"1\r\na\r\n" * size + b"0\r\n\r\n"),
        lambda size: wire(OK, body=b"a" * size),
    ],
)
def test_the_size_of_a_body(form: object) -> None:
    for size, refused in ((10, ""), (11, "malformed")):
        data = form(size)  # type: ignore[operator]
        for way in ([data], bytewise(data)):
            assert read_responses(way, limits=SMALL, eof=True).refused == refused
        reader = reader_of(data, limits=SMALL)
        status_of(reader)
        reader.max_body_size = 11
        reader.feed_eof()
        body = b""
        while isinstance(event := reader.next_event(), bytes):
            body += event
        assert event == EndOfMessage()
        assert body == b"a" * size


def test_the_number_of_interim_responses() -> None:
    for count, fails in ((2, False), (3, True)):
        reader = ResponseReader(Limits(), max_interim_responses=2)
        for _ in range(2):  # each response has its own
            reader.expect("GET")
            reader.feed(EARLY * count + HELLO)
            if fails:
                with pytest.raises(HTTPInputError, match="More than 2 interim"):
                    [reader.next_event() for _ in range(count)]
                break
            for _ in range(count):
                assert status_of(reader) == 103
            assert status_of(reader) == 200
            assert reader.next_event() == b"hello"
            assert reader.next_event() == EndOfMessage()


# What it costs


def drip(count: int) -> dict[str, bytes]:
    """Input that never ends, of about ``count`` bytes."""
    lines = b"A: b\r\n" * (count // 6)
    return {
        "reason": b"HTTP/1.1 200 " + b"O" * count,
        "fields": b"HTTP/1.1 200 OK\r\n" + lines,
        "body": wire(OK, b"Content-Length: 1000000", body=b"a" * count),
        "body until the end": wire(OK, body=b"a" * count),
        "chunks": wire(OK, CHUNKED, body=b"1\r\na\r\n" * (count // 6)),
        "trailers": wire(OK, CHUNKED, body=b"0\r\n" + lines),
        "interim responses": EARLY * (count // len(EARLY)),
    }


@pytest.mark.parametrize("what", drip(0))
def test_slow_bytes_cost_no_more_than_fast_ones(what: str) -> None:
    limits = Limits(max_header_size=10**6, max_header_count=10**6)

    def feed(pieces: list[bytes]) -> None:
        reader = ResponseReader(limits, max_interim_responses=10**6)
        reader.expect("GET")
        for piece in pieces:
            reader.feed(piece)
            while reader.next_event() is not None:
                pass

    assert_linear(feed, lambda size: drip(size)[what])
