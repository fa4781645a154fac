"""The reader of requests: request lines, hosts, sequences; when it speaks, and when it has had enough."""

import pytest

from tests.http1.feeding import (
    NEXT,
    Reading,
    assert_all,
    assert_linear,
    bytewise,
    read,
)
from tests.http1.transcripts import HOSTS, LINES, SEQUENCES
from tests.http1.transcripts.case import chunked, post, with_fields, with_line
from tornadolike.http1 import EndOfMessage, FieldSectionCache, Limits, RequestReader
from tornadolike.httputil import HTTPInputError, HTTPServerRequest

GET = with_line(b"GET / HTTP/1.1")
SECTIONS = sorted({case.section for case in LINES})


def reader_with(data: bytes = b"", limits: Limits | None = None) -> RequestReader:
    reader = RequestReader(limits or Limits())
    reader.feed(data)
    return reader


def take_all(reader: RequestReader) -> None:
    while reader.next_event() is not None:
        pass


# What is read


@pytest.mark.parametrize("section", SECTIONS)
def test_request_lines(section: str) -> None:
    assert_all(case for case in LINES if case.section == section)


def test_hosts() -> None:
    assert_all(HOSTS)


def test_sequences() -> None:
    assert_all(SEQUENCES)


# When it is told


def test_a_small_request_is_one_event() -> None:
    reader = reader_with(post(b"Content-Length: 5", body=b"hello") + NEXT)
    request = reader.next_event()
    assert isinstance(request, HTTPServerRequest)
    assert reader.complete
    assert request.body == b"hello"
    assert reader.buffered == len(NEXT)


def test_a_body_comes_in_pieces_as_it_arrives() -> None:
    reader = reader_with(post(b"Content-Length: 8", body=b"ab"))
    request = reader.next_event()
    assert isinstance(request, HTTPServerRequest)
    assert not reader.complete
    assert request.body == b""
    assert reader.next_event() == b"ab"
    assert reader.next_event() is None
    reader.feed(b"cde")
    assert reader.next_event() == b"cde"
    assert reader.next_event() is None
    reader.feed(b"fgh" + NEXT)
    assert reader.next_event() == b"fgh"
    assert not reader.complete
    assert reader.next_event() == EndOfMessage()
    assert reader.complete
    assert isinstance(reader.next_event(), HTTPServerRequest)
    assert reader.next_event() is None


def test_the_next_request_waits_until_it_is_asked_for() -> None:
    reader = reader_with(GET + b"\0")
    assert isinstance(reader.next_event(), HTTPServerRequest)
    reader.feed(b"more")
    assert reader.buffered == 5
    with pytest.raises(HTTPInputError):
        reader.next_event()


def test_the_section_of_the_last_head() -> None:
    reader = reader_with(with_fields(b"Connection: close") + b"\r\n")
    assert reader.section is None
    reader.next_event()
    assert reader.section is not None
    assert reader.section.close


def test_unread_gives_what_is_no_part_of_an_event() -> None:
    reader = reader_with(GET + b"\x81\x80another protocol")
    reader.next_event()
    assert reader.unread() == b"\x81\x80another protocol"
    assert reader.unread() == b""
    assert reader.buffered == 0
    assert reader.next_event() is None


def test_unread_in_the_middle_of_a_head_forgets_it() -> None:
    part = with_fields(b"A: " + b"b" * 100)[:-1]
    reader = reader_with(part)
    assert reader.next_event() is None
    assert reader.unread() == part
    reader.feed(GET)
    assert isinstance(reader.next_event(), HTTPServerRequest)


def test_empty_input_changes_nothing() -> None:
    reader = reader_with()
    for byte in bytewise(GET):
        reader.feed(b"")
        assert reader.next_event() is None
        reader.feed(byte)
    reader.feed(b"")
    assert isinstance(reader.next_event(), HTTPServerRequest)
    assert reader.next_event() is None


# When it has had enough


