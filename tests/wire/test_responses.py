"""Transcripts of the response side: what an application says to the connection, and what the client reads.

Each is said at once, inside the call that brought the request, and later, from a callback of its own, and
with a request before and behind it in the pipeline.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.wire.client import PLAIN_AND_TLS, error, expect_end, get, head, lines, read_all, undated
from tornadolike.httputil import (
    HTTPHeaders,
    HTTPOutputError,
    HTTPServerRequest,
)

STAYS = "stays open"
CLOSES = "closes"
CUT = "is cut"


def in_chunks(connection: Any) -> None:
    connection.write_headers(*head(), b"one")
    connection.write(b"")
    connection.write(b"twotwotwo!")
    connection.finish()


def by_length(connection: Any) -> None:
    connection.write_headers(*head(Content_Length="6"))
    connection.write(b"one")
    connection.write(b"two")
    connection.finish()


def empty_in_pieces(connection: Any) -> None:
    connection.write_headers(*head())
    connection.finish()


def last(connection: Any) -> None:
    connection.write_headers(*head(Connection="close", Content_Length="2"), b"hi")
    connection.finish()


def bodiless(status: int, reason: str) -> Callable[[Any], None]:
    def say(connection: Any) -> None:
        connection.write_headers(*head(status, reason, Etag='"a"'), b"dropped")
        connection.write(b"dropped")
        connection.finish()

    return say


def hinted(connection: Any) -> None:
    connection.write_headers(*head(103, "Early Hints", Link="</style.css>"))
    connection.write_headers(*head(102, "Processing"))
    connection.write_headers(*head(Content_Length="2"), b"ok")
    connection.finish()


def whole(
    status: int = 200,
    reason: str = "OK",
    headers: dict[str, str] | None = None,
    body: bytes = b"hello",
) -> Callable[[Any], None]:
    def say(connection: Any) -> None:
        connection.respond(
            status, reason, "text/x", None if headers is None else HTTPHeaders(headers), b"", body
        )

    return say


def wrong_length_for_head(connection: Any) -> None:
    with pytest.raises(HTTPOutputError, match="'6' for a body of 5 bytes"):
        whole(headers={"Content-Length": "6"})(connection)
    whole(headers={"Content-Length": "5"})(connection)


def too_much(connection: Any) -> None:
    connection.write_headers(*head(Content_Length="3"))
    connection.write(b"on")
    with pytest.raises(HTTPOutputError, match="more data than Content-Length"):
        connection.write(b"et")


def too_little(connection: Any) -> None:
    connection.write_headers(*head(Content_Length="3"), b"on")
    with pytest.raises(HTTPOutputError, match="1 bytes fewer"):
        connection.finish()


def second_thoughts(connection: Any) -> None:
    """What is refused before anything is sent leaves room for another answer."""
    with pytest.raises(HTTPOutputError, match="more data"):
        connection.write_headers(*head(Content_Length="1"), b"12")
    for wrong in (
        head(Transfer_Encoding="chunked", Content_Length="1"),
        head(Content_Length="x"),
        head(204, "No Content", Content_Length="1"),
        head(X_Bad="a\r\nb"),
        head(101, "Switching Protocols"),
        head(103, "Early Hints", Content_Length="1"),
    ):
        with pytest.raises(HTTPOutputError):
            connection.write_headers(*wrong)
    for wrong_whole in (
        whole(headers={"Content-Length": "6"}),
        whole(headers={"Content-Length": "05"}),
        whole(headers={"Transfer-Encoding": "chunked"}),
        whole(headers={"X": "a\nb"}),
        whole(204, "No Content", {"Content-Length": "0"}, b""),
        whole(103, "Early Hints", None, b""),
        whole(1000, "Over the top", None, b""),
        whole(200, "a\r\nb", {}),
    ):
        with pytest.raises(HTTPOutputError):
            wrong_whole(connection)
    for early in (lambda: connection.write(b"x"), connection.finish):
        with pytest.raises(RuntimeError, match="needs write_headers"):
            early()
    connection.write_headers(*head(Content_Length="2"), b"ok")
    for late in (lambda: connection.write_headers(*head()), lambda: whole()(connection)):
        with pytest.raises(RuntimeError, match="one head"):
            late()
    connection.finish()


@dataclass
class Transcript:
    name: str
    say: Callable[[Any], None]
    expected: bytes
    then: str = STAYS
    request: bytes = field(default_factory=lambda: get("/"))


T = Transcript
OLD = get("/", version="1.0")
OLD_STAYING = get("/", "Connection: keep-alive", version="1.0")
HEAD = get("/", method="HEAD")

CHUNKED = "Transfer-Encoding: chunked"
CLOSE = "Connection: close"
KEEP = "Connection: Keep-Alive"
DEFAULT = ("Server: tornadolike", "Content-Type: text/x", "Date: D")
OK = "HTTP/1.1 200 OK"

TABLE = [
    T("in chunks", in_chunks, lines(OK, CHUNKED, "", "3", "one", "a", "twotwotwo!", "0", "", "")),
    T("in no chunks", empty_in_pieces, lines(OK, CHUNKED, "", "0", "", "")),
    T("by length", by_length, lines(OK, "Content-Length: 6", "", "onetwo")),
    T("the last", last, lines(OK, CLOSE, "Content-Length: 2", "", "hi"), CLOSES),
    T(
        "the last, which does not promise to be none",
        whole(headers={"Connection": "keep-alive, x-option"}),
        lines(OK, "Content-Length: 5", "Connection: close, x-option", "", "hello"),
        CLOSES,
        get("/", CLOSE),
    ),
    T("until the end for HTTP/1.0", in_chunks, lines(OK, CLOSE, "", "onetwotwotwo!"), CLOSES, OLD),
    T(
        "until the end for HTTP/1.0 that would stay",
        in_chunks,
        lines(OK, CLOSE, "", "onetwotwotwo!"),
        CLOSES,
        OLD_STAYING,
    ),
    T(
        "by length for HTTP/1.0",
        by_length,
        lines(OK, "Content-Length: 6", CLOSE, "", "onetwo"),
        CLOSES,
        OLD,
    ),
    T(
        "by length for HTTP/1.0 that stays",
        by_length,
        lines(OK, "Content-Length: 6", KEEP, "", "onetwo"),
        STAYS,
        OLD_STAYING,
    ),
    T(
        "an option that only looks like close",
        whole(headers={"Connection": "x-closed"}),
        lines(OK, "Connection: x-closed", "Content-Length: 5", "", "hello"),
        STAYS,
    ),
    T(
        "an option of the handler's beside our close",
        whole(headers={"Connection": "x-option"}),
        lines(OK, "Connection: x-option", "Content-Length: 5", CLOSE, "", "hello"),
        CLOSES,
        OLD,
    ),
    T(
        "nothing but a head to a CONNECT that is granted",
        whole(headers={}),
        lines(OK, "", ""),
        CLOSES,
        b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
    ),
    T(
        "a wrong length is refused for HEAD as for GET",
        wrong_length_for_head,
        lines(OK, "Content-Length: 5", "", ""),
        STAYS,
        HEAD,
    ),
    T("HEAD of chunks", in_chunks, lines(OK, "", ""), STAYS, HEAD),
    T("HEAD by length", by_length, lines(OK, "Content-Length: 6", "", ""), STAYS, HEAD),
    T("204", bodiless(204, "No Content"), lines("HTTP/1.1 204 No Content", 'Etag: "a"', "", "")),
    T(
        "304",
        bodiless(304, "Not Modified"),
        lines("HTTP/1.1 304 Not Modified", 'Etag: "a"', "", ""),
    ),
    T(
        "interim ones",
        hinted,
        lines(
            "HTTP/1.1 103 Early Hints",
            "Link: </style.css>",
            "",
            "HTTP/1.1 102 Processing",
            "",
            OK,
            "Content-Length: 2",
            "",
            "ok",
        ),
    ),
    T(
        "no interim ones for HTTP/1.0",
        hinted,
        lines(OK, "Content-Length: 2", CLOSE, "", "ok"),
        CLOSES,
        OLD,
    ),
    T("whole", whole(), lines(OK, *DEFAULT, "Content-Length: 5", "", "hello")),
    T("whole and empty", whole(body=b""), lines(OK, *DEFAULT, "Content-Length: 0", "", "")),
    T(
        "whole and large",
        whole(body=b"x" * 5000),
        lines(OK, *DEFAULT, "Content-Length: 5000", "", "x" * 5000),
    ),
    T(
        "whole and very large",
        whole(body=b"x" * 500_000),
        lines(OK, *DEFAULT, "Content-Length: 500000", "", "x" * 500_000),
    ),
    T("whole for HEAD", whole(), lines(OK, *DEFAULT, "Content-Length: 5", "", ""), STAYS, HEAD),
    T(
        "whole for HTTP/1.0",
        whole(),
        lines(OK, *DEFAULT, "Content-Length: 5", CLOSE, "", "hello"),
        CLOSES,
        OLD,
    ),
    T(
        "whole for HTTP/1.0 that stays",
        whole(),
        lines(OK, *DEFAULT, "Content-Length: 5", KEEP, "", "hello"),
        STAYS,
        OLD_STAYING,
    ),
    T(
        "whole with another status",
        whole(404, "Not Found"),
        lines("HTTP/1.1 404 Not Found", *DEFAULT, "Content-Length: 5", "", "hello"),
    ),
    T(
        "whole with headers",
        whole(headers={"X-Y": "z"}),
        lines(OK, "X-Y: z", "Content-Length: 5", "", "hello"),
    ),
    T(
        "whole with its length",
        whole(headers={"Content-Length": "5"}),
        lines(OK, "Content-Length: 5", "", "hello"),
    ),
    T(
        "whole for HEAD with the length of what GET would get",
        whole(headers={"Content-Length": "12345"}, body=b""),
        lines(OK, "Content-Length: 12345", "", ""),
        STAYS,
        HEAD,
    ),
    T(
        "whole 304 with the length of what it stands for",
        whole(304, "Not Modified", {"Content-Length": "12345"}, b""),
        lines("HTTP/1.1 304 Not Modified", "Content-Length: 12345", "", ""),
    ),
    T("whole 204", whole(204, "No Content", {}, b""), lines("HTTP/1.1 204 No Content", "", "")),
    T(
        "whole and the last",
        whole(headers={"Connection": "Close"}),
        lines(OK, "Connection: Close", "Content-Length: 5", "", "hello"),
        CLOSES,
    ),
    T("more than its length", too_much, lines(OK, "Content-Length: 3", "", "on"), CUT),
    T("less than its length", too_little, lines(OK, "Content-Length: 3", "", "on"), CUT),
    T("after what was refused", second_thoughts, lines(OK, "Content-Length: 2", "", "ok")),
]


class Application:
    """Says what the transcript says; whatever that raises is kept for the test."""

    def __init__(self, transcript: Transcript, *, later: bool) -> None:
        self.transcript = transcript
        self.later = later
        self.errors: list[BaseException] = []

    def __call__(self, request: HTTPServerRequest) -> None:
        connection = request.connection
        if request.uri == "/around":
            connection.respond(200, "OK", "text/plain", None, b"", b"around")
        elif self.later:
            asyncio.get_running_loop().call_soon(self.say, connection)
        else:
            self.say(connection)

    def say(self, connection: Any) -> None:
        try:
            self.transcript.say(connection)
        except BaseException as error:
            self.errors.append(error)


AROUND = (
    b"HTTP/1.1 200 OK\r\nServer: tornadolike\r\nContent-Type: text/plain\r\nDate: D\r\n"
    b"Content-Length: 6\r\n"
)


@PLAIN_AND_TLS
@pytest.mark.parametrize("transcript", TABLE, ids=lambda transcript: transcript.name)
def test_transcript(serve: Any, transcript: Transcript) -> None:
    for later in (False, True):
        application = Application(transcript, later=later)
        server = serve(application)
        with server.connect() as sock:
            sock.sendall(get("/around") + transcript.request + get("/around", "Connection: close"))
            expected = AROUND + b"\r\naround" + transcript.expected
            if transcript.then is STAYS:
                expected += AROUND + b"Connection: close\r\n\r\naround"
            expect_end(sock, expected)
        assert application.errors == []


@PLAIN_AND_TLS
def test_an_end_that_may_be_taken_for_whole_is_none(serve: Any) -> None:
    """A body that ends with the connection must not end properly when its application fails."""

    def fail(request: HTTPServerRequest) -> None:
        request.connection.write_headers(*head(), b"half of ")
        asyncio.get_running_loop().call_soon(request.connection.close)

    server = serve(fail)
    with server.connect() as sock:
        sock.sendall(OLD)
        with pytest.raises((ConnectionResetError, ssl.SSLEOFError)):
            read_all(sock)
    with server.connect() as sock:
        sock.sendall(get("/"))
        # Chunks say by themselves that the last is missing.
        expect_end(sock, lines(OK, CHUNKED, "", "8", "half of ", ""))


def test_what_is_said_too_late_is_dropped(serve: Any) -> None:
    """After the connection was lost, and after the answer."""
    from tornadolike.iostream import StreamClosedError

    connections: list[Any] = []

    def answer(request: HTTPServerRequest) -> None:
        connections.append(request.connection)
        whole()(request.connection)

    server = serve(answer)
    with server.connect() as sock:
        sock.sendall(get("/", "Connection: close"))
        assert undated(read_all(sock)).endswith(b"hello")

    def say_more() -> None:
        (connection,) = connections
        connection.finish()
        for future in (
            connection.write_headers(*head()),
            connection.write(b"more"),
            connection.respond(200, "OK", "text/x", None, b"", b"more"),
        ):
            assert isinstance(future.exception(), StreamClosedError)

    server.call(say_more)


def test_a_request_that_is_refused_gets_no_body_for_head(serve: Any, expect_log: Any) -> None:
    def fail(request: HTTPServerRequest) -> None:
        raise RuntimeError("no")

    server = serve(fail)
    with expect_log("tornadolike.application", "Uncaught", count=1), server.connect() as sock:
        sock.sendall(HEAD)
        expect_end(sock, error(500, head_only=True))
