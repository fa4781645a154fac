"""The delegate that takes content codings off: without a connection, and on the wire."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest

from tests.codings.samples import cut, each_coding, encoded
from tests.wire.client import PLAIN_AND_TLS, error, expect, expect_end, get, ok
from tests.wire.site import answer
from tornadolike.codings.base import PIECE_SIZE
from tornadolike.http1connection import DecompressingDelegate
from tornadolike.http1connection.decompressing import PIECES_IN_A_ROW
from tornadolike.httputil import (
    HTTPHeaders,
    HTTPInputError,
    HTTPMessageDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)

POST = RequestStartLine("POST", "/", "HTTP/1.1")
OK = ResponseStartLine("HTTP/1.1", 200, "OK")


class Listener(HTTPMessageDelegate):
    """Writes down what it is told; answers a piece of the body with what ``answer`` gives."""

    def __init__(self, answer: Callable[[], Awaitable[None] | None]) -> None:
        self.answer = answer
        self.headers = HTTPHeaders()
        self.pieces: list[bytes] = []
        self.heard: list[str] = []

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> None:
        self.headers = headers
        self.heard.append("headers_received")

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self.pieces.append(chunk)
        return self.answer()

    def trailers_received(self, trailers: HTTPHeaders) -> None:
        self.heard.append("trailers_received")

    def finish(self) -> None:
        self.heard.append("finish")

    def on_connection_close(self) -> None:
        self.heard.append("on_connection_close")

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)


class Message:
    """One message on its way through the delegate."""

    def __init__(
        self,
        coding: str | None = "gzip",
        start_line: Any = POST,
        limit: int = 10_000_000,
        answer: Callable[[], Awaitable[None] | None] = lambda: None,
        **headers: str,
    ) -> None:
        self.listener = Listener(answer)
        self.limit = limit
        self.delegate = DecompressingDelegate(self.listener, lambda: self.limit)
        self.headers = HTTPHeaders(headers)
        if coding is not None:
            self.headers["Content-Encoding"] = coding
        self.delegate.headers_received(start_line, self.headers)

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            assert self.delegate.data_received(piece) is None
        self.delegate.finish()

    def status_of(self, *pieces: bytes) -> int:
        with pytest.raises(HTTPInputError) as caught:
            self.send(*pieces)
        assert "finish" not in self.listener.heard
        return caught.value.status


def test_a_body_that_is_not_encoded() -> None:
    message = Message(coding=None)
    message.send(b"as ", b"it is")
    assert message.listener.pieces == [b"as ", b"it is"]
    assert message.listener.heard == ["headers_received", "finish"]


@pytest.mark.parametrize("start_line", [POST, OK])
@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip", "identity, gzip"])
def test_an_encoded_one(coding: str, start_line: Any) -> None:
    message = Message(coding, start_line, Age="3")
    message.send(gzip.compress(b"hello"), gzip.compress(b" world"))
    assert message.listener.body == b"hello world"
    assert message.listener.heard == ["headers_received", "finish"]
    assert dict(message.listener.headers) == {"Age": "3", "X-Consumed-Content-Encoding": coding}


def test_several_codings() -> None:
    message = Message("gzip, gzip")
    message.send(gzip.compress(gzip.compress(b"hello")))
    assert message.listener.body == b"hello"


@pytest.mark.parametrize("coding", ["identity", ""])
def test_a_coding_that_is_none(coding: str) -> None:
    message = Message(coding)
    message.send(b"as it is")
    assert message.listener.body == b"as it is"
    assert message.headers["Content-Encoding"] == coding


@pytest.mark.parametrize("coding", ["rot13", "gzip, rot13", "gzip, gzip, gzip, gzip", "gzip;q=1"])
def test_an_unknown_one(coding: str) -> None:
    with pytest.raises(HTTPInputError, match="content coding") as caught:
        Message(coding)
    assert caught.value.status == 415
    response = Message(coding, OK)
    response.send(b"whatever")
    assert response.listener.body == b"whatever"
    assert dict(response.listener.headers) == {"Content-Encoding": coding}


def test_nobody_else_says_that_a_body_was_decoded() -> None:
    message = Message(None, **{"X-Consumed-Content-Encoding": "gzip"})
    assert dict(message.listener.headers) == {}


def test_what_cannot_be_decoded() -> None:
    assert Message().status_of(b"hello") == 400
    assert Message().status_of(gzip.compress(b"hello")[:-1]) == 400
    assert Message().status_of(gzip.compress(b"hello") + b"x") == 400


def test_a_body_that_is_too_large_when_it_is_decoded() -> None:
    message = Message(limit=100_000)
    assert message.status_of(gzip.compress(bytes(100_001))) == 413
    assert len(message.listener.body) <= 100_000
    Message(limit=100_000).send(gzip.compress(bytes(100_000)))


def test_the_limit_may_change_behind_the_head() -> None:
    message = Message(limit=10)
    message.limit = 1000
    message.send(gzip.compress(bytes(1000)))
    assert len(message.listener.body) == 1000


def test_no_body_at_all() -> None:
    message = Message("gzip", OK)
    message.send()
    assert message.listener.heard == ["headers_received", "finish"]


def test_trailers_and_the_end_of_the_connection_go_through() -> None:
    message = Message()
    message.delegate.trailers_received(HTTPHeaders())
    message.delegate.on_connection_close()
    assert message.listener.heard == [
        "headers_received",
        "trailers_received",
        "on_connection_close",
    ]


async def wait_for_all(message: Message, data: bytes) -> None:
    waiting = message.delegate.data_received(data)
    assert waiting is not None
    await waiting


def test_each_piece_waits_for_the_one_before() -> None:
    running = 0

    async def take() -> None:
        nonlocal running
        assert running == 0
        running += 1
        await asyncio.sleep(0)
        running -= 1

    message = Message(answer=take)
    asyncio.run(wait_for_all(message, gzip.compress(bytes(1_000_000))))
    message.delegate.finish()
    assert message.listener.body == bytes(1_000_000)
    assert max(map(len, message.listener.pieces)) <= PIECE_SIZE


def test_what_is_wrong_with_a_piece_that_was_waited_for() -> None:
    async def refuse() -> None:
        await asyncio.sleep(0)
        raise HTTPInputError("no more", 418)

    with pytest.raises(HTTPInputError, match="no more"):
        asyncio.run(wait_for_all(Message(answer=refuse), gzip.compress(b"hello")))


def test_others_have_their_turn_while_there_is_much() -> None:
    message = Message()
    turns: list[int] = []

    async def look() -> None:
        while True:
            turns.append(len(message.listener.pieces))
            await asyncio.sleep(0)

    async def main() -> None:
        looking = asyncio.create_task(look())
        await wait_for_all(message, gzip.compress(bytes(5_000_000)))
        looking.cancel()

    asyncio.run(main())
    assert message.listener.body == bytes(5_000_000)
    assert max(b - a for a, b in pairwise(turns)) <= PIECES_IN_A_ROW


def test_a_connection_that_ends_meanwhile() -> None:
    message = Message()

    async def main() -> None:
        passing = asyncio.create_task(wait_for_all(message, gzip.compress(bytes(5_000_000))))
        await asyncio.sleep(0)
        message.delegate.on_connection_close()
        await passing

    asyncio.run(main())
    assert len(message.listener.body) < 3_000_000


# On the wire


class Answering:
    """The site of the transcripts; keeps what comes to it."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []

    def __call__(self, request: HTTPServerRequest) -> None:
        self.headers.append(dict(request.headers))
        answer(request)