HOPELESS = [
    (b"\0", 400),
    (b"\n", 400),
    (b"\r\r", 400),
    (b"\x16", 400),
    (b"GET /\0", 400),
    (b"GET /\r ", 400),
    (b"GET / HTTP/1.1\n", 400),
    (b"GET\r\n", 400),
    (b"GET /\r\n", 400),
    (b"GET  HTTP/1.1\r\n", 400),
    (b"GET / HTTP/2.0\r\n", 505),
    (b"GET / HTTP/1.1 \r\n", 400),
    (b"GET /# HTTP/1.1\r\n", 400),
    (b"M" * 40, 501),
    (b"(" * 40, 400),
    (b"M" * 33 + b" / HTTP/1.1\r\n", 501),
    (b"GET / HTTP/1.1\r\nA: b\n", 400),
    (b"GET / HTTP/1.1\r\nA: b\rc", 400),
    (b"GET / HTTP/1.1\r\nA: \x7f", 400),
    (b"GET / HTTP/1.1\r\n\n", 400),
    (chunked(b"5\n"), 400),
    (chunked(b"\0"), 400),
    (chunked(b"5;a\r="), 400),
    (chunked(b"5\r\nhelloX"), 400),
    (chunked(b"5\r\nhello\n"), 400),
    (chunked(b"5\r\nhello\rX"), 400),
    (chunked(b"0\r\n\n"), 400),
    (chunked(b"0\r\n\r\r"), 400),
    (chunked(b"0\r\nA: b\n"), 400),
    (chunked(b"0\r\nA: \0"), 400),
]


def test_what_can_never_become_a_message_is_not_waited_for() -> None:
    for data, status in HOPELESS:
        for way in ([data], bytewise(data)):
            assert read(way) == Reading(status=status), data


def test_nothing_is_read_behind_an_error() -> None:
    for data in (
        b"GET / HTTP/1.1\r\n\r\n" + GET,  # found wrong only when its head had been passed already
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 104857601\r\n\r\n" + GET,
        b"GET * HTTP/1.1\r\nHost: a\r\n\r\n" + GET,
        chunked(b"5\r\nhelloX\r\n") + GET,
        b"\r\n" * 5 + GET,
    ):
        reader = reader_with(data)
        with pytest.raises(HTTPInputError):
            take_all(reader)
        for more in (b"", GET, b"\r\n\r\n", b"0\r\n\r\n", GET):
            reader.feed(more)
            with pytest.raises(HTTPInputError):
                reader.next_event()


def test_a_refusal_is_no_place_for_much_of_the_input() -> None:
    much = b"x" * 5000
    for data in (
        much,
        b"GET " + much + b"\x7f HTTP/1.1\r\n",
        b"GET / " + much + b"\r\n",
        b"GET /" + much + b"# HTTP/1.1\r\n",
        b"OPTIONS " + much + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a/" + much + b"\r\n\r\n",
        with_fields(much),
        with_fields(b"Content-Length: " + much),
        with_fields(b"Transfer-Encoding: " + much),
        with_fields(b"Transfer-Encoding: " + much + b", chunked"),
        chunked(b"0;" + much[:900] + b"\0\r\n"),
    ):
        with pytest.raises(HTTPInputError) as caught:
            take_all(reader_with(data))
        assert len(str(caught.value)) < 300, caught.value


# What one request must not do to another


def test_a_request_cannot_change_the_headers_of_an_equal_one() -> None:
    data = with_fields(b"A: b", b"A: c", b"D: e")
    reader = reader_with(data * 3)
    first = reader.next_event()
    assert isinstance(first, HTTPServerRequest)
    first.headers["D"] = "changed"
    first.headers.add("A", "d")
    first.headers.add("D", "added")
    del first.headers["Host"]
    expected = [("Host", "a"), ("A", "b"), ("A", "c"), ("D", "e")]
    for request in (reader.next_event(), reader.next_event()):
        assert isinstance(request, HTTPServerRequest)
        assert list(request.headers.get_all()) == expected


def test_an_absolute_target_changes_its_own_host_only() -> None:
    fields = b"Host: a\r\nB: c\r\nB: d\r\n\r\n"
    reader = reader_with(
        b"".join(
            line + fields
            for line in (
                b"GET http://evil/ HTTP/1.1\r\n",
                b"GET / HTTP/1.1\r\n",
                b"GET http://b/ HTTP/1.1\r\n",
            )
        )
    )
    requests = [reader.next_event() for _ in range(3)]
    for request, host in zip(requests, ["evil", "a", "b"], strict=True):
        assert isinstance(request, HTTPServerRequest)
        assert request.host == host
        request.headers.add("B", "e")
        assert request.headers.get_list("B") == ["c", "d", "e"]


