"""Start lines, and who speaks to whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPInputError,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
    parse_request_start_line,
    parse_response_start_line,
)


@pytest.mark.parametrize(
    ("line", "parsed"),
    [
        ("GET /foo HTTP/1.1", ("GET", "/foo", "HTTP/1.1")),
        ("M-SEARCH * HTTP/1.0", ("M-SEARCH", "*", "HTTP/1.0")),
        ("get http://h/?q HTTP/1.9", ("get", "http://h/?q", "HTTP/1.9")),
    ],
)
def test_parse_request_start_line(line: str, parsed: tuple[str, str, str]) -> None:
    start_line = parse_request_start_line(line)
    assert start_line == parsed
    assert (start_line.method, start_line.path, start_line.version) == parsed


@pytest.mark.parametrize(
    "line",
    [
        "",
        "GET",
        "GET /foo",
        "GET  HTTP/1.1",
        "GET /foo HTTP/2.0",
        "GET /foo HTTP/1",
        "GET /foo http/1.1",
        "GET /a b HTTP/1.1",
        " GET / HTTP/1.1",
        "GET\t/ HTTP/1.1",
        "G(T / HTTP/1.1",
        "GET / HTTP/1.1\n",
        "GET / HTTP/1.\u0661",
        "GET /\0 HTTP/1.1",
        "GET /\t HTTP/1.1",
        "GET /\x7f HTTP/1.1",
        "GET /\u20ac HTTP/1.1",
    ],
)
def test_malformed_request_start_lines(line: str) -> None:
    with pytest.raises(HTTPInputError) as caught:
        parse_request_start_line(line)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("line", "parsed"),
    [
        ("HTTP/1.1 200 OK", ("HTTP/1.1", 200, "OK")),
        ("HTTP/1.0 404 Not Found", ("HTTP/1.0", 404, "Not Found")),
        ("HTTP/1.1 200 ", ("HTTP/1.1", 200, "")),
        ("HTTP/1.1 999 \xe9\t!", ("HTTP/1.1", 999, "\xe9\t!")),
    ],
)
def test_parse_response_start_line(line: str, parsed: tuple[str, int, str]) -> None:
    start_line = parse_response_start_line(line)
    assert start_line == parsed
    assert (start_line.version, start_line.code, start_line.reason) == parsed


@pytest.mark.parametrize(
    "line",
    [
        "",
        "HTTP/1.1",
        "HTTP/1.1 200",
        "HTTP/1.1  200 OK",
        "HTTP/1.1 20 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 +20 OK",
        "HTTP/1.1 099 OK",
        "HTTP/2.0 200 OK",
        "HTTP/1.1 200 O\0K",
        "HTTP/1.1 200 OK\n",
    ],
)
def test_malformed_response_start_lines(line: str) -> None:
    with pytest.raises(HTTPInputError):
        parse_response_start_line(line)


PIECES = st.sampled_from(
    ["GET", "HTTP/1.1", " ", "/", "200", "OK", "\t", "\r", "\n", "\0", "\xe9", "\u20ac"]
)


@given(line=st.text() | st.lists(PIECES, max_size=8).map("".join))
def test_no_line_is_too_strange(line: str) -> None:
    """What is understood is what was said, and can be said again."""
    try:
        assert " ".join(parse_request_start_line(line)) == line
        assert line.isprintable()
    except HTTPInputError:
        pass
    try:
        version, code, reason = parse_response_start_line(line)
        assert f"{version} {code} {reason}" == line
    except HTTPInputError:
        pass


def test_what_a_connection_has_to_do() -> None:
    connection = HTTPConnection()
    with pytest.raises(NotImplementedError):
        connection.write_headers(ResponseStartLine("HTTP/1.1", 200, "OK"), HTTPHeaders())
    with pytest.raises(NotImplementedError):
        connection.write(b"")
    with pytest.raises(NotImplementedError):
        connection.finish()
    with pytest.raises(NotImplementedError):
        HTTPServerConnectionDelegate().start_request(None, connection)


def test_a_delegate_may_take_things_as_they_come() -> None:
    delegate = HTTPMessageDelegate()
    delegate.headers_received(RequestStartLine("GET", "/", "HTTP/1.1"), HTTPHeaders())
    delegate.data_received(b"")
    delegate.finish()
    delegate.on_connection_close()
    HTTPServerConnectionDelegate().on_close(None)
