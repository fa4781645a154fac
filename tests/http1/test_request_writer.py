"""The writer of requests: what it frames is read by others as it was meant; what would be misread is refused."""

from typing import Any

import h11
import pytest

from tornadolike.http1 import EndOfMessage, Limits, RequestReader, RequestWriter
from tornadolike.httputil import HTTPHeaders, HTTPOutputError, HTTPServerRequest

HOST = {"Host": "a"}


def headers(**fields: str) -> HTTPHeaders:
    return HTTPHeaders(HOST | {name.replace("_", "-"): value for name, value in fields.items()})


def write(
    method: str,
    target: str,
    fields: HTTPHeaders,
    *pieces: bytes,
    version: str = "HTTP/1.1",
    trailers: HTTPHeaders | None = None,
    **announced: bool,
) -> bytes:
    writer = RequestWriter(version)
    head = writer.head(method, target, fields, **announced)
    return head + b"".join(map(writer.data, pieces)) + writer.end(trailers)


def read_by_h11(data: bytes) -> tuple[bytes, dict[bytes, bytes], bytes, dict[bytes, bytes]]:
    """The request line's method and target, the headers, the body and the trailers, as h11 sees them."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    request = connection.next_event()
    assert isinstance(request, h11.Request)
    body = b""
    while isinstance(event := connection.next_event(), h11.Data):
        body += bytes(event.data)
    assert isinstance(event, h11.EndOfMessage)
    assert connection.trailing_data[0] == b""
    line = request.method + b" " + request.target
    return line, dict(request.headers), body, dict(event.headers)


def read_by_us(data: bytes) -> tuple[bytes, dict[bytes, bytes], bytes, dict[bytes, bytes]]:
    reader = RequestReader(Limits())
    reader.feed(data)
    request = reader.next_event()
    assert isinstance(request, HTTPServerRequest)
    body, trailers = request.body, HTTPHeaders()
    while (event := reader.next_event()) is not None:
        if isinstance(event, EndOfMessage):
            trailers = event.trailers
        else:
            assert isinstance(event, bytes)
            body += event
    assert reader.complete
    assert reader.buffered == 0
    return f"{request.method} {request.uri}".encode(), raw(request.headers), body, raw(trailers)


def raw(fields: HTTPHeaders) -> dict[bytes, bytes]:
    return {name.lower().encode(): value.encode("latin1") for name, value in fields.items()}


# What is written


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "BREW"])
def test_every_combination_is_read_back(method: str, version: str) -> None:
    for with_length, with_body, pieces in (
        (False, False, []),
        (True, False, [b"hello", b"", b" world"]),
        (True, True, [b"hello world"]),
        (True, True, []),
        (False, True, [b"hello", b"", b" world" * 100]),
        (False, True, []),
    ):
        body = b"".join(pieces)
        fields = headers(X_A="b")
        if with_length:
            fields["Content-Length"] = str(len(body))
        chunked = with_body and not with_length
        if chunked and version == "HTTP/1.0":
            with pytest.raises(HTTPOutputError, match="set Content-Length"):
                write(method, "/", fields, version=version, with_body=True)
            continue
        data = write(method, "/b?c", fields, *pieces, version=version, with_body=with_body)
        expected = raw(fields)
        if chunked:
            expected[b"transfer-encoding"] = b"chunked"
        elif not with_length and method in ("POST", "PUT", "PATCH"):
            expected[b"content-length"] = b"0"
        assert data.startswith(f"{method} /b?c {version}\r\n".encode())
        for read in (read_by_h11, read_by_us):
            assert read(data) == (f"{method} /b?c".encode(), expected, body, {})


def test_chunks_may_be_asked_for_by_the_header() -> None:
    data = write("POST", "/", headers(Transfer_Encoding="Chunked"), b"hello")
    assert data.count(b"ransfer-Encoding") == 1
    assert read_by_h11(data)[2] == read_by_us(data)[2] == b"hello"


def test_trailers() -> None:
    trailers = HTTPHeaders({"X-Sum": "c", "Etag": "d"})
    data = write("POST", "/", headers(Trailer="X-Sum"), b"a", with_body=True, trailers=trailers)
    assert data.endswith(b"1\r\na\r\n0\r\nX-Sum: c\r\nEtag: d\r\n\r\n")
    for read in (read_by_h11, read_by_us):
        assert read(data)[3] == {b"x-sum": b"c", b"etag": b"d"}


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "http://a:1/b?c"),
        ("OPTIONS", "*"),
        ("CONNECT", "a:443"),
        ("GET", "/%20?a=%23&b=[1]|2"),
    ],
)
def test_targets(method: str, target: str) -> None:
    writer = RequestWriter()
    assert writer.head(method, target, headers()) == (
        f"{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    )


def test_headers_are_left_as_they_were() -> None:
    fields = headers()
    RequestWriter().head("POST", "/", fields, with_body=True)
    RequestWriter().head("POST", "/", fields)
    assert list(fields.get_all()) == [("Host", "a")]


# What is refused


def refuse(
    match: str, fields: HTTPHeaders, method: str = "GET", target: str = "/", **how: Any
) -> None:
    """Refused before anything has happened: the writer takes another head."""
    writer = RequestWriter(how.pop("version", "HTTP/1.1"))
    with pytest.raises(HTTPOutputError, match=match):
        writer.head(method, target, fields, **how)
    assert writer.head("GET", "/", headers())
    assert writer.end() == b""


def test_methods_and_targets() -> None:
    for method in (
        "",
        "GET ",
        "G T",
        "GET\r\n",
        "GET\r\nHost: b\r\n\r\n",
        "(GET)",
        "G\xcbT",
        "G\0T",
    ):
        refuse("method", headers(), method)
    for target in (
        "",
        "a",
        "/a b",
        "/a\r\nB: c",
        "/a#b",
        "/\xe4",
        "*",
        "ftp://a",
        "http:///",
        "/\0",
    ):
        refuse("target", headers(), "GET", target)
    for target in ("/", "a", "*", "http://a"):
        refuse("target", headers(), "CONNECT", target)
    refuse("target", headers(), "OPTIONS", "**")


def test_hosts() -> None:
    refuse("Host", HTTPHeaders())
    for host in ("a/b", "a b", "user@a", "a:b", "a, b", "http://a"):
        refuse("Host", HTTPHeaders({"Host": host}))
    for version in ("HTTP/1.1", "HTTP/1.0"):
        two = headers()
        two.add("Host", "a")
        refuse("Host", two, version=version)
    for host in ("", "a:1", "[::1]"):
        assert RequestWriter().head("GET", "/", HTTPHeaders({"Host": host}))
    assert RequestWriter("HTTP/1.0").head("GET", "/", HTTPHeaders()) == b"GET / HTTP/1.0\r\n\r\n"


def test_two_framings() -> None:
    both = headers(Transfer_Encoding="chunked", Content_Length="5")
    refuse("Both", both)
    refuse("Both", both, with_body=True)
    lengths = headers(Content_Length="5")
    lengths.add("Content-Length", "5")
    refuse("Content-Length", lengths)
    for coding in ("gzip", "gzip, chunked", "chunked, chunked", "identity", "", "xchunked"):
        refuse("only chunked", headers(Transfer_Encoding=coding))
    refuse("set Content-Length", headers(Transfer_Encoding="chunked"), version="HTTP/1.0")


@pytest.mark.parametrize("length", ["", "-1", "+1", "01", "1,1", "0x1", "1_0", "\xb2", "9" * 19])
def test_no_length_at_all(length: str) -> None:
    refuse("Content-Length", headers(Content_Length=length))


def test_what_breaks_out_of_its_line() -> None:
    for evil in ("a\r\nb: c", "a\nb", "a\rb", "a\0", "a\x7f"):
        refuse("control character", headers(X=evil))
    fields = HTTPHeaders.from_fields({"Host": "a", "X: y\r\nZ": "b"})
    refuse("name", fields)
    refuse("latin-1", headers(X="\u20ac"))


def test_a_body_that_was_not_announced() -> None:
    writer = RequestWriter()
    writer.head("GET", "/", headers())
    assert writer.data(b"") == b""
    with pytest.raises(HTTPOutputError, match="with_body=True"):
        writer.data(b"a")


# What it knows of the conversation


@pytest.mark.parametrize(
    ("version", "connection", "kept"),
    [
        ("HTTP/1.1", None, True),
        ("HTTP/1.1", "keep-alive", True),
        ("HTTP/1.1", "te, Close", False),
        ("HTTP/1.0", None, False),
        ("HTTP/1.0", "Keep-Alive", True),
        ("HTTP/1.0", "keep-alive, close", False),
    ],
)
def test_whether_the_connection_is_to_be_kept(
    version: str, connection: str | None, kept: bool
) -> None:
    writer = RequestWriter(version)
    writer.head("GET", "/", headers() if connection is None else headers(Connection=connection))
    assert writer.keep_alive == kept


def test_expectations() -> None:
    for expect, expected in (("100-continue", True), ("100-Continue", True), ("x", False)):
        writer = RequestWriter()
        assert b"Expect: " in writer.head("PUT", "/", headers(Expect=expect), with_body=True)
        assert writer.expects_continue == expected
    plain = RequestWriter()
    plain.head("PUT", "/", headers(), with_body=True)
    assert not plain.expects_continue
    refuse("Expect", headers(Expect="100-continue"))
    refuse("Expect", headers(Expect="100-continue"), "POST")
    refuse("Expect", headers(Expect="100-continue", Content_Length="5"), version="HTTP/1.0")


def test_upgrades() -> None:
    for fields, upgrades in (
        (headers(), False),
        (headers(Upgrade="b", Connection="upgrade"), True),
    ):
        writer = RequestWriter()
        writer.head("GET", "/", fields)
        assert writer.upgrades == upgrades