@pytest.fixture
def site() -> Answering:
    return Answering()


def post(coding: str, body: bytes, *more: str) -> bytes:
    lines = (f"Content-Encoding: {coding}", f"Content-Length: {len(body)}", *more)
    return get("/", *lines, method="POST") + body


def in_chunks(coding: str, body: bytes, size: int) -> bytes:
    head = get("/", f"Content-Encoding: {coding}", "Transfer-Encoding: chunked", method="POST")
    chunks = [b"%x\r\n%b\r\n" % (len(part), part) for part in cut(body, size)]
    return head + b"".join(chunks) + b"0\r\n\r\n"


@PLAIN_AND_TLS
@each_coding
def test_requests_in_every_coding(serve: Any, site: Answering, name: str) -> None:
    server = serve(site, decompress_request=True)
    body = encoded(name, b"hello")
    with server.connect() as sock:
        # whole, in chunks, and byte by byte, one behind the other
        sock.sendall(post(name, body) + in_chunks(name, body, 3) + get())
        for _ in range(2):
            expect(sock, ok("POST / [hello]"))
        expect(sock, ok("GET /"))
        for byte in post(name.upper(), body):
            sock.sendall(bytes([byte]))
        expect(sock, ok("POST / [hello]"))
    said = [headers.get("X-Consumed-Content-Encoding") for headers in site.headers]
    assert said == [name, name, None, name.upper()]
    assert not any("Content-Encoding" in headers for headers in site.headers)


def test_only_who_wants_it_gets_it_decoded(serve: Any, site: Answering) -> None:
    with serve(site).connect() as sock:
        sock.sendall(post("gzip", b"not at all"))
        expect(sock, ok("POST / [not at all]"))
    assert site.headers[0]["Content-Encoding"] == "gzip"


BAD = {
    "malformed": (post("gzip", b"hello"), 400),
    "cut short": (post("gzip", gzip.compress(b"hello")[:-1]), 400),
    "something behind it": (post("gzip", gzip.compress(b"hello") + b"GET / HTTP/1.1"), 400),
    "unknown": (post("rot13", b"uryyb"), 415),
    "too many": (post("gzip, gzip, gzip, gzip", b""), 415),
    "too large": (post("gzip", gzip.compress(bytes(100_001))), 413),
    "far too large": (post("gzip", gzip.compress(bytes(50_000_000))), 413),
    "too large as it is": (post("gzip", bytes(100_001)), 413),
    "malformed, in chunks": (in_chunks("gzip", b"hello", 2), 400),
    "cut short, in chunks": (in_chunks("gzip", gzip.compress(b"hello")[:-1], 2), 400),
    "too large, in chunks": (in_chunks("gzip", gzip.compress(bytes(5_000_000)), 100), 413),
}


@pytest.mark.parametrize(("request_", "status"), BAD.values(), ids=BAD)
def test_requests_that_cannot_be_decoded(
    serve: Any, site: Answering, request_: bytes, status: int
) -> None:
    server = serve(site, decompress_request=True, max_body_size=100_000)
    with server.connect() as sock:
        sock.sendall(request_ + get("/poison"))
        expect_end(sock, error(status))
    assert site.headers == []


def test_as_large_as_it_may_be(serve: Any, site: Answering) -> None:
    server = serve(site, decompress_request=True, max_body_size=100_000)
    with server.connect() as sock:
        sock.sendall(post("gzip", gzip.compress(b"x" * 100_000)))
        expect(sock, ok(f"POST / [{'x' * 100_000}]"))
