"""Heads, line by line."""

import pytest

from tornadolike.curl_httpclient.heads import HeadReader
from tornadolike.http1 import Limits
from tornadolike.httputil import HTTPInputError


def read(*lines, method="GET", limits=None):
    """The last head of these lines."""
    reader = HeadReader(method, limits or Limits())
    head = None
    for line in lines:
        head = reader.feed(line.encode("latin1") + b"\r\n") or head
    return head


def test_a_head():
    head = read("HTTP/1.1 200 Very good", "Content-Length: 3", "X: a", "X: \xe4", "")
    assert (head.version, head.status, head.reason, head.length) == (
        "HTTP/1.1",
        200,
        "Very good",
        3,
    )
    assert head.headers.get_list("X") == ["a", "\xe4"]


def test_nothing_before_the_end():
    assert read("HTTP/1.1 200 OK", "A: b") is None


@pytest.mark.parametrize(
    ("line", "version", "reason"),
    [
        ("HTTP/2 200 ", "HTTP/2", ""),
        ("HTTP/2 200", "HTTP/2", ""),
        ("HTTP/3 200 ", "HTTP/3", ""),
        ("HTTP/1.0 200 OK", "HTTP/1.0", "OK"),
    ],
)
def test_versions(line, version, reason):
    head = read(line, "")
    assert (head.version, head.reason) == (version, reason)


def test_interim_ones_come_by_themselves():
    reader = HeadReader("GET", Limits())
    assert reader.feed(b"HTTP/1.1 103 Early Hints\r\n") is None
    assert reader.feed(b"\r\n").status == 103
    assert reader.feed(b"HTTP/1.1 204 No Content\r\n") is None
    assert reader.feed(b"\r\n").status == 204


@pytest.mark.parametrize(
    "lines",
    [
        ["HTTP/1.1 99 Low", ""],
        ["HTTP/1.1 2000 High", ""],
        ["ICY 200 OK", ""],
        ["HTTP/2.0 200 OK", ""],
        ["HTTP/3.7 200 OK", ""],
        ["HTTP/1.2 200 OK", ""],
        ["HTTP/1.1 101 Switching Protocols", "Upgrade: x", ""],
        ["HTTP/1.1 200 OK", "no colon", ""],
        ["HTTP/1.1 200 OK", "A : space before the colon", ""],
        ["HTTP/1.1 200 OK", "A: b", " folded", ""],
        ["HTTP/1.1 200 OK", "A: control\x01", ""],
        ["HTTP/1.1 200 OK", "Content-Length: 1", "Content-Length: 2", ""],
        ["HTTP/1.1 200 OK", "Content-Length: -1", ""],
        ["HTTP/1.1 200 OK", "Content-Length: 1", "Transfer-Encoding: chunked", ""],
        ["HTTP/1.1 200 OK", "Transfer-Encoding: gzip, chunked", ""],
        ["HTTP/2 200 ", "Content-Length: 1", "Content-Length: 2", "no colon", ""],
    ],
    ids=lambda lines: " ".join(lines)[:40],
)
def test_what_is_refused(lines):
    with pytest.raises(HTTPInputError):
        read(*lines)


def test_a_bare_line_feed_is_refused():
    reader = HeadReader("GET", Limits())
    reader.feed(b"HTTP/1.1 200 OK\n")
    reader.feed(b"A: b\n")
    with pytest.raises(HTTPInputError):
        reader.feed(b"\n")


def test_the_limits():
    limits = Limits(max_header_size=100, max_header_count=2)
    assert read("HTTP/1.1 200 OK", "A: " + "b" * 70, "", limits=limits)
    with pytest.raises(HTTPInputError, match="larger than 100 bytes"):
        read("HTTP/1.1 200 OK", "A: " + "b" * 90, limits=limits)
    with pytest.raises(HTTPInputError, match="More than 2 headers"):
        read("HTTP/1.1 200 OK", "A: b", "A: b", "A: b", "", limits=limits)
    with pytest.raises(HTTPInputError, match="More than 32 interim"):
        read(*["HTTP/1.1 103 Early Hints", ""] * 33)


def test_trailers():
    reader = HeadReader("GET", Limits(max_header_size=50))
    assert dict(reader.trailers()) == {}
    reader.feed_trailer(b"Digest: x\r\n")
    reader.feed_trailer(b"\r\n")
    assert dict(reader.trailers()) == {"Digest": "x"}
    for wrong in (b"nothing\r\n", b"Content-Length: 3\r\n"):
        reader.feed_trailer(wrong)
        with pytest.raises(HTTPInputError):
            reader.trailers()
    with pytest.raises(HTTPInputError, match="larger"):
        reader.feed_trailer(b"A: %b\r\n" % (b"b" * 50))
