"""The exceptions that end a request, and what the client is told."""

import copy
import math
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from tests.web.helpers import Site
from tornadolike.web import Finish, HTTPError, MissingArgumentError, RequestHandler


@pytest.mark.parametrize(
    ("error", "text", "message"),
    [
        (HTTPError(), "HTTP 500: Internal Server Error", None),
        (HTTPError(404), "HTTP 404: Not Found", None),
        (HTTPError(599), "HTTP 599: Unknown", None),
        (HTTPError(404, "no %s"), "HTTP 404: Not Found (no %s)", "no %s"),
        (HTTPError(404, "no %s of %d", "x", 2), "HTTP 404: Not Found (no x of 2)", "no x of 2"),
        (HTTPError(404, reason="Gone Fishing"), "HTTP 404: Gone Fishing", None),
        (HTTPError(404, detail="no %s"), "HTTP 404: Not Found (no %s)", None),
        (HTTPError(404, "no x", detail="no"), "HTTP 404: Not Found (no x)", "no x"),
        (MissingArgumentError("a%s"), "HTTP 400: Bad Request (Missing argument a%s)", None),
    ],
)
def test_http_error(error: HTTPError, text: str, message: str | None) -> None:
    assert str(error) == text
    if message is not None:
        assert error.get_message() == message
        assert error.log_message is not None
        assert error.log_message % error.args == message


def test_http_error_is_copied() -> None:
    twin = copy.copy(HTTPError(403, "no", reason="No", detail="Ask", retry_after=5))
    assert (str(twin), twin.reason, twin.detail) == ("HTTP 403: No (no)", "No", "Ask")
    assert twin.retry_after == 5


def test_a_detail_is_not_logged() -> None:
    error = HTTPError(403, "no %s", "way", detail="100 %s")
    assert (error.get_message(), error.detail) == ("no way", "100 %s")
    assert HTTPError(403).detail is None
    assert MissingArgumentError("a<b").detail == "Missing argument a<b"


@pytest.mark.parametrize(("seconds", "sent"), [(None, None), (0, "0"), (2.1, "3"), (30, "30")])
def test_when_to_come_again(
    site: Callable[..., Site], seconds: float | None, sent: str | None
) -> None:
    class Handler(RequestHandler):
        def get(self) -> None:
            self.set_header("Retry-After", "7")  # of the answer that was not given
            raise HTTPError(503, retry_after=seconds)

    answer = site(("/", Handler)).ask("GET /")
    assert (answer.status, answer.header("Retry-After")) == (503, sent)


def test_a_time_that_is_none() -> None:
    for wrong in (-1, math.inf, math.nan):
        with pytest.raises(ValueError, match="retry_after"):
            HTTPError(503, retry_after=wrong)
    never: Any = "soon"
    with pytest.raises(TypeError, match="retry_after is a number, not 'soon'"):
        HTTPError(503, retry_after=never)


def test_finish_takes_the_last_chunk() -> None:
    assert Finish("x").args == ("x",)
    assert pickle.loads(pickle.dumps(Finish())).args == ()


def test_a_missing_argument_is_copied() -> None:
    twin = pickle.loads(pickle.dumps(MissingArgumentError("a")))
    assert (type(twin), twin.arg_name, twin.status_code) == (MissingArgumentError, "a", 400)


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        (None, ""),
        ("", ""),
        ("no such colour", "<p>no such colour</p>"),
        ("<b> & \"'", "<p>&lt;b&gt; &amp; &quot;&#x27;</p>"),
        ("grün", "<p>grün</p>"),
        ("a\nb\x00\udce9", r"<p>a\nb\x00\udce9</p>"),
        ("x" * 500, f"<p>{'x' * 500}</p>"),
        ("x" * 501, f"<p>{'x' * 499}…</p>"),
    ],
)
def test_the_detail_of_an_error_is_shown(
    site: Callable[..., Site], expect_log: Callable[..., Any], detail: str | None, shown: str
) -> None:
    class Handler(RequestHandler):
        def get(self) -> None:
            raise HTTPError(400, "for the log", detail=detail)

    with expect_log("tornadolike.general", "400 GET / .*: for the log$", count=1):
        answer = site(("/", Handler)).ask("GET /")
    expected = f"<html><title>400: Bad Request</title><body>400: Bad Request{shown}</body></html>"
    assert answer.text == expected


class Posted(RequestHandler):
    max_body_size = 100

    def post(self) -> None:
        self.get_body_argument("name")

    def get(self) -> None:
        self.get_argument("name")


def test_what_is_wrong_with_a_request_is_told(
    site: Callable[..., Site], expect_log: Callable[..., Any]
) -> None:
    multipart, urlencoded = "multipart/form-data; boundary=b", "application/x-www-form-urlencoded"
    too_many, form = "Max number of fields exceeded: more than 1000", "multipart/form-data"
    part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    table: list[tuple[str, str, bytes | None, int, str]] = [
        ("GET /", "", None, 400, "Missing argument name"),
        ("GET /?name=%FF", "", None, 400, "Invalid unicode in name: it has to be UTF-8"),
        ("GET /?" + "a&" * 1001, "", None, 400, f"Invalid query string: {too_many}"),
        (
            "POST /many",
            urlencoded,
            b"a&" * 1001,
            413,
            f"Invalid x-www-form-urlencoded body: {too_many}",
        ),
        (
            "POST /many",
            multipart,
            b"--b\r\n" + b"x" * 11000,
            431,
            f"{form}: part header too large: more than 10240",
        ),
        (
            "POST /many",
            multipart,
            b"--b\r\n" + b"x:y\r\n" * 34 + b"\r\n",
            431,
            f"{form}: too many headers of a part: more",
        ),
        (
            "POST /many",
            multipart,
            part * 1001,
            413,
            f"Invalid {form}: too many parts: more than 1000",
        ),
        (
            "POST /many",
            multipart,
            b"--b\r\nx\r\n\r\n",
            400,
            f"{form}: no colon in header line in the head of a part",
        ),
        ("POST /", urlencoded, b"nome=x", 400, "Missing argument name"),
        ("POST /", "multipart/form-data", b"x", 400, "Invalid multipart/form-data: no valid bound"),
        ("POST /", multipart, b"x", 400, "Invalid multipart/form-data: no boundary found"),
        ("POST /", urlencoded, b"x" * 101, 413, "Body larger than 100 bytes"),
    ]
    with site(("/", Posted), ("/many", RequestHandler)).connect() as connection:
        for request, content_type, body, status, text in table:
            with expect_log("tornadolike.general", f"{status} ", count=1):
                answer = connection.ask(request, f"Content-Type: {content_type}", body=body)
            assert (answer.status, answer.text.count(f"<p>{text}")) == (status, 1), (request, text)