@pytest.mark.parametrize("cached_by", [b"HTTP/1.0", b"HTTP/1.1"])
@pytest.mark.parametrize(
    ("fields", "of_1_0", "of_1_1"),
    [(b"", None, 400), (b"Host: a\r\nTransfer-Encoding: chunked\r\n", 400, None)],
)
def test_a_cached_section_is_judged_by_each_version(
    cached_by: bytes, fields: bytes, of_1_0: int | None, of_1_1: int | None
) -> None:
    cache = FieldSectionCache(Limits().max_header_count)
    read([b"GET / " + cached_by + b"\r\n" + fields + b"\r\n"], None, cache)
    assert len(cache) == 1
    for version, status in ((b"HTTP/1.0", of_1_0), (b"HTTP/1.1", of_1_1)):
        data = b"GET / " + version + b"\r\n" + fields + b"\r\n"
        assert read([data], None, cache).status == status


def test_a_cached_section_is_judged_by_the_limits_of_the_reader() -> None:
    cache = FieldSectionCache(Limits().max_header_count)
    data = with_fields(b"A: " + b"b" * 100)
    assert read([data], None, cache).status is None
    assert read([data], Limits(max_header_size=100), cache).status == 431
    long = with_fields(b"Content-Length: 50")
    assert read([long], None, cache) == Reading(waiting_for="body")
    assert read([long], Limits(max_body_size=49), cache).status == 413
    with pytest.raises(ValueError, match="max_header_count"):
        RequestReader(Limits(max_header_count=1), cache)


# What it costs


def drip(count: int) -> dict[str, bytes]:
    """Input that never ends, of about ``count`` bytes."""
    lines = b"A: b\r\n" * (count // 6)
    return {
        "line": b"GET /" + b"a" * count,
        "fields": b"GET / HTTP/1.1\r\n" + lines,
        "one field": b"GET / HTTP/1.1\r\nA: " + b"b" * count,
        "body": post(b"Content-Length: 1000000") + b"a" * count,
        "chunk": chunked(b"fffff\r\n" + b"a" * count),
        "chunks": chunked(b"1\r\na\r\n" * (count // 6)),
        "extensions": chunked(b"1;a=b\r\na\r\n" * (count // 10)),
        "trailers": chunked(b"0\r\n" + lines),
        "requests": GET * (count // len(GET)),
    }


@pytest.mark.parametrize("what", drip(0))
def test_slow_bytes_cost_no_more_than_fast_ones(what: str) -> None:
    limits = Limits(
        max_target_size=10**6,
        max_header_size=10**6,
        max_header_count=10**6,
        max_chunk_extensions_size=10**6,
    )
    cache = FieldSectionCache(10**6)
    assert_linear(lambda pieces: read(pieces, limits, cache), lambda size: drip(size)[what])


def test_who_waits_holds_no_buffer() -> None:
    idle, stalled = reader_with(GET), reader_with(post(b"Content-Length: 9", body=b"hello"))
    chunks = reader_with(chunked(b"9\r\nhello"))
    lines = reader_with(GET + b"\r\n\r\n")
    for reader in (idle, stalled, chunks, lines):
        take_all(reader)
        assert reader._buffer == b""
        assert reader.buffered == 0


def test_many_tiny_chunks_are_one_piece() -> None:
    reader = reader_with(chunked(b"1\r\na\r\n1;b\r\nc\r\n" * 1000 + b"2\r\nd"))
    reader.next_event()
    assert reader.next_event() == b"ac" * 1000 + b"d"
    assert reader.next_event() is None
    reader.feed(b"e\r\n0\r\nF: g\r\n\r\n")
    assert reader.next_event() == b"e"
    end = reader.next_event()
    assert isinstance(end, EndOfMessage)
    assert end.trailers == {"F": "g"}
