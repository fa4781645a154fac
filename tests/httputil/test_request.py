"""A request as a handler sees it."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from tornadolike.http1 import Limits, RequestReader
from tornadolike.httputil import (
    HTTPFile,
    HTTPHeaders,
    HTTPInputError,
    HTTPServerRequest,
    RequestStartLine,
    request_of,
)
from tornadolike.httputil.request import summary_of

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def read(raw: bytes) -> HTTPServerRequest:
    """A request as it comes from the wire."""
    reader = RequestReader(Limits())
    reader.feed(raw)
    request = reader.next_event()
    assert isinstance(request, HTTPServerRequest)
    return request


def test_by_hand_and_from_the_wire() -> None:
    headers = HTTPHeaders({"Host": "Example.COM:8080", "Cookie": "a=1"})
    start_line = RequestStartLine("POST", "/path%20x?a=1&a=2", "HTTP/1.1")
    raw = (
        b"POST /path%20x?a=1&a=2 HTTP/1.1\r\nHost: Example.COM:8080\r\nCookie: a=1\r\n"
        b"Content-Length: 2\r\n\r\nhi"
    )
    for request in (
        HTTPServerRequest(start_line=start_line, headers=headers, body=b"hi"),
        read(raw),
    ):
        assert (request.method, request.uri, request.version) == start_line
        assert request_of(request) == start_line
        assert (request.path, request.query) == ("/path%20x", "a=1&a=2")
        assert (request.host, request.host_name) == ("Example.COM:8080", "example.com")
        assert request.full_url() == "http://Example.COM:8080/path%20x?a=1&a=2"
        assert request.body == b"hi"
        assert request.arguments == request.query_arguments == {"a": [b"1", b"2"]}
        assert request.body_arguments == request.files == {}
        assert request.cookies["a"].value == "1"
        assert 0 <= request.request_time() < 60
        assert "Example.COM" in repr(request)
        assert "uri='/path%20x?a=1&a=2'" in repr(request)


def test_defaults() -> None:
    request = HTTPServerRequest()
    assert (request.path, request.query, request.body) == ("", "", b"")
    assert (request.host, request.host_name) == ("127.0.0.1", "127.0.0.1")
    assert (request.remote_ip, request.protocol) == (None, "http")
    assert request.arguments == {}


def test_what_is_given_counts() -> None:
    files: dict[str, list[HTTPFile]] = {"f": []}
    request = HTTPServerRequest("GET", "/", host="other", files=files, server_connection=1)
    assert (request.host, request.files, request.server_connection) == ("other", files, 1)


def test_the_connection_tells_who_asks() -> None:
    context = SimpleNamespace(remote_ip="192.0.2.1", protocol="https")
    request = HTTPServerRequest("GET", "/x", connection=SimpleNamespace(context=context))  # type: ignore[arg-type]
    assert (request.remote_ip, request.protocol) == ("192.0.2.1", "https")
    assert request.full_url() == "https://127.0.0.1/x"


def test_requests_with_equal_heads_do_not_share_them() -> None:
    raw = b"GET / HTTP/1.1\r\nHost: x\r\nA: 1\r\nA: 2\r\n\r\n"
    reader = RequestReader(Limits())
    reader.feed(raw * 2)
    first, second = reader.next_event(), reader.next_event()
    assert isinstance(first, HTTPServerRequest)
    assert isinstance(second, HTTPServerRequest)
    first.headers["B"] = "3"
    first.headers.add("A", "3")
    assert list(second.headers.get_all()) == [("Host", "x"), ("A", "1"), ("A", "2")]


@pytest.mark.parametrize(
    ("uri", "body", "arguments"),
    [
        ("/?a=1", b"a=2&b=3", {"a": [b"1", b"2"], "b": [b"3"]}),
        ("/", b"a=2", {"a": [b"2"]}),
        ("/?a=1", b"", {"a": [b"1"]}),
        ("/?a=&b", b"", {"a": [b""], "b": [b""]}),
    ],
)
def test_arguments(uri: str, body: bytes, arguments: dict[str, list[bytes]]) -> None:
    request = HTTPServerRequest("POST", uri, "HTTP/1.1", HTTPHeaders(FORM), body)
    query = {name: list(values) for name, values in request.query_arguments.items()}
    assert request.arguments == arguments
    assert request.query_arguments == query  # merging has left it alone


def test_files() -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\ndata\r\n--b--'
    headers = HTTPHeaders({"Content-Type": "multipart/form-data; boundary=b"})
    request = HTTPServerRequest("POST", "/", "HTTP/1.1", headers, body)
    (file,) = request.files["f"]
    assert (file.filename, file.body, file["content_type"]) == ("x", b"data", "application/unknown")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data; boundary=b", b"nonsense"),
        (FORM["Content-Type"], b"&" * 2000),
    ],
)
def test_a_malformed_form(content_type: str, body: bytes) -> None:
    headers = HTTPHeaders({"Content-Type": content_type})
    request = HTTPServerRequest("POST", "/", "HTTP/1.1", headers, body)
    for attribute in ("body_arguments", "files", "arguments", "body_arguments"):
        with pytest.raises(HTTPInputError):
            getattr(request, attribute)


@pytest.mark.parametrize("query", ["a&" * 1000, "a=\u20ac"])
def test_a_query_that_is_refused(query: str) -> None:
    with pytest.raises(HTTPInputError, match="Invalid query string"):
        HTTPServerRequest("GET", f"/?{query}")
    if query.isascii():
        late = read(f"GET /?{query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        with pytest.raises(HTTPInputError, match="Max number of fields"):
            late.arguments  # noqa: B018 (it raises)


def test_several_cookie_headers_are_one() -> None:
    request = read(b"GET / HTTP/1.1\r\nHost: x\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n")
    assert {name: morsel.value for name, morsel in request.cookies.items()} == {"a": "1", "b": "2"}


def test_request_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    request: Any = HTTPServerRequest("GET", "/")
    now += 1.5
    assert request.request_time() == 1.5


def test_its_summary_is_one_line_of_the_log() -> None:
    request = HTTPServerRequest("GET", "/\r\nGET /admin")
    request.remote_ip = "192.0.2.1"
    assert summary_of(request) == r"GET /\r\nGET /admin (192.0.2.1)"
