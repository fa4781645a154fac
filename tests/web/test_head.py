"""Status and headers, without a server."""

import datetime
import http
from typing import Any

import pytest

from tests.web.helpers import make_handler
from tornadolike.httputil import parse_date
from tornadolike.web import RequestHandler


@pytest.mark.parametrize(
    ("status", "reason", "said"),
    [
        (200, None, "OK"),
        (404, None, "Not Found"),
        (599, None, "Unknown"),
        (200, "Fine", "Fine"),
        (418, "I'm \xe9 \t teapot", "I'm \xe9 \t teapot"),
        # What could leave its place in the head, or in a page that shows it, is not said.
        (400, "a\r\nSet-Cookie: b", "Unknown"),
        (400, "a\nb", "Unknown"),
        (400, "a\0", "Unknown"),
        (400, "\x7f", "Unknown"),
        (400, "<script>", "Unknown"),
        (400, "\u20ac", "Unknown"),
        (400, "", "Unknown"),
    ],
)
def test_status(status: int, reason: str | None, said: str) -> None:
    handler = make_handler()
    handler.set_status(status, reason)
    assert handler.get_status() == status
    handler.finish()
    assert (handler.request.connection.status, handler.request.connection.reason) == (status, said)


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("text", "text"),
        ("a\tb \xe9", "a\tb \xe9"),
        (b"\xc3\xa9", "\xc3\xa9"),
        ("", ""),
        (42, "42"),
        (True, "True"),
        (datetime.datetime(2020, 1, 2, 3, 4, 5), "Thu, 02 Jan 2020 03:04:05 GMT"),
        (
            datetime.datetime(2020, 1, 2, 3, tzinfo=datetime.timezone(datetime.timedelta(hours=1))),
            "Thu, 02 Jan 2020 02:00:00 GMT",
        ),
    ],
)
def test_header_values(value: Any, sent: str) -> None:
    handler = make_handler()
    handler.set_header("X-Value", value)
    handler.add_header("x-value", value)
    assert handler._headers.get_list("X-Value") == [sent, sent]


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("X", "a\r\nSet-Cookie: b=c", ValueError),
        ("X", "a\n b", ValueError),
        ("X", "\0", ValueError),
        ("X", "\x7f", ValueError),
        ("X", "\x85\u2028", ValueError),
        ("X", "\u20ac", ValueError),
        ("X", b"a\r\nb", ValueError),
        ("Content-Type", "text/html\r\n", ValueError),
        ("X Y", "1", ValueError),
        ("X:", "1", ValueError),
        ("", "1", ValueError),
        ("X\r\n", "1", ValueError),
        ("\xc9", "1", ValueError),
        ("X", 1.5, TypeError),
        ("X", None, TypeError),
        ("X", ["a"], TypeError),
    ],
)
def test_headers_that_are_refused(name: str, value: Any, error: type[Exception]) -> None:
    handler = make_handler()
    for method in (handler.set_header, handler.add_header):
        with pytest.raises(error):
            method(name, value)
    handler.finish("x")
    connection = handler.request.connection
    assert connection.headers is None  # nothing of it has left a trace
    assert connection.content_type == "text/html; charset=UTF-8"


def test_the_default_headers() -> None:
    headers = make_handler()._headers
    assert list(headers) == ["Server", "Content-Type", "Date"]
    assert headers["Server"] == "tornadolike"
    assert headers["Content-Type"] == "text/html; charset=UTF-8"
    date = parse_date(headers["Date"])
    assert date is not None
    assert abs((date - datetime.datetime.now(datetime.UTC)).total_seconds()) < 60


def test_set_add_clear() -> None:
    handler = make_handler()
    handler.set_header("content-type", "a/b")
    handler.set_header("X-One", "1")
    handler.set_header("x-one", "2")
    handler.add_header("X-Two", "1")
    handler.add_header("x-two", "2")
    handler.clear_header("SERVER")
    handler.clear_header("X-Not-There")
    handler.finish()
    headers = handler.request.connection.headers
    assert headers["Content-Type"] == "a/b"
    assert headers.get_list("X-One") == ["2"]
    assert headers.get_list("X-Two") == ["1", "2"]
    assert "Server" not in headers


def test_a_content_type_alone_needs_no_mapping() -> None:
    handler = make_handler()
    handler.set_header("Content-Type", "text/plain")
    handler.finish("x")
    assert handler.request.connection.headers is None
    assert handler.request.connection.content_type == "text/plain"


def test_a_content_type_set_before_other_headers_is_kept() -> None:
    handler = make_handler()
    handler.set_header("Content-Type", "text/plain")
    handler.set_header("X-One", "1")
    assert handler._headers["Content-Type"] == "text/plain"


def test_default_headers_are_set_before_the_handler_runs_and_after_clear() -> None:
    class Handler(RequestHandler):
        def set_default_headers(self) -> None:
            self.set_header("Server", "mine")
            self.set_header("X-Default", "yes")

    handler = make_handler(Handler)
    assert handler._headers["Server"] == "mine"
    handler.set_header("X-Other", "1")
    handler.set_status(500)
    handler.write("x")
    handler.clear()
    assert handler._headers["X-Default"] == "yes"
    assert "X-Other" not in handler._headers
    assert handler.get_status() == 200
    handler.finish()
    assert handler.request.connection.body == b""


def test_settings_are_the_applications() -> None:
    handler = make_handler(settings={"answer": 42})
    assert handler.settings["answer"] == 42
    assert handler.settings is handler.application.settings


@pytest.mark.parametrize("status", ["404", 200.0, None, b"200"])
def test_a_status_is_a_number(status: Any) -> None:
    with pytest.raises(TypeError, match="a status is an int, not"):
        make_handler().set_status(status)


@pytest.mark.parametrize("status", [0, 99, 1000, -200])
def test_of_three_digits(status: int) -> None:
    with pytest.raises(ValueError, match=f"three digits, unlike {status}"):
        make_handler().set_status(status)


def test_a_named_status() -> None:
    handler = make_handler()
    handler.set_status(http.HTTPStatus.CREATED)
    handler.finish()
    assert f"{handler.request.connection.status:d}" == "201"
